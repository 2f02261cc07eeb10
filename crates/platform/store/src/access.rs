//! Who calls and what they may see.
//!
//! The store applies the filter to everything a call touches: matches, targets of chains, sources
//! of `_has`, includes, history and the criteria of conditional operations. Deciding who gets which
//! filter is not its business.

use std::collections::HashMap;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::{Fault, OpCtx};
use mt_search::{ParamRegistry, Query};

use crate::withheld::Restricted;
use crate::{Authorizer, ProposedChange, Withheld};

/// One caller: the context of the operation, what it may see and what it may write.
///
/// The authority to write belongs to the caller and not to the store, because it follows from the
/// token (roles, scopes, launch context) of this one request.
#[derive(Clone)]
pub struct Caller {
    /// Tenant, actor, purpose, time.
    pub ctx: OpCtx,
    /// What the caller may see.
    pub access: Arc<AccessFilter>,
    /// What the caller may write: the *authorise* stage of the commit pipeline.
    pub authority: Arc<dyn Authorizer>,
}

impl Caller {
    /// A caller that sees what `access` allows and writes what `authority` lets pass.
    #[must_use]
    pub fn new(ctx: OpCtx, access: Arc<AccessFilter>, authority: Arc<dyn Authorizer>) -> Self {
        Self {
            ctx,
            access,
            authority,
        }
    }

    /// The same caller, to whom `withheld` does not exist: neither to read nor to write over.
    #[must_use]
    pub fn without(self, withheld: &Arc<Withheld>, registry: &ParamRegistry) -> Self {
        if withheld.is_empty() {
            return self;
        }
        let access = (*self.access).clone().withhold_all(Arc::clone(withheld));
        Self {
            ctx: self.ctx,
            access: Arc::new(access),
            authority: Arc::new(Restricted {
                inner: self.authority,
                withheld: Arc::clone(withheld),
                registry: registry.clone(),
            }),
        }
    }

    /// A caller that sees every record of its tenant: jobs and operator commands.
    #[must_use]
    pub fn unrestricted(ctx: OpCtx) -> Self {
        Self::new(
            ctx,
            Arc::new(AccessFilter::everything()),
            Arc::new(Unrestricted),
        )
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("ctx", &self.ctx)
            .finish_non_exhaustive()
    }
}

/// The authority of MediTrack itself.
#[derive(Clone, Copy, Debug)]
struct Unrestricted;

impl Authorizer for Unrestricted {
    fn authorise(&self, _: &OpCtx, _: &ProposedChange<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

/// The records that a caller may see, by resource type. Whatever is not allowed is denied.
#[derive(Clone, Debug, Default)]
pub struct AccessFilter {
    others: bool,
    types: Arc<HashMap<ResourceType, Vec<Query>>>,
    withheld: Arc<Withheld>,
}

/// What a filter says of one resource type.
#[derive(Clone, Copy, Debug)]
pub enum Grant<'a> {
    /// Nothing of this type.
    Nothing,
    /// Everything of this type.
    Everything,
    /// What at least one of these queries matches.
    Matching(&'a [Query]),
}

impl AccessFilter {
    /// No record at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Every record of the tenant.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            others: true,
            ..Self::default()
        }
    }

    /// Allows every record of a type.
    #[must_use]
    pub fn allow(mut self, resource_type: ResourceType) -> Self {
        Arc::make_mut(&mut self.types).insert(resource_type, Vec::new());
        self
    }

    /// Allows the records of a type that `query` matches, besides those allowed already.
    #[must_use]
    pub fn allow_matching(mut self, resource_type: ResourceType, query: Query) -> Self {
        match Arc::make_mut(&mut self.types).entry(resource_type) {
            std::collections::hash_map::Entry::Occupied(mut known) => {
                if !known.get().is_empty() {
                    known.get_mut().push(query);
                }
            }
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(vec![query]);
            }
        }
        self
    }

    /// Takes away the records of a type that `query` matches, whatever else is allowed: what a
    /// patient's consent keeps from this caller. The query may look at the record alone.
    #[must_use]
    pub fn withhold(mut self, resource_type: ResourceType, query: Query) -> Self {
        Arc::make_mut(&mut self.withheld).add(resource_type, query);
        self
    }

    /// Takes away all of `withheld`, in place of what was taken away before. It is shared by the
    /// requests of a caller.
    #[must_use]
    pub fn withhold_all(mut self, withheld: Arc<Withheld>) -> Self {
        self.withheld = withheld;
        self
    }

    /// What is taken away of a type: the records that any of these queries matches.
    #[must_use]
    pub fn withheld(&self, resource_type: ResourceType) -> &[Query] {
        self.withheld.of(resource_type)
    }

    /// What the filter says of `resource_type`, before what is withheld.
    #[must_use]
    pub fn grant(&self, resource_type: ResourceType) -> Grant<'_> {
        match self.types.get(&resource_type) {
            Some(queries) if queries.is_empty() => Grant::Everything,
            Some(queries) => Grant::Matching(queries),
            None if self.others => Grant::Everything,
            None => Grant::Nothing,
        }
    }

    /// Whether every record of every type is allowed.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.others && self.types.is_empty() && self.withheld.is_empty()
    }

    /// Whether some record of the type may be allowed.
    #[must_use]
    pub fn allows_some(&self, resource_type: ResourceType) -> bool {
        !matches!(self.grant(resource_type), Grant::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_allowed_is_denied() {
        let filter = AccessFilter::nothing().allow(ResourceType::PATIENT);
        assert!(matches!(
            filter.grant(ResourceType::PATIENT),
            Grant::Everything
        ));
        assert!(matches!(
            filter.grant(ResourceType::OBSERVATION),
            Grant::Nothing
        ));
        assert!(!filter.is_everything());
        assert!(AccessFilter::everything().allows_some(ResourceType::OBSERVATION));
    }
}
