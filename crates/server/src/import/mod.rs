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
use futures::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use mt_fhir::outcome::OperationOutcome;
use mt_kernel::{Actor, Clock, OpCtx, PurposeOfUse, TenantId};
use mt_store::{Caller, Store};
use uuid::Uuid;

use done::Done;
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
    /// Loads `files` in order; a unit that is refused does not stop the others.
    pub(crate) async fn run(&self, files: &[PathBuf]) -> anyhow::Result<Report> {
        let started = Instant::now();
        let done = Done::open(&self.state_dir, self.tenant)?;
        let bar = self.bar(files)?;
        let mut report = Report::default();
        let mut pending: Vec<Unit> = Vec::new();
        let mut rank = 0;
        for file in files {
            for unit in units_of(file) {
                let unit = unit.with_context(|| file.display().to_string())?;
                // A later rank refers to an earlier one, which must be complete by then.
                if unit.rank != rank || pending.len() >= 64 {
                    self.load(std::mem::take(&mut pending), &done, &bar, &mut report)
                        .await?;
                    rank = unit.rank;
                }
                pending.push(unit);
            }
        }
        self.load(pending, &done, &bar, &mut report).await?;
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

    async fn load(
        &self,
        units: Vec<Unit>,
        done: &Done,
        bar: &ProgressBar,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let mut fresh = Vec::with_capacity(units.len());
        for unit in units {
            if done.contains(&unit.digest) {
                report.skipped += 1;
                bar.inc(unit.weight);
            } else {
                fresh.push(unit);
            }
        }
        let mut results = stream::iter(fresh)
            .map(|unit| async move {
                let (digest, place, weight) = (unit.digest, unit.place.clone(), unit.weight);
                (digest, place, weight, self.load_one(unit).await)
            })
            .buffer_unordered(LANES);
        while let Some((digest, place, weight, result)) = results.next().await {
            bar.inc(weight);
            match result {
                Ok(n) => {
                    report.resources += n;
                    done.note(&digest)?;
                    bar.set_message(format!("{} resources", report.resources));
                }
                Err(outcome) => report.failures.push((place, outcome)),
            }
        }
        Ok(())
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

impl Report {
    /// Resources per second.
    pub(crate) fn rate(&self) -> f64 {
        self.resources as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}
