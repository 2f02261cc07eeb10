//! The published suites, and what they leave out.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say what was skipped"
)]

mod definitions;
mod essentials;
mod hostile;
mod laws;
mod official;
mod patches;
mod shared;
mod xml;
