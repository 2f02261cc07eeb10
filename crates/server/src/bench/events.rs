//! Events: what the outbox adds to a commit, how much each bus carries, how soon a consumer has an event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use mt_database::TenantTx;
use mt_events::catalogue::Topic;
use mt_events::{
    Consumer, ConsumerOptions, Event, EventBus, Group, HandlerError, Relay, RelayOptions, Runtime,
    Transaction,
};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{Actor, OpCtx, PurposeOfUse, TenantId};
use mt_store::{Action, Batch, Caller, Change, Content, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::row::{Limit, Row, median, percentile};
use super::search::settle;
use super::{Bench, new_tenant};
use crate::assembly::{self, Installation};
use crate::config::Bus;
use crate::wiring;

/// Patients of a transaction. Each is an event, and the transaction another one.
const BUNDLE: usize = 20;
/// Events of patients that each bus carries in a round, at most.
const CARRIED: usize = 20_000;
/// Events of patients in a second while it is measured how soon they come.
const PACE: usize = 2_000;
/// Transactions of each kind in a row, and how often in a round, to find what the outbox adds.
const COMMITS: usize = 10;
const TURNS: usize = 10;
/// Transactions at once while the outbox is filled.
const WRITERS: usize = 8;
/// After this long, events do not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures the outbox, then every bus that is configured, in turn.
pub(super) async fn measure(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let installation = bench.open().await?;
    let tenant = new_tenant(&installation, "events").await?;
    let writer = Writer {
        store: installation.store.clone(),
        tenant,
    };
    outbox(bench, &installation, &writer, rows).await?;
    let mut lines = Vec::new();
    for bus in buses(bench) {
        lines.push(Line::open(bench, &installation, bus).await?);
    }
    for _ in 0..bench.plan.rounds {
        for line in &mut lines {
            line.measure(bench, &installation, &writer).await?;
        }
    }
    lines.iter_mut().for_each(|line| line.report(rows));
    installation.close().await;
    Ok(())
}

/// The embedded log, and the brokers whose addresses are configured.
fn buses(bench: &Bench<'_>) -> Vec<Bus> {
    let events = &bench.config.events;
    let kafka = (!events.kafka.brokers.is_empty()).then_some(Bus::Kafka);
    let rabbitmq = events.rabbitmq.url.as_ref().map(|_| Bus::RabbitMq);
    [Some(Bus::Embedded), kafka, rabbitmq]
        .into_iter()
        .flatten()
        .collect()
}

/// Commits Bundles of new patients.
#[derive(Clone)]
struct Writer {
    store: Store,
    tenant: TenantId,
}

impl Writer {
    /// Commits one; its correlation, and when it was durable.
    async fn commit(&self) -> anyhow::Result<(Uuid, Instant)> {
        let correlation = Uuid::now_v7();
        let ctx = OpCtx {
            tenant: self.tenant,
            actor: Actor::system("bench"),
            purpose: PurposeOfUse::Treatment,
            correlation_id: correlation,
            now: self.store.clock().now(),
        };
        let mut batch = Batch::new();
        for _ in 0..BUNDLE {
            batch.push(patient()?);
        }
        self.store.commit(&Caller::unrestricted(ctx), batch).await?;
        Ok((correlation, Instant::now()))
    }

    /// Commits as many, several at once.
    async fn fill(&self, transactions: usize) -> anyhow::Result<()> {
        let commits = stream::iter(0..transactions).map(|_| self.commit());
        commits
            .buffer_unordered(WRITERS)
            .try_for_each(|_| std::future::ready(Ok(())))
            .await
    }

    /// Milliseconds that a few of them take, one after the other.
    async fn millis(&self) -> anyhow::Result<f64> {
        let begun = Instant::now();
        for _ in 0..COMMITS {
            self.commit().await?;
        }
        Ok(begun.elapsed().as_secs_f64() * 1e3 / COMMITS as f64)
    }
}

fn patient() -> anyhow::Result<Change> {
    let text = format!(
        r#"{{"resourceType":"Patient","active":true,"name":[{{"family":"{}","given":["Bench"]}}],"gender":"unknown",
            "birthDate":"1970-02-03","address":[{{"line":["1 Main Street"],"city":"Springfield"}}]}}"#,
        Uuid::now_v7().simple()
    );
    let doc = Doc::parse(text, &Limits::default()).context("a patient")?;
    Ok(Change {
        resource_type: ResourceType::PATIENT,
        full_url: None,
        action: Action::Create {
            content: Content::Own(Box::new(doc)),
            if_none_exist: None,
        },
    })
}

/// The same commits with and without events, in turn.
async fn outbox(
    bench: &Bench<'_>,
    installation: &Installation,
    writer: &Writer,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let data = bench.plan.dir.join("data");
    let silent = Writer {
        store: assembly::silent_store(bench.config, &data, installation).await?,
        ..writer.clone()
    };
    writer.fill(COMMITS).await?;
    silent.fill(COMMITS).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds * TURNS {
        with.push(writer.millis().await?);
        without.push(silent.millis().await?);
    }
    let (with, without) = (median(&mut with), median(&mut without));
    rows.push(Row::ratio(
        format!("a commit of {BUNDLE} patients with their events in the outbox"),
        format!("{with:.2} ms"),
        format!("the same without events: {without:.2} ms"),
        with / without,
        Limit::AtMost(1.1),
    ));
    Ok(())
}

/// What the consumer of the bench has taken.
#[derive(Default)]
struct Taken {
    count: AtomicUsize,
    times: Mutex<Vec<(Uuid, Instant)>>,
}

struct Reader(Arc<Taken>);

impl Reader {
    fn topic() -> anyhow::Result<&'static Topic> {
        Topic::named("patient-events").context("the catalogue has no patients")
    }
}

impl Consumer for Reader {
    fn name(&self) -> &'static str {
        "bench"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        Self::topic().into_iter().collect()
    }

    fn transaction(&self) -> Transaction {
        Transaction::Shared
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        _: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        let mut times = self.0.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.push((event.correlation, Instant::now()));
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// One bus with what was measured of it.
struct Line {
    bus: Arc<dyn EventBus>,
    carried: Vec<f64>,
    taken: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    pace: Vec<f64>,
}

impl Line {
    async fn open(
        bench: &Bench<'_>,
        installation: &Installation,
        bus: Bus,
    ) -> anyhow::Result<Self> {
        let mut events = bench.config.events.clone();
        events.bus = bus;
        let topic = Reader::topic()?;
        let groups = vec![Group {
            consumer: "bench",
            topic,
        }];
        let (database, clock) = (
            installation.database.clone(),
            Arc::clone(&installation.clock),
        );
        let bus = wiring::bus::open(&events, database, clock, groups)?;
        // Topics, queues and connections are made now. A broker that has just begun cannot say at once how far its groups are.
        let begun = Instant::now();
        while let Err(error) = bus.groups().await {
            anyhow::ensure!(begun.elapsed() < PATIENCE, "{}: {error}", bus.name());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(Self {
            bus,
            carried: Vec::new(),
            taken: Vec::new(),
            p50: Vec::new(),
            p99: Vec::new(),
            pace: Vec::new(),
        })
    }

    fn relay(&self, installation: &Installation) -> Relay {
        Relay::new(
            installation.database.clone(),
            wiring::events::keys(installation),
            Arc::clone(&installation.clock),
            Arc::clone(&self.bus),
            RelayOptions::default(),
        )
    }

    /// The consumer of the bench, at work.
    fn reader(&self, installation: &Installation, taken: &Arc<Taken>) -> Runtime {
        let reader: Arc<dyn Consumer> = Arc::new(Reader(Arc::clone(taken)));
        let keys = wiring::events::keys(installation);
        let mut runtime = Runtime::new(installation.database.clone(), keys, Arc::clone(&self.bus));
        runtime.start(&reader, ConsumerOptions::default());
        runtime
    }

    /// Has the consumer take what lies in the bus already: it would be counted for what is measured.
    async fn drain(&self, installation: &Installation) -> anyhow::Result<()> {
        let runtime = self.reader(installation, &Arc::default());
        let begun = Instant::now();
        while self.bus.groups().await?.iter().any(|one| one.behind > 0) {
            anyhow::ensure!(
                begun.elapsed() < PATIENCE,
                "what lies in the bus is not taken"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        runtime.stop().await;
        Ok(())
    }

    async fn measure(
        &mut self,
        bench: &Bench<'_>,
        installation: &Installation,
        writer: &Writer,
    ) -> anyhow::Result<()> {
        let mut relay = self.relay(installation);
        // What other parts of the bench have left.
        carry(&mut relay, 0).await?;
        self.drain(installation).await?;
        let most = usize::try_from(bench.plan.resources)
            .unwrap_or(CARRIED)
            .min(CARRIED);
        let transactions = most.div_ceil(BUNDLE);
        writer.fill(transactions).await?;
        let begun = Instant::now();
        let events = carry(&mut relay, transactions * (BUNDLE + 1)).await?;
        self.carried
            .push(events as f64 / begun.elapsed().as_secs_f64());

        let taken = Arc::new(Taken::default());
        let begun = Instant::now();
        let runtime = self.reader(installation, &taken);
        reach(&taken, transactions * BUNDLE).await?;
        self.taken
            .push((transactions * BUNDLE) as f64 / begun.elapsed().as_secs_f64());

        // A database that has just been made still makes the files of its log, 16 MB at a time, while everybody waits; one that has
        // been at work takes used ones.
        settle(installation).await?;
        let stop = CancellationToken::new();
        let relaying = tokio::spawn(relay.run(stop.clone()));
        self.latency(bench.plan.seconds, writer, &taken).await?;
        runtime.stop().await;
        stop.cancel();
        relaying.await?;
        Ok(())
    }

    /// From the moment when a commit is acknowledged to the moment when the consumer has the event, at a steady pace.
    async fn latency(
        &mut self,
        seconds: u64,
        writer: &Writer,
        taken: &Taken,
    ) -> anyhow::Result<()> {
        let so_far = taken.count.load(Ordering::Relaxed);
        taken
            .times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let transactions = usize::try_from(seconds)? * PACE / BUNDLE;
        let mut tick = tokio::time::interval(Duration::from_secs(1) * BUNDLE as u32 / PACE as u32);
        let mut commits = tokio::task::JoinSet::new();
        let begun = Instant::now();
        for _ in 0..transactions {
            tick.tick().await;
            let writer = writer.clone();
            commits.spawn(async move { writer.commit().await });
        }
        let mut committed = HashMap::new();
        while let Some(ended) = commits.join_next().await {
            let (correlation, at) = ended??;
            committed.insert(correlation, at);
        }
        let pace = (transactions * BUNDLE) as f64 / begun.elapsed().as_secs_f64();
        reach(taken, so_far + transactions * BUNDLE).await?;
        let times = taken.times.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is there before its commit is acknowledged was not late at all.
        let late = |(id, at): &(Uuid, Instant)| {
            let since = committed.get(id)?;
            Some(at.saturating_duration_since(*since).as_secs_f64() * 1e3)
        };
        let mut millis: Vec<f64> = times.iter().filter_map(late).collect();
        self.p50.push(percentile(&mut millis, 50));
        self.p99.push(percentile(&mut millis, 99));
        self.pace.push(pace);
        Ok(())
    }

    fn report(&mut self, rows: &mut Vec<Row>) {
        let name = self.bus.name();
        let is_embedded = name == Bus::Embedded.name();
        let (carried, taken) = (median(&mut self.carried), median(&mut self.taken));
        let (p50, p99) = (median(&mut self.p50), median(&mut self.p99));
        let pace = median(&mut self.pace);
        rows.push(Row::bound(
            format!("{name}: from the outbox to the bus, in batches"),
            format!("{carried:.0} events/s"),
            "≥ 10000 events/s",
            carried >= 10_000.0,
        ));
        rows.push(Row::free(
            format!("{name}: from the bus to a consumer, once in effect"),
            format!("{taken:.0} events/s"),
        ));
        let work = format!("{name}: from commit to consumer, {PACE} events/s asked for");
        let figure = format!("p50 {p50:.1} ms, p99 {p99:.1} ms at {pace:.0} events/s");
        if is_embedded {
            let keeps = p99 <= 50.0 && pace >= 0.95 * PACE as f64;
            rows.push(Row::bound(work, figure, "p99 ≤ 50 ms at this pace", keeps));
        } else {
            rows.push(Row::free(work, figure));
        }
    }
}

/// Relays until there is nothing left and at least as many events have gone; how many those were.
async fn carry(relay: &mut Relay, at_least: usize) -> anyhow::Result<usize> {
    let (mut events, begun) = (0, Instant::now());
    loop {
        let relayed = relay.step().await?;
        events += relayed.events;
        if relayed.rows == 0 && !relayed.elsewhere && events >= at_least {
            return Ok(events);
        }
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "the relay stopped at {events} of {at_least}"
        );
        if relayed.rows == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn reach(taken: &Taken, count: usize) -> anyhow::Result<()> {
    let begun = Instant::now();
    while taken.count.load(Ordering::Relaxed) < count {
        let so_far = taken.count.load(Ordering::Relaxed);
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "the consumer stopped at {so_far} of {count}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
