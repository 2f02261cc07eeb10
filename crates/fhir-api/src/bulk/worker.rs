//! The worker: takes jobs, one at a time, and carries them out.

use std::sync::Arc;
use std::time::Duration;

use mt_store::{Claim, Store, StoreError, WorkKind, WorkState};
use tokio_util::sync::CancellationToken;

use super::refusal::Failure;
use super::status::Made;
use super::{export, import};
use crate::api::FhirApi;

/// How often the worker looks for jobs.
const LOOK: Duration = Duration::from_millis(500);

/// How often a lease is renewed.
const BEAT: Duration = Duration::from_secs(4);

/// How long after a definition was noted all processes index by it (they follow the transaction
/// log and refuse to serve from memory when that is two seconds old).
const SETTLED_MICROS: i64 = 3_000_000;

/// Carries out jobs until `stop`; a job that is under way is handed back.
pub async fn work(api: Arc<FhirApi>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let claimed = api.store.work().claim().await;
        match claimed {
            Ok(Some(claim)) => carry_out(&api, &claim, &stop).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "jobs cannot be looked for"),
        }
    }
}

async fn carry_out(api: &FhirApi, claim: &Claim, stop: &CancellationToken) {
    let (kind, id) = (claim.job.kind.name(), claim.job.id);
    tracing::info!(job = %id, kind, "a job begins");
    let started = std::time::Instant::now();
    let outcome = tokio::select! {
        outcome = run(api, claim) => outcome,
        failure = beat(&api.store, claim) => Err(failure),
        () = stop.cancelled() => {
            if let Err(error) = claim.give_back(&api.store).await {
                tracing::warn!(%error, "a job could not be handed back");
            }
            return;
        }
    };
    let ended = match outcome {
        Ok(made) => finish(&api.store, claim, WorkState::Done, &made).await,
        Err(Failure::Refused(issues)) => {
            let failure = issues.into_iter().map(|issue| issue.diagnostics).collect();
            let made = Made {
                failure,
                ..Made::default()
            };
            finish(&api.store, claim, WorkState::Failed, &made).await
        }
        Err(Failure::Lost) => "cancelled",
        Err(Failure::Interrupted(why)) => {
            tracing::warn!(job = %id, kind, %why, "a job was interrupted");
            "interrupted"
        }
    };
    tracing::info!(job = %id, kind, ended, "a job ends");
    let seconds = started.elapsed().as_secs_f64();
    metrics::histogram!("work_job_seconds", "kind" => kind, "ended" => ended).record(seconds);
}

async fn run(api: &FhirApi, claim: &Claim) -> Result<Made, Failure> {
    match claim.job.kind {
        WorkKind::Export => export::run(api, claim).await,
        WorkKind::Import => import::run(api, claim).await,
        WorkKind::Reindex => reindex(api, claim).await,
    }
}

async fn reindex(api: &FhirApi, claim: &Claim) -> Result<Made, Failure> {
    let since = api.clock.now().0 - claim.job.created_at.0;
    let missing = u64::try_from(SETTLED_MICROS - since).unwrap_or(0);
    tokio::time::sleep(Duration::from_micros(missing)).await;
    let n = api.store.index_params(claim).await?;
    metrics::counter!("reindexed_resources_total").increment(n);
    Ok(Made::default())
}

/// Keeps the lease; ends only when it is lost.
async fn beat(store: &Store, claim: &Claim) -> Failure {
    loop {
        tokio::time::sleep(BEAT).await;
        match claim.renew(store).await {
            Ok(()) => {}
            Err(error @ StoreError::Refused { .. }) => return Failure::from(error),
            Err(error) => tracing::warn!(%error, "the lease of a job could not be renewed"),
        }
    }
}

async fn finish(store: &Store, claim: &Claim, state: WorkState, made: &Made) -> &'static str {
    let made = serde_json::to_vec(made).unwrap_or_default();
    match claim.finish(store, state, &made).await {
        Ok(()) if state == WorkState::Done => "done",
        Ok(()) => "failed",
        Err(error) => {
            tracing::warn!(%error, "the end of a job could not be noted");
            "lost"
        }
    }
}
