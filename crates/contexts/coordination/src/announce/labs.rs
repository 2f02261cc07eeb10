//! Laboratory and imaging: orders, specimens, reports.

use mt_events::catalogue::Value;
use mt_fhir::Node;

use super::Said;
use super::change::{Change, any_code, concept, first_to, text};
use super::chart::is_abnormal;

/// Categories of laboratory work: HL7 v2 table 0074, observation category, SNOMED CT "Laboratory procedure".
const LABORATORY: &[&str] = &["LAB", "laboratory", "108252007"];

/// Says that the order needs the payer's authorisation before it is carried out.
const REQUIRES_PREAUTH: &str = "urn:meditrack:requires-preauth";

/// Categories of imaging: HL7 v2 table 0074, observation category, SNOMED CT "Imaging".
const IMAGING: &[&str] = &["RAD", "imaging", "363679005"];

pub(super) fn order(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    if any_code(new.get("category"), IMAGING) {
        return image(change, new);
    }
    if !any_code(new.get("category"), LABORATORY) {
        return Vec::new();
    }
    if change.became("status", &["active"]) {
        let mut fields = vec![
            ("codes", Value::Texts(codes(new))),
            ("requires_preauth", Value::Flag(requires_preauth(new))),
        ];
        fields.extend(text("priority", new.str("priority")));
        return vec![("lab.order.created.v1", fields)];
    }
    if change.became("status", &["revoked", "entered-in-error"]) {
        let reason = text("reason_code", concept(new.get("reasonCode")));
        return vec![("lab.order.cancelled.v1", reason.into_iter().collect())];
    }
    Vec::new()
}

fn image(change: &Change<'_>, new: Node<'_>) -> Vec<Said> {
    if !change.became("status", &["active"]) {
        return Vec::new();
    }
    let mut fields = vec![("codes", Value::Texts(codes(new)))];
    fields.extend(text("priority", new.str("priority")));
    vec![("imaging.order.created.v1", fields)]
}

/// What is ordered.
fn codes(order: Node<'_>) -> Vec<String> {
    let codings = order.get("code").and_then(|code| code.get("coding"));
    let codings = codings.into_iter().flat_map(Node::children);
    let codes = codings.filter_map(|coding| coding.str("code"));
    codes.map(str::to_owned).collect()
}

fn requires_preauth(order: Node<'_>) -> bool {
    let extensions = order.get("extension").into_iter().flat_map(Node::children);
    extensions
        .filter(|extension| extension.str("url") == Some(REQUIRES_PREAUTH))
        .any(|extension| extension.get("valueBoolean").and_then(Node::as_bool) == Some(true))
}

pub(super) fn specimen(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    let mut said = Vec::new();
    if change.old.is_none_or(|old| old.get("collection").is_none())
        && new.get("collection").is_some()
    {
        said.push(("lab.specimen.collected.v1", Vec::new()));
    }
    if change
        .old
        .is_none_or(|old| old.get("receivedTime").is_none())
        && new.get("receivedTime").is_some()
    {
        said.push(("lab.specimen.received.v1", Vec::new()));
    }
    if change.became("status", &["unsatisfactory"]) {
        let reason = text("reason_code", concept(new.get("condition")));
        said.push(("lab.specimen.rejected.v1", reason.into_iter().collect()));
    }
    said
}

pub(super) fn report(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    if !any_code(new.get("category"), LABORATORY) {
        return Vec::new();
    }
    let order = || text("order_id", first_to(new.get("basedOn"), "ServiceRequest"));
    if change.became("status", &["amended", "corrected", "appended"]) {
        return vec![("lab.result.corrected.v1", order().into_iter().collect())];
    }
    if change.became("status", &["cancelled"]) {
        return vec![("lab.test.cancelled.v1", Vec::new())];
    }
    if change.became("status", &["final"]) {
        // Results outside the report are other records, which their own events tell of.
        let contained = new.get("contained").into_iter().flat_map(Node::children);
        let abnormal = contained.into_iter().any(is_abnormal);
        let mut fields = vec![("abnormal", Value::Flag(abnormal))];
        fields.extend(order());
        return vec![("lab.results.available.v1", fields)];
    }
    Vec::new()
}
