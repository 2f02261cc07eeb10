//! What is believed of a patient, as functions of their arguments.

mod demographics;
mod vitals;

pub use demographics::check_patient;
pub use vitals::check_vitals;
