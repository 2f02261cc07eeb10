//! Plans, tasks and forms.

use super::Said;
use super::change::{Change, concept, first_to, reference_to, text};
use crate::preauth::REQUEST;

pub(super) fn plan(change: &Change<'_>) -> Vec<Said> {
    let started = change.became("status", &["active"]);
    started
        .then_some(("care.plan.started.v1", Vec::new()))
        .into_iter()
        .collect()
}

pub(super) fn task(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    let mut said = Vec::new();
    if change.is_new() && concept(new.get("code")) == Some(REQUEST) {
        let focus = new.get("focus");
        let order = focus.and_then(|focus| reference_to(focus, "ServiceRequest"));
        if let Some(order) = order {
            let mut fields = vec![("order_id", order.into())];
            let coverage = first_to(new.get("insurance"), "Coverage");
            fields.extend(text("coverage_id", coverage));
            said.push(("insurance.preauth.required.v1", fields));
        }
    }
    let owner = |task: mt_fhir::Node<'_>| {
        let reference = task.get("owner")?.str("reference")?;
        Some(reference.to_owned())
    };
    let open = matches!(
        new.str("status"),
        Some("requested" | "received" | "accepted" | "ready" | "in-progress" | "on-hold")
    );
    let assigned = owner(new);
    if open && assigned.is_some() && assigned != change.old.and_then(owner) {
        let fields = text("owner_id", assigned.as_deref()).into_iter().collect();
        said.push(("care.task.assigned.v1", fields));
    }
    if change.became("status", &["completed", "failed", "cancelled", "rejected"]) {
        let status = change.code("status").1.unwrap_or_default();
        said.push(("care.task.completed.v1", vec![("status", status.into())]));
    }
    said
}

pub(super) fn answers(change: &Change<'_>) -> Vec<Said> {
    let form = change.code("questionnaire").1;
    let filled = change.became("status", &["completed"]);
    filled
        .then(|| {
            (
                "form.submitted.v1",
                text("questionnaire", form).into_iter().collect(),
            )
        })
        .into_iter()
        .collect()
}
