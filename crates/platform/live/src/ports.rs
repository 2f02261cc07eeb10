//! What the hub asks of others.

use futures::future::BoxFuture;
use mt_access::Authenticated;
use mt_fhir::ResourceType;
use mt_kernel::Fault;

/// The records, as far as the hub must know: whether somebody may read one.
pub trait Records: Send + Sync {
    /// Whether `who` may read this record now. What does not exist may not be read.
    ///
    /// # Errors
    /// When nobody can say; the room stays shut.
    fn may_read<'a>(
        &'a self,
        who: &'a Authenticated,
        kind: ResourceType,
        id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Fault>>;
}
