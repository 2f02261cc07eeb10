//! The seam with the record store: it describes commits, notes reads, and lends the tenants' keys.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_fhir::ResourceType;
use mt_kernel::{Fault, TenantId};
use mt_store::{
    AuditSink, Caller, Committed, Interaction, ReadAccess, Store, TenantState, Tenants,
};

use crate::detail::{Detail, Effect, Kind, Outcome, Touched, encode};
use crate::{Audit, Keyring};

impl Audit {
    /// Takes tenants and keys from `store` and begins to extend the tenants' logs. Until this is
    /// called, nothing can be noted.
    pub fn follow(self: &Arc<Self>, store: &Store) {
        self.follow_keyring(Arc::new(store.tenants().clone()));
    }
}

impl Keyring for Tenants {
    /// A tenant whose keys are in memory answers at the first poll.
    fn loaded(&self, tenant: TenantId) -> Option<TenantKeys> {
        self.keys(tenant).now_or_never()?.ok()
    }

    fn keys(&self, tenant: TenantId) -> BoxFuture<'_, Result<TenantKeys, Fault>> {
        async move { Ok(Tenants::keys(self, tenant).await?) }.boxed()
    }

    fn active(&self) -> BoxFuture<'_, Result<Vec<TenantId>, Fault>> {
        let active = async {
            let known = self.list().await?.into_iter();
            Ok(known
                .filter(|info| info.state == TenantState::Active)
                .map(|info| info.id)
                .collect())
        };
        active.boxed()
    }
}

impl AuditSink for Audit {
    fn describe_commit(&self, caller: &Caller, committed: &[Committed]) -> Vec<u8> {
        self.hot().touch(caller.ctx.tenant);
        let touched = |done: &Committed| Touched {
            resource_type: done.resource_type,
            id: Arc::clone(&done.id),
            version: done.version,
            effect: effect(done.effect),
        };
        encode(&Detail {
            resources: committed.iter().map(touched).collect(),
            ..Detail::new(&caller.ctx)
        })
    }

    fn note(&self, caller: &Caller, access: &ReadAccess<'_>) -> Result<(), Fault> {
        let touched = |(resource_type, id, version): &(ResourceType, Arc<str>, u32)| Touched {
            resource_type: *resource_type,
            id: Arc::clone(id),
            version: *version,
            effect: Effect::Shown,
        };
        let detail = Detail {
            resource_type: access.resource_type,
            resources: access.resources.iter().map(touched).collect(),
            query: access.query.map(str::to_owned),
            outcome: Outcome::of(access.refusal),
            ..Detail::new(&caller.ctx)
        };
        let noted = self.enter(&caller.ctx, kind(access.interaction), &detail);
        noted.map_err(|error| {
            metrics::counter!("audit_notes_failed").increment(1);
            tracing::error!(%error, tenant = %caller.ctx.tenant, "a read is refused because it cannot be noted");
            error.into()
        })
    }
}

const fn kind(interaction: Interaction) -> Kind {
    match interaction {
        Interaction::Read => Kind::Read,
        Interaction::History => Kind::History,
        Interaction::Search => Kind::Search,
        Interaction::Create | Interaction::Update | Interaction::Patch | Interaction::Delete => {
            Kind::RefusedWrite
        }
    }
}

const fn effect(effect: mt_store::Effect) -> Effect {
    match effect {
        mt_store::Effect::Created => Effect::Created,
        mt_store::Effect::Updated => Effect::Updated,
        mt_store::Effect::Deleted => Effect::Deleted,
        mt_store::Effect::Unchanged | mt_store::Effect::Matched | mt_store::Effect::Absent => {
            Effect::Unchanged
        }
    }
}
