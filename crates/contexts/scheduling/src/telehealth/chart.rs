//! What a video visit writes: its Encounter, and that the patient agreed.

use std::sync::Arc;

use mt_fhir::json::{Limits, NodeId};
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_store::{Action, Change, Content, Target};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::record::edit_of;
use crate::app::{AppointmentView, Referred};
use crate::error::{Result, SchedulingError};

/// The id of a record of a room: the same for whoever comes twice at once.
pub(super) fn id_of(room: Uuid, word: &[u8]) -> String {
    let digest = mt_crypto::sha256(&[b"telehealth ", word, b"\0", room.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// The Encounter of a patient who waits.
pub(super) fn encounter(
    id: &str,
    view: &AppointmentView,
    patient: &Referred,
    now: Instant,
) -> Result<Change> {
    let mut resource = json!({
        "resourceType": "Encounter", "id": id, "status": "arrived",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR", "display": "virtual"},
        "subject": named(patient),
        "appointment": [{"reference": format!("Appointment/{}", view.id)}],
        "period": {"start": now.to_fhir()}
    });
    if let Some(reason) = &view.reason {
        resource["reasonCode"] = json!([{"text": reason}]);
    }
    written(ResourceType::ENCOUNTER, id, &resource)
}

/// The patient's agreement, about this one appointment.
pub(super) fn consent(
    id: &str,
    view: &AppointmentView,
    patient: &Referred,
    now: Instant,
) -> Result<Change> {
    let code = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let resource = json!({
        "resourceType": "Consent", "id": id, "status": "active",
        "scope": code("http://terminology.hl7.org/CodeSystem/consentscope", "treatment"),
        "category": [{"coding": [{"system": "https://meditrack.health/fhir/CodeSystem/consent-category", "code": "telehealth"}],
            "text": "Video visit"}],
        "patient": named(patient),
        "dateTime": now.to_fhir(),
        "performer": [named(patient)],
        "policyRule": {"text": "The patient agrees to be seen by video. Picture and sound are not recorded."},
        "provision": {"type": "permit",
            "data": [{"meaning": "instance", "reference": {"reference": format!("Appointment/{}", view.id)}}]}
    });
    let kind = ResourceType::from_name("Consent").ok_or(SchedulingError::Unreadable)?;
    written(kind, id, &resource)
}

/// The Encounter in another state, with whom the patient sees; how long it was in the last one stays on record.
pub(super) fn moved(
    id: &str,
    status: &'static str,
    now: Instant,
    clinician: Option<Arc<str>>,
) -> Change {
    edit_of(ResourceType::ENCOUNTER, id, None, move |doc| {
        let before = doc.root().str("status").unwrap_or("unknown").to_owned();
        if before == status {
            return Ok(());
        }
        let start = doc.root().get("period").and_then(|one| one.str("start"));
        let past = crate::domain::items(doc.root(), "statusHistory").last();
        let since = past.and_then(|one| one.get("period")?.str("end"));
        let since = since.or(start).map(str::to_owned);
        let mut period = json!({"end": now.to_fhir()});
        if let Some(since) = since {
            period["start"] = since.into();
        }
        append(
            doc,
            "statusHistory",
            &json!({"status": before, "period": period}),
        )?;
        if let Some(clinician) = &clinician {
            append(
                doc,
                "participant",
                &json!({"individual": {"reference": **clinician}}),
            )?;
        }
        let root = doc.root().id();
        doc.set_string_field(root, "status", status);
        let period = doc.root().get("period").map(mt_fhir::Node::id);
        if let Some(period) = period.filter(|_| status == "cancelled") {
            doc.set_string_field(period, "end", &now.to_fhir());
        }
        Ok(())
    })
}

fn named(patient: &Referred) -> Value {
    match &patient.display {
        Some(display) => json!({"reference": patient.reference, "display": display}),
        None => json!({"reference": patient.reference}),
    }
}

fn written(kind: ResourceType, id: &str, resource: &Value) -> Result<Change> {
    let text = serde_json::to_vec(resource).map_err(|_| SchedulingError::Unreadable)?;
    let doc = Doc::parse(text, &Limits::default()).map_err(|_| SchedulingError::Unreadable)?;
    Ok(Change {
        resource_type: kind,
        full_url: None,
        action: Action::Update {
            target: Target::Id(id.to_owned()),
            content: Content::Own(Box::new(doc)),
            if_match: None,
            upsert: true,
        },
    })
}

fn append(doc: &mut Doc, field: &str, value: &Value) -> Result<(), Fault> {
    let unreadable = || Fault::new(ErrorKind::Internal, "a value cannot be written");
    let text = serde_json::to_vec(value).map_err(|_| unreadable())?;
    let part = Doc::parse(text, &Limits::default()).map_err(|_| unreadable())?;
    let item = doc.copy_from(part.root());
    let all = list(doc, field);
    doc.push(all, item);
    Ok(())
}

/// The array of this name, made where there is none.
fn list(doc: &mut Doc, field: &str) -> NodeId {
    if let Some(all) = doc.root().get(field).map(mt_fhir::Node::id) {
        return all;
    }
    let (root, all) = (doc.root().id(), doc.new_array());
    doc.set_field(root, field, all);
    all
}
