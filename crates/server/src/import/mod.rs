//! Loading records from files, through the same commit pipeline as any client.
//!
//! Files are Bundles or NDJSON (of resources or of Bundles), plain, gzip or zstd, alone or in folders.
//! Organisations and practitioners come first, because patients refer to them. What was loaded
//! is noted beside the data, so that a run that was cut short goes on where it stopped.

mod done;
mod source;
mod unit;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::stream::{self, FuturesUnordered, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use mt_fhir::outcome::OperationOutcome;
use mt_kernel::{Actor, Clock, OpCtx, PurposeOfUse, TenantId};
use mt_store::{Caller, Store};
use tokio::sync::mpsc;
use uuid::Uuid;

use done::{Digest, Done};
use source::{Unit, units_of};
pub(crate) use source::{bundles_of, files_of};

/// Transactions in flight at once: enough to keep parsing and the database both busy.
const LANES: usize = 4;

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Resources written.
    pub(crate) resources: u64,
    /// Bundles or groups of lines that were loaded before and skipped.
    pub(crate) skipped: u64,
    /// What was refused, by place.
    pub(crate) failures: Vec<(String, OperationOutcome)>,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// One load of files into a tenant.
pub(crate) struct Import {
    pub(crate) store: Store,
    pub(crate) tenant: TenantId,
    pub(crate) clock: Arc<dyn Clock>,
    /// Folder in which loaded units are noted.
    pub(crate) state_dir: PathBuf,
    /// Show a progress bar.
    pub(crate) progress: bool,
}

impl Import {
    /// Loads `files` in order; a unit that is refused does not stop the others, unless the organisation has no storage
    /// left: what was loaded by then is noted.
    pub(crate) async fn run(&self, files: &[PathBuf]) -> anyhow::Result<Report> {
        let started = Instant::now();
        let done = Done::open(&self.state_dir, self.tenant)?;
        let bar = self.bar(files)?;
        let mut report = Report::default();
        let mut units = ahead(files);
        let mut loading = FuturesUnordered::new();
        let mut rank = 0;
        while let Some(unit) = units.recv().await {
            let unit = unit?;
            if done.contains(&unit.digest) {
                report.skipped += 1;
                bar.inc(unit.weight);
                continue;
            }
            if let Err(full) = self.store.require_room(self.tenant) {
                while let Some(loaded) = loading.next().await {
                    report.note(loaded, &done, &bar)?;
                }
                bar.finish_and_clear();
                return Err(full).context(format!("stopped after {} resources", report.resources));
            }
            // A later rank refers to an earlier one, which must be complete by then.
            let most = if unit.rank == rank { LANES - 1 } else { 0 };
            rank = unit.rank;
            while loading.len() > most
                && let Some(loaded) = loading.next().await
            {
                report.note(loaded, &done, &bar)?;
            }
            loading.push(self.load(unit));
        }
        while let Some(loaded) = loading.next().await {
            report.note(loaded, &done, &bar)?;
        }
        bar.finish_and_clear();
        report.elapsed = started.elapsed();
        Ok(report)
    }

    /// Loads Bundles that are in memory, whether they were loaded before or not; returns how many
    /// resources were written. One that is refused ends it.
    pub(crate) async fn bundles(&self, bundles: Vec<Vec<u8>>) -> anyhow::Result<u64> {
        let units = bundles.into_iter().map(Unit::bundle);
        let mut results = stream::iter(units)
            .map(|unit| self.load_one(unit))
            .buffer_unordered(LANES);
        let mut resources = 0;
        while let Some(result) = results.next().await {
            resources += result.map_err(|outcome| anyhow::anyhow!("refused: {outcome:?}"))?;
        }
        Ok(resources)
    }

    async fn load(&self, unit: Unit) -> Loaded {
        Loaded {
            digest: unit.digest,
            place: unit.place.clone(),
            weight: unit.weight,
            outcome: self.load_one(unit).await,
        }
    }

    /// Parses and commits one unit on a worker thread of the runtime.
    async fn load_one(&self, unit: Unit) -> Result<u64, OperationOutcome> {
        let (store, tenant, clock) = (self.store.clone(), self.tenant, Arc::clone(&self.clock));
        let task = tokio::spawn(async move {
            let ctx = OpCtx {
                tenant,
                actor: Actor::system("import"),
                purpose: PurposeOfUse::Operations,
                correlation_id: Uuid::now_v7(),
                now: clock.now(),
            };
            let registry = store.tenants().params(tenant).await;
            let registry = registry.map_err(|error| mt_fhir_api::refused(error, &[]))?;
            let loaded = unit::plan(&registry, unit, ctx.now)?;
            let (batch, places) = loaded.into_parts();
            let committed = store.commit(&Caller::unrestricted(ctx), batch).await;
            match committed {
                Ok(committed) => Ok(committed.len() as u64),
                Err(error) => Err(mt_fhir_api::refused(error, &places)),
            }
        });
        task.await
            .unwrap_or_else(|_| Err(unit::broken("loading stopped unexpectedly")))
    }

    fn bar(&self, files: &[PathBuf]) -> anyhow::Result<ProgressBar> {
        if !self.progress {
            return Ok(ProgressBar::hidden());
        }
        let total: u64 = files.iter().map(|file| source::weight_of(file)).sum();
        let style = "{spinner} {bar:32} {percent:>3}%  {msg}  {elapsed} (about {eta} left)";
        let bar = ProgressBar::new(total);
        bar.set_style(ProgressStyle::with_template(style)?);
        bar.enable_steady_tick(Duration::from_millis(200));
        Ok(bar)
    }
}

/// What became of a unit.
struct Loaded {
    digest: Digest,
    place: String,
    weight: u64,
    outcome: Result<u64, OperationOutcome>,
}

/// Units that are read while others are loaded.
const AHEAD: usize = 8;

/// Reads files on a thread of its own, a few units ahead.
fn ahead(files: &[PathBuf]) -> mpsc::Receiver<anyhow::Result<Unit>> {
    let (sender, units) = mpsc::channel(AHEAD);
    let files = files.to_vec();
    tokio::task::spawn_blocking(move || {
        for file in files {
            for unit in units_of(&file) {
                let unit = unit.with_context(|| file.display().to_string());
                // Nobody listens any more when the load has failed.
                if sender.blocking_send(unit).is_err() {
                    return;
                }
            }
        }
    });
    units
}

impl Report {
    fn note(&mut self, loaded: Loaded, done: &Done, bar: &ProgressBar) -> anyhow::Result<()> {
        bar.inc(loaded.weight);
        match loaded.outcome {
            Ok(n) => {
                self.resources += n;
                done.note(&loaded.digest)?;
                bar.set_message(format!("{} resources", self.resources));
            }
            Err(outcome) => self.failures.push((loaded.place, outcome)),
        }
        Ok(())
    }

    /// Resources per second.
    pub(crate) fn rate(&self) -> f64 {
        self.resources as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}
