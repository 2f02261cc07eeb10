//! What leaves: by preference and consent, at a good time, without health information.

use axum::http::StatusCode;
use mt_notifications::{Dispatch, Sent};
use serde_json::{Value as Json, json};

use crate::world::{ADMIN, ANA, World};

impl World {
    pub(crate) async fn prefers(&self, preferences: &Json) {
        let path = "/notification-preferences";
        let (status, said) = self.call_at(ANA, ("PUT", path), Some(0), preferences).await;
        assert_eq!(status, StatusCode::OK, "{said}");
    }

    /// Ana has an appointment in three days.
    pub(crate) async fn books(&self) {
        self.ana().await;
        let start = self.appointment(3 * 1_440, "booked").await;
        self.happens(&self.visit("appointment.confirmed.v1", start))
            .await;
    }

    /// States and reasons of all deliveries, the latest first.
    pub(crate) async fn log(&self) -> Vec<(String, String, String)> {
        let (_, page) = self
            .call(ADMIN, ("GET", "/notification-deliveries"), &json!(null))
            .await;
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|one| {
                (
                    text(&one["channel"]),
                    text(&one["state"]),
                    text(&one["reason"]),
                )
            })
            .collect()
    }
}

fn is_open(dispatch: &Dispatch) {
    let said = format!("{} {}", dispatch.subject.as_str(), dispatch.text.as_str());
    for word in ["Ana", "Canary", "Ruiz", "Room", "2027", "12:00"] {
        assert!(!said.contains(word), "{said}");
    }
    assert!(said.contains("North Clinic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_leaves_without_being_asked_text_messages_with_consent_and_push_to_what_is_registered()
{
    let world = World::new().await;
    world.prefers(&json!({"sms": true})).await;
    let device = json!({"kind": "fcm", "token": "device-of-ana"});
    world
        .call(ANA, ("POST", "/push-subscriptions"), &device)
        .await;
    world.books().await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 3);
    for (way, address) in [
        (&world.email, "ana@example.org"),
        (&world.sms, "+15551234567"),
        (&world.push, "device-of-ana"),
    ] {
        let left = way.take();
        assert_eq!(left.len(), 1, "{address}");
        assert_eq!(left[0].address.name(), address);
        is_open(&left[0]);
    }
    let log = world.log().await;
    assert!(log.iter().all(|(_, state, _)| state == "sent"), "{log:?}");
    let (_, page) = world
        .call(
            ADMIN,
            ("GET", "/notification-deliveries?state=sent&limit=1"),
            &json!(null),
        )
        .await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert!(page["next"].is_string());
    assert!(!page.to_string().contains("ana@example.org"));
    let (_, none) = world
        .call(
            ADMIN,
            ("GET", "/notification-deliveries?state=failed"),
            &json!(null),
        )
        .await;
    assert_eq!(none["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_no_text_message_leaves() {
    let world = World::new().await;
    world.books().await;
    world.desk.carry_due().await.unwrap();
    assert_eq!((world.email.take().len(), world.sms.take().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_their_mind_before_it_leaves_gets_nothing() {
    let world = World::new().await;
    world.books().await;
    world.prefers(&json!({"email": false})).await;
    world.desk.carry_due().await.unwrap();
    assert!(world.email.take().is_empty());
    let expected = ("email", "withheld", "declined");
    let log = world.log().await;
    assert_eq!(
        (log[0].0.as_str(), log[0].1.as_str(), log[0].2.as_str()),
        expected
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn at_night_only_what_is_urgent_leaves() {
    let world = World::new().await;
    // 22:00 on the wall of Madrid.
    world.test.clock.advance_seconds(9 * 3_600);
    world.prefers(&json!({"timeZone": "Europe/Madrid"})).await;
    world.books().await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    let expires = world.now().plus_seconds(3_600);
    let offer = [("expires", mt_events::catalogue::Value::Whole(expires.0))];
    world
        .happens(&world.event("waitlist.offered.v1", "Appointment/a1", &offer))
        .await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    assert!(world.email.take()[0].urgent);
    // 08:00 in Madrid.
    world.test.clock.advance_seconds(10 * 3_600 - 1);
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    world.test.clock.advance_seconds(1);
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_wait_is_counted_in_one_mail_in_the_morning() {
    let world = World::new().await;
    world.prefers(&json!({"digest": "daily"})).await;
    world.books().await;
    let start = world.appointment(5 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    world.notifications.give_due().await.unwrap();
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    world.test.clock.advance_seconds(20 * 3_600);
    world.notifications.give_due().await.unwrap();
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    let left = world.email.take();
    assert_eq!(left[0].subject.as_str(), "2 new messages from North Clinic");
    world.notifications.give_due().await.unwrap();
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_stopped_by_its_own_link_and_by_no_other() {
    let world = World::new().await;
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let link = world.email.take()[0].unsubscribe.clone().unwrap();
    let path = link.strip_prefix("https://ehr.example.org/api/v1").unwrap();
    // Opening it changes nothing: mail scanners open every link.
    let (status, page) = world.call("", ("GET", path), &json!(null)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.as_str().unwrap().contains("method=\"post\""));
    world.books().await;
    world.desk.carry_due().await.unwrap();
    assert_eq!(world.email.take().len(), 1);
    for forged in [
        format!("{path}0"),
        format!("{path}00"),
        path.replace('.', ""),
        format!("{}0.ff", path.split('.').next().unwrap()),
    ] {
        let (status, _) = world.call("", ("POST", &forged), &json!(null)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{forged}");
    }
    for _ in 0..2 {
        let (status, _) = world
            .call("", ("POST", path), &json!("List-Unsubscribe=One-Click"))
            .await;
        assert_eq!(status, StatusCode::OK);
    }
    world.books().await;
    world.desk.carry_due().await.unwrap();
    assert!(world.email.take().is_empty());
    let (_, now) = world
        .call(ANA, ("GET", "/notification-preferences"), &json!(null))
        .await;
    assert_eq!(
        now["muted"],
        json!([{"category": "appointments", "channel": "email"}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_and_what_is_gone_is_not_written_to_any_more() {
    let world = World::new().await;
    world.email.answers(Sent::Later {
        reason: "busy",
        status: Some(503),
        wish: None,
    });
    world.email.answers(Sent::Gone {
        reason: "no-mailbox",
        status: Some(550),
    });
    world.books().await;
    world.desk.carry_due().await.unwrap();
    assert_eq!(world.log().await[0].1, "waiting");
    world.test.clock.advance_seconds(10);
    world.desk.carry_due().await.unwrap();
    let left = world.email.take();
    assert_eq!(left.len(), 2);
    assert_eq!(left[0].delivery, left[1].delivery);
    let log = world.log().await;
    assert_eq!(
        (log[0].1.as_str(), log[0].2.as_str()),
        ("failed", "no-mailbox")
    );
    let failed: Vec<String> = world
        .said()
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        failed,
        ["notification.requested.v1", "notification.failed.v1"]
    );
    world.books().await;
    world.desk.carry_due().await.unwrap();
    assert!(world.email.take().is_empty());
    assert_eq!(world.log().await[0].2, "suppressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_does_not_leave() {
    let world = World::new().await;
    world.books().await;
    world.test.clock.advance_seconds(3 * 86_400);
    world.desk.carry_due().await.unwrap();
    assert!(world.email.take().is_empty());
    assert_eq!(world.log().await[0].2, "too-late");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_tries_a_way() {
    let world = World::new().await;
    let test = ("POST", "/notification-deliveries/test");
    let (status, sent) = world
        .call(
            ADMIN,
            test,
            &json!({"channel": "sms", "to": "+1 555 765 4321", "language": "es"}),
        )
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{sent}");
    world.desk.carry_due().await.unwrap();
    let left = world.sms.take();
    assert!(left[0].text.as_str().contains("esto es una prueba"));
    for bad in [
        json!({"channel": "sms", "to": "555"}),
        json!({"channel": "email", "to": "nobody"}),
        json!({"channel": "push", "to": "x"}),
    ] {
        let (status, _) = world.call(ADMIN, test, &bad).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}
