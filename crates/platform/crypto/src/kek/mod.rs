//! Key-encryption keys: one per tenant, behind a provider that never lets them out.
//!
//! The trait has the shape of a key-management service: it wraps and unwraps under an encryption
//! context and knows versions, so that a file keyring, Vault transit and a cloud service all fit.

mod file;

use std::future::Future;
use std::pin::Pin;

use mt_kernel::TenantId;

use crate::{DataKey, KekError, KeyId, Purpose};

pub use file::FileKeyring;

/// A future of a provider: boxed, so that the trait is usable as an object with any runtime.
pub type KekFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, KekError>> + Send + 'a>>;

/// What a wrapped data key is bound to: unwrapping under another context is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyContext {
    /// Whose key.
    pub tenant: TenantId,
    /// What it is for.
    pub purpose: Purpose,
    /// Its number.
    pub id: KeyId,
}

impl KeyContext {
    /// The context as names and values, for services that take it so (AWS KMS).
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, String); 3] {
        [
            ("tenant", self.tenant.to_string()),
            ("purpose", self.purpose.name().to_owned()),
            ("key", self.id.to_string()),
        ]
    }

    /// The context as bytes of fixed length, for associated data (Vault transit, the file keyring).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 9] {
        let [t0, t1, t2, t3] = self.tenant.0.to_be_bytes();
        let [i0, i1, i2, i3] = self.id.0.to_be_bytes();
        [t0, t1, t2, t3, self.purpose.code(), i0, i1, i2, i3]
    }
}

/// Where a tenant's key-encryption key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KekStatus {
    /// Never made.
    Absent,
    /// Wraps with the newest version, unwraps with all of them.
    Ready {
        /// Versions that unwrap, oldest first; the last one wraps.
        versions: Vec<u32>,
    },
    /// Destroyed, and never made again under this tenant id.
    Destroyed,
}

/// Wraps and unwraps data keys with key-encryption keys that never leave it.
pub trait KekProvider: Send + Sync {
    /// Where the tenant's key stands.
    fn status(&self, tenant: TenantId) -> KekFuture<'_, KekStatus>;

    /// Makes the tenant's first key; does nothing when it has one. A destroyed key stays destroyed.
    fn create(&self, tenant: TenantId) -> KekFuture<'_, ()>;

    /// A new version that wraps from now on; older ones still unwrap. Returns its number.
    fn rotate(&self, tenant: TenantId) -> KekFuture<'_, u32>;

    /// Whether the newest version wrapped this: then the older ones are not needed for it.
    fn is_current<'a>(&'a self, tenant: TenantId, wrapped: &'a [u8]) -> KekFuture<'a, bool>;

    /// Removes all versions but the newest: call it once every data key is wrapped by that one.
    fn drop_old_versions(&self, tenant: TenantId) -> KekFuture<'_, ()>;

    /// Destroys the tenant's key for good, and remembers that it did. Can be called again.
    fn destroy(&self, tenant: TenantId) -> KekFuture<'_, ()>;

    /// Wraps `key` under the newest version, bound to `context`. The bytes are the provider's own.
    fn wrap<'a>(&'a self, context: KeyContext, key: &'a DataKey) -> KekFuture<'a, Vec<u8>>;

    /// Unwraps what [`Self::wrap`] returned for the same context.
    fn unwrap<'a>(&'a self, context: KeyContext, wrapped: &'a [u8]) -> KekFuture<'a, DataKey>;
}
