//! The official R4 definitions as static tables, generated at build time from `definitions/`.
//!
//! Everything here is `'static` and read-only: a lookup is an index or a short binary search, and
//! starting the program costs nothing.

mod resource_type;
mod search;
mod types;
mod value_set;

pub use resource_type::ResourceType;
pub use search::{
    Compartment, Component, ParamId, ParamKind, SearchParamDef, compartment_params, search_param,
    search_params,
};
pub use types::{
    Binding, BindingStrength, ConstraintDef, ElementDef, Field, TypeChoice, TypeDef, TypeId,
    TypeKind, constraints,
};
pub use value_set::{Code, ValueSet};
