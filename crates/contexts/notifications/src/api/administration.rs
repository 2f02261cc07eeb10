//! What administrators look after: words, deliveries, a trial.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Page, Paging, Position, Problem, Version, Versioned};
use mt_kernel::{ErrorKind, Fault};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::{DeliveryState, Intent, Wording};
use crate::{DeliveryView, Notifications, Previewed, TemplateView, TestSend};

/// The name of the list in cursors.
const LIST: &str = "notifications.deliveries";

/// Which deliveries are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `waiting`, `sent`, `delivered`, `failed`, `withheld` or `gathered`; all without it.
    state: Option<DeliveryState>,
}

/// Words to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotificationPreviewRequest)]
pub(super) struct Tried {
    /// `en` or `es`.
    language: String,
    /// The words.
    wording: Wording,
}

/// The test message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationTestSent)]
pub(super) struct Tested {
    /// Its delivery.
    id: Uuid,
}

/// Every intent in every language, with the words in force.
#[utoipa::path(get, path = "/notification-templates", tag = "notifications",
    responses((status = 200, body = [TemplateView])))]
pub(super) async fn templates(
    State(notifications): State<Notifications>,
    caller: Caller,
) -> Result<Json<Vec<TemplateView>>, Problem> {
    Ok(Json(notifications.templates(caller.tenant()).await?))
}

fn intent(code: &str) -> Result<Intent, Fault> {
    let unknown = || Fault::new(ErrorKind::NotFound, "there is no such intent");
    Intent::from_code(code).ok_or_else(unknown)
}

/// Changes the words of an intent in a language.
#[utoipa::path(put, path = "/notification-templates/{intent}/{language}", tag = "notifications", request_body = Wording,
    params(("intent" = String, Path, description = "Intent"), ("language" = String, Path, description = "`en` or `es`")),
    responses((status = 200, body = TemplateView), (status = 412), (status = 422, description = "a text names a value that it cannot carry")))]
pub(super) async fn reword(
    State(notifications): State<Notifications>,
    caller: Caller,
    Path((code, language)): Path<(String, String)>,
    IfMatch(Version(seen)): IfMatch,
    Json(wording): Json<Wording>,
) -> Result<Versioned<TemplateView>, Problem> {
    let which = (intent(&code)?, language.as_str());
    let changed = notifications.reword(&caller.ctx, which, seen, Some(wording));
    let view = changed.await?;
    Ok(Versioned(Version(view.version), view))
}

/// Puts the shipped words of an intent in a language in force again.
#[utoipa::path(delete, path = "/notification-templates/{intent}/{language}", tag = "notifications",
    params(("intent" = String, Path, description = "Intent"), ("language" = String, Path, description = "`en` or `es`")),
    responses((status = 200, body = TemplateView), (status = 412)))]
pub(super) async fn restore(
    State(notifications): State<Notifications>,
    caller: Caller,
    Path((code, language)): Path<(String, String)>,
    IfMatch(Version(seen)): IfMatch,
) -> Result<Versioned<TemplateView>, Problem> {
    let which = (intent(&code)?, language.as_str());
    let view = notifications.reword(&caller.ctx, which, seen, None).await?;
    Ok(Versioned(Version(view.version), view))
}

/// The words as somebody would read them.
#[utoipa::path(post, path = "/notification-templates/preview", tag = "notifications", request_body = Tried,
    responses((status = 200, body = Previewed), (status = 422)))]
pub(super) async fn preview(
    State(notifications): State<Notifications>,
    caller: Caller,
    Json(tried): Json<Tried>,
) -> Result<Json<Previewed>, Problem> {
    let shown = notifications.preview(caller.tenant(), &tried.language, &tried.wording);
    Ok(Json(shown.await?))
}

/// What left in the last 90 days, the latest first.
#[utoipa::path(get, path = "/notification-deliveries", tag = "notifications", params(Which, Paging),
    responses((status = 200, body = Page<DeliveryView>)))]
pub(super) async fn deliveries(
    State(notifications): State<Notifications>,
    caller: Caller,
    Query(which): Query<Which>,
    paging: Paging,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let keys = notifications.keys(caller.tenant()).await?;
    let before = match &paging.cursor {
        None => None,
        Some(cursor) => {
            let position = Position::open(cursor, &keys, &caller, LIST)?;
            let bytes = <[u8; 8]>::try_from(position.0)
                .map_err(|_| Fault::new(ErrorKind::Malformed, "the cursor is not of this list"))?;
            Some(i64::from_be_bytes(bytes))
        }
    };
    // One more than asked for says whether there is another page.
    let most = paging.limit + 1;
    let found = notifications.deliveries(caller.tenant(), which.state, before, most);
    let mut found = found.await?;
    let asked = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    let more = found.len() > asked;
    found.truncate(asked);
    let next = match found.last() {
        Some((seq, _)) if more => {
            let position = Position(seq.to_be_bytes().to_vec());
            Some(position.seal(&keys, &caller, LIST)?)
        }
        _ => None,
    };
    let items = found.into_iter().map(|(_, delivery)| delivery).collect();
    Ok(Json(Page { items, next }))
}

/// Sends a test message.
#[utoipa::path(post, path = "/notification-deliveries/test", tag = "notifications", request_body = TestSend,
    responses((status = 202, body = Tested), (status = 422)))]
pub(super) async fn test(
    State(notifications): State<Notifications>,
    caller: Caller,
    Json(test): Json<TestSend>,
) -> Result<(StatusCode, Json<Tested>), Problem> {
    let id = notifications.test(&caller.ctx, &test).await?;
    Ok((StatusCode::ACCEPTED, Json(Tested { id })))
}
