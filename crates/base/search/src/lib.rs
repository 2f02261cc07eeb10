#![doc = include_str!("../README.md")]

pub mod extract;
pub mod matching;
pub mod normal;
pub mod parse;
pub mod query;
pub mod registry;

pub use extract::{Entry, Extracted, IndexValue, extract, main_code_param, main_date_params};
pub use matching::{MatchError, NoOthers, ResourceSource, matches};
pub use parse::{Handling, ParseOptions, QueryLimits, Scope, decode_pairs};
pub use query::{Clause, Leaf, Query, QueryError, Test};
pub use registry::{ParamDef, ParamId, ParamKind, ParamRegistry};
