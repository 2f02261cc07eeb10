//! The rules that measurements and demographics keep through every door.

use std::fmt;
use std::sync::Arc;

use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ActorKind, ErrorKind, Fault, OpCtx};
use mt_store::{Binding, DomainEvent, Patch, Policy, PolicyRegistry, ProposedChange, Refusal};
use serde_json::{Value, json};

use crate::Numbering;
use crate::document::push;
use crate::domain::merge::linked;
use crate::domain::number::{TYPE_CODE, TYPE_SYSTEM, is_record_number, own_numbers, system_of};
use crate::domain::{check_patient, check_vitals, items};

/// Registers the rules of this context.
pub fn register(policies: &mut PolicyRegistry, numbering: &Numbering) {
    let patients = Patients {
        numbering: numbering.clone(),
    };
    policies.register(ResourceType::PATIENT, Arc::new(patients));
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

struct Patients {
    numbering: Numbering,
}

const REFUSALS: &[Refusal] = &[Refusal {
    constraint: "number_taken",
    kind: ErrorKind::Conflict,
    message: "another patient of the facility has this record number",
}];

impl Policy for Patients {
    /// Whoever a person registers has a record number at the facility that keeps the record, once the
    /// organisation has decided how it writes them; before, a record is kept as it was sent.
    fn complete(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Option<Arc<dyn Patch>> {
        let new = change.new.filter(|_| is_person(ctx))?;
        let format = self.numbering.decided(ctx.tenant)?;
        if items(new, "identifier").any(is_record_number) {
            return None;
        }
        let facility = new.get("managingOrganization");
        let facility = facility.and_then(|facility| facility.str("reference"));
        let seed = mt_crypto::sha256(format!("{}/{}", ctx.tenant.0, change.id).as_bytes());
        let day = ctx.now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
        let number = format.number(seed, day);
        Some(Arc::new(Numbered(record_number(facility, &number))))
    }

    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        let Some(new) = change.new.filter(|_| is_person(ctx)) else {
            return Ok(Vec::new());
        };
        let today = ctx.now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
        // East of here it may be tomorrow already.
        check_patient(new, change.old, today.tomorrow().unwrap_or(today))?;
        for way in ["replaces", "replaced-by"] {
            if linked(new, way).contains(&change.id) {
                let message = "a record cannot replace itself";
                return Err(Fault::new(ErrorKind::Invalid, message).at("Patient.link"));
            }
        }
        Ok(Vec::new())
    }

    /// No two patients have one of our numbers, whoever writes it.
    fn bind(&self, _: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<Binding>, Fault> {
        let before = change.old.map(own_numbers).unwrap_or_default();
        let after = change.new.map(own_numbers).unwrap_or_default();
        if before == after {
            return Ok(Vec::new());
        }
        let mut resources = vec![(ResourceType::PATIENT, change.id.to_owned())];
        // What is no literal id is kept as a keyed hash.
        let named = |(system, value): (String, String)| {
            (ResourceType::PATIENT, format!("number\0{system}\0{value}"))
        };
        let releases = after.is_empty();
        resources.extend(after.into_iter().map(named));
        Ok(vec![Binding {
            sql: "select patients.note_numbers($1::int4, $2::uuid[], $3::int8[])",
            resources,
            values: Vec::new(),
            releases,
            refusals: REFUSALS,
        }])
    }
}

/// An identifier with a number of ours.
pub(crate) fn record_number(facility: Option<&str>, number: &str) -> Value {
    let mut identifier = json!({
        "use": "usual",
        "type": {"coding": [{"system": TYPE_SYSTEM, "code": TYPE_CODE}]},
        "system": system_of(facility),
        "value": number,
    });
    if let Some(facility) = facility {
        identifier["assigner"] = json!({"reference": facility});
    }
    identifier
}

/// Adds an identifier.
struct Numbered(Value);

impl Patch for Numbered {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        push(doc, "identifier", &self.0)
    }
}

impl fmt::Debug for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbered")
    }
}
