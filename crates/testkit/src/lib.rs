#![doc = include_str!("../README.md")]

mod hooks;
pub mod resources;
mod store;

pub use hooks::{NoAudit, NoRules};
pub use store::{TestStore, query};
