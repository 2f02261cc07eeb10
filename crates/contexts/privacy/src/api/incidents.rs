//! Incidents with their workflow and clocks, and the thresholds of the rules.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Page, Paging, Problem, Version, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{opened, page, stale_cursor};
use crate::{Deadline, Incident, IncidentChange, IncidentState, Kept, Privacy, Settings, Wanted};

/// An incident with its clocks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IncidentView {
    #[serde(flatten)]
    kept: Kept<Incident>,
    /// Duties that are still to be done, earliest first.
    clocks: Vec<Clock>,
}

/// A duty with its end.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Clock {
    #[serde(flatten)]
    deadline: Deadline,
    /// Whether it has passed.
    overdue: bool,
}

impl IncidentView {
    fn new(kept: Kept<Incident>, settings: &Settings, caller: &Caller) -> Self {
        let clocks = Privacy::clocks(&kept.paper, settings);
        let clocks = clocks.into_iter().map(|deadline| Clock {
            overdue: deadline.is_overdue(caller.ctx.now),
            deadline,
        });
        Self {
            clocks: clocks.collect(),
            kept,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Those that stand here alone.
    state: Option<IncidentState>,
}

/// Incidents, newest first.
#[utoipa::path(get, path = "/privacy/incidents", tag = "privacy",
    params(Which, Paging), responses((status = 200, body = Page<IncidentView>)))]
pub(super) async fn list(
    State(privacy): State<Privacy>,
    caller: Caller,
    Query(which): Query<Which>,
    paging: Paging,
) -> Result<Json<Page<IncidentView>>, Problem> {
    const LIST: &str = "privacy/incidents";
    let after = opened(&privacy, &caller, &paging, LIST).await?;
    let wanted = Wanted {
        state: which.state.map(|state| state as i16),
        after: after.as_deref().map(position).transpose()?,
        limit: i64::from(paging.limit),
        ..Wanted::default()
    };
    let found = privacy.incidents(&caller.ctx, &wanted).await?;
    let full = found.len() == paging.limit as usize;
    let next = found.last().filter(|_| full).map(bytes);
    let settings = privacy.settings(&caller.ctx).await?;
    let items = found
        .into_iter()
        .map(|kept| IncidentView::new(kept, &settings, &caller))
        .collect();
    Ok(Json(page(&privacy, &caller, LIST, items, next).await?))
}

/// A position in a list of papers as bytes.
pub(super) fn bytes<T>(kept: &Kept<T>) -> Vec<u8> {
    [&kept.at.to_be_bytes()[..], kept.id.as_bytes()].concat()
}

/// The position in bytes.
pub(super) fn position(bytes: &[u8]) -> Result<(i64, Uuid), mt_kernel::Fault> {
    let (at, id) = bytes.split_at_checked(8).ok_or_else(stale_cursor)?;
    let at = at.try_into().map_err(|_| stale_cursor())?;
    let id = Uuid::from_slice(id).map_err(|_| stale_cursor())?;
    Ok((i64::from_be_bytes(at), id))
}

/// What somebody reports.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    /// What happened.
    what: String,
    /// Ids of the patients concerned, as far as known.
    #[serde(default)]
    patients: Vec<String>,
}

/// What became of a report.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reported {
    /// Number to come back to it with.
    id: Uuid,
}

/// Reports an incident: everybody may, and should.
#[utoipa::path(post, path = "/privacy/incidents", tag = "privacy",
    request_body = Report, responses((status = 201, body = Reported)))]
pub(super) async fn report(
    State(privacy): State<Privacy>,
    caller: Caller,
    Json(report): Json<Report>,
) -> Result<(StatusCode, Json<Reported>), Problem> {
    let id = privacy
        .report_incident(&caller.ctx, &report.what, report.patients)
        .await?;
    Ok((StatusCode::CREATED, Json(Reported { id })))
}

/// One incident.
#[utoipa::path(get, path = "/privacy/incidents/{id}", tag = "privacy",
    params(("id" = String, Path, description = "Incident")),
    responses((status = 200, body = IncidentView)))]
pub(super) async fn one(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<IncidentView>, Problem> {
    let kept = privacy.incident(&caller.ctx, id).await?;
    let settings = privacy.settings(&caller.ctx).await?;
    let version = Version(kept.version);
    Ok(Versioned(
        version,
        IncidentView::new(kept, &settings, &caller),
    ))
}

/// Changes an incident, or moves it on.
#[utoipa::path(patch, path = "/privacy/incidents/{id}", tag = "privacy",
    params(("id" = String, Path, description = "Incident")),
    request_body = IncidentChange, responses((status = 200, body = IncidentView)))]
pub(super) async fn change(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(id): Path<Uuid>,
    IfMatch(Version(version)): IfMatch,
    Json(change): Json<IncidentChange>,
) -> Result<Versioned<IncidentView>, Problem> {
    let kept = privacy
        .change_incident(&caller.ctx, id, version, change)
        .await?;
    let settings = privacy.settings(&caller.ctx).await?;
    let version = Version(kept.version);
    Ok(Versioned(
        version,
        IncidentView::new(kept, &settings, &caller),
    ))
}

/// The thresholds of the rules.
#[utoipa::path(get, path = "/privacy/settings", tag = "privacy",
    responses((status = 200, body = Settings)))]
pub(super) async fn settings(
    State(privacy): State<Privacy>,
    caller: Caller,
) -> Result<Json<Settings>, Problem> {
    Ok(Json(privacy.settings(&caller.ctx).await?))
}

/// Changes the thresholds of the rules.
#[utoipa::path(put, path = "/privacy/settings", tag = "privacy",
    request_body = Settings, responses((status = 200, body = Settings)))]
pub(super) async fn change_settings(
    State(privacy): State<Privacy>,
    caller: Caller,
    Json(settings): Json<Settings>,
) -> Result<Json<Settings>, Problem> {
    privacy.change_settings(&caller.ctx, &settings).await?;
    Ok(Json(settings))
}
