//! Typed content of messages.
//!
//! Every field is an `Option` or a `Vec`, because a reader must cope with what senders leave out; the validator and
//! the builder know what may not be absent.

mod clinical;
mod date;
mod header;
mod leaf;
mod medication;
mod party;
mod record;
mod shape;
mod sig;
mod slot;

pub use clinical::{
    Allergies, AllergyOrAdverseEvent, BenefitsCoordination, CodedProduct, Measurement, Observation,
    PayerIdentification,
};
pub use date::{Date, DateError, DateTime};
pub use header::{
    DigitalSignature, Header, Mailbox, Party, Password, Security, SenderSoftware, UsernameToken,
};
pub use leaf::{Moment, Opaque};
pub(crate) use leaf::{count, decimal};
pub use medication::{
    Code, Coded, Diagnosis, DiagnosisCode, DrugCoded, DrugDbCode, Medication, OtherMedicationDate,
    Quantity, Strength,
};
pub use party::{
    Address, CommunicationNumbers, Facility, HumanPatient, Identification, Name, NonVeterinarian,
    Number, Patient, Pharmacist, Pharmacy, PracticeLocation, Prescriber, PrescriberAgent,
};
pub(crate) use record::record;
pub use shape::{EXPECTED, Field, Format, Kind, OPTIONAL, REQUIRED, Rule, Shape, Usage};
pub use sig::{
    AdministrationTiming, Dosage, DoseAdministration, Duration, Frequency, IndicationForUse,
    Instruction, Interval, Sig, SigCodeSystem, Term, TimingAndDuration,
};
pub(crate) use slot::loose;
pub use slot::{Slot, Value};
