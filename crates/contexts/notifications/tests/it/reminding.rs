//! Reminders: at their times, moved with their appointment, never of one that is not to come.

use crate::world::{ANA, World};

impl World {
    /// Lets time pass, gives what is due, and takes the events of it.
    async fn pass(&self, minutes: i64) -> usize {
        let before = self.said().await.len();
        self.test.clock.advance_seconds(minutes * 60);
        self.notifications.give_due().await.unwrap();
        let said = self.said().await;
        let due: Vec<_> = said[before..]
            .iter()
            .filter(|(name, _)| name == "appointment.reminder.v1")
            .collect();
        due.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_is_reminded_a_day_and_two_hours_before() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(2 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.created.v1", start))
        .await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    assert_eq!(world.pass(1_439).await, 0);
    assert_eq!(world.pass(1).await, 1);
    assert_eq!(world.pass(0).await, 0);
    assert_eq!(world.pass(1_319).await, 0);
    assert_eq!(world.pass(1).await, 1);
    assert_eq!(world.pass(600).await, 0);
    assert_eq!(world.inbox(ANA).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_of_a_reminder_tells_the_patient() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(120, "booked").await;
    let more = [
        ("start", mt_events::catalogue::Value::Whole(start.0)),
        ("minutes_before", mt_events::catalogue::Value::Whole(120)),
    ];
    world
        .happens(&world.event("appointment.reminder.v1", "Appointment/a1", &more))
        .await;
    let inbox = world.inbox(ANA).await;
    assert_eq!(inbox[0]["intent"], "appointment-reminder");
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_move_with_their_appointment() {
    let world = World::new().await;
    world.ana().await;
    let first = world.appointment(2 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", first))
        .await;
    let later = world.appointment(4 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.rescheduled.v1", later))
        .await;
    assert_eq!(world.pass(2 * 1_440).await, 0);
    assert_eq!(world.pass(1_440).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_reminded_of_what_was_called_off_or_begun_or_moved_without_a_word() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(2 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    // The record says so before the event has arrived.
    world.appointment(2 * 1_440, "cancelled").await;
    assert_eq!(world.pass(1_440).await, 0);
    let start = world.appointment(2 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    let started = world.event("appointment.checked_in.v1", "Appointment/a1", &[]);
    world.happens(&started).await;
    assert_eq!(world.pass(1_440).await, 0);
    // Who was away when a reminder was due is not woken by it long after.
    let start = world.appointment(2 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    assert_eq!(world.pass(1_440 + 61).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reminders_of_an_erased_patient_are_forgotten_and_those_of_others_stay() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(2 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    let store = &world.test.store;
    let keys = store.tenants().keys(world.tenant).await.unwrap();
    for (whose, anything) in [("bob", false), ("ana", true), ("ana", false)] {
        let tx = store.database().tenant(world.tenant).await.unwrap();
        let gone = mt_notifications::forget_patient(&tx, &keys, whose).await;
        tx.commit().await.unwrap();
        assert_eq!(gone.unwrap() > 0, anything, "{whose}");
    }
    assert_eq!(world.pass(2 * 1_440 - 120).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_does_not_open_stands_in_nobodys_way() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(2 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    let now = world.now();
    let store = &world.test.store;
    let tx = store.database().tenant(world.tenant).await.unwrap();
    let sql = "insert into notifications.reminder (tenant, appointment, minutes, due_at, sealed) \
         values ($1, 1, 60, $2, '\\x00')";
    tx.execute(sql, &[&world.tenant.0, &now.0]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.pass(1_440).await, 1);
}
