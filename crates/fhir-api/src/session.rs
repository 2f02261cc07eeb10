//! Who is calling: a verified token as a session, and what the session may see.

use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;
use mt_access::{Decision, Grant, Interaction, Reach};
use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_kernel::{Actor, Instant, OpCtx, PurposeOfUse, TenantId};
use mt_search::{ParamRegistry, ParseOptions, Query, Scope};
use mt_store::{AccessFilter, Authorizer, Caller};
use uuid::Uuid;

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The token is not good.
    #[error("the access token is not valid")]
    Invalid,
    /// The token was good.
    #[error("the access token has expired")]
    Expired,
    /// The tenant is suspended.
    #[error("the organisation is suspended")]
    Suspended,
    /// Keys could not be looked up.
    #[error("the access token cannot be checked now")]
    Unavailable,
}

/// Turns a bearer token into a session. Implemented by the identity context.
pub trait Authenticator: Send + Sync {
    /// The session of `token`.
    fn authenticate<'a>(
        &'a self,
        token: &'a str,
    ) -> BoxFuture<'a, Result<Arc<Session>, AuthenticationError>>;
}

/// A signed-in caller. Built once for a token and shared by its requests.
pub struct Session {
    /// Isolation boundary.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
    /// What the caller may do.
    pub grant: Grant,
    /// Hash that tells clients apart for rate limits.
    pub client_key: u64,
    readable: OnceLock<Arc<AccessFilter>>,
    searchable: OnceLock<Arc<AccessFilter>>,
}

impl Session {
    /// A session of `actor` with `grant`.
    #[must_use]
    pub fn new(tenant: TenantId, actor: Actor, grant: Grant, client_key: u64) -> Self {
        let (readable, searchable) = (OnceLock::new(), OnceLock::new());
        Self { tenant, actor, grant, client_key, readable, searchable }
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
            tenant: self.tenant,
            actor: self.actor.clone(),
            purpose: PurposeOfUse::Treatment,
            correlation_id,
            now,
        };
        let cell = match interaction {
            Interaction::Search => &self.searchable,
            _ => &self.readable,
        };
        let kind = if interaction == Interaction::Search { interaction } else { Interaction::Read };
        let access = cell.get_or_init(|| Arc::new(filter(&self.grant, kind, registry, now)));
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
                for query in reaches.iter().flat_map(|r| queries(r, resource_type, registry, now)) {
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
    let options = ParseOptions { handling: mt_search::Handling::Strict, ..ParseOptions::at(now) };
    let parse = |scope| Query::parse(registry, scope, &reach.criteria, &options).ok();
    if reach.compartments.is_empty() {
        return parse(Scope::resource(resource_type)).into_iter().collect();
    }
    let scoped = reach.compartments.iter().filter_map(|compartment| {
        let kind = Compartment::of(compartment.resource_type)?;
        Some(Scope::compartment(kind, &compartment.id, Some(resource_type)))
    });
    scoped.filter_map(parse).collect()
}
