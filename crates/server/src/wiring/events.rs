//! Events in the running server: bus, relay, consumers, and what looks after them.
//!
//! A context that takes events adds a line to [`consumers`]. They start with the server and are stopped after its
//! doors are closed, so that what was acknowledged last is still passed on.

use std::sync::Arc;
use std::time::Duration;

use mt_coordination::timeline::TimelineConsumer;
use mt_events::{
    Consumer, ConsumerOptions, EventBus, Group, Keys, Operations, Relay, RelayOptions, Runtime,
};
use mt_scheduling::Scheduling;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::assembly::Installation;
use crate::config::Config;

/// How often the gauges are set, and how many times that old days are looked for.
const MEASURE_EVERY: Duration = Duration::from_secs(15);
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// Everything that takes events, by whichever bus they come.
pub(crate) fn consumers(installation: &Installation) -> Vec<Arc<dyn Consumer>> {
    let mut consumers: Vec<Arc<dyn Consumer>> =
        vec![Arc::new(TimelineConsumer::new(keys(installation)))];
    consumers.extend(super::coordination::consumers(installation));
    consumers.push(mt_patients::departures(installation.patients.clone()));
    let scheduling = Scheduling::new(installation.store.clone());
    consumers.push(mt_scheduling::ended(scheduling));
    consumers.extend(installation.outbound.consumers());
    consumers.push(installation.telling.consumer());
    consumers
}

/// The bus of the installation, for all consumers.
pub(crate) fn bus(
    config: &Config,
    installation: &Installation,
) -> anyhow::Result<Arc<dyn EventBus>> {
    let consumers = consumers(installation);
    let groups = consumers.iter().flat_map(|one| Group::of(one.as_ref()));
    let database = installation.database.clone();
    let clock = Arc::clone(&installation.clock);
    super::bus::open(&config.events, database, clock, groups.collect())
}

/// The keys of the tenants that serve.
pub(crate) fn keys(installation: &Installation) -> Arc<dyn Keys> {
    Arc::new(installation.store.tenants().clone())
}

/// Events of one running server.
pub(crate) struct Events {
    stop: CancellationToken,
    relay: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    runtime: Runtime,
}

impl Events {
    /// Begins to relay and to consume.
    pub(crate) fn start(installation: &Installation, bus: Arc<dyn EventBus>) -> Self {
        let database = installation.database.clone();
        let keys = keys(installation);
        let clock = Arc::clone(&installation.clock);
        let relay = Relay::new(
            database.clone(),
            Arc::clone(&keys),
            clock,
            Arc::clone(&bus),
            RelayOptions::default(),
        );
        let stop = CancellationToken::new();
        let mut runtime = Runtime::new(database.clone(), Arc::clone(&keys), Arc::clone(&bus));
        for consumer in consumers(installation) {
            runtime.start(&consumer, ConsumerOptions::default());
        }
        let operations = Operations::new(database, keys);
        Self {
            relay: tokio::spawn(relay.run(stop.clone())),
            upkeep: tokio::spawn(look_after(operations, bus, stop.clone())),
            stop,
            runtime,
        }
    }

    /// Lets what is in work end, and gives the places up to other processes.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.runtime.stop().await;
        for task in [self.relay, self.upkeep] {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a task of the events ended unexpectedly");
            }
        }
    }
}

/// Sets the gauges and drops what is no longer needed, until told to stop.
async fn look_after(operations: Operations, bus: Arc<dyn EventBus>, stop: CancellationToken) {
    let mut measure = tokio::time::interval(MEASURE_EVERY);
    let mut tidy = tokio::time::interval(TIDY_EVERY);
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            _ = measure.tick() => operations.measure(bus.as_ref()).await,
            _ = tidy.tick() => operations.tidy(bus.as_ref()).await.map(drop),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "events cannot be looked after");
        }
    }
}
