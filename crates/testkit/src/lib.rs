#![doc = include_str!("../README.md")]

mod hooks;
mod outbox;
pub mod resources;
mod store;

pub use hooks::{NoAudit, NoRules};
pub use outbox::said;
pub use store::{TestStore, query};
