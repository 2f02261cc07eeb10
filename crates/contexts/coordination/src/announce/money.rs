//! Coverages, authorisations, claims and invoices.

use super::Said;
use super::change::{Change, concept, moment, text};
use super::chart::recorded;

pub(super) fn coverage(change: &Change<'_>) -> Vec<Said> {
    recorded(change, "coverage.changed.v1", |record| record.str("status"))
}

pub(super) fn eligibility_request(change: &Change<'_>) -> Vec<Said> {
    let asked = change.became("status", &["active"]);
    asked
        .then_some(("insurance.eligibility.requested.v1", Vec::new()))
        .into_iter()
        .collect()
}

pub(super) fn eligibility_response(change: &Change<'_>) -> Vec<Said> {
    answered(change)
        .map(|outcome| {
            let fields = vec![("status", outcome.into())];
            ("insurance.eligibility.verified.v1", fields)
        })
        .into_iter()
        .collect()
}

/// The outcome of an answer, when it has just become known.
fn answered<'a>(change: &Change<'a>) -> Option<&'a str> {
    let known = &["complete", "error", "partial"];
    let outcome = change.new?.str("outcome")?;
    change.became("outcome", known).then_some(outcome)
}

pub(super) fn claim(change: &Change<'_>) -> Vec<Said> {
    if !change.became("status", &["active"]) {
        return Vec::new();
    }
    match change.code("use").1 {
        Some("preauthorization") => vec![("insurance.preauth.requested.v1", Vec::new())],
        Some("claim") => vec![("insurance.claim.submitted.v1", Vec::new())],
        _ => Vec::new(),
    }
}

/// A number of the authorisation (`preAuthRef`) means that it was approved.
pub(super) fn claim_response(change: &Change<'_>) -> Vec<Said> {
    let (Some(new), Some(outcome)) = (change.new, answered(change)) else {
        return Vec::new();
    };
    match new.str("use") {
        Some("preauthorization") if new.str("preAuthRef").is_some() && outcome != "error" => {
            let end = new
                .get("preAuthPeriod")
                .and_then(|period| period.str("end"));
            let until = moment("valid_until", end).into_iter().collect();
            vec![("insurance.preauth.approved.v1", until)]
        }
        Some("preauthorization") => {
            let error = new.get("error").and_then(|errors| errors.item(0));
            let reason = text("reason_code", concept(error.and_then(|e| e.get("code"))));
            vec![("insurance.preauth.denied.v1", reason.into_iter().collect())]
        }
        Some("claim") => vec![(
            "insurance.claim.adjudicated.v1",
            vec![("status", outcome.into())],
        )],
        _ => Vec::new(),
    }
}

pub(super) fn invoice(change: &Change<'_>) -> Vec<Said> {
    if change.became("status", &["issued"]) {
        return vec![("invoice.issued.v1", Vec::new())];
    }
    if change.became("status", &["balanced", "cancelled"]) {
        let status = change.code("status").1.unwrap_or_default();
        return vec![("invoice.settled.v1", vec![("status", status.into())])];
    }
    Vec::new()
}
