//! Where vendors say what became of deliveries. They are known by their signatures, not by a credential.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use mt_api::Problem;
use mt_kernel::TenantId;
use uuid::Uuid;

use crate::Notifications;

/// A status callback of Twilio.
#[utoipa::path(post, path = "/notification-receipts/twilio/{tenant}/{delivery}", tag = "notifications",
    params(("tenant" = i32, Path, description = "Tenant"), ("delivery" = String, Path, description = "Delivery")),
    responses((status = 204), (status = 401, description = "not signed by Twilio"), (status = 403, description = "no key is set")))]
pub(super) async fn twilio(
    State(notifications): State<Notifications>,
    Path((tenant, delivery)): Path<(i32, Uuid)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let place = (TenantId(tenant), delivery);
    notifications.twilio_says(place, &headers, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// SendGrid's signed event webhook.
#[utoipa::path(post, path = "/notification-receipts/sendgrid", tag = "notifications",
    responses((status = 204), (status = 401, description = "not signed by SendGrid"), (status = 403, description = "no key is set")))]
pub(super) async fn sendgrid(
    State(notifications): State<Notifications>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    notifications.sendgrid_says(&headers, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
