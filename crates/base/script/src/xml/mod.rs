//! A tree of XML that remembers how it was written.
//!
//! Prescriptions pass through several hands; what a reader does not know must leave it as it came. Every element
//! therefore keeps its tags as they were read, and only what is changed is written anew.

mod element;
mod read;
mod write;

pub use element::{Attribute, Element, Node};
pub use read::Limits;
pub(crate) use read::read;
pub(crate) use write::{indent, write};
