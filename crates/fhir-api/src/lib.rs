#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod authority;
mod bulk;
mod bundle;
mod error;
mod interactions;
mod load;
pub mod operations;
mod route;
mod summary;
mod wire;

pub use api::{ApiLimits, FhirApi, Sessions, router};
pub use bulk::{ImportSources, work};
pub use load::{Loaded, plan_bundle, refused};
