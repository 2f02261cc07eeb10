//! Legal holds: records that must not be destroyed, whatever their retention says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A hold on one patient's records, or on all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegalHold {
    /// Id of the patient; `None` holds everything of the organisation.
    pub patient: Option<String>,
    /// The matter, such as a case number.
    pub matter: String,
    /// Who placed it.
    pub placed_by: String,
    /// Its release; absent while it stands.
    pub released: Option<Release>,
}

/// The end of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Release {
    /// Who released it.
    pub by: String,
    /// When, microseconds since 1970.
    pub at: i64,
}

impl LegalHold {
    /// Whether it forbids to destroy the records of `patient`; `None` asks for all records.
    #[must_use]
    pub fn forbids(&self, patient: Option<&str>) -> bool {
        self.released.is_none()
            && match (&self.patient, patient) {
                (None, _) | (Some(_), None) => true,
                (Some(held), Some(asked)) => held == asked,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_forbids_until_it_is_released() {
        let hold = |patient: Option<&str>, released| LegalHold {
            patient: patient.map(str::to_owned),
            matter: "case 7".to_owned(),
            placed_by: "counsel".to_owned(),
            released,
        };
        let released = Release {
            by: "counsel".to_owned(),
            at: 1,
        };
        assert!(hold(None, None).forbids(Some("p")), "everything is held");
        assert!(hold(Some("p"), None).forbids(Some("p")));
        assert!(!hold(Some("p"), None).forbids(Some("q")));
        assert!(
            hold(Some("p"), None).forbids(None),
            "all would destroy p too"
        );
        assert!(!hold(None, Some(released)).forbids(None));
    }
}
