//! Who is calling: a verified token as a session, and what the session may see.

use std::sync::{Arc, OnceLock};

use mt_access::{Authenticated, Decision, Grant, Interaction, Reach};
use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_kernel::{Instant, OpCtx, PurposeOfUse, TenantId};
use mt_search::{ParamRegistry, ParseOptions, Query, Scope};
use mt_store::{AccessFilter, Authorizer, Caller};
use uuid::Uuid;

/// A signed-in caller. Built once for a credential and shared by its requests.
pub(crate) struct Session {
    pub(crate) who: Arc<Authenticated>,
    readable: OnceLock<Arc<AccessFilter>>,
    searchable: OnceLock<Arc<AccessFilter>>,
}

impl Session {
    pub(crate) fn new(who: Arc<Authenticated>) -> Self {
        Self {
            who,
            readable: OnceLock::new(),
            searchable: OnceLock::new(),
        }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.who.tenant
    }

    pub(crate) fn grant(&self) -> &Grant {
        &self.who.grant
    }

    /// The caller of one request, with the records that `interaction` may touch.
    pub(crate) fn caller(
        self: &Arc<Self>,
        registry: &ParamRegistry,
        interaction: Interaction,
        correlation_id: Uuid,
        now: Instant,
        authority: impl Authorizer + 'static,
    ) -> Caller {
        let ctx = OpCtx {
            tenant: self.who.tenant,
            actor: self.who.actor.clone(),
            purpose: PurposeOfUse::Treatment,
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
pub(crate) fn queries(
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
    if reach.compartments.is_empty() {
        return parse(Scope::resource(resource_type)).into_iter().collect();
    }
    let scoped = reach.compartments.iter().filter_map(|compartment| {
        let kind = Compartment::of(compartment.resource_type)?;
        Some(Scope::compartment(
            kind,
            &compartment.id,
            Some(resource_type),
        ))
    });
    scoped.filter_map(parse).collect()
}
