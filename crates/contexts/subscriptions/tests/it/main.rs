//! Subscriptions from a change to an endpoint.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod asking;
mod binding;
mod telling;
mod world;
