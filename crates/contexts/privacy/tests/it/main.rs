//! Tests of the privacy office against a real PostgreSQL, a real trail and a real record store.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where its ground gives way"
)]

mod consents;
mod desk;
mod erasing;
mod office;
mod papers;
mod rules;
