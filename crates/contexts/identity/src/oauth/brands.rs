//! Under which name an organisation's records are found: the User-access Brand of SMART App Launch 2.2
//! (<https://hl7.org/fhir/smart-app-launch/brands.html>).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mt_kernel::Fault;
use serde_json::{Value, json};

use super::Provider;
use super::discovery::KEPT;
use super::error::OAuthError;
use super::place::At;
use crate::administration::{Branding, branding_of};

/// Where the bundle stands below the issuer.
pub(super) const PATH: &str = "/.well-known/smart-brands.json";

impl At {
    /// URL of the bundle.
    pub(super) fn brands(&self) -> String {
        format!("{}{PATH}", self.issuer)
    }
}

/// `GET /.well-known/smart-brands.json`
pub(super) async fn endpoint(
    State(provider): State<Arc<Provider>>,
    at: At,
) -> Result<Response, OAuthError> {
    let identity = &provider.identity;
    let branding = branding_of(&identity.database, at.tenant).await;
    let branding = branding.map_err(|error| crate::IdentityError::from(Fault::from(error)))?;
    let bundle = bundle(&at, &branding, &identity.clock.now().to_fhir());
    let headers = [
        (header::CONTENT_TYPE, "application/fhir+json"),
        (header::CACHE_CONTROL, KEPT),
    ];
    Ok((headers, Json(bundle)).into_response())
}

/// One brand with one endpoint.
fn bundle(at: &At, branding: &Branding, now: &str) -> Value {
    let (issuer, name) = (&at.issuer, &branding.name);
    let of_hl7 = |name: &str| format!("http://hl7.org/fhir/StructureDefinition/{name}");
    let code = |system: &str, code: &str| json!({ "system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code });
    let organization = json!({
        "resourceType": "Organization",
        "id": "brand",
        "active": true,
        "extension": [{ "url": of_hl7("organization-portal"), "extension": [
            { "url": "portalName", "valueString": name },
            { "url": "portalUrl", "valueUrl": issuer },
            { "url": "portalEndpoint", "valueReference": { "reference": "Endpoint/records" } },
        ] }],
        "identifier": [identifier(at)],
        "name": name,
        "telecom": [{ "system": "url", "value": issuer }],
        "endpoint": [{ "reference": "Endpoint/records" }],
    });
    let endpoint = json!({
        "resourceType": "Endpoint",
        "id": "records",
        "extension": [{ "url": of_hl7("endpoint-fhir-version"), "valueCode": "4.0.1" }],
        "status": "active",
        "connectionType": code("endpoint-connection-type", "hl7-fhir-rest"),
        "name": name,
        "managingOrganization": { "reference": "Organization/brand" },
        "contact": [{ "system": "url", "value": issuer }],
        "payloadType": [{ "coding": [code("endpoint-payload-type", "none")] }],
        "address": format!("{issuer}/fhir/R4"),
    });
    json!({
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": now,
        "entry": [
            { "fullUrl": format!("{issuer}/Organization/brand"), "resource": organization },
            { "fullUrl": format!("{issuer}/Endpoint/records"), "resource": endpoint },
        ],
    })
}

/// The identifier of the brand, which the bundle and the configuration share.
pub(super) fn identifier(at: &At) -> Value {
    json!({ "system": "urn:ietf:rfc:3986", "value": at.issuer })
}
