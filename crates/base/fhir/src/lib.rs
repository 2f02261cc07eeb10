#![doc = include_str!("../README.md")]

pub mod definitions;
pub mod json;
pub mod names;

pub use definitions::{ResourceType, TypeId};
pub use json::{Doc, Node};
pub use names::Name;
