//! `meditrack bench`: measures this machine and prints ratios against what the machine can do.
//!
//! Every figure stands beside its reference, taken in the same run and in turn with it, because
//! absolute numbers say little on a shared machine. Authentication, row-level security, sealing,
//! validation, audit and synchronous commit are on throughout. The server is a process of its own.

mod catch_up;
mod charts;
mod child;
mod copy;
mod events;
mod http;
mod live;
mod load;
mod peer;
mod pgbench;
mod row;
mod search;
mod slots;
mod storage;
mod wrk;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use mt_identity::OperatorToken;
use mt_kernel::{TenantId, TenantName};

use crate::assembly::Installation;
use crate::config::Config;
use charts::Charts;
use child::Process;
use row::{Row, median, table};

/// A part of the table that can be asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Import and HTTP transactions against raw COPY
    Load,
    /// Point reads and durable creates against pgbench, memory
    Single,
    /// Searches in the store at every size
    Search,
    /// Bytes of a resource against a jsonb heap
    Storage,
    /// `_has` and `$everything`
    Graph,
    /// Free times of twenty people over sixty days
    Slots,
    /// Start of a server on the grown directory
    Start,
    /// The outbox, the configured buses; only when named
    Events,
    /// Clients of the realtime hub; only when named
    Live,
}

/// What to measure with.
pub(crate) struct Plan {
    /// Bundles to load.
    pub(crate) data: PathBuf,
    /// Rounds; the median counts.
    pub(crate) rounds: usize,
    /// Seconds of each load phase.
    pub(crate) seconds: u64,
    /// Resources to grow to for the searches; a tenth and a hundredth of it are measured too. Also the most events and
    /// clients, where there would be more.
    pub(crate) resources: u64,
    /// Parts to measure; all but those of events when empty.
    pub(crate) only: Vec<Part>,
    /// The peer's program, to measure it side by side instead.
    pub(crate) peer: Option<PathBuf>,
    /// Folder for this run.
    pub(crate) dir: PathBuf,
}

impl Plan {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    fn wants_any(&self, parts: &[Part]) -> bool {
        parts.iter().any(|part| self.wants(*part))
    }
}

/// A run: the plan and how the server is set up.
struct Bench<'a> {
    config: &'a Config,
    plan: &'a Plan,
}

impl Bench<'_> {
    async fn open(&self) -> anyhow::Result<Installation> {
        Installation::open(self.config, &self.plan.dir.join("data")).await
    }

    /// A server on the data of this run; `cache` is MiB of its cache when it is not the usual.
    async fn serve(&self, name: &str, cache: Option<u64>) -> anyhow::Result<Process> {
        let mut config = self.config.clone();
        if let Some(cache_mib) = cache {
            config.store.cache_mib = cache_mib;
        }
        Process::serve(&config, &self.plan.dir, name).await
    }
}

/// Runs every measurement that the plan wants and returns the table as Markdown.
pub(crate) async fn run(config: &Config, plan: &Plan) -> anyhow::Result<String> {
    let bench = Bench { config, plan };
    let started = Instant::now();
    let before = load_average();
    let mut rows = Vec::new();
    if plan.peer.is_some() {
        peer::measure(&bench, &mut rows).await?;
    } else {
        parts(&bench, &mut rows).await?;
    }
    let table = table(&rows, started.elapsed());
    let after = load_average();
    // The bench itself keeps about three tasks running.
    Ok(format!(
        "{table} Load average: {before} before, {after} after."
    ))
}

async fn parts(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    if bench.plan.wants(Part::Load) {
        load::measure(bench, rows).await?;
    }
    let grown = [Part::Single, Part::Search, Part::Storage, Part::Graph];
    if bench.plan.wants_any(&grown) {
        grown_parts(bench, rows).await?;
    }
    if bench.plan.wants(Part::Slots) {
        slots::measure(bench, rows).await?;
    }
    if bench.plan.wants(Part::Start) {
        start(bench, rows).await?;
    }
    if bench.plan.only.contains(&Part::Events) {
        events::measure(bench, rows).await?;
    }
    if bench.plan.only.contains(&Part::Live) {
        live::measure(bench, rows).await?;
    }
    Ok(())
}

/// How many tasks ran or waited to run in the last minute, on average; says how far absolute figures go.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .filter(|load| !load.is_empty())
        .unwrap_or("unknown")
        .to_owned()
}

/// What is measured on one tenant while it grows, and when it is grown.
async fn grown_parts(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let plan = bench.plan;
    let installation = bench.open().await?;
    let tenant = new_tenant(&installation, "grown").await?;
    let charts = Charts::read(&plan.data)?;
    search::grow_and_measure(bench, &installation, tenant, &charts, rows).await?;
    if plan.wants_any(&[Part::Graph, Part::Single]) {
        catch_up::measure(bench, &installation, rows).await?;
        search::settle(&installation).await?;
    }
    if plan.wants(Part::Graph) {
        http::graphs(bench, &installation, tenant, &charts, rows).await?;
    }
    if plan.wants(Part::Single) {
        http::singles(bench, &installation, tenant, rows).await?;
    }
    installation.close().await;
    Ok(())
}

/// A server starts on an existing directory, its database included.
async fn start(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    // Makes the directory when no other part has.
    bench.open().await?.close().await;
    let (mut seconds, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        let server = bench.serve("start", None).await?;
        seconds.push(server.started_in.as_secs_f64());
        tokio::time::sleep(Duration::from_secs(2)).await;
        idle.push(server.resident() as f64);
        server.stop()?;
    }
    let (seconds, idle) = (median(&mut seconds), median(&mut idle));
    rows.push(Row::bound(
        "start on an existing directory, database included",
        format!("{seconds:.2} s, {idle:.0} MiB idle"),
        "≤ 1 s, ≤ 150 MiB",
        seconds <= 1.0 && idle <= 150.0,
    ));
    Ok(())
}

async fn new_tenant(installation: &Installation, name: &str) -> anyhow::Result<TenantId> {
    Ok(installation
        .store
        .tenants()
        .create(&TenantName::parse(name)?)
        .await?)
}

/// A token that may read and write everything of a tenant.
async fn token(installation: &Installation, tenant: TenantId) -> anyhow::Result<String> {
    let token = OperatorToken {
        user: "bench".to_owned(),
        roles: vec!["service".to_owned()],
        scope: "system/*.cruds".to_owned(),
        patient: None,
        fhir_user: None,
        step_up: false,
        seconds: OperatorToken::LONGEST,
    };
    let signed = installation.identity.operator_token(tenant, &token).await;
    signed.context("a token cannot be signed")
}
