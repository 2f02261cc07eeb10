//! Who is calling: a verified token as a session, and what the session may see.

use std::sync::{Arc, OnceLock};

use mt_access::{Authenticated, Decision, Grant, Interaction, Reach};
use mt_fhir::ResourceType;
use mt_fhir::definitions::{Compartment, compartment_params};
use mt_kernel::{Instant, OpCtx, PurposeOfUse, TenantId};
use mt_search::query::{Leaf, ParamRef, ReferenceValue, Test};
use mt_search::{Clause, ParamRegistry, ParseOptions, Query, Scope};
use mt_store::{AccessFilter, Caller};
use uuid::Uuid;

use crate::authority::SessionAuthority;

/// A signed-in caller. Built once for a credential and shared by its requests.
#[derive(Debug)]
pub struct Session {
    /// Who, and what they may do.
    pub who: Arc<Authenticated>,
    readable: OnceLock<Arc<AccessFilter>>,
    searchable: OnceLock<Arc<AccessFilter>>,
}

impl Session {
    /// The session of a caller.
    #[must_use]
    pub fn new(who: Arc<Authenticated>) -> Self {
        Self {
            who,
            readable: OnceLock::new(),
            searchable: OnceLock::new(),
        }
    }

    /// Isolation boundary.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.who.tenant
    }

    /// What the caller may do.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.who.grant
    }

    /// Whatever is done while a glass is broken is done in an emergency, and shows as such.
    fn purpose(&self) -> PurposeOfUse {
        if self.who.grant.emergencies().is_empty() {
            PurposeOfUse::Treatment
        } else {
            PurposeOfUse::Emergency
        }
    }

    /// The caller of one request as the store wants it, with the records that `interaction` may
    /// touch.
    #[must_use]
    pub fn caller(
        self: &Arc<Self>,
        registry: &ParamRegistry,
        interaction: Interaction,
        correlation_id: Uuid,
        now: Instant,
    ) -> Caller {
        let authority = SessionAuthority {
            session: Arc::clone(self),
            registry: registry.clone(),
        };
        let ctx = OpCtx {
            tenant: self.who.tenant,
            actor: self.who.actor.clone(),
            purpose: self.purpose(),
            correlation_id,
            now,
        };
        let cell = match interaction {
            Interaction::Search => &self.searchable,
            _ => &self.readable,
        };
        let kind = if interaction == Interaction::Search {
            interaction
        } else {
            Interaction::Read
        };
        let access = cell.get_or_init(|| Arc::new(filter(&self.who.grant, kind, registry, now)));
        Caller::new(ctx, Arc::clone(access), Arc::new(authority))
    }
}

/// The records that `grant` opens for `interaction`.
fn filter(
    grant: &Grant,
    interaction: Interaction,
    registry: &ParamRegistry,
    now: Instant,
) -> AccessFilter {
    let mut filter = AccessFilter::nothing();
    for resource_type in ResourceType::all() {
        match grant.decide(resource_type, interaction) {
            Decision::Denied => {}
            decision if decision.is_open() => filter = filter.allow(resource_type),
            Decision::Allowed(reaches) => {
                for query in reaches
                    .iter()
                    .flat_map(|r| queries(r, resource_type, registry, now))
                {
                    filter = filter.allow_matching(resource_type, query);
                }
            }
        }
    }
    filter
}

/// A reach as queries, any of which lets a record through. A criterion that cannot be understood
/// lets nothing through.
#[must_use]
pub fn queries(
    reach: &Reach,
    resource_type: ResourceType,
    registry: &ParamRegistry,
    now: Instant,
) -> Vec<Query> {
    let options = ParseOptions {
        handling: mt_search::Handling::Strict,
        ..ParseOptions::at(now)
    };
    let parse = |scope| Query::parse(registry, scope, &reach.criteria, &options).ok();
    let of_type = || parse(Scope::resource(resource_type));
    match reach.compartments.as_deref() {
        None => of_type().into_iter().collect(),
        // One compartment tells the store where to look.
        Some([one]) if one.resource_type != resource_type => {
            let scope = Compartment::of(one.resource_type)
                .map(|kind| Scope::compartment(kind, &one.id, Some(resource_type)));
            scope.and_then(parse).into_iter().collect()
        }
        Some(all) => {
            let within = within_any(all, resource_type, registry);
            let query = within.zip(of_type()).map(|(clause, mut query)| {
                query.clauses.push(clause);
                query
            });
            query.into_iter().collect()
        }
    }
}

/// Being in one of several compartments of patients, as one condition.
///
/// A Patient is in its own compartment alone: `Patient.link`, which R4 counts in, joins two people
/// as often as two records of one, and opens neither to the other.
fn within_any(
    all: &[mt_access::Compartment],
    resource_type: ResourceType,
    registry: &ParamRegistry,
) -> Option<Clause> {
    let patients: Vec<&mt_access::Compartment> = all
        .iter()
        .filter(|one| one.resource_type == ResourceType::PATIENT)
        .collect();
    if resource_type == ResourceType::PATIENT {
        let ids = patients.iter().map(|one| one.id.to_string()).collect();
        return Some(Clause::Id {
            ids,
            negated: false,
        });
    }
    let values: Vec<ReferenceValue> = patients
        .iter()
        .map(|one| ReferenceValue::Local {
            resource_type: Some(ResourceType::PATIENT),
            id: one.id.to_string(),
            version: None,
            typed: true,
        })
        .collect();
    let codes = compartment_params(Compartment::Patient, resource_type).iter();
    let leaves: Vec<Clause> = codes
        .filter_map(|code| {
            let def = registry.get(resource_type, code)?;
            let param = ParamRef {
                code: (*code).to_owned(),
                kind: def.kind,
                defs: std::iter::once(Arc::clone(def)).collect(),
            };
            let test = Test::Reference {
                values: values.clone(),
                type_modifier: None,
            };
            Some(Clause::Leaf(Leaf { param, test }))
        })
        .collect();
    (!leaves.is_empty()).then_some(Clause::Or(leaves))
}
