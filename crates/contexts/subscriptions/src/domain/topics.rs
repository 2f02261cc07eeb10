//! Topics of the R5 backport that this server offers.

/// A topic: its canonical URL, and the changes that it is about, as search criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Canonical URL.
    pub url: &'static str,
    /// Criteria of the records whose creation or change is told.
    pub triggers: &'static [&'static str],
}

/// All topics: of the Argonaut encounter guide, and the feed of US Core.
pub const TOPICS: [Topic; 3] = [
    Topic {
        url: "http://argonautproject.org/encounters-ig/SubscriptionTopic/encounter-start",
        triggers: &["Encounter?status=in-progress"],
    },
    Topic {
        url: "http://argonautproject.org/encounters-ig/SubscriptionTopic/encounter-end",
        triggers: &["Encounter?status=finished"],
    },
    Topic {
        url: "http://hl7.org/fhir/us/core/SubscriptionTopic/patient-data-feed",
        triggers: &[
            "AllergyIntolerance",
            "CarePlan",
            "CareTeam",
            "Condition",
            "Coverage",
            "Device",
            "DiagnosticReport",
            "DocumentReference",
            "Encounter",
            "Goal",
            "Immunization",
            "MedicationDispense",
            "MedicationRequest",
            "Observation",
            "Patient",
            "Procedure",
            "QuestionnaireResponse",
            "ServiceRequest",
            "Specimen",
        ],
    },
];

/// The topic with this URL.
pub(crate) fn topic(url: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.url == url)
}
