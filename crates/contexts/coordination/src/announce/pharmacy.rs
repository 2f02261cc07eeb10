//! Prescriptions and what is dispensed.

use super::Said;
use super::change::{Change, concept, text};

pub(super) fn prescription(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    let intent = new.str("intent").unwrap_or_default();
    if !matches!(
        intent,
        "order" | "original-order" | "reflex-order" | "filler-order" | "instance-order"
    ) {
        return Vec::new();
    }
    let (old, status) = change.code("status");
    let status = status.unwrap_or("unknown");
    let known = matches!(old, Some("active" | "on-hold" | "completed"));
    let reason = || text("reason_code", concept(new.get("statusReason")));
    match status {
        "active" if !known => vec![(
            "prescription.created.v1",
            text("priority", new.str("priority")).into_iter().collect(),
        )],
        "cancelled" | "stopped" | "entered-in-error" if known => {
            vec![("prescription.cancelled.v1", reason().into_iter().collect())]
        }
        _ if known => vec![("prescription.changed.v1", vec![("status", status.into())])],
        _ => Vec::new(),
    }
}

/// Prepared and not yet handed over means that it can be collected.
pub(super) fn dispense(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    let waits = |one: mt_fhir::Node<'_>| {
        let open = matches!(one.str("status"), Some("preparation" | "in-progress"));
        open && one.get("whenPrepared").is_some() && one.get("whenHandedOver").is_none()
    };
    let mut said = Vec::new();
    if waits(new) && !change.old.is_some_and(waits) {
        said.push(("prescription.ready.v1", Vec::new()));
    }
    if change.became("status", &["completed"]) {
        said.push((
            "prescription.dispensed.v1",
            vec![("status", "completed".into())],
        ));
    }
    said
}
