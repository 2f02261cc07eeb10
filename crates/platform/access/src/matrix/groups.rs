//! Resource types by what they hold; every R4 type stands in exactly one group.

pub(super) type Group = &'static [&'static str];

/// Who the patient is.
pub(super) const PERSONS: Group = &["Patient", "RelatedPerson", "Person"];

/// What was found, decided and done in care.
pub(super) const CLINICAL: Group = &[
    "AdverseEvent",
    "AllergyIntolerance",
    "BodyStructure",
    "CarePlan",
    "CareTeam",
    "ClinicalImpression",
    "Condition",
    "Consent",
    "DetectedIssue",
    "DeviceUseStatement",
    "Encounter",
    "EpisodeOfCare",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "GuidanceResponse",
    "ImagingStudy",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "List",
    "Media",
    "MolecularSequence",
    "Procedure",
    "RiskAssessment",
];

/// Measurements: written by many roles.
pub(super) const OBSERVATIONS: Group = &["Observation"];

/// Notes and documents.
pub(super) const DOCUMENTS: Group = &[
    "Binary",
    "Composition",
    "DocumentManifest",
    "DocumentReference",
];

/// Answers to forms.
pub(super) const ANSWERS: Group = &["QuestionnaireResponse"];

/// Orders for others to carry out.
pub(super) const ORDERS: Group = &[
    "DeviceRequest",
    "NutritionOrder",
    "RequestGroup",
    "ServiceRequest",
    "SupplyRequest",
    "VisionPrescription",
];

/// What the laboratory writes.
pub(super) const LABORATORY: Group = &["DiagnosticReport", "Specimen"];

/// Prescriptions.
pub(super) const PRESCRIPTIONS: Group = &["MedicationRequest"];

/// Medicines given, dispensed, taken.
pub(super) const MEDICATION: Group = &[
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationKnowledge",
    "MedicationStatement",
    "SupplyDelivery",
];

/// Time and place of care.
pub(super) const SCHEDULING: Group = &["Appointment", "AppointmentResponse", "Schedule", "Slot"];

/// Work and messages.
pub(super) const WORKFLOW: Group = &[
    "Communication",
    "CommunicationRequest",
    "Task",
    "MessageHeader",
];

/// Insurance and money.
pub(super) const FINANCIAL: Group = &[
    "Account",
    "ChargeItem",
    "ChargeItemDefinition",
    "Claim",
    "ClaimResponse",
    "Contract",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "ExplanationOfBenefit",
    "InsurancePlan",
    "Invoice",
    "PaymentNotice",
    "PaymentReconciliation",
];

/// Who and what gives care: not health information.
pub(super) const DIRECTORY: Group = &[
    "Device",
    "DeviceMetric",
    "Endpoint",
    "HealthcareService",
    "Location",
    "Organization",
    "OrganizationAffiliation",
    "Practitioner",
    "PractitionerRole",
    "Substance",
];

/// Definitions and terminology: not health information.
pub(super) const DEFINITIONS: Group = &[
    "ActivityDefinition",
    "BiologicallyDerivedProduct",
    "CapabilityStatement",
    "CatalogEntry",
    "CodeSystem",
    "CompartmentDefinition",
    "ConceptMap",
    "DeviceDefinition",
    "EffectEvidenceSynthesis",
    "EventDefinition",
    "Evidence",
    "EvidenceVariable",
    "ExampleScenario",
    "GraphDefinition",
    "ImplementationGuide",
    "Library",
    "Linkage",
    "Measure",
    "MedicinalProduct",
    "MedicinalProductAuthorization",
    "MedicinalProductContraindication",
    "MedicinalProductIndication",
    "MedicinalProductIngredient",
    "MedicinalProductInteraction",
    "MedicinalProductManufactured",
    "MedicinalProductPackaged",
    "MedicinalProductPharmaceutical",
    "MedicinalProductUndesirableEffect",
    "MessageDefinition",
    "NamingSystem",
    "ObservationDefinition",
    "OperationDefinition",
    "PlanDefinition",
    "Questionnaire",
    "ResearchDefinition",
    "ResearchElementDefinition",
    "RiskEvidenceSynthesis",
    "SearchParameter",
    "SpecimenDefinition",
    "StructureDefinition",
    "StructureMap",
    "SubstanceNucleicAcid",
    "SubstancePolymer",
    "SubstanceProtein",
    "SubstanceReferenceInformation",
    "SubstanceSourceMaterial",
    "SubstanceSpecification",
    "TerminologyCapabilities",
    "TestReport",
    "TestScript",
    "ValueSet",
    "VerificationResult",
];

/// Populations and studies: health information of many.
pub(super) const POPULATION: Group =
    &["Group", "MeasureReport", "ResearchStudy", "ResearchSubject"];

/// Who changed what.
pub(super) const PROVENANCE: Group = &["Provenance"];

/// The audit trail; written by MediTrack alone.
pub(super) const AUDIT: Group = &["AuditEvent"];

/// Plumbing.
pub(super) const TECHNICAL: Group = &[
    "Basic",
    "Bundle",
    "OperationOutcome",
    "Parameters",
    "Subscription",
];

/// All groups with their printed names.
pub(super) const ALL: &[(&str, Group)] = &[
    ("persons", PERSONS),
    ("clinical", CLINICAL),
    ("observations", OBSERVATIONS),
    ("documents", DOCUMENTS),
    ("answers", ANSWERS),
    ("orders", ORDERS),
    ("laboratory", LABORATORY),
    ("prescriptions", PRESCRIPTIONS),
    ("medication", MEDICATION),
    ("scheduling", SCHEDULING),
    ("workflow", WORKFLOW),
    ("financial", FINANCIAL),
    ("directory", DIRECTORY),
    ("definitions", DEFINITIONS),
    ("population", POPULATION),
    ("provenance", PROVENANCE),
    ("audit", AUDIT),
    ("technical", TECHNICAL),
];

/// The printed name of a group or of a single type.
pub(super) fn name_of(group: Group) -> String {
    let named = ALL
        .iter()
        .find(|(_, known)| std::ptr::eq(*known, group) || *known == group);
    named.map_or_else(|| group.join(", "), |(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mt_fhir::definitions::ResourceType;

    use super::*;

    #[test]
    fn every_resource_type_stands_in_exactly_one_group() {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, group) in ALL {
            for name in *group {
                assert!(
                    ResourceType::from_name(name).is_some(),
                    "{name} is no R4 type"
                );
                *seen.entry(name).or_default() += 1;
            }
        }
        for resource_type in ResourceType::all() {
            let count = seen.get(resource_type.name()).copied();
            assert_eq!(count, Some(1), "{}", resource_type.name());
        }
    }
}
