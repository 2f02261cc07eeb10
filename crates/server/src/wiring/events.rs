//! Events in the running server: bus, relay, consumers, and what looks after them.
//!
//! A context that takes events adds a line to [`consumers`]. They start with the server and are stopped after its
//! doors are closed, so that what was acknowledged last is still passed on.

use std::sync::Arc;
use std::time::Duration;

use mt_coordination::timeline::TimelineConsumer;
use mt_events::{
    Consumer, ConsumerOptions, EventBus, EventFeed, Keys, LogBus, Operations, Relay, RelayOptions,
    Runtime,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::assembly::Installation;

/// How often the gauges are set, and how many times that old days are looked for.
const MEASURE_EVERY: Duration = Duration::from_secs(15);
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// Everything that takes events, by whichever bus they come.
pub(crate) fn consumers(installation: &Installation) -> Vec<Arc<dyn Consumer>> {
    let mut consumers: Vec<Arc<dyn Consumer>> =
        vec![Arc::new(TimelineConsumer::new(keys(installation)))];
    consumers.extend(super::coordination::consumers(installation));
    consumers.push(mt_patients::departures(installation.patients.clone()));
    consumers.extend(installation.outbound.consumers());
    consumers.push(installation.telling.consumer());
    consumers
}

/// Every event from now on, for whoever is connected to this process.
pub(crate) async fn feed(installation: &Installation) -> mt_events::Result<Box<dyn EventFeed>> {
    bus(installation).feed().await
}

/// What carries the events.
pub(crate) fn bus(installation: &Installation) -> Arc<dyn EventBus> {
    let clock = Arc::clone(&installation.clock);
    Arc::new(LogBus::new(installation.database.clone(), clock))
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
    pub(crate) fn start(installation: &Installation) -> Self {
        let database = installation.database.clone();
        let keys = keys(installation);
        let clock = Arc::clone(&installation.clock);
        let bus = bus(installation);
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
