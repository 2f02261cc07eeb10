//! The chart: patients, notes, observations, problems.

use mt_events::catalogue::Value;
use mt_fhir::Node;

use super::Said;
use super::change::{Change, any_code, concept, first_to, reference_to, text};

/// Elements whose change is not a change of the patient's own details.
const ASIDE: &[&str] = &["resourceType", "id", "meta", "text", "active", "link"];

pub(super) fn patient(change: &Change<'_>) -> Vec<Said> {
    let (Some(old), Some(new)) = (change.old, change.new) else {
        return if change.is_new() {
            vec![("patient.registered.v1", Vec::new())]
        } else {
            vec![(
                "patient.deactivated.v1",
                vec![("reason_code", "deleted".into())],
            )]
        };
    };
    let mut said = Vec::new();
    let changed = changed(old, new);
    if !changed.is_empty() {
        said.push((
            "patient.updated.v1",
            vec![("changed", Value::Texts(changed))],
        ));
    }
    let active = |patient: Node<'_>| patient.get("active").and_then(Node::as_bool) != Some(false);
    match (active(old), active(new)) {
        (true, false) => said.push(("patient.deactivated.v1", Vec::new())),
        (false, true) => said.push(("patient.activated.v1", Vec::new())),
        _ => {}
    }
    let (before, after) = (replaced(old), replaced(new));
    let only_in = |these: &[&str], those: &[&str], name| {
        let ids = these.iter().filter(|id| !those.contains(id));
        ids.map(|id| (name, vec![("merged_id", Value::from(*id))]))
            .collect::<Vec<Said>>()
    };
    said.extend(only_in(&after, &before, "patient.merged.v1"));
    said.extend(only_in(&before, &after, "patient.unmerged.v1"));
    said
}

/// Names of the elements that differ.
fn changed(old: Node<'_>, new: Node<'_>) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    let differs = |name: &str| match (old.get(name), new.get(name)) {
        (Some(old), Some(new)) => !old.same_as(new),
        _ => true,
    };
    for name in old.children().chain(new.children()).filter_map(Node::key) {
        if !ASIDE.contains(&name) && !names.contains(&name) && differs(name) {
            names.push(name);
        }
    }
    names.into_iter().map(str::to_owned).collect()
}

/// The patients whose records this one replaces.
fn replaced(patient: Node<'_>) -> Vec<&str> {
    let links = patient.get("link").into_iter().flat_map(Node::children);
    links
        .filter(|link| link.str("type") == Some("replaces"))
        .filter_map(|link| reference_to(link.get("other")?, "Patient"))
        .collect()
}

/// A `DocumentReference` or `Composition`: made, signed (final), amended.
pub(super) fn document(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    let status = if new.resource_type() == Some("Composition") {
        "status"
    } else {
        "docStatus"
    };
    let mut said = Vec::new();
    if change.is_new() {
        let kind = text("type_code", concept(new.get("type")));
        said.push(("medical.record.created.v1", kind.into_iter().collect()));
    }
    // What others wrote and nobody signed here is filed, not signed.
    if change.became(status, &["final"])
        && let Some(signer) = signer(new)
    {
        let field = ("signer_id", Value::from(signer));
        said.push(("medical.record.signed.v1", vec![field]));
    }
    if change.became(status, &["amended"]) {
        said.push(("medical.record.amended.v1", Vec::new()));
    }
    said
}

/// Reference to who signed: who authenticated or attested, otherwise the author.
fn signer(document: Node<'_>) -> Option<&str> {
    let first = |name: &str| document.get(name)?.children().next();
    let attester = document.get("attester");
    let party = attester.and_then(|all| all.children().find_map(|one| one.get("party")));
    let signer = document.get("authenticator").or(party);
    signer.or_else(|| first("author"))?.str("reference")
}

/// Interpretations that need attention at once (HL7 v3 ObservationInterpretation).
const CRITICAL: &[&str] = &["HH", "LL", "AA"];
/// Interpretations beside the normal.
const ABNORMAL: &[&str] = &[
    "A", "AA", "H", "HH", "L", "LL", "HU", "LU", "HX", "LX", "POS", "DET", "R",
];
/// States in which a result is verified.
const VERIFIED: &[&str] = &["final", "amended", "corrected"];

pub(super) fn is_abnormal(observation: Node<'_>) -> bool {
    any_code(observation.get("interpretation"), ABNORMAL)
}

pub(super) fn observation(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    let verified = |one: Node<'_>| one.str("status").is_some_and(|s| VERIFIED.contains(&s));
    let mut said = Vec::new();
    let is_vital = any_code(new.get("category"), &["vital-signs"]);
    if is_vital && verified(new) && !change.old.is_some_and(verified) {
        said.push((
            "vital.signs.recorded.v1",
            vec![("abnormal", Value::Flag(is_abnormal(new)))],
        ));
    }
    let critical = |one: Node<'_>| verified(one) && any_code(one.get("interpretation"), CRITICAL);
    let is_lab = any_code(new.get("category"), &["laboratory"]);
    if is_lab && critical(new) && !change.old.is_some_and(critical) {
        let mut fields = vec![("code", concept(new.get("code")).unwrap_or_default().into())];
        fields.extend(text(
            "order_id",
            first_to(new.get("basedOn"), "ServiceRequest"),
        ));
        said.push(("lab.critical.result.v1", fields));
    }
    said
}

pub(super) fn condition(change: &Change<'_>) -> Vec<Said> {
    recorded(change, "condition.recorded.v1", |record| {
        concept(record.get("clinicalStatus"))
    })
}

pub(super) fn allergy(change: &Change<'_>) -> Vec<Said> {
    recorded(change, "allergy.recorded.v1", |record| {
        concept(record.get("clinicalStatus"))
    })
}

pub(super) fn immunization(change: &Change<'_>) -> Vec<Said> {
    recorded(change, "immunization.recorded.v1", |record| {
        record.str("status")
    })
}

pub(super) fn consent(change: &Change<'_>) -> Vec<Said> {
    recorded(change, "consent.changed.v1", |record| record.str("status"))
}

/// Whatever changes is told, with the state that it is in now.
pub(super) fn recorded(
    change: &Change<'_>,
    name: &'static str,
    status: fn(Node<'_>) -> Option<&str>,
) -> Vec<Said> {
    let status = match change.new {
        Some(new) => status(new).unwrap_or("unknown"),
        None => "deleted",
    };
    vec![(name, vec![("status", status.into())])]
}
