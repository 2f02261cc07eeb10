//! What is kept from a caller whatever the caller's rights allow: the seam for patients' consents.
//!
//! The store applies it to everything it applies the filter to; who is kept from what is worked out
//! elsewhere.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, OpCtx, TenantId};
use mt_search::{NoOthers, ParamRegistry, Query};

use crate::{Authorizer, ProposedChange, Store};

/// Records that are kept from one caller, by resource type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Withheld {
    hidden: HashMap<ResourceType, Vec<Query>>,
    closed: HashMap<ResourceType, Vec<Query>>,
}

impl Withheld {
    /// Adds the records of a type that `query` matches. The query may look at the record alone.
    pub fn add(&mut self, resource_type: ResourceType, query: Query) {
        self.hidden.entry(resource_type).or_default().push(query);
    }

    /// Adds them as [`Self::add`] does, and nothing that the query matches may be written either: not even what
    /// is new.
    pub fn close(&mut self, resource_type: ResourceType, query: Query) {
        self.add(resource_type, query.clone());
        self.closed.entry(resource_type).or_default().push(query);
    }

    /// Whether nothing is withheld.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hidden.is_empty()
    }

    /// What is withheld of a type: the records that any of these queries matches.
    #[must_use]
    pub fn of(&self, resource_type: ResourceType) -> &[Query] {
        self.hidden.get(&resource_type).map_or(&[], Vec::as_slice)
    }

    /// What may not be written of a type.
    fn closed(&self, resource_type: ResourceType) -> &[Query] {
        self.closed.get(&resource_type).map_or(&[], Vec::as_slice)
    }
}

/// What [`Restrictions::withheld`] returns.
pub type Withholding<'a> = Pin<Box<dyn Future<Output = Result<Arc<Withheld>, Fault>> + Send + 'a>>;

/// Works out what is kept from a caller. Every door asks through [`Store::withheld`], for every request.
pub trait Restrictions: Send + Sync {
    /// What is kept from the actor of `ctx`. The patients in `emergencies` are those over whose
    /// records the actor broke the glass: nothing of theirs is kept back.
    fn withheld<'a>(&'a self, ctx: &'a OpCtx, emergencies: &'a [Arc<str>]) -> Withholding<'a>;
}

/// An authority that answers for withheld records as if they did not exist, and asks another one for
/// the rest.
pub(crate) struct Restricted {
    /// The authority for what is not withheld.
    pub(crate) inner: Arc<dyn Authorizer>,
    pub(crate) withheld: Arc<Withheld>,
    /// Search parameters of the tenant.
    pub(crate) registry: ParamRegistry,
}

impl Authorizer for Restricted {
    fn authorise(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<(), Fault> {
        // What cannot be decided is kept back.
        let matches = |query: &Query, node| {
            mt_search::matches(&self.registry, query, &NoOthers, node).unwrap_or(true)
        };
        let hides = |query: &Query| change.old.is_some_and(|old| matches(query, old));
        if self.withheld.of(change.resource_type).iter().any(hides) {
            return Err(Fault::new(ErrorKind::NotFound, "there is no such resource"));
        }
        let closes = |query: &Query| change.new.is_some_and(|new| matches(query, new));
        if self
            .withheld
            .closed(change.resource_type)
            .iter()
            .any(closes)
        {
            let message = "the processing of this patient's record is restricted";
            return Err(Fault::new(ErrorKind::Forbidden, message));
        }
        self.inner.authorise(ctx, change)
    }
}

impl Store {
    /// A number that grows with every change of a `Consent`, `CareTeam` or `PractitionerRole` of the
    /// tenant that this process has heard of: its own before they are acknowledged, those of others
    /// with the next look at the transaction log. `None` when that look is overdue, and for other
    /// types: then nothing derived from such records may be trusted.
    #[must_use]
    pub fn changes(&self, tenant: TenantId, resource_type: ResourceType) -> Option<u64> {
        self.cache().changes(tenant, resource_type)
    }
}
