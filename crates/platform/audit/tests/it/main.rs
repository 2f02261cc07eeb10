//! Tests of the trail against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where its ground gives way, and the writer says what it noted"
)]

mod addresses;
mod announcing;
mod fixture;
mod independent;
mod killing;
mod listing;
mod seam;
mod tampering;
