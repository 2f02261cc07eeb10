//! De-identified records to take away.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use mt_api::{Caller, Problem};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use utoipa::ToSchema;

use crate::{Dates, Privacy, PrivacyError, Result};

/// Lines that wait for the receiver at most.
const WAITING: usize = 256;

/// What a de-identified export is ordered with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// What it is for.
    purpose: String,
    /// How dates are treated; the year alone when absent.
    #[serde(default)]
    dates: Dates,
}

/// Sends the de-identified records of the organisation as NDJSON. Needs a second factor proved moments
/// ago. An answer that breaks off is not complete.
#[utoipa::path(post, path = "/privacy/deidentified-exports", tag = "privacy",
    request_body = Order,
    responses((status = 200, content_type = "application/fhir+ndjson", body = String)))]
pub(super) async fn deidentified(
    State(privacy): State<Privacy>,
    caller: Caller,
    Json(order): Json<Order>,
) -> Result<Response, Problem> {
    let export = privacy.order_deidentified(&caller.ctx, &order.purpose, order.dates)?;
    let (sender, lines) = mpsc::channel(WAITING);
    let address = mt_store::network_address();
    let run = mt_store::from_address(address, async move { export.run(&sender).await });
    let work = tokio::spawn(run);
    let body = stream::unfold(Some(Sending { lines, work }), Sending::next);
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/fhir+ndjson");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = HeaderValue::from_static("attachment; filename=\"deidentified.ndjson\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// An export under way.
struct Sending {
    lines: mpsc::Receiver<String>,
    work: JoinHandle<Result<u64>>,
}

impl Sending {
    async fn next(sending: Option<Self>) -> Option<(Result<String>, Option<Self>)> {
        let mut sending = sending?;
        if let Some(line) = sending.lines.recv().await {
            return Some((Ok(line + "\n"), Some(sending)));
        }
        // The last word: an export that failed breaks the answer off.
        match sending.work.await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some((Err(error), None)),
            Err(_) => Some((Err(PrivacyError::Damaged), None)),
        }
    }
}
