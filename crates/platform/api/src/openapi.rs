//! The OpenAPI 3.1 document, made from the routes themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::header;
use axum::response::IntoResponse;
use serde_json::Value;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, Ref, ResponseBuilder, Server,
};

use crate::{Need, PREFIX, Permission};

/// The operations of a path with their methods.
pub(crate) fn operations(item: &mut PathItem) -> Vec<(&'static str, &mut Operation)> {
    let all = [
        ("GET", &mut item.get),
        ("PUT", &mut item.put),
        ("POST", &mut item.post),
        ("DELETE", &mut item.delete),
        ("PATCH", &mut item.patch),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
        .collect()
}

/// Writes the permission, the credentials and the common refusals into an operation.
pub(crate) fn describe(operation: &mut Operation, permission: Permission) {
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert("x-permission".to_owned(), permission.to_string().into());
    let problem = |description: &str| {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new().description(description);
        response
            .content("application/problem+json", content)
            .build()
    };
    let mut refuse = |status: &str, why: &str| {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| problem(why).into());
    };
    refuse("default", "Refused: RFC 9457 problem details");
    if matches!(permission.need(), Need::Nobody(_)) {
        operation.security = Some(vec![SecurityRequirement::default()]);
        return;
    }
    refuse("401", "Nobody is signed in, or not strongly enough");
    refuse("403", "The caller lacks the permission");
    let none: [&str; 0] = [];
    operation.security = Some(vec![
        SecurityRequirement::new("bearer", none),
        SecurityRequirement::new("session", none),
    ]);
}

/// The document as JSON, with what all routes share.
pub(crate) fn finish(mut document: OpenApi) -> String {
    document.info = InfoBuilder::new()
        .title("MediTrack API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The API beside FHIR. Every operation names its permission in `x-permission`. A POST may carry \
             `Idempotency-Key`. Changes by a session cookie carry `X-CSRF-Token`.",
        ))
        .build();
    document.servers = Some(vec![Server::new(PREFIX)]);
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-mt-session"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let mut json = serde_json::to_value(&document).unwrap_or_default();
    json["components"]["schemas"]["Problem"] = problem_schema();
    let mut parts = BTreeSet::new();
    composed(&json, &mut parts);
    for name in parts {
        let part = json["components"]["schemas"].get_mut(&name);
        if let Some(schema) = part.and_then(Value::as_object_mut) {
            schema.remove("additionalProperties");
        }
    }
    json.to_string()
}

/// Names of the schemas that are parts of others. `additionalProperties` of a part would forbid the other parts.
fn composed(json: &Value, names: &mut BTreeSet<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| composed(item, names)),
        Value::Object(fields) => {
            let parts = fields.get("allOf").and_then(Value::as_array);
            let references = parts
                .into_iter()
                .flatten()
                .filter_map(|part| part["$ref"].as_str()?.rsplit('/').next());
            names.extend(references.map(str::to_owned));
            fields.values().for_each(|field| composed(field, names));
        }
        _ => {}
    }
}

fn problem_schema() -> serde_json::Value {
    serde_json::json!({
        "type": "object",
        "description": "RFC 9457 problem details",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "pointer": { "type": "string", "description": "where in the input" },
            "correlationId": { "type": "string", "format": "uuid" }
        }
    })
}

/// The answer to `GET /openapi.json`; open to all, because it says nothing about anybody.
pub(crate) async fn serve(document: Arc<str>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, document.to_string())
}
