//! Behaviour of the HL7 v2 library as its users see it.

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
