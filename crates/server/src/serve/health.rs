//! `/healthz`, `/readyz` and `/metrics`.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use mt_store::Store;

/// A process that does not know what others wrote for so long does not serve.
pub(super) const STALE: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Parts {
    store: Store,
    metrics: PrometheusHandle,
}

pub(super) fn router(store: &Store, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(Parts {
            store: store.clone(),
            metrics,
        })
}

/// Ready when the database answers and other processes' writes are followed.
async fn ready(State(parts): State<Parts>) -> Response {
    let answers = parts.store.database().health().await;
    match answers {
        Ok(_) if parts.store.tail_age() < STALE => "ready\n".into_response(),
        Ok(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the transaction log is not followed\n",
        )
            .into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
                .into_response()
        }
    }
}

async fn scrape(State(parts): State<Parts>) -> Response {
    if let Err(error) = parts.store.database().record_metrics().await {
        tracing::warn!(%error, "database metrics are missing");
    }
    metrics::gauge!("store_tail_age_seconds").set(parts.store.tail_age().as_secs_f64());
    parts.metrics.run_upkeep();
    let text = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (text, parts.metrics.render()).into_response()
}
