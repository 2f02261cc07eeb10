//! The FHIR model against the official examples, and against hostile input.

mod data;
mod hostile_xml;
mod mutations;
mod round_trip;
