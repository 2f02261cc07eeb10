//! The rules that problems and allergies keep through every door.

use mt_fhir::{Node, ResourceType};
use mt_kernel::{ErrorKind, Fault, OpCtx};
use mt_store::{Binding, DomainEvent, Policy, ProposedChange, Refusal};

use crate::domain::allergy::{Said, patient_of, said};
use crate::domain::problem::check_codes;
use crate::policy::is_person;

/// Problems: an ICD-10 code that a person enters is written as one.
pub(crate) struct Problems;

impl Policy for Problems {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            check_codes(new, change.old)?;
        }
        Ok(Vec::new())
    }
}

/// Allergies: nobody says that none is known of a patient who has one, nor the other way round.
///
/// What stands is kept as keyed hashes, since both are records of their own. What machines file is noted and never
/// refused; a person who changes something else of a contradiction that was filed is not refused for it.
pub(crate) struct Allergies;

const REFUSALS: &[Refusal] = &[
    Refusal {
        constraint: "allergy_beside_none",
        kind: ErrorKind::Conflict,
        message: "\"no known allergies\" stands in the chart: end that statement together with recording the allergy",
    },
    Refusal {
        constraint: "none_beside_allergy",
        kind: ErrorKind::Conflict,
        message: "an active allergy stands in the chart: \"no known allergies\" cannot be said beside it",
    },
];

impl Policy for Allergies {
    fn decide(&self, _: &OpCtx, _: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        Ok(Vec::new())
    }

    fn bind(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<Binding>, Fault> {
        let stands = |side: Option<Node<'_>>| {
            side.and_then(|side| Some((said(side)?, patient_of(side)?.to_owned())))
        };
        let (before, after) = (stands(change.old), stands(change.new));
        let Some((_, patient)) = after.as_ref().or(before.as_ref()) else {
            return Ok(Vec::new());
        };
        let judged = is_person(ctx) && before != after;
        let number = match after.as_ref().map(|(said, _)| said) {
            None => 0,
            Some(Said::Allergy) => 1,
            Some(Said::NoneKnown) => 2,
        };
        Ok(vec![Binding {
            sql: "select charting.note_allergy($1::int4, $2::uuid[], $3::int8[])",
            resources: vec![
                (change.resource_type, change.id.to_owned()),
                (ResourceType::PATIENT, patient.clone()),
            ],
            values: vec![number, i64::from(judged)],
            releases: after.is_none(),
            refusals: REFUSALS,
        }])
    }
}
