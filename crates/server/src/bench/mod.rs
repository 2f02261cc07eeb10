//! `meditrack bench`: measures this machine and prints ratios against what the machine can do.
//!
//! Every figure stands beside its reference, taken in the same run and in turn with it, because
//! absolute numbers say little on a shared machine. Authentication, row-level security, sealing,
//! validation, audit and synchronous commit are on throughout.

mod copy;
mod http;
mod pgbench;
mod search;
mod storage;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use mt_kernel::{TenantId, TenantName};

use crate::assembly::Installation;
use crate::config::Config;
use crate::import::{Import, files_of};
use crate::telemetry::Telemetry;

/// What to measure with.
pub(crate) struct Plan {
    /// Bundles to load.
    pub(crate) data: PathBuf,
    /// Rounds; the median counts.
    pub(crate) rounds: usize,
    /// Seconds of each load phase.
    pub(crate) seconds: u64,
    /// Resources to grow to for the searches.
    pub(crate) resources: u64,
    /// Folder for this run.
    pub(crate) dir: PathBuf,
}

/// One line of the table.
pub(crate) struct Row {
    work: String,
    figure: String,
    reference: String,
    ratio: Option<f64>,
    at_least: &'static str,
}

/// Runs every measurement and returns the table as Markdown.
pub(crate) async fn run(
    config: &Config,
    telemetry: &Telemetry,
    plan: &Plan,
) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    let started = Instant::now();
    let installation = Installation::open(config, &plan.dir.join("data")).await?;
    let idle = rss_mib();
    let tenant = loads(&installation, plan, &mut rows).await?;
    http::transactions(config, telemetry, &installation, plan, &mut rows).await?;
    http::reads(config, telemetry, &installation, plan, tenant, &mut rows).await?;
    http::creates(config, telemetry, &installation, plan, tenant, &mut rows).await?;
    storage::measure(&installation, tenant, &mut rows).await?;
    search::measure(&installation, plan, tenant, &mut rows).await?;
    rows.push(Row {
        work: "memory of the process, idle / at the end".into(),
        figure: format!("{idle} / {} MiB", rss_mib()),
        reference: "–".into(),
        ratio: None,
        at_least: "≤ 150 / 250 MiB",
    });
    installation.close().await;
    rows.push(restart(config, plan).await?);
    Ok(table(&rows, started.elapsed()))
}

/// Import through the commit pipeline against raw COPY of the rows it wrote, in turn.
async fn loads(
    installation: &Installation,
    plan: &Plan,
    rows: &mut Vec<Row>,
) -> anyhow::Result<TenantId> {
    let files = files_of(std::slice::from_ref(&plan.data))?;
    let (mut imports, mut copies) = (Vec::new(), Vec::new());
    let mut last = None;
    for round in 0..plan.rounds {
        let tenant = new_tenant(installation, &format!("import-{round}")).await?;
        let import = Import {
            store: installation.store.clone(),
            tenant,
            clock: installation.clock.clone(),
            state_dir: plan.dir.join("state"),
            progress: false,
        };
        let report = import.run(&files).await?;
        ensure!(
            report.failures.is_empty(),
            "the import refused {:?}",
            report.failures
        );
        imports.push(report.rate());
        copies.push(copy::rate(installation, tenant).await?);
        last = Some(tenant);
    }
    let (import, copy) = (median(&mut imports), median(&mut copies));
    rows.push(Row {
        work: "import of Bundles, all indexes".into(),
        figure: format!("{import:.0} resources/s"),
        reference: format!("raw COPY of the rows, one connection: {copy:.0}/s"),
        ratio: Some(import / copy),
        at_least: "0.32",
    });
    last.context("there was no round")
}

/// Time to open an existing directory.
async fn restart(config: &Config, plan: &Plan) -> anyhow::Result<Row> {
    let started = Instant::now();
    let installation = Installation::open(config, &plan.dir.join("data")).await?;
    let elapsed = started.elapsed();
    installation.close().await;
    Ok(Row {
        work: "start on an existing directory, database included".into(),
        figure: format!("{:.2} s", elapsed.as_secs_f64()),
        reference: "–".into(),
        ratio: None,
        at_least: "≤ 1 s",
    })
}

pub(crate) async fn new_tenant(
    installation: &Installation,
    name: &str,
) -> anyhow::Result<TenantId> {
    Ok(installation
        .store
        .tenants()
        .create(&TenantName::parse(name)?)
        .await?)
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Resident memory of this process.
fn rss_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn table(rows: &[Row], elapsed: Duration) -> String {
    let mut text =
        String::from("| work | measured | against | ratio | at least |\n|---|---|---|---|---|\n");
    for row in rows {
        let ratio = row
            .ratio
            .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let Row {
            work,
            figure,
            reference,
            at_least,
            ..
        } = row;
        text.push_str(&format!(
            "| {work} | {figure} | {reference} | {ratio} | {at_least} |\n"
        ));
    }
    text.push_str(&format!("\nMeasured in {:.0} s.", elapsed.as_secs_f64()));
    text
}
