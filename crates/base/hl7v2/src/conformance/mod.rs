//! Optional checks of a message against a profile: required fields, repetitions, data types,
//! lengths and tables, each finding with its position.
//!
//! Parsing never depends on these: a receiver decides per interface what it insists on.

mod check;
mod datatype;
mod profile;
mod standard;
mod tables;

pub use check::{Finding, Rule, check};
pub use datatype::DataType;
pub use profile::{Binding, Cardinality, FieldRule, Profile, SegmentRule, Usage};
