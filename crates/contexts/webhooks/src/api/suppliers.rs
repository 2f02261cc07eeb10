//! Suppliers: who may send, what they say, and what there is.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use mt_api::{Caller, Problem};
use mt_kernel::TenantId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{NewSupplier, Stock, Supplier, SupplierCreated, Webhooks};

/// Hours for which a replaced secret still counts, unless somebody says otherwise.
const OVERLAP_HOURS: u32 = 24;

/// What is said of a new secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewSecret {
    /// The secret that the supplier gave; one is made when it is absent.
    secret: Option<String>,
    /// Hours for which the old secret still counts: 0 to 168, by default 24.
    overlap_hours: Option<u32>,
}

/// Every supplier.
#[utoipa::path(get, path = "/inventory-suppliers", tag = "webhooks",
    responses((status = 200, body = [Supplier])))]
pub(super) async fn list(
    State(webhooks): State<Webhooks>,
    caller: Caller,
) -> Result<Json<Vec<Supplier>>, Problem> {
    Ok(Json(webhooks.suppliers(caller.tenant()).await?))
}

/// Lets a supplier tell of its stock; the secret is shown this once.
#[utoipa::path(post, path = "/inventory-suppliers", tag = "webhooks", request_body = NewSupplier,
    responses((status = 201, body = SupplierCreated), (status = 422, description = "the secret is too short")))]
pub(super) async fn create(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Json(new): Json<NewSupplier>,
) -> Result<(StatusCode, Json<SupplierCreated>), Problem> {
    let created = webhooks.add_supplier(&caller.ctx, new).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Removes a supplier and what it said.
#[utoipa::path(delete, path = "/inventory-suppliers/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "Supplier")), responses((status = 204)))]
pub(super) async fn remove(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    webhooks.remove_supplier(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a supplier a new secret, shown this once; for a while the old one counts as well.
#[utoipa::path(post, path = "/inventory-suppliers/{id}/rotate-secret", tag = "webhooks", request_body = NewSecret,
    params(("id" = String, Path, description = "Supplier")), responses((status = 200, body = SupplierCreated)))]
pub(super) async fn rotate(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(new): Json<NewSecret>,
) -> Result<Json<SupplierCreated>, Problem> {
    let hours = new.overlap_hours.unwrap_or(OVERLAP_HOURS);
    let rotated = webhooks.rotate_supplier(&caller.ctx, id, new.secret, hours);
    Ok(Json(rotated.await?))
}

/// What suppliers said last of their stock.
#[utoipa::path(get, path = "/inventory", tag = "webhooks", responses((status = 200, body = [Stock])))]
pub(super) async fn stock(
    State(webhooks): State<Webhooks>,
    caller: Caller,
) -> Result<Json<Vec<Stock>>, Problem> {
    Ok(Json(webhooks.stock(caller.tenant()).await?))
}

/// A supplier tells of its stock, signed as Azoth signs. Each `event_id` is taken once.
#[utoipa::path(post, path = "/webhooks/inventory-update/{tenant}/{supplier}", tag = "webhooks",
    params(("tenant" = i32, Path, description = "Tenant"), ("supplier" = String, Path, description = "Supplier")),
    responses((status = 204), (status = 401, description = "not signed by the supplier"), (status = 422, description = "a value is not known")))]
pub(super) async fn tell(
    State(webhooks): State<Webhooks>,
    Path((tenant, supplier)): Path<(i32, Uuid)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let place = (TenantId(tenant), supplier);
    webhooks.supplier_says(place, &headers, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
