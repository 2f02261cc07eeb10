//! Accounting of disclosures (45 CFR 164.528): what left the organisation, to whom, and why.

use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For how long disclosures are accounted for.
const YEARS: i64 = 6;

/// One disclosure of a patient's records to somebody outside of treatment, payment and operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disclosure {
    /// Id of the patient.
    pub patient: String,
    /// When, microseconds since 1970.
    pub disclosed_at: i64,
    /// Who received it; with the address when known.
    pub recipient: String,
    /// What was disclosed, in brief.
    pub what: String,
    /// Why, in brief.
    pub purpose: String,
    /// Who recorded it.
    pub recorded_by: String,
}

impl Disclosure {
    /// The earliest moment that an accounting asked for at `now` covers: six years.
    #[must_use]
    pub fn covered_since(now: Instant) -> Instant {
        now.plus_seconds(-YEARS * 366 * 86_400)
    }

    /// What is missing for an accounting; `None` when it is complete.
    #[must_use]
    pub fn lacks(&self) -> Option<&'static str> {
        let blank = |text: &str| text.trim().is_empty();
        if blank(&self.patient) {
            Some("a disclosure names the patient")
        } else if blank(&self.recipient) {
            Some("a disclosure names the recipient")
        } else if blank(&self.what) {
            Some("a disclosure says what was disclosed")
        } else if blank(&self.purpose) {
            Some("a disclosure says why")
        } else {
            None
        }
    }
}
