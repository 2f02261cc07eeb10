//! What of this context works by itself only where an organisation wants it.

use futures::future::BoxFuture;
use mt_kernel::{Fault, TenantId};

/// Something that works by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Automation {
    /// A plan with tasks for every admission.
    CareCoordination,
    /// Authorisations asked for laboratory orders.
    Preauthorization,
}

/// Says what an organisation wants.
pub trait Switches: Send + Sync {
    /// Whether something works by itself in this organisation.
    ///
    /// # Errors
    /// When nobody can say: what happened waits.
    fn is_on(&self, tenant: TenantId, what: Automation) -> BoxFuture<'_, Result<bool, Fault>>;
}
