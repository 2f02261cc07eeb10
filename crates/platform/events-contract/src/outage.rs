//! A broker that goes away while everybody works: nothing is lost, nothing comes twice, keys keep their order.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant as Monotonic};

use mt_events::catalogue::Topic;
use mt_events::{EventBus, Group, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Ledger, World};

const CONSUMER: &str = "outage";
const PATIENTS: usize = 4;
/// Longer than any bus waits for a batch to be acknowledged.
const LONG: Duration = Duration::from_secs(40);
/// While a broker is away for long, every patient is changed so often.
const BETWEEN: Duration = Duration::from_secs(1);

/// How often something is killed: as often as `MEDITRACK_KILLS` says.
#[must_use]
pub fn kills(usual: usize) -> usize {
    told("MEDITRACK_KILLS").unwrap_or(usual)
}

fn told<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// Relay and consumer at work over a bus whose broker the caller stops and starts.
pub struct Outage<'a> {
    world: &'a World,
    bus: Arc<dyn EventBus>,
    patients: Vec<String>,
    /// Versions of each patient.
    rounds: u32,
    outages: usize,
    stop: CancellationToken,
    relaying: JoinHandle<()>,
    runtime: Runtime,
}

impl fmt::Debug for Outage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outage")
            .field("rounds", &self.rounds)
            .finish_non_exhaustive()
    }
}

impl<'a> Outage<'a> {
    /// Who reads; the bus is made for this group.
    #[must_use]
    pub fn group() -> Group {
        Group {
            consumer: CONSUMER,
            topic: Topic::named("patient-events").unwrap(),
        }
    }

    /// Begins to work; the broker is there.
    pub async fn begin(world: &'a World, bus: Arc<dyn EventBus>) -> Self {
        let stop = CancellationToken::new();
        let relay = world.relay(Arc::clone(&bus), Duration::from_secs(60));
        let relaying = tokio::spawn(relay.run(stop.clone()));
        let ledger = Ledger {
            name: CONSUMER,
            ..Ledger::default()
        };
        let (runtime, _) = world.run(Arc::clone(&bus), ledger);
        let patients = world.register_all(PATIENTS).await;
        world.ledger_of(CONSUMER, 1).await;
        Self {
            world,
            bus,
            patients,
            rounds: 1,
            outages: 0,
            stop,
            relaying,
            runtime,
        }
    }

    /// Changes every patient a few times; the broker is there, and takes some of it at least.
    pub async fn work(&mut self) {
        let before = self.world.ledger(CONSUMER).await.len();
        self.change(3).await;
        self.world.ledger_of(CONSUMER, before + 1).await;
    }

    /// Changes every patient a few times while the broker is away: commits are acknowledged all the same. An outage lasts
    /// for as long as that takes, or as `MEDITRACK_OUTAGE_SECONDS` says; when many kills are asked for, only every third is long.
    pub async fn without_broker(&mut self) {
        let begun = Monotonic::now();
        self.change(4).await;
        self.outages += 1;
        while begun.elapsed() < self.length() {
            tokio::time::sleep(BETWEEN).await;
            self.change(1).await;
        }
        assert!(self.world.ledger(CONSUMER).await.len() < self.written());
    }

    /// How long the present outage lasts at least.
    fn length(&self) -> Duration {
        let asked = told("MEDITRACK_OUTAGE_SECONDS").map(Duration::from_secs);
        match (told::<usize>("MEDITRACK_KILLS"), asked) {
            (None, asked) => asked.unwrap_or_default(),
            (Some(_), asked) if self.outages.is_multiple_of(3) => asked.unwrap_or(LONG),
            (Some(_), _) => Duration::ZERO,
        }
    }

    /// The broker is back: everything gets through, once and in order of key.
    pub async fn end(mut self) {
        self.change(2).await;
        self.world.ledger_of(CONSUMER, self.written()).await;
        self.world.behind(self.bus.as_ref(), Self::group(), 0).await;
        let entries = self.world.ledger(CONSUMER).await;
        assert_eq!(entries.len(), self.written());
        let expected: Vec<i64> = (1..=i64::from(self.rounds)).collect();
        for patient in &self.patients {
            let of_patient = entries.iter().filter(|(key, _)| key == patient);
            let versions: Vec<i64> = of_patient.map(|(_, version)| *version).collect();
            assert_eq!(versions, expected);
        }
        self.runtime.stop().await;
        self.stop.cancel();
        self.relaying.await.unwrap();
    }

    async fn change(&mut self, rounds: u32) {
        let next = self.rounds + rounds;
        self.world
            .change_all(&self.patients, self.rounds..next)
            .await;
        self.rounds = next;
    }

    fn written(&self) -> usize {
        self.patients.len() * usize::try_from(self.rounds).unwrap()
    }
}
