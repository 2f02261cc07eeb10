//! What a change of a record means, in the events of the catalogue.
//!
//! The rules are policies of the record store, so that an event is said in the commit that made it true, through
//! whichever door the change came. They are pure: content before, content after, what happened. A
//! record is announced by what changed in it, so that repeating a change says nothing twice.

mod care;
mod change;
mod chart;
mod labs;
mod money;
mod pharmacy;
mod visits;

use std::sync::Arc;

use mt_events::catalogue::{EventType, KeyOf, Value, encode};
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, OpCtx};
use mt_store::{DomainEvent, Policy, PolicyRegistry, ProposedChange};

use change::Change;

/// What happened: name and own fields of an event.
pub(crate) type Said = (&'static str, Vec<(&'static str, Value)>);

type Rule = fn(&Change<'_>) -> Vec<Said>;

/// The rule of each type of record.
const RULES: &[(ResourceType, Rule)] = &[
    (ResourceType::PATIENT, chart::patient),
    (ResourceType::DOCUMENT_REFERENCE, chart::document),
    (ResourceType::COMPOSITION, chart::document),
    (ResourceType::OBSERVATION, chart::observation),
    (ResourceType::CONDITION, chart::condition),
    (ResourceType::ALLERGY_INTOLERANCE, chart::allergy),
    (ResourceType::IMMUNIZATION, chart::immunization),
    (ResourceType::CONSENT, chart::consent),
    (ResourceType::APPOINTMENT, visits::appointment),
    (ResourceType::PRACTITIONER, visits::practitioner),
    (ResourceType::ENCOUNTER, visits::encounter),
    (ResourceType::SERVICE_REQUEST, labs::order),
    (ResourceType::SPECIMEN, labs::specimen),
    (ResourceType::DIAGNOSTIC_REPORT, labs::report),
    (ResourceType::MEDICATION_REQUEST, pharmacy::prescription),
    (ResourceType::MEDICATION_DISPENSE, pharmacy::dispense),
    (ResourceType::COVERAGE, money::coverage),
    (
        ResourceType::COVERAGE_ELIGIBILITY_REQUEST,
        money::eligibility_request,
    ),
    (
        ResourceType::COVERAGE_ELIGIBILITY_RESPONSE,
        money::eligibility_response,
    ),
    (ResourceType::CLAIM, money::claim),
    (ResourceType::CLAIM_RESPONSE, money::claim_response),
    (ResourceType::INVOICE, money::invoice),
    (ResourceType::CARE_PLAN, care::plan),
    (ResourceType::TASK, care::task),
    (ResourceType::QUESTIONNAIRE_RESPONSE, care::answers),
];

/// Makes every change of these records say what it means.
pub fn announce(policies: &mut PolicyRegistry) {
    for (resource_type, rule) in RULES {
        policies.register(*resource_type, Arc::new(Announcer(*rule)));
    }
}

/// The policy of one type: it says what happened and refuses nothing. A record that lacks what an event
/// must name is kept without that event.
struct Announcer(Rule);

impl Policy for Announcer {
    fn decide(&self, _: &OpCtx, proposed: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        let change = Change::new(proposed);
        let said = self.0(&change).into_iter();
        let events = said.filter_map(|said| {
            let event = event(proposed, change.patient(), said);
            event
                .inspect_err(|error| tracing::warn!(%error, "a change is not announced"))
                .ok()
        });
        Ok(events.collect())
    }
}

fn event(
    proposed: &ProposedChange<'_>,
    patient: Option<&str>,
    (name, fields): Said,
) -> Result<DomainEvent, Fault> {
    let unknown = || Fault::new(ErrorKind::Internal, "an event is not in the catalogue");
    let kind = EventType::named(name).ok_or_else(unknown)?;
    let mut values = vec![
        ("subject_type", Value::from(proposed.resource_type.name())),
        ("subject_id", Value::from(proposed.id)),
        ("subject_version", Value::Whole(proposed.version.into())),
    ];
    values.extend(patient.map(|patient| ("patient_id", Value::from(patient))));
    values.extend(fields);
    let key = match kind.key {
        KeyOf::Patient => patient.unwrap_or(proposed.id),
        KeyOf::Subject => proposed.id,
        KeyOf::Tenant => "",
    };
    Ok(DomainEvent {
        name: kind.name,
        key: key.to_owned(),
        payload: encode(kind, &values)?,
    })
}

#[cfg(test)]
mod tests;
