//! A unit as changes to commit.

use mt_fhir::json::Limits;
use mt_fhir::outcome::{Issue, IssueCode, OperationOutcome};
use mt_fhir::{Doc, ResourceType};
use mt_fhir_api::{Loaded, plan_bundle};
use mt_kernel::Instant;
use mt_search::ParamRegistry;

use super::source::{Content, Unit};

/// Bounds for files that an operator chose: larger than for requests.
fn limits() -> Limits {
    Limits {
        max_bytes: 512 << 20,
        max_values: 40_000_000,
        ..Limits::default()
    }
}

/// Understands a unit.
pub(super) fn plan(
    registry: &ParamRegistry,
    unit: Unit,
    now: Instant,
) -> Result<Loaded, OperationOutcome> {
    let bundle = match unit.content {
        Content::Bundle(bytes) => Doc::parse(bytes, &limits()).map_err(unreadable)?,
        Content::Lines(lines) => bundle_of(&lines)?,
    };
    match bundle.root().resource_type() {
        Some("Bundle") => plan_bundle(registry, bundle, now),
        Some(_) => {
            let mut json = Vec::new();
            bundle.root().write_json(&mut json);
            plan_bundle(registry, bundle_of(&[json])?, now)
        }
        None => Err(broken("the file holds no FHIR resource")),
    }
}

/// Resources as a transaction that keeps their ids.
fn bundle_of(lines: &[Vec<u8>]) -> Result<Doc, OperationOutcome> {
    let mut text = br#"{"resourceType":"Bundle","type":"transaction","entry":["#.to_vec();
    for (index, line) in lines.iter().enumerate() {
        let resource = Doc::parse(line.clone(), &limits()).map_err(unreadable)?;
        let root = resource.root();
        let kind = root.resource_type().and_then(ResourceType::from_name);
        let kind = kind.ok_or_else(|| broken("a line holds no FHIR resource"))?;
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(br#"{"resource":"#);
        text.extend_from_slice(line);
        let request = match root.str("id") {
            Some(id) => format!(
                r#","request":{{"method":"PUT","url":"{}/{id}"}}}}"#,
                kind.name()
            ),
            None => format!(
                r#","request":{{"method":"POST","url":"{}"}}}}"#,
                kind.name()
            ),
        };
        text.extend_from_slice(request.as_bytes());
    }
    text.extend_from_slice(b"]}");
    Doc::parse(text, &limits()).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> OperationOutcome {
    broken(&format!("the file cannot be read: {error}"))
}

pub(super) fn broken(text: &str) -> OperationOutcome {
    OperationOutcome::from(Issue::error(IssueCode::Structure, text))
}
