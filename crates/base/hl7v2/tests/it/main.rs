//! Behaviour of the HL7 v2 library as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail like tests and say what they skip"
)]

mod ack;
mod batch;
mod build;
mod conformance;
mod corpus;
mod edit;
mod frames;
mod hostile;
mod laws;
mod parse;
mod properties;
mod views;
