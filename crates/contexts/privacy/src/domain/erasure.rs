//! Erasure of one patient's record when its retention is over.

use mt_events::catalogue::{EventType, Value, encode};
use mt_kernel::{ErrorKind, Fault};
use mt_store::DomainEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is said when a record is gone.
const ERASED: &str = "patient.erased.v1";

/// An order to erase a patient's record, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    /// Id of the patient.
    pub patient: String,
    /// On what ground.
    pub reason: String,
    /// Who ordered it.
    pub ordered_by: String,
    /// In which roles.
    pub roles: Vec<String>,
    /// What became of it; absent while it waits.
    pub outcome: Option<ErasureOutcome>,
}

/// What became of an order to erase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum ErasureOutcome {
    /// The record is gone.
    #[serde(rename_all = "camelCase")]
    Erased {
        /// When, microseconds since 1970.
        at: i64,
        /// Records, with all their versions.
        records: u64,
        /// Versions.
        versions: u64,
        /// Records of others that name the patient and stay.
        shared: u64,
    },
    /// A legal hold was placed, or something was entered, before it was carried out.
    #[serde(rename_all = "camelCase")]
    Stopped {
        /// When, microseconds since 1970.
        at: i64,
        /// Why.
        why: String,
    },
}

impl Erasure {
    /// What is missing; `None` when it can be carried out.
    #[must_use]
    pub fn lacks(&self) -> Option<&'static str> {
        if self.patient.trim().is_empty() {
            Some("an erasure names the patient")
        } else if self.reason.trim().is_empty() {
            Some("say on what ground the record is erased")
        } else {
            None
        }
    }

    /// What is said when the record is gone.
    ///
    /// # Errors
    /// When the catalogue of events does not know it.
    pub(crate) fn event(&self) -> Result<DomainEvent, Fault> {
        let unknown = || Fault::new(ErrorKind::Internal, "an event is not in the catalogue");
        let kind = EventType::named(ERASED).ok_or_else(unknown)?;
        let values = [
            ("subject_type", Value::from("Patient")),
            ("subject_id", self.patient.as_str().into()),
            ("subject_version", Value::Whole(0)),
            ("patient_id", self.patient.as_str().into()),
        ];
        Ok(DomainEvent {
            name: kind.name,
            key: self.patient.clone(),
            payload: encode(kind, &values)?,
        })
    }
}
