//! The context over a store with a real database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod finding;
mod merging;
mod registering;
mod rules;
mod world;
