//! The plan of an admission and its tasks, as FHIR records.

use mt_kernel::{Instant, TenantId};
use mt_store::Change;
use serde_json::{Value, json};

use crate::writing::{derived_id, put};

/// An admission that happened.
pub(super) struct Admission<'a> {
    pub(super) tenant: TenantId,
    pub(super) encounter: &'a str,
    pub(super) patient: &'a str,
    pub(super) at: Instant,
}

/// Names the plan of an encounter.
const SYSTEM: &str = "urn:meditrack:care-coordination";

/// What has to be done after an admission: code, words, priority, hours until it is due.
pub(super) const TASKS: [(&str, &str, &str, i64); 4] = [
    (
        "admission-assessment",
        "Nursing admission assessment",
        "urgent",
        4,
    ),
    (
        "medication-reconciliation",
        "Medication reconciliation",
        "urgent",
        24,
    ),
    (
        "risk-screening",
        "Screening for falls, pressure injury and nutrition",
        "routine",
        24,
    ),
    ("discharge-planning", "Discharge planning", "routine", 48),
];

/// The plan and its tasks, each to be written only where there is none; `None` never, unless a record is no
/// JSON.
pub(super) fn plan(admission: &Admission<'_>) -> Option<Vec<Change>> {
    let plan_id = admission.id("plan");
    let (patient, encounter) = (
        json!({ "reference": format!("Patient/{}", admission.patient) }),
        json!({ "reference": format!("Encounter/{}", admission.encounter) }),
    );
    let activities: Vec<Value> = TASKS
        .iter()
        .map(|(code, ..)| json!({ "reference": { "reference": format!("Task/{}", admission.id(code)) } }))
        .collect();
    let started = admission.at.to_fhir();
    let mut records = vec![json!({
        "resourceType": "CarePlan", "id": plan_id, "status": "active", "intent": "plan", "title": "Care after admission",
        "identifier": [{ "system": SYSTEM, "value": format!("{}/plan", admission.encounter) }],
        "subject": patient, "encounter": encounter, "period": { "start": started }, "created": started,
        "activity": activities,
    })];
    for (code, words, priority, hours) in TASKS {
        let due = admission.at.plus_seconds(hours * 3_600).to_fhir();
        records.push(json!({
            "resourceType": "Task", "id": admission.id(code), "status": "requested", "intent": "order", "priority": priority,
            "identifier": [{ "system": SYSTEM, "value": format!("{}/{code}", admission.encounter) }],
            "basedOn": [{ "reference": format!("CarePlan/{plan_id}") }],
            "code": { "coding": [{ "system": SYSTEM, "code": code }], "text": words }, "description": words,
            "for": patient, "encounter": encounter, "authoredOn": started,
            "restriction": { "period": { "end": due } },
        }));
    }
    records.iter().map(|record| put(record, None)).collect()
}

impl Admission<'_> {
    /// The id of something of this admission.
    pub(super) fn id(&self, what: &str) -> String {
        derived_id(self.tenant, self.encounter, what).to_string()
    }
}
