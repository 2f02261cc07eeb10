#![doc = include_str!("../README.md")]

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
