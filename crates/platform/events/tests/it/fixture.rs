//! The world of the contract over the embedded log, with what only a test of the log may do.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_database::Database;
use mt_events::catalogue::Topic;
use mt_events::{Consumer, Event, EventBus, Group, LogBus, Relay, Runtime};
use mt_events_contract::{Ledger, Rig, World};

/// The embedded log, as the contract sees it.
pub(crate) struct Embedded;

impl Rig for Embedded {
    fn bus<'a>(&'a self, world: &'a World, _: Vec<Group>) -> BoxFuture<'a, Arc<dyn EventBus>> {
        let bus: Arc<dyn EventBus> = Arc::new(log(world));
        Box::pin(std::future::ready(bus))
    }

    fn bury<'a>(&'a self, world: &'a World, consumer: &'static str) -> BoxFuture<'a, ()> {
        Box::pin(age_leases(&world.database, consumer))
    }
}

fn log(world: &World) -> LogBus {
    LogBus::new(world.database.clone(), Arc::new(world.test.clock.clone()))
}

/// Ends the leases of a group, as time would.
async fn age_leases(database: &Database, consumer: &str) {
    let tx = database.admin().await.unwrap();
    for sql in [
        "update events.progress set until = '-infinity' where consumer = $1",
        "update events.member set until = '-infinity' where consumer = $1",
    ] {
        tx.execute(sql, &[&consumer]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

pub(crate) struct Fixture {
    world: World,
    pub(crate) bus: LogBus,
}

impl Deref for Fixture {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let bus = log(&world);
        Self { world, bus }
    }

    fn shared(&self) -> Arc<dyn EventBus> {
        Arc::new(self.bus.clone())
    }

    /// A relay whose place is kept for `lease`.
    pub(crate) fn relay(&self, lease: Duration) -> Relay {
        self.world.relay(self.shared(), lease)
    }

    /// A relay to another bus.
    pub(crate) fn relay_over(&self, bus: Arc<dyn EventBus>, lease: Duration) -> Relay {
        self.world.relay(bus, lease)
    }

    /// A runtime with this consumer.
    pub(crate) fn run(&self, consumer: Ledger) -> (Runtime, Arc<dyn Consumer>) {
        self.world.run(self.shared(), consumer)
    }

    /// A runtime with a consumer of any kind.
    pub(crate) fn run_any(&self, consumer: &Arc<dyn Consumer>) -> Runtime {
        self.world.run_any(self.shared(), consumer)
    }

    /// Everything that lies in a topic, in order.
    pub(crate) async fn logged(&self, topic: &'static str) -> Vec<Event> {
        let group = Group {
            consumer: "reader",
            topic: Topic::named(topic).unwrap(),
        };
        let mut events = Vec::new();
        self.age_leases("reader").await;
        let mut found = self.bus.subscribe(group).await.unwrap();
        loop {
            let deliveries = found.poll(1_000).await.unwrap();
            if deliveries.is_empty() {
                return events;
            }
            for delivery in deliveries {
                let keys = self.keys().of(delivery.tenant()).await.unwrap();
                events.push(delivery.open(&keys).unwrap());
            }
        }
    }

    /// Ends the leases of a group, as time would.
    pub(crate) async fn age_leases(&self, consumer: &str) {
        age_leases(&self.database, consumer).await;
    }

    /// How many partitions each living process holds.
    pub(crate) async fn held(&self, consumer: &str) -> Vec<i64> {
        let sql = "select count(*) from events.progress \
             where consumer = $1 and until > clock_timestamp() group by holder order by 1";
        let rows = self
            .database
            .readers()
            .query(self.tenant, sql, &[&consumer])
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Until when a group holds its partitions, in microseconds.
    pub(crate) async fn lease(&self, consumer: &str) -> i64 {
        let sql = "select (extract(epoch from max(until)) * 1000000)::int8 from events.progress \
             where consumer = $1 and until > '-infinity'";
        let readers = self.database.readers();
        let rows = readers.query(self.tenant, sql, &[&consumer]).await.unwrap();
        rows[0].get::<_, Option<i64>>(0).unwrap_or_default()
    }

    /// The furthest progress of a group.
    pub(crate) async fn progress(&self, consumer: &str) -> i64 {
        let sql = "select max(position) from events.progress where consumer = $1";
        let rows = self
            .database
            .readers()
            .query(self.tenant, sql, &[&consumer])
            .await
            .unwrap();
        rows[0].get(0)
    }
}
