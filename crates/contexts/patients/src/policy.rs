//! The rules that measurements and demographics keep through every door, and what is told of patients.

use std::sync::Arc;

use mt_events::catalogue::{EventType, Value, encode};
use mt_fhir::{Node, ResourceType};
use mt_kernel::{ActorKind, ErrorKind, Fault, OpCtx};
use mt_store::{DomainEvent, Policy, PolicyRegistry, ProposedChange};

use crate::domain::{check_patient, check_vitals};

/// Registers the rules of this context.
pub fn register(policies: &mut PolicyRegistry) {
    policies.register(ResourceType::PATIENT, Arc::new(Patients));
    policies.register(ResourceType::OBSERVATION, Arc::new(Vitals));
}

/// Whether a person enters something, and not a machine that reports it.
const fn is_person(ctx: &OpCtx) -> bool {
    matches!(ctx.actor.kind, ActorKind::User | ActorKind::Agent)
}

struct Vitals;

impl Policy for Vitals {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            check_vitals(new)?;
        }
        Ok(Vec::new())
    }
}

struct Patients;

/// The elements of a Patient whose change is told by name.
const TOLD: &[&str] = &[
    "identifier",
    "name",
    "telecom",
    "gender",
    "birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
    "address",
    "maritalStatus",
    "photo",
    "contact",
    "communication",
    "generalPractitioner",
    "managingOrganization",
    "link",
];

impl Policy for Patients {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        let Some(new) = change.new else {
            return Ok(Vec::new());
        };
        if is_person(ctx) {
            let today = ctx.now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
            // East of here it may be tomorrow already.
            check_patient(new, change.old, today.tomorrow().unwrap_or(today))?;
        }
        let Some(old) = change.old else {
            return Ok(vec![event("patient.registered.v1", change, None)?]);
        };
        let active = |node: Node<'_>| node.get("active").and_then(Node::as_bool) != Some(false);
        let mut events = Vec::new();
        match (active(old), active(new)) {
            (true, false) => events.push(event("patient.deactivated.v1", change, None)?),
            (false, true) => events.push(event("patient.activated.v1", change, None)?),
            _ => {}
        }
        let changed: Vec<String> = TOLD
            .iter()
            .filter(|field| differs(old.get(field), new.get(field)))
            .map(|field| (*field).to_owned())
            .collect();
        if !changed.is_empty() {
            events.push(event("patient.updated.v1", change, Some(changed))?);
        }
        Ok(events)
    }
}

fn differs(old: Option<Node<'_>>, new: Option<Node<'_>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => !old.same_as(new),
        (old, new) => old.is_some() != new.is_some(),
    }
}

fn event(
    name: &'static str,
    change: &ProposedChange<'_>,
    changed: Option<Vec<String>>,
) -> Result<DomainEvent, Fault> {
    let internal = |message| Fault::new(ErrorKind::Internal, message);
    let kind =
        EventType::named(name).ok_or_else(|| internal("an event is not in the catalogue"))?;
    let version = change
        .old
        .and_then(|old| old.get("meta")?.str("versionId")?.parse().ok());
    let mut values = vec![
        ("subject_type", Value::from("Patient")),
        ("subject_id", Value::from(change.id)),
        (
            "subject_version",
            Value::Whole(version.map_or(1, |version: i64| version + 1)),
        ),
        ("patient_id", Value::from(change.id)),
    ];
    values.extend(changed.map(|changed| ("changed", Value::Texts(changed))));
    let payload = encode(kind, &values).map_err(|_| internal("an event cannot be written"))?;
    Ok(DomainEvent {
        name: kind.name,
        key: change.id.to_owned(),
        payload,
    })
}
