//! Pure rules: secrets and signatures, the choice of events, what is said, and health.

mod health;
mod payload;
mod secret;
mod selection;

pub(crate) use health::verdict;
pub(crate) use payload::{message, ping};
pub(crate) use secret::signatures;
pub use secret::{Secret, SecretError};
pub use selection::Selection;
pub(crate) use selection::leaves;
