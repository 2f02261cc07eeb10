//! The rules that measurements and demographics keep through every door.

use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::{ActorKind, Fault, OpCtx};
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

impl Policy for Patients {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        if let Some(new) = change.new.filter(|_| is_person(ctx)) {
            let today = ctx.now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
            // East of here it may be tomorrow already.
            check_patient(new, change.old, today.tomorrow().unwrap_or(today))?;
        }
        Ok(Vec::new())
    }
}
