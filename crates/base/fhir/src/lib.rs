#![doc = include_str!("../README.md")]

pub mod datetime;
pub mod decimal;
pub mod definitions;
pub mod element;
pub mod json;
pub mod names;
pub mod outcome;
pub mod xhtml;
pub mod xml;

pub use definitions::{ResourceType, TypeId};
pub use element::Element;
pub use json::{Doc, Node};
pub use names::Name;
