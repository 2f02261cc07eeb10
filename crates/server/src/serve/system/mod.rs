//! `/api/v1/system`: how the installation is, and dead letters given again.

mod figures;
mod look;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use metrics_exporter_prometheus::PrometheusHandle;
use mt_access::Operation;
use mt_api::{Caller, Permission, Problem, Routes, routes};
use mt_audit::{Audit, Event, EventCode};
use mt_database::{Database, Endpoint};
use mt_events::{Consumer, DeadLetter, DeadLetterState, DeadLetters, EventBus, Operations};
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_outbound::Queue;
use mt_privacy::Privacy;
use mt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::report::SystemHealth;
use crate::assembly::Installation;
use crate::config::Config;
use crate::telemetry::Telemetry;
use crate::wiring::events::{consumers, keys};

/// Letters that are listed or given again at once.
const LETTERS: i64 = 1_000;
const LONGEST_REASON: usize = 200;
/// Characters of the environment's name that fit a page's head.
const LONGEST_NAME: usize = 24;

/// What is looked at.
#[derive(Clone)]
pub(super) struct System {
    store: Store,
    database: Database,
    app: Endpoint,
    private: bool,
    audit: Arc<Audit>,
    privacy: Privacy,
    bus: Arc<dyn EventBus>,
    operations: Operations,
    letters: Arc<DeadLetters>,
    consumers: Arc<[Arc<dyn Consumer>]>,
    queue: Queue,
    metrics: PrometheusHandle,
    data_dir: PathBuf,
    environment: Option<Arc<str>>,
    since: Instant,
}

impl System {
    /// Over the parts of an installation.
    pub(super) fn new(
        config: &Config,
        installation: &Installation,
        telemetry: &Telemetry,
        bus: Arc<dyn EventBus>,
    ) -> Self {
        let database = installation.database.clone();
        let tenants = installation.store.tenants().clone();
        Self {
            store: installation.store.clone(),
            app: installation.ground.app.clone(),
            private: installation.ground.cluster.is_some(),
            audit: Arc::clone(&installation.audit),
            privacy: installation.office.privacy.clone(),
            bus,
            operations: Operations::new(database.clone(), keys(installation)),
            letters: Arc::new(DeadLetters::new(database.clone(), keys(installation))),
            consumers: consumers(installation).into(),
            queue: Queue::new(database.clone(), tenants),
            metrics: telemetry.metrics.clone(),
            data_dir: installation.data_dir.clone(),
            environment: environment(config),
            since: installation.clock.now(),
            database,
        }
    }

    fn consumer(&self, name: &str) -> Result<&Arc<dyn Consumer>, Fault> {
        let found = self.consumers.iter().find(|one| one.name() == name);
        found.ok_or_else(|| {
            Fault::new(ErrorKind::NotFound, "there is no such consumer").at("consumer")
        })
    }
}

/// The routes, each with its permission.
pub(super) fn table() -> Routes<System> {
    const READ: Permission = Permission::operation(Operation::ReadHealth);
    const MANAGE: Permission = Permission::operation(Operation::ManageTenant);
    Routes::new()
        .route(Permission::signed_in(), routes!(about))
        .route(READ, routes!(health))
        .route(READ, routes!(dead_letters))
        .route(MANAGE, routes!(replay))
}

/// The environment's name, when it has one.
fn environment(config: &Config) -> Option<Arc<str>> {
    let name = config.server.environment.as_deref()?.trim();
    let name: String = name.chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then(|| name.into())
}

/// What this installation is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AboutSystem)]
struct About {
    /// Its version.
    version: &'static str,
    /// What it is when it is not for care, such as `Training`.
    environment: Option<String>,
}

/// What this installation is, for everybody who is signed in.
#[utoipa::path(get, path = "/system/about", tag = "system",
    responses((status = 200, body = About)))]
async fn about(State(system): State<System>, _: Caller) -> Json<About> {
    Json(About {
        version: env!("CARGO_PKG_VERSION"),
        environment: system.environment.as_deref().map(str::to_owned),
    })
}

/// How every part of the installation is. No health information, and nothing about other organisations but counts.
#[utoipa::path(get, path = "/system/health", tag = "system",
    responses((status = 200, body = SystemHealth)))]
async fn health(State(system): State<System>, caller: Caller) -> Json<SystemHealth> {
    Json(system.look(&caller.ctx).await)
}

/// Whose letters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// The consumer that could not take them.
    consumer: String,
}

/// A dead letter without its content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetter)]
struct LetterView {
    /// The event's id.
    id: uuid::Uuid,
    /// The kind of event; `unknown` when this version does not know it.
    event: &'static str,
    /// When it happened.
    at: String,
    /// Whether it waits behind another of the same key.
    behind: bool,
    /// Why it could not be taken, in a fixed word.
    reason: String,
    /// How often it was tried.
    attempts: u32,
}

/// Dead letters, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetters)]
struct LettersView {
    items: Vec<LetterView>,
}

/// Dead letters of the caller's organisation.
#[utoipa::path(get, path = "/system/dead-letters", tag = "system",
    params(Whose), responses((status = 200, body = LettersView)))]
async fn dead_letters(
    State(system): State<System>,
    caller: Caller,
    Query(whose): Query<Whose>,
) -> Result<Json<LettersView>, Problem> {
    let consumer = system.consumer(&whose.consumer)?;
    let list = system
        .letters
        .list(caller.tenant(), consumer.name(), LETTERS);
    let list = list.await.map_err(unavailable)?;
    let items = list.into_iter().map(shown).collect();
    Ok(Json(LettersView { items }))
}

fn shown(letter: DeadLetter) -> LetterView {
    LetterView {
        id: letter.id,
        event: letter.kind.map_or("unknown", |kind| kind.name),
        at: letter.at.to_fhir(),
        behind: letter.state == DeadLetterState::Waiting,
        reason: letter.reason,
        attempts: letter.attempts,
    }
}

/// Which letters are given again, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeadLetterReplay)]
struct Again {
    /// The consumer that is to take them.
    consumer: String,
    /// Why: entered in the audit trail, at most 200 characters.
    reason: String,
}

/// What became of the letters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLettersReplayed)]
struct Replayed {
    /// How many were taken.
    taken: usize,
    /// How many still wait.
    waiting: usize,
}

/// Gives the dead letters of the caller's organisation to their consumer again, oldest first.
#[utoipa::path(post, path = "/system/dead-letters/replay", tag = "system",
    request_body = Again, responses((status = 200, body = Replayed)))]
async fn replay(
    State(system): State<System>,
    caller: Caller,
    Json(again): Json<Again>,
) -> Result<Json<Replayed>, Problem> {
    let reason = again.reason.trim();
    if !(3..=LONGEST_REASON).contains(&reason.chars().count()) {
        let text = "a reason of 3 to 200 characters is needed";
        return Err(Fault::new(ErrorKind::Invalid, text).at("reason").into());
    }
    let consumer = system.consumer(&again.consumer)?;
    let act = format!("dead letters of {} replayed: {reason}", consumer.name());
    let event = Event {
        reason: Some(&act),
        ..Event::done(EventCode::Configuration)
    };
    let entered = system.audit.record(&caller.ctx, &event);
    entered.map_err(Fault::from)?;
    let replayed = system
        .letters
        .replay(caller.tenant(), consumer.as_ref(), LETTERS);
    let (taken, waiting) = replayed.await.map_err(unavailable)?;
    Ok(Json(Replayed { taken, waiting }))
}

fn unavailable(error: mt_events::EventError) -> Problem {
    tracing::warn!(%error, "dead letters cannot be reached");
    Fault::new(ErrorKind::Unavailable, "the events cannot be reached").into()
}
