//! Charts: when one last looked, and which results one has seen.

use axum::Json;
use axum::extract::{Path, State};
use mt_api::{Caller, Problem};

use crate::{AcknowledgedResults, Acknowledging, Charting, Looked};

/// Notes that the caller looks into a chart, and says since when what changed is new to them.
#[utoipa::path(post, path = "/charts/{patient}/looked", tag = "charts",
    params(("patient" = String, Path, description = "Patient")),
    responses((status = 200, body = Looked)))]
pub(super) async fn look(
    State(charting): State<Charting>,
    caller: Caller,
    Path(patient): Path<String>,
) -> Result<Json<Looked>, Problem> {
    Ok(Json(charting.look(&caller, &patient).await?))
}

/// Acknowledges results in the caller's name: all or none.
#[utoipa::path(post, path = "/results/acknowledgements", tag = "charts",
    request_body = Acknowledging, responses((status = 200, body = AcknowledgedResults)))]
pub(super) async fn acknowledge(
    State(charting): State<Charting>,
    caller: Caller,
    Json(asked): Json<Acknowledging>,
) -> Result<Json<AcknowledgedResults>, Problem> {
    Ok(Json(charting.acknowledge(&caller, &asked).await?))
}
