//! Who is told.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Types of records that stand for a person.
const PEOPLE: [&str; 4] = ["Patient", "Practitioner", "RelatedPerson", "Person"];
/// An account without a record of its own.
const ACCOUNT: &str = "User";

/// A person, as a relative reference: `Patient/p1`, `Practitioner/d7`, or `User/…` for an account without a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipient(String);

impl Recipient {
    /// The patient of this id.
    #[must_use]
    pub fn patient(id: &str) -> Self {
        Self(format!("Patient/{id}"))
    }

    /// The account of this id.
    #[must_use]
    pub fn account(id: &str) -> Self {
        Self(format!("{ACCOUNT}/{id}"))
    }

    /// The person of a reference, relative or absolute, with or without a version; `None` when it names no person.
    #[must_use]
    pub fn parse(reference: &str) -> Option<Self> {
        let unversioned = reference.split("/_history/").next()?;
        let mut parts = unversioned.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next()?);
        (PEOPLE.contains(&kind) && !id.is_empty()).then(|| Self(format!("{kind}/{id}")))
    }

    /// Type and id.
    #[must_use]
    pub fn split(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or((ACCOUNT, &self.0))
    }

    /// Whether it is a patient.
    #[must_use]
    pub fn is_patient(&self) -> bool {
        self.split().0 == "Patient"
    }

    /// The reference.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_one_however_the_reference_is_written() {
        for text in [
            "Practitioner/d7",
            "https://ehr.example.org/t/north/fhir/R4/Practitioner/d7",
            "Practitioner/d7/_history/3",
        ] {
            let found = Recipient::parse(text).unwrap();
            assert_eq!(found.split(), ("Practitioner", "d7"), "{text}");
        }
        for text in [
            "Organization/o1",
            "#d7",
            "d7",
            "Practitioner/",
            "",
            "urn:uuid:1",
        ] {
            assert_eq!(Recipient::parse(text), None, "{text}");
        }
        assert!(Recipient::patient("p").is_patient());
    }
}
