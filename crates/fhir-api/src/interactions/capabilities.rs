//! `GET metadata`: the CapabilityStatement, generated from what the code can do
//! (<http://hl7.org/fhir/R4/http.html#capabilities>).

use std::sync::OnceLock;

use mt_fhir::ResourceType;
use mt_fhir::definitions::{ParamKind, search_params};
use mt_search::registry::ParamDef;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::operations;

const FHIR: &str = "http://hl7.org/fhir";

/// The statement. Everything but the address is the same for all, except that a caller who is
/// known also sees the search parameters of the own organisation.
pub(crate) fn capabilities(base: &str, own: &[ParamDef]) -> Answer {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| statement().to_string());
    let addressed = |text: &str| {
        let text = text.replace("{base}", base);
        text.replace("{socket}", &socket(base))
    };
    if own.is_empty() {
        return Answer::resource("capabilities", addressed(text));
    }
    let mut statement = statement();
    let resources = statement["rest"][0]["resource"].as_array_mut();
    for resource in resources.into_iter().flatten() {
        let here = |param: &&ParamDef| {
            param
                .base
                .iter()
                .any(|kind| resource["type"] == kind.name())
        };
        let more: Vec<Value> = own
            .iter()
            .filter(here)
            .map(|param| json!({ "name": param.code, "definition": param.url, "type": kind_code(param.kind) }))
            .collect();
        if let Some(params) = resource["searchParam"].as_array_mut() {
            params.extend(more);
        }
    }
    Answer::resource("capabilities", addressed(&statement.to_string()))
}

/// Where Subscriptions are told by WebSocket, of the installation whose FHIR base this is.
fn socket(base: &str) -> String {
    let origin = base.split_once("/t/").map_or(base, |(origin, _)| origin);
    let origin = origin.replacen("http", "ws", 1);
    format!("{origin}/api/v1/subscriptions/socket")
}

fn statement() -> Value {
    let resources: Vec<Value> = ResourceType::all().map(resource).collect();
    let mut statement = json!({
        "resourceType": "CapabilityStatement",
        "id": "meditrack",
        "url": "{base}/metadata",
        "version": env!("CARGO_PKG_VERSION"),
        "name": "MediTrack",
        "title": "MediTrack FHIR R4",
        "status": "active",
        "experimental": false,
        "date": "2026-11-22",
        "publisher": "MediTrack",
        "kind": "instance",
        "software": { "name": "MediTrack", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "MediTrack health-record platform", "url": "{base}" },
        "fhirVersion": "4.0.1",
        "instantiates": ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"],
        "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json", "application/fhir+xml"],
        "rest": [{
            "extension": [{
                "url": "http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket",
                "valueUri": "{socket}",
            }],
            "mode": "server",
            "security": {
                "cors": true,
                "service": [{ "coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                    "code": "SMART-on-FHIR",
                }] }],
                "description": "OAuth 2.0 bearer tokens with SMART App Launch scopes",
            },
            "resource": resources,
            "interaction": SYSTEM_INTERACTIONS.map(code),
            "searchParam": COMMON.map(parameter),
            "compartment": COMPARTMENTS.map(compartment),
        }],
    });
    // FHIR has no empty arrays.
    let operations = operations::declared(None);
    if !operations.is_empty() {
        statement["rest"][0]["operation"] = operations.into();
    }
    statement
}

/// Parameters that every search takes.
const COMMON: [(&str, &str); 7] = [
    ("_id", "token"),
    ("_lastUpdated", "date"),
    ("_tag", "token"),
    ("_profile", "uri"),
    ("_security", "token"),
    ("_content", "string"),
    ("_type", "token"),
];

const SYSTEM_INTERACTIONS: [&str; 4] = ["transaction", "batch", "search-system", "history-system"];

const TYPE_INTERACTIONS: [&str; 9] = [
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
];

const COMPARTMENTS: [&str; 5] = [
    "patient",
    "encounter",
    "practitioner",
    "relatedPerson",
    "device",
];

fn code(code: &str) -> Value {
    json!({ "code": code })
}

fn parameter((name, kind): (&str, &str)) -> Value {
    json!({ "name": name, "type": kind })
}

fn compartment(name: &str) -> String {
    format!("{FHIR}/CompartmentDefinition/{name}")
}

fn resource(kind: ResourceType) -> Value {
    let params: Vec<Value> = search_params(kind)
        .map(|param| json!({ "name": param.code, "definition": param.url, "type": kind_code(param.kind) }))
        .collect();
    let references = search_params(kind).filter(|param| param.kind == ParamKind::Reference);
    let includes: Vec<String> = references
        .map(|param| format!("{}:{}", kind.name(), param.code))
        .collect();
    if kind == ResourceType::AUDIT_EVENT {
        let interactions = ["read", "search-type"].map(code);
        return json!({
            "type": kind.name(),
            "profile": format!("{FHIR}/StructureDefinition/AuditEvent"),
            "documentation": "Rendered from the tamper-evident audit log; read-only.",
            "interaction": interactions,
            "versioning": "no-version",
            "searchParam": params,
        });
    }
    let mut value = json!({
        "type": kind.name(),
        "profile": format!("{FHIR}/StructureDefinition/{}", kind.name()),
        "interaction": TYPE_INTERACTIONS.map(code),
        "versioning": "versioned-update",
        "readHistory": true,
        "updateCreate": true,
        "conditionalCreate": true,
        "conditionalRead": "full-support",
        "conditionalUpdate": true,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
        "searchParam": params,
    });
    if !includes.is_empty() {
        value["searchInclude"] = includes.into();
    }
    let operations = operations::declared(Some(kind));
    if !operations.is_empty() {
        value["operation"] = operations.into();
    }
    value
}

const fn kind_code(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Number => "number",
        ParamKind::Date => "date",
        ParamKind::String => "string",
        ParamKind::Token => "token",
        ParamKind::Reference => "reference",
        ParamKind::Composite => "composite",
        ParamKind::Quantity => "quantity",
        ParamKind::Uri => "uri",
        ParamKind::Special => "special",
    }
}
