//! Parcels against a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Clock, Instant, TenantId};
use mt_outbound::{Carried, Courier, Desk, NewParcel, Parcel, Queue, Schedule, State, Status};
use mt_testkit::TestStore;
use uuid::Uuid;

const NAME: &str = "test";

/// Answers as it is told, and remembers what it carried.
#[derive(Default)]
struct Scripted {
    ordered: bool,
    /// Outcomes to come by body; then everything is delivered.
    script: Mutex<HashMap<Vec<u8>, Vec<Carried>>>,
    carried: Mutex<Vec<(String, u32, Uuid)>>,
    given_up: Mutex<Vec<Uuid>>,
}

impl Scripted {
    fn will(&self, body: &str, outcomes: &[Carried]) {
        let mut outcomes = outcomes.to_vec();
        outcomes.reverse();
        let mut script = self.script.lock().unwrap();
        script.insert(body.as_bytes().to_vec(), outcomes);
    }

    fn carried(&self) -> Vec<String> {
        let carried = self.carried.lock().unwrap();
        carried.iter().map(|(body, ..)| body.clone()).collect()
    }
}

impl Courier for Scripted {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schedule(&self) -> Schedule {
        const SHORT: &[Duration] = &[
            Duration::ZERO,
            Duration::from_secs(10),
            Duration::from_secs(100),
        ];
        Schedule(SHORT)
    }

    fn keeps_order(&self) -> bool {
        self.ordered
    }

    fn carry<'a>(&'a self, _: &'a TenantKeys, parcel: &'a Parcel) -> BoxFuture<'a, Carried> {
        Box::pin(async move {
            let body = String::from_utf8(parcel.body.clone()).unwrap();
            let noted = (body, parcel.attempt, parcel.id);
            self.carried.lock().unwrap().push(noted);
            let mut script = self.script.lock().unwrap();
            let next = script.get_mut(&parcel.body).and_then(Vec::pop);
            next.unwrap_or(Carried::Delivered(Some(200)))
        })
    }

    fn gave_up<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.given_up.lock().unwrap().push(parcel.id) })
    }
}

const LATER: Carried = Carried::Later {
    reason: "refused",
    status: Some(500),
    wish: None,
};

struct World {
    test: TestStore,
    database: Database,
    tenant: TenantId,
    queue: Queue,
    courier: Arc<Scripted>,
    desk: Desk,
}

impl World {
    async fn new(ordered: bool) -> Self {
        let test = TestStore::with_schemas(&[mt_outbound::MIGRATIONS], |_| {}).await;
        let tenant = test.tenant("north").await;
        let database = test.database.open().await;
        let queue = Queue::new(database.clone(), test.store.tenants().clone());
        let courier = Arc::new(Scripted {
            ordered,
            ..Scripted::default()
        });
        let clock = Arc::new(test.clock.clone());
        let desk = Desk::new(
            queue.clone(),
            Arc::clone(&courier) as Arc<dyn Courier>,
            clock,
        );
        Self {
            test,
            database,
            tenant,
            queue,
            courier,
            desk,
        }
    }

    async fn put(&self, target: Uuid, body: &str) -> Uuid {
        self.put_as(Uuid::now_v7(), target, body).await
    }

    async fn put_as(&self, id: Uuid, target: Uuid, body: &str) -> Uuid {
        let keys = self.test.store.tenants().keys(self.tenant).await.unwrap();
        let now = self.test.clock.now();
        let parcel = NewParcel {
            id,
            target,
            body: body.as_bytes().to_vec(),
            due_at: now,
        };
        let tx = self.database.tenant(self.tenant).await.unwrap();
        self.queue
            .put(&tx, &keys, NAME, &parcel, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn status(&self, target: Uuid) -> Vec<Status> {
        self.queue
            .list(self.tenant, target, None, 100)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_is_tried_with_growing_pauses_until_it_is_taken() {
    let world = World::new(false).await;
    let target = Uuid::now_v7();
    world.courier.will("a", &[LATER, LATER]);
    let id = world.put(target, "a").await;
    // The same id is not put twice.
    world.put_as(id, target, "b").await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    let waiting = &world.status(target).await[0];
    assert_eq!((waiting.state, waiting.attempts), (State::Waiting, 1));
    assert_eq!(waiting.last_status, Some(500));
    for (wait, tried) in [(8, 0), (4, 1), (80, 0), (40, 1)] {
        world.test.clock.advance_seconds(wait);
        assert_eq!(world.desk.carry_due().await.unwrap(), tried, "{wait}");
    }
    let delivered = &world.status(target).await[0];
    assert_eq!((delivered.state, delivered.attempts), (State::Delivered, 3));
    assert_eq!(
        (delivered.last_status, delivered.reason.as_deref()),
        (Some(200), None)
    );
    let carried = world.courier.carried.lock().unwrap().clone();
    let expected: Vec<_> = (1..=3).map(|n| ("a".to_owned(), n, id)).collect();
    assert_eq!(carried, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_to_the_end_or_for_good_is_given_up_and_can_be_sent_again() {
    let world = World::new(false).await;
    let target = Uuid::now_v7();
    world.courier.will("a", &[LATER, LATER, LATER]);
    let never = Carried::Never {
        reason: "gone",
        status: Some(410),
    };
    world.courier.will("b", &[never]);
    let (a, b) = (world.put(target, "a").await, world.put(target, "b").await);
    for _ in 0..4 {
        world.desk.carry_due().await.unwrap();
        world.test.clock.advance_seconds(1_000);
    }
    assert_eq!(world.courier.given_up.lock().unwrap().clone(), [b, a]);
    let reasons: Vec<_> = world
        .status(target)
        .await
        .into_iter()
        .map(|s| s.reason)
        .collect();
    assert_eq!(
        reasons,
        [Some("gone".to_owned()), Some("refused".to_owned())]
    );
    let tx = world.database.tenant(world.tenant).await.unwrap();
    let now = world.test.clock.now();
    let again = world
        .queue
        .again(&tx, target, Instant(0), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(again, 2);
    assert_eq!(world.desk.carry_due().await.unwrap(), 2);
    let states: Vec<State> = world.status(target).await.iter().map(|s| s.state).collect();
    assert_eq!(states, [State::Delivered, State::Delivered]);
    // What ended is forgotten in time.
    world.test.clock.advance_seconds(60);
    assert_eq!(world.queue.tidy(world.test.clock.now()).await.unwrap(), 2);
    assert!(world.status(target).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_courier_that_keeps_order_carries_the_oldest_of_a_target_alone() {
    let world = World::new(true).await;
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    world.courier.will("1a", &[LATER]);
    for (target, body) in [(one, "1a"), (one, "1b"), (two, "2a"), (two, "2b")] {
        world.put(target, body).await;
    }
    assert_eq!(world.desk.carry_due().await.unwrap(), 2);
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    world.test.clock.advance_seconds(20);
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    let carried = world.courier.carried();
    let of = |first: char| -> Vec<&String> {
        carried
            .iter()
            .filter(|body| body.starts_with(first))
            .collect()
    };
    assert_eq!(of('1'), ["1a", "1a", "1b"]);
    assert_eq!(of('2'), ["2a", "2b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_held_comes_again_and_bodies_are_sealed() {
    let world = World::new(false).await;
    let target = Uuid::now_v7();
    let id = world.put(target, "canary").await;
    // A process claims the parcel, and is not heard of again.
    let tx = world.database.tenant(world.tenant).await.unwrap();
    let until = world.test.clock.now().plus_seconds(120);
    let claim = "update outbound.parcel set attempts = attempts + 1, due_at = $3 where tenant = $1 and id = $2 \
        returning sealed";
    let row = tx
        .query_one(claim, &[&world.tenant.0, &id, &until.0])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let sealed: Vec<u8> = row.get(0);
    assert!(!sealed.windows(6).any(|window| window == b"canary"));
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    world.test.clock.advance_seconds(121);
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    assert_eq!(world.status(target).await[0].attempts, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_tenant_s_parcels_wait() {
    let world = World::new(false).await;
    world.put(Uuid::now_v7(), "a").await;
    let tenants = world.test.store.tenants();
    tenants.suspend(world.tenant).await.unwrap();
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    tenants.resume(world.tenant).await.unwrap();
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
}
