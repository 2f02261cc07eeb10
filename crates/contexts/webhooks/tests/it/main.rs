//! Webhooks from an event to an endpoint, and from a sender to its effect.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod administration;
mod outside;
mod sending;
mod suppliers;
mod world;
