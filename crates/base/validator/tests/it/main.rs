//! The validator against official examples, expected outcomes and damaged resources.

mod conformance;
mod data;
mod examples;
mod mutations;
mod profiles;
mod rules;
