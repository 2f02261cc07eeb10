//! Tests of the trail against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where its ground gives way"
)]

mod fixture;
mod independent;
mod killing;
mod listing;
mod seam;
mod tampering;
