//! The Task that asks for an authorisation, and the coverage that it is asked of, as FHIR records.

use mt_fhir::datetime::DateTime;
use mt_kernel::{Instant, TenantId};
use serde_json::{Value, json};

use super::rows::Order;
use crate::writing::derived_id;

/// Code of the Task.
pub(crate) const REQUEST: &str = "request-preauthorization";
const SYSTEM: &str = "urn:meditrack:preauthorization";
/// Priorities of orders that cannot wait.
const URGENT: &[&str] = &["urgent", "asap", "stat"];

/// The id of the Task of an order.
pub(super) fn task_id(tenant: TenantId, order: &str) -> String {
    derived_id(tenant, order, "preauthorization").to_string()
}

/// What somebody has to do about an order.
pub(super) fn task(tenant: TenantId, order: &Order, coverage: Option<&str>, now: Instant) -> Value {
    let reference = json!({ "reference": format!("ServiceRequest/{}", order.id) });
    let is_urgent = order
        .priority
        .as_deref()
        .is_some_and(|priority| URGENT.contains(&priority));
    let description = match coverage {
        Some(_) => "Request the payer's authorisation",
        None => "Find out who pays: no coverage is in force",
    };
    let mut task = json!({
        "resourceType": "Task", "id": task_id(tenant, &order.id), "status": "requested", "intent": "order",
        "priority": if is_urgent { "urgent" } else { "routine" },
        "identifier": [{ "system": SYSTEM, "value": order.id }],
        "basedOn": [reference], "focus": reference,
        "code": { "coding": [{ "system": SYSTEM, "code": REQUEST }], "text": "Pre-authorisation" },
        "description": description,
        "for": { "reference": format!("Patient/{}", order.patient) },
        "authoredOn": now.to_fhir(),
    });
    if let Some(coverage) = coverage {
        task["insurance"] = json!([{ "reference": format!("Coverage/{coverage}") }]);
    }
    task
}

/// Whether a Coverage is the patient's, active, and in its period.
pub(super) fn is_in_force(coverage: &Value, patient: &str, now: Instant) -> bool {
    let bound = |name: &str| {
        let text = coverage["period"][name].as_str()?;
        DateTime::parse_date_time(text).map(DateTime::bounds)
    };
    let beneficiary = coverage["beneficiary"]["reference"].as_str();
    let is_theirs = beneficiary
        .and_then(|reference| reference.rsplit_once("Patient/"))
        .is_some_and(|(_, id)| id == patient);
    is_theirs
        && coverage["status"] == "active"
        && bound("start").is_none_or(|(start, _)| start <= now.0)
        && bound("end").is_none_or(|(_, end)| now.0 <= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coverage_is_in_force_when_it_is_active_theirs_and_in_its_period() {
        let now = Instant(
            DateTime::parse_instant("2026-06-15T12:00:00Z")
                .unwrap()
                .start(),
        );
        let coverage = |status: &str, patient: &str, period: Value| {
            json!({
                "status": status, "period": period,
                "beneficiary": {"reference": format!("Patient/{patient}")},
            })
        };
        for (status, patient, period, expected) in [
            ("active", "p1", Value::Null, true),
            ("active", "p1", json!({"start": "2026-06-15"}), true),
            ("active", "p1", json!({"start": "2026-06-16"}), false),
            ("active", "p1", json!({"end": "2026-06-15"}), true),
            ("active", "p1", json!({"end": "2026-06-14"}), false),
            (
                "active",
                "p1",
                json!({"start": "2026", "end": "2026"}),
                true,
            ),
            ("cancelled", "p1", Value::Null, false),
            ("active", "p2", Value::Null, false),
        ] {
            let found = is_in_force(&coverage(status, patient, period.clone()), "p1", now);
            assert_eq!(found, expected, "{status} {patient} {period}");
        }
    }
}
