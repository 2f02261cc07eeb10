//! Patients as the API shows them.

use mt_fhir::Node;
use mt_store::{Committed, Stored};
use serde::Serialize;
use utoipa::ToSchema;

use crate::document::parse;
use crate::domain::details::Details;
use crate::domain::items;
use crate::domain::merge::linked;
use crate::domain::number::is_record_number;
use crate::error::Result;

/// A patient.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatientView {
    /// Id, the same as of the FHIR Patient.
    pub id: String,
    /// Version, the same as in `ETag`.
    pub version: u32,
    /// Whether the record is in use.
    pub active: bool,
    /// Whether the patient has died.
    pub deceased: bool,
    /// What the form shows.
    pub details: Details,
    /// Record numbers, those in use first.
    pub numbers: Vec<Number>,
    /// Whether there is a photograph.
    pub photo: bool,
    /// The record that stands for this one, when it was merged.
    pub replaced_by: Option<String>,
    /// Records that this one stands for.
    pub replaces: Vec<String>,
    /// Where the rest of it is.
    pub links: PatientLinks,
}

/// A record number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Number {
    /// Who gives such numbers.
    pub system: Option<String>,
    /// The number.
    pub value: String,
    /// The facility, `Organization/x`.
    pub facility: Option<String>,
    /// Whether it is in use; those of merged records are not.
    pub current: bool,
}

/// Where the rest of a patient is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatientLinks {
    /// The FHIR record.
    pub fhir: String,
    /// What happened.
    pub timeline: String,
    /// The photograph.
    pub photo: String,
    /// Who acts for the patient.
    pub proxies: String,
    /// What the patient consented to.
    pub consents: String,
}

impl PatientView {
    pub(super) fn of(stored: &Stored) -> Result<Self> {
        let doc = parse(&stored.body)?;
        Ok(Self::read(&stored.id, stored.version, doc.root()))
    }

    pub(super) fn committed(committed: &Committed) -> Result<Self> {
        let doc = parse(&committed.body)?;
        Ok(Self::read(&committed.id, committed.version, doc.root()))
    }

    pub(super) fn read(id: &str, version: u32, patient: Node<'_>) -> Self {
        let dead = patient.get("deceasedBoolean").and_then(Node::as_bool);
        let mut numbers: Vec<Number> = items(patient, "identifier")
            .filter(|one| is_record_number(*one))
            .filter_map(number)
            .collect();
        numbers.sort_by_key(|number| !number.current);
        Self {
            id: id.to_owned(),
            version,
            active: patient.get("active").and_then(Node::as_bool) != Some(false),
            deceased: dead == Some(true) || patient.get("deceasedDateTime").is_some(),
            details: Details::of(patient),
            numbers,
            photo: items(patient, "photo").next().is_some(),
            replaced_by: linked(patient, "replaced-by")
                .first()
                .map(|id| (*id).to_owned()),
            replaces: linked(patient, "replaces")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            links: PatientLinks::of(id),
        }
    }
}

impl PatientLinks {
    fn of(id: &str) -> Self {
        Self {
            fhir: format!("/fhir/R4/Patient/{id}"),
            timeline: format!("/api/v1/patients/{id}/timeline"),
            photo: format!("/api/v1/patients/{id}/photo"),
            proxies: format!("/fhir/R4/RelatedPerson?patient={id}"),
            consents: format!("/fhir/R4/Consent?patient={id}"),
        }
    }
}

fn number(identifier: Node<'_>) -> Option<Number> {
    let assigner = identifier.get("assigner");
    Some(Number {
        system: identifier.str("system").map(str::to_owned),
        value: identifier.str("value")?.to_owned(),
        facility: assigner
            .and_then(|assigner| assigner.str("reference"))
            .map(str::to_owned),
        current: identifier.str("use") != Some("old"),
    })
}
