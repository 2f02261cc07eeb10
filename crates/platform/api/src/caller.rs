//! Who calls, for handlers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use mt_access::{Authenticated, Interaction};
use mt_authority::Session;
use mt_http::Problem;
use mt_kernel::{ErrorKind, Fault, OpCtx, TenantId};
use mt_store::Store;

/// The caller of a route, admitted by its [`crate::Permission`].
///
/// It is an extractor, and the only way to a tenant: handlers take neither tenant nor user from the
/// request. On a route that is [public](crate::Permission::public) there is no caller, and asking for
/// one is refused.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who, and what they may do.
    pub who: Arc<Authenticated>,
    /// The context of the operation.
    pub ctx: OpCtx,
}

impl Caller {
    /// Isolation boundary.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.who.tenant
    }

    /// The caller as the record store wants it, with the records that `right` may touch and that no
    /// patient's consent keeps back.
    ///
    /// # Errors
    /// When the tenant does not serve, or consents cannot be asked.
    pub async fn records(
        &self,
        store: &Store,
        right: Interaction,
    ) -> Result<mt_store::Caller, Fault> {
        let registry = store.tenants().params(self.tenant()).await?;
        let session = Arc::new(Session::new(Arc::clone(&self.who)));
        let (id, now) = (self.ctx.correlation_id, self.ctx.now);
        let caller = session.caller(&registry, right, id, now);
        let emergencies = self.who.grant.emergencies();
        let withheld = store.withheld(&caller.ctx, emergencies).await?;
        Ok(caller.without(&withheld, &registry))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let admitted = parts.extensions.get::<Self>().cloned();
        admitted.ok_or_else(|| {
            Fault::new(
                ErrorKind::Unauthenticated,
                "the route admits nobody by name",
            )
            .into()
        })
    }
}
