//! Words every crate shares: tenants, actors, error kinds, the clock, secrets.
//!
//! This crate is pure: time and identifiers come in through [`Clock`] and [`OpCtx`],
//! so that every decision above it can be replayed in a test.

mod actor;
mod clock;
mod error;
mod secret;
mod tenant;

pub use actor::{Actor, ActorKind, Assurance, OpCtx, PurposeOfUse};
pub use clock::{Clock, FixedClock, Instant, SystemClock};
pub use error::{ErrorKind, Fault};
pub use secret::Secret;
pub use tenant::{TenantId, TenantName, TenantNameError};
