#![doc = include_str!("../README.md")]

pub mod definitions;
pub mod names;

pub use definitions::{ResourceType, TypeId};
pub use names::Name;
