//! What is said: that something happened, and to which record. Never what it says, nor whom it concerns.

use mt_events::catalogue::Value;
use mt_events::{Event, EventError};
use mt_kernel::Instant;
use serde_json::json;
use uuid::Uuid;

/// The message for an event; `base` is the tenant's FHIR base, where the record is read.
pub(crate) fn message(event: &Event, base: &str) -> Result<String, EventError> {
    let values = event.values()?;
    let text = |name: &str| {
        let found = values.iter().find(|(known, _)| known == name);
        match found.map(|(_, value)| value) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    };
    let version = values.iter().find_map(|(name, value)| match value {
        Value::Whole(number) if name == "subject_version" => Some(*number),
        _ => None,
    });
    let (kind, id) = (text("subject_type"), text("subject_id"));
    Ok(json!({
        "type": event.kind.name,
        "timestamp": event.at.to_fhir(),
        "data": {
            "event": event.id,
            "resource": {"type": kind, "id": id, "version": version},
            "url": format!("{base}/{kind}/{id}"),
        },
    })
    .to_string())
}

/// The message that tries an endpoint out.
pub(crate) fn ping(id: Uuid, now: Instant) -> String {
    json!({"type": "webhook.test.v1", "timestamp": now.to_fhir(), "data": {"event": id}})
        .to_string()
}
