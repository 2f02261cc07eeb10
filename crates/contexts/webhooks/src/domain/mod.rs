//! Pure rules: secrets and signatures, the choice of events, what is said, health, and what suppliers say.

mod health;
mod payload;
mod secret;
mod selection;
mod stock;

pub(crate) use health::verdict;
pub(crate) use payload::{message, ping};
pub(crate) use secret::signatures;
pub use secret::{Secret, SecretError};
pub use selection::Selection;
pub(crate) use selection::leaves;
pub use stock::StockStatus;
pub(crate) use stock::{StockUpdate, moment};
