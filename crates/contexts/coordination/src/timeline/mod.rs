//! A patient's timeline: a projection of the events that name the patient.
//!
//! Rows hold what the events say, sealed: ids and codes of processes. What a record says is read from the
//! record, by those who may.

mod api;
mod consumer;
mod rows;

pub use api::{Timelines, table};
pub use consumer::TimelineConsumer;
pub(crate) use rows::patient_token;
pub use rows::{Moment, Timeline, TimelineFilter};
