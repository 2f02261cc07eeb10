//! The clauses of the contract, each in a world of its own.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant as Monotonic};

use mt_events::catalogue::Topic;
use mt_events::{
    DeadLetterState, Event, EventBus, EventError, EventFeed, Group, Operations, Past, Replayed,
};
use mt_kernel::Instant;
use uuid::Uuid;

use crate::deaf::Deaf;
use crate::ledger::version;
use crate::world::PATIENCE;
use crate::{Ledger, Rig, World};

const LEASE: Duration = Duration::from_secs(60);

fn group(consumer: &'static str) -> Group {
    let topic = Topic::named("patient-events").unwrap();
    Group { consumer, topic }
}

/// Versions by key, in the order in which they came.
fn versions(events: &[Event]) -> BTreeMap<String, Vec<i64>> {
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for event in events {
        let of_key = all.entry(event.key.to_string()).or_default();
        of_key.push(version(event));
    }
    all
}

async fn world(rig: &dyn Rig, consumers: &[&'static str]) -> (World, Arc<dyn EventBus>) {
    let world = World::new().await;
    let groups = consumers.iter().copied().map(group).collect();
    let bus = rig.bus(&world, groups).await;
    (world, bus)
}

/// Two groups, each with everything, in order of key.
pub async fn every_group_gets_everything_once_and_in_order_of_key(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["first", "second"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patients = world.register_all(5).await;
    world.change_all(&patients, 1..4).await;
    assert_eq!(world.relay_all(&mut relay).await, 40);
    for name in ["first", "second"] {
        let mut subscription = bus.subscribe(group(name)).await.unwrap();
        let events = world.take(subscription.as_mut(), 20, true).await;
        let versions = versions(&events);
        assert_eq!(versions.len(), 5);
        assert!(
            versions.values().all(|seen| seen == &[1, 2, 3, 4]),
            "{name}: {versions:?}"
        );
        let more = world.poll(subscription.as_mut(), 50, true).await;
        assert!(more.is_empty(), "{name}: {more:?}");
        subscription.leave().await.unwrap();
    }
}

/// Who leaves and comes back gets what is new, and nothing that was settled.
pub async fn a_group_begins_where_it_stopped(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["stops"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patients = world.register_all(4).await;
    for round in 1..4 {
        world.relay_all(&mut relay).await;
        let mut subscription = bus.subscribe(group("stops")).await.unwrap();
        let events = world.take(subscription.as_mut(), 4, true).await;
        assert!(
            events
                .iter()
                .all(|event| version(event) == i64::from(round)),
            "{events:?}"
        );
        subscription.leave().await.unwrap();
        world.change_all(&patients, round..round + 1).await;
    }
}

/// A process dies with half of its events settled: the other half comes again, in order.
pub async fn what_a_crash_left_comes_again_and_nothing_else(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["crashes"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patient = world.register().await;
    world.change_all(std::slice::from_ref(&patient), 1..6).await;
    world.relay_all(&mut relay).await;
    let mut subscription = bus.subscribe(group("crashes")).await.unwrap();
    let (mut spots, begun) = (Vec::new(), Monotonic::now());
    while spots.len() < 6 {
        assert!(begun.elapsed() < PATIENCE, "{spots:?}");
        let found = subscription.poll(50).await.unwrap();
        spots.extend(found.iter().map(|delivery| delivery.spot));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    subscription.settle(&spots[..3]).await.unwrap();
    // Progress may be written aside.
    world.behind(bus.as_ref(), group("crashes"), 3).await;
    drop(subscription);
    rig.bury(&world, "crashes").await;

    let mut heir = bus.subscribe(group("crashes")).await.unwrap();
    let events = world.take(heir.as_mut(), 3, true).await;
    assert_eq!(versions(&events)[&patient], [4, 5, 6]);
    heir.leave().await.unwrap();
}

/// Two processes of one group; what is written while they come and go is read once and in order.
pub async fn members_share_the_work_and_leave_nothing_out(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["shared"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let mut one = bus.subscribe(group("shared")).await.unwrap();
    let mut other = bus.subscribe(group("shared")).await.unwrap();
    let patients = world.register_all(5).await;
    world.change_all(&patients, 1..4).await;
    world.relay_all(&mut relay).await;
    let (mut events, mut ids) = (Vec::new(), HashSet::new());
    let begun = Monotonic::now();
    while events.len() < 20 {
        assert!(begun.elapsed() < PATIENCE, "{} of 20", events.len());
        for member in [&mut one, &mut other] {
            for event in world.poll(member.as_mut(), 3, true).await {
                if ids.insert(event.id) {
                    events.push(event);
                }
            }
        }
    }
    for (key, seen) in versions(&events) {
        assert_eq!(seen, [1, 2, 3, 4], "{key}");
    }
    one.leave().await.unwrap();
    world.change_all(&patients, 4..5).await;
    world.relay_all(&mut relay).await;
    let rest = world.take(other.as_mut(), 5, true).await;
    assert!(
        rest.iter().all(|event| version(event) == 5),
        "the one that stays takes over"
    );
    other.leave().await.unwrap();
}

/// The runtime is dropped in the middle of what it does, again and again: once in effect, in order.
pub async fn consumers_that_are_killed_again_and_again_do_everything_once_and_in_order(
    rig: &dyn Rig,
) {
    let (world, bus) = world(rig, &["killed"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patients = world.register_all(5).await;
    world.change_all(&patients, 1..5).await;
    world.relay_all(&mut relay).await;
    let ledger = || Ledger {
        name: "killed",
        ..Ledger::default()
    };
    for stop in 0..6_u64 {
        let (runtime, _) = world.run(Arc::clone(&bus), ledger());
        tokio::time::sleep(Duration::from_millis(5 + stop * 12)).await;
        drop(runtime);
        rig.bury(&world, "killed").await;
    }
    let (runtime, _) = world.run(Arc::clone(&bus), ledger());
    world.ledger_of("killed", 25).await;
    world.behind(bus.as_ref(), group("killed"), 0).await;
    let entries = world.ledger("killed").await;
    assert_eq!(entries.len(), 25, "{entries:?}");
    for patient in &patients {
        let of_patient = entries.iter().filter(|(key, _)| key == patient);
        let versions: Vec<i64> = of_patient.map(|(_, version)| *version).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5]);
    }
    runtime.stop().await;
}

/// One key is poison: its events wait in order, the others go on; healed, they are replayed.
pub async fn a_poisoned_key_waits_among_the_dead_letters_while_others_go_on(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["poisoned"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patients = world.register_all(2).await;
    world.change_all(&patients, 1..3).await;
    world.relay_all(&mut relay).await;
    let healed = Arc::new(AtomicU32::new(0));
    let ledger = Ledger {
        name: "poisoned",
        poison: Some((patients[0].clone(), 1)),
        healed: Arc::clone(&healed),
        ..Ledger::default()
    };
    let (runtime, consumer) = world.run(Arc::clone(&bus), ledger);
    let entries = world.ledger_of("poisoned", 3).await;
    assert!(
        entries.iter().all(|(key, _)| *key == patients[1]),
        "{entries:?}"
    );
    let letters = world.letters();
    let begun = Monotonic::now();
    let waiting = loop {
        let waiting = letters.list(world.tenant, "poisoned", 10).await.unwrap();
        if waiting.len() == 3 {
            break waiting;
        }
        assert!(begun.elapsed() < PATIENCE, "{waiting:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let states: Vec<DeadLetterState> = waiting.iter().map(|letter| letter.state).collect();
    let (dead, behind) = (DeadLetterState::Dead, DeadLetterState::Waiting);
    assert_eq!(states, [dead, behind, behind]);
    assert_eq!(waiting[0].reason, "told to be poisoned");

    healed.store(1, Ordering::SeqCst);
    let replayed = letters.replay(world.tenant, consumer.as_ref(), 10).await;
    assert_eq!(replayed.unwrap(), (3, 0));
    let entries = world.ledger("poisoned").await;
    let of_key = entries.iter().filter(|(key, _)| *key == patients[0]);
    let versions: Vec<i64> = of_key.map(|(_, version)| *version).collect();
    assert_eq!(versions, [1, 2, 3]);
    runtime.stop().await;
}

/// One event in the middle of what is taken together cannot be taken: what shared its transaction is undone and done
/// again once, and of its key only what comes after it waits.
pub async fn a_bad_event_in_the_middle_of_a_batch_holds_back_nothing_else(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["middle"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patients = world.register_all(4).await;
    world.change_all(&patients, 1..4).await;
    world.relay_all(&mut relay).await;
    let ledger = Ledger {
        name: "middle",
        poison: Some((patients[1].clone(), 3)),
        ..Ledger::default()
    };
    let (runtime, _) = world.run(Arc::clone(&bus), ledger);
    world.ledger_of("middle", 14).await;
    world.behind(bus.as_ref(), group("middle"), 0).await;
    let entries = world.ledger("middle").await;
    for patient in &patients {
        let of_patient = entries.iter().filter(|(key, _)| key == patient);
        let versions: Vec<i64> = of_patient.map(|(_, version)| *version).collect();
        let all: &[i64] = if *patient == patients[1] {
            &[1, 2]
        } else {
            &[1, 2, 3, 4]
        };
        assert_eq!(versions, all, "{entries:?}");
    }
    let waiting = world.letters().list(world.tenant, "middle", 10).await;
    let states: Vec<_> = waiting.unwrap().iter().map(|letter| letter.state).collect();
    assert_eq!(states, [DeadLetterState::Dead, DeadLetterState::Waiting]);
    runtime.stop().await;
}

/// A process dies between the commit of what it took together and the word to the bus: all of it comes again, and
/// changes nothing.
pub async fn what_was_committed_and_not_settled_comes_again_and_changes_nothing(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["unsettled"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patients = world.register_all(4).await;
    world.change_all(&patients, 1..4).await;
    world.relay_all(&mut relay).await;
    let ledger = || Ledger {
        name: "unsettled",
        ..Ledger::default()
    };
    let (runtime, _) = world.run(Arc::new(Deaf(Arc::clone(&bus))), ledger());
    world.ledger_of("unsettled", 16).await;
    drop(runtime);
    rig.bury(&world, "unsettled").await;
    world.behind(bus.as_ref(), group("unsettled"), 16).await;

    let (runtime, _) = world.run(Arc::clone(&bus), ledger());
    world.behind(bus.as_ref(), group("unsettled"), 0).await;
    let entries = world.ledger("unsettled").await;
    assert_eq!(entries.len(), 16, "{entries:?}");
    runtime.stop().await;
}

/// A relay that slept too long is refused its place; nothing is missing after it.
pub async fn a_replaced_relay_moves_nothing(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["after"]).await;
    let mut asleep = world.relay(Arc::clone(&bus), LEASE);
    let patient = world.register().await;
    assert_eq!(world.relay_all(&mut asleep).await, 2);
    let (owner, _connection) = world.test.database.owner().connect().await.unwrap();
    owner
        .batch_execute("update events.relay set until = '-infinity'")
        .await
        .unwrap();
    let mut other = world.relay(Arc::clone(&bus), LEASE);
    world.change(&patient, 1).await;
    assert_eq!(world.relay_all(&mut other).await, 2);
    world.change(&patient, 2).await;
    let outcome = loop {
        match asleep.step().await {
            Ok(relayed) if relayed.rows == 0 => tokio::time::sleep(Duration::from_millis(5)).await,
            settled => break settled,
        }
    };
    assert!(matches!(outcome, Err(EventError::Fenced)), "{outcome:?}");
    world.relay_all(&mut other).await;
    let mut reader = bus.subscribe(group("after")).await.unwrap();
    let events = world.take(reader.as_mut(), 3, true).await;
    assert_eq!(versions(&events)[&patient], [1, 2, 3]);
    reader.leave().await.unwrap();
}

/// Lag: everything at first, less with everything that is settled, nothing in the end.
pub async fn a_group_knows_how_far_it_is_behind(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["lags"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let mut subscription = bus.subscribe(group("lags")).await.unwrap();
    world.register_all(6).await;
    world.relay_all(&mut relay).await;
    world.take(subscription.as_mut(), 6, true).await;
    world.behind(bus.as_ref(), group("lags"), 0).await;
    subscription.leave().await.unwrap();
    world.register_all(4).await;
    world.relay_all(&mut relay).await;
    world.behind(bus.as_ref(), group("lags"), 4).await;
    let mut subscription = bus.subscribe(group("lags")).await.unwrap();
    world.take(subscription.as_mut(), 4, true).await;
    world.behind(bus.as_ref(), group("lags"), 0).await;
    subscription.leave().await.unwrap();
}

/// Everything is carried again and again, as after crashes between a broker and the relay's place: once in effect, in
/// order, and what is new still gets through.
pub async fn a_storm_of_duplicates_changes_nothing(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["storm"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patients = world.register_all(4).await;
    world.change_all(&patients, 1..4).await;
    assert_eq!(world.relay_all(&mut relay).await, 32);
    let ledger = Ledger {
        name: "storm",
        ..Ledger::default()
    };
    let (runtime, _) = world.run(Arc::clone(&bus), ledger);
    let (owner, _connection) = world.test.database.owner().connect().await.unwrap();
    let back =
        "update events.relay set until = '-infinity', from_xid = '0', to_xid = null, after_seq = 0";
    for round in 0..5_u32 {
        owner.batch_execute(back).await.unwrap();
        let mut again = world.relay(Arc::clone(&bus), LEASE);
        let carried = world.relay_all(&mut again).await;
        assert_eq!(carried, 32 + 8 * round as usize);
        world.change_all(&patients, 4 + round..5 + round).await;
        assert_eq!(world.relay_all(&mut again).await, 8);
    }
    world.ledger_of("storm", 36).await;
    world.behind(bus.as_ref(), group("storm"), 0).await;
    let entries = world.ledger("storm").await;
    assert_eq!(entries.len(), 36, "{entries:?}");
    for patient in &patients {
        let of_patient = entries.iter().filter(|(key, _)| key == patient);
        let versions: Vec<i64> = of_patient.map(|(_, version)| *version).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    runtime.stop().await;
}

/// An operator gives a stretch of the past again; the same replay a second time gives nothing.
pub async fn the_past_is_given_again_and_only_once(rig: &dyn Rig) {
    let (world, bus) = world(rig, &["again"]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    world.register_all(3).await;
    world.relay_all(&mut relay).await;
    let ledger = Ledger {
        name: "again",
        ..Ledger::default()
    };
    let (runtime, consumer) = world.run(Arc::clone(&bus), ledger);
    world.ledger_of("again", 3).await;
    runtime.stop().await;
    let operations = Operations::new(world.database.clone(), world.keys());
    let past = Past {
        tenant: world.tenant,
        kinds: Vec::new(),
        from: Instant(0),
        to: Instant(i64::MAX),
    };
    let run = Uuid::now_v7();
    for _ in 0..2 {
        let replayed = operations.replay(consumer.as_ref(), &past, run).await;
        let all = Replayed {
            taken: 3,
            failed: 0,
        };
        assert_eq!(replayed.unwrap(), all);
        assert_eq!(world.ledger("again").await.len(), 6);
    }
}

/// A live hub hears what happens from now on, in order, and two of them hear the same.
pub async fn a_feed_hears_everything_from_the_moment_it_was_opened(rig: &dyn Rig) {
    let (world, bus) = world(rig, &[]).await;
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patient = world.register().await;
    world.relay_all(&mut relay).await;
    let mut one = bus.feed().await.unwrap();
    world.change(&patient, 1).await;
    world.relay_all(&mut relay).await;
    let mut late = bus.feed().await.unwrap();
    world.change_all(std::slice::from_ref(&patient), 2..5).await;
    world.relay_all(&mut relay).await;
    assert_eq!(heard(&world, one.as_mut(), 4).await, [2, 3, 4, 5]);
    assert_eq!(heard(&world, late.as_mut(), 3).await, [3, 4, 5]);
}

/// Versions of the patients of which a feed tells, until there are as many.
async fn heard(world: &World, feed: &mut dyn EventFeed, count: usize) -> Vec<i64> {
    let keys = world.tenant_keys().await;
    let (mut found, begun) = (Vec::new(), Monotonic::now());
    while found.len() < count {
        assert!(begun.elapsed() < PATIENCE, "{found:?}");
        let deliveries = feed.next(2).await.unwrap();
        assert!(deliveries.len() <= 2);
        if deliveries.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for delivery in deliveries {
            let event = delivery.open(&keys).unwrap();
            if event.kind.topic.name == "patient-events" {
                found.push(version(&event));
            }
        }
    }
    found
}
