#![doc = include_str!("../README.md")]

mod answers;
mod canonical;
mod catalog;
mod code_system;
mod concept_map;
mod concepts;
pub mod content;
mod error;
mod expand;
pub mod load;
mod membership;
mod memory;
mod scope;
pub mod storage;
mod tenant;
mod value_set;

pub use answers::{Coded, Details, Subsumption, Verdict};
pub use canonical::Canonical;
pub use catalog::Catalog;
pub use code_system::{CodeSystem, Content, Grammar, Header, Located};
pub use concept_map::{ConceptMap, Dependency, Match, Matches, Translation};
pub use concepts::{
    Ancestors, AttributeKey, ConceptId, Concepts, ConceptsBuilder, Descendants, ImageError,
    NewAttribute, NewConcept, PropertyKind,
};
pub use error::TerminologyError;
pub use expand::{Entry, ExpandOptions, Expansion};
pub use membership::Member;
pub use scope::{Limits, Scope};
pub use tenant::TenantContent;
pub use value_set::{Filter, FilterOp, Include, Listed, Reference, ValueSet};
