//! Data keys: what they are for, how they are stored, how they live.
//!
//! A tenant has one key-encryption key at the [`KekProvider`](crate::KekProvider) and, wrapped by
//! it, data keys by [`Purpose`]. [`KeyService`] makes, loads, rotates and destroys them;
//! [`TenantKeys`] is what seals and opens.

mod data_key;
mod purpose;
mod service;
mod tenant_keys;
mod wrapped;

pub use data_key::DataKey;
pub use purpose::Purpose;
pub use service::KeyService;
pub use tenant_keys::TenantKeys;
pub use wrapped::{KeyId, KeyState, WrappedKey};
