//! Tenants: the registry, their keys and dictionaries in memory, their life.
//!
//! A tenant is loaded when it is first named and kept; suspension and deletion reach every process
//! with the next refresh.

mod loaded;
mod params;
mod registry;

pub(crate) use loaded::{Tenant, column, needs_reload, read_keys, write_keys};
pub use params::OwnParam;
pub(crate) use params::compile as compile_param;
pub use registry::{TenantInfo, TenantState, Tenants};
