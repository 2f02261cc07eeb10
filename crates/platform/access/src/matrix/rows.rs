//! The rows. Change them here; `docs/reference/permissions.md` is printed from them.

use super::groups::{
    ANSWERS, AUDIT, CLINICAL, DEFINITIONS, DIRECTORY, DOCUMENTS, FINANCIAL, LABORATORY, MEDICATION,
    OBSERVATIONS, ORDERS, PERSONS, POPULATION, PRESCRIPTIONS, PROVENANCE, SCHEDULING, TECHNICAL,
    WORKFLOW,
};
use super::{Condition, Extent, Interactions, Operation, Role, Rule};

const APPOINTMENT: &[&str] = &["Appointment"];
const RESPONSE: &[&str] = &["AppointmentResponse"];
const PATIENT: &[&str] = &["Patient"];
const COVERAGE: &[&str] = &["Coverage"];
const CONSENT: &[&str] = &["Consent"];
/// Notes: what is signed of them is amended, never changed.
const NOTES: &[&str] = &["Composition", "DocumentReference"];
/// Attachments: what a note refers to must not change beneath it.
const ATTACHMENTS: &[&str] = &["Binary", "DocumentManifest"];
const REPORT: &[&str] = &["DiagnosticReport"];
const NURSING: &[&str] = &[
    "AllergyIntolerance",
    "CarePlan",
    "CareTeam",
    "Consent",
    "Encounter",
    "Flag",
    "Goal",
    "Immunization",
    "List",
    "Procedure",
];
const ALLIED: &[&str] = &[
    "CarePlan",
    "CareTeam",
    "Encounter",
    "Goal",
    "List",
    "Procedure",
];
const MESSAGES: &[&str] = &["Communication"];
const SUBSCRIPTION: &[&str] = &["Subscription"];
const DISPENSING: &[&str] = &["Medication", "MedicationDispense", "MedicationKnowledge"];
const ADMINISTRATION: &[&str] = &["MedicationAdministration", "MedicationStatement"];
const LAB_ORDERS: &[&str] = &["ServiceRequest"];
const CONTACT_FIELDS: &[&str] = &["telecom", "address", "contact", "communication", "photo"];
const ORDER_FIELDS: &[&str] = &["status", "specimen", "note", "performer", "replaces"];
const FULFILMENT_FIELDS: &[&str] = &[
    "status",
    "statusReason",
    "note",
    "substitution",
    "dispenseRequest",
    "detectedIssue",
];
const CANCELLATION_FIELDS: &[&str] = &["status", "cancelationReason", "comment"];
const OPEN_APPOINTMENT: &[&str] = &["proposed", "pending", "booked", "waitlist"];
const PREPARED: &[&str] = &["registered", "partial", "preliminary"];
/// All that a chart shows.
const CHART: &[&[&str]] = &[
    PERSONS,
    CLINICAL,
    OBSERVATIONS,
    DOCUMENTS,
    ANSWERS,
    ORDERS,
    LABORATORY,
    PRESCRIPTIONS,
    MEDICATION,
    SCHEDULING,
    WORKFLOW,
    PROVENANCE,
];

/// All of the chart that a doctor writes without being its signer.
const CHARTED: &[&[&str]] = &[
    PERSONS,
    CLINICAL,
    OBSERVATIONS,
    ANSWERS,
    ORDERS,
    &["Specimen"],
    MEDICATION,
    SCHEDULING,
    WORKFLOW,
];

const fn rule(role: Role, types: &'static [&'static [&'static str]], letters: &str) -> Rule {
    let interactions = Interactions::parse(letters);
    Rule {
        role,
        types,
        interactions,
        extent: Extent::Tenant,
        conditions: &[],
    }
}

/// A rule that a care-team restriction narrows.
const fn care(role: Role, types: &'static [&'static [&'static str]], letters: &str) -> Rule {
    Rule {
        extent: Extent::Care,
        ..rule(role, types, letters)
    }
}

const fn own(role: Role, types: &'static [&'static [&'static str]], letters: &str) -> Rule {
    Rule {
        extent: Extent::OwnPatient,
        ..rule(role, types, letters)
    }
}

const fn when(base: Rule, conditions: &'static [Condition]) -> Rule {
    Rule { conditions, ..base }
}

const IN_OWN_NAME: &[Condition] = &[Condition::InOwnName(&[
    "author", "sender", "source", "actor",
])];
const PRESCRIBER: &[Condition] = &[Condition::InOwnName(&["requester"])];
const AUTHOR: &[Condition] = &[Condition::InOwnName(&["author"])];

pub(super) const RULES: &[Rule] = &[
    // An administrator runs the organisation and sees who its patients are, not their charts.
    rule(
        Role::OrgAdmin,
        &[DIRECTORY, DEFINITIONS, SCHEDULING],
        "cruds",
    ),
    rule(Role::OrgAdmin, &[PERSONS, SUBSCRIPTION], "crus"),
    rule(
        Role::OrgAdmin,
        &[FINANCIAL, WORKFLOW, PROVENANCE, AUDIT],
        "rs",
    ),
    // Doctors write the chart; signed facts are amended, so nothing of it is deleted by hand.
    care(Role::Doctor, CHART, "rs"),
    care(Role::Doctor, CHARTED, "cu"),
    when(care(Role::Doctor, &[PRESCRIPTIONS], "cu"), PRESCRIBER),
    when(care(Role::Doctor, &[NOTES], "c"), AUTHOR),
    care(Role::Doctor, &[ATTACHMENTS, PROVENANCE, REPORT], "c"),
    when(
        care(Role::Doctor, &[NOTES, REPORT], "u"),
        &[Condition::Unsigned],
    ),
    when(
        care(Role::Doctor, &[NOTES, REPORT], "u"),
        &[Condition::Amending],
    ),
    care(Role::Doctor, &[FINANCIAL, POPULATION], "rs"),
    rule(Role::Doctor, &[DIRECTORY, DEFINITIONS], "rs"),
    when(
        care(Role::Doctor, &[ORDERS, PRESCRIPTIONS], "d"),
        &[Condition::While(&["draft"])],
    ),
    // Nurses measure, administer and document; they do not diagnose or prescribe.
    care(Role::Nurse, CHART, "rs"),
    care(
        Role::Nurse,
        &[PERSONS, OBSERVATIONS, NURSING, ADMINISTRATION, ANSWERS],
        "cu",
    ),
    care(Role::Nurse, &[SCHEDULING, WORKFLOW, &["Specimen"]], "cu"),
    when(care(Role::Nurse, &[NOTES], "c"), AUTHOR),
    care(Role::Nurse, &[ATTACHMENTS], "c"),
    when(
        care(Role::Nurse, &[NOTES], "u"),
        &[Condition::Unsigned, Condition::OwnWork],
    ),
    when(
        care(Role::Nurse, &[NOTES], "u"),
        &[Condition::Amending, Condition::OwnWork],
    ),
    when(
        care(Role::Nurse, &[ORDERS], "cu"),
        &[Condition::While(&["draft"]), Condition::As(&["draft"])],
    ),
    rule(Role::Nurse, &[DIRECTORY, DEFINITIONS], "rs"),
    // The front desk registers, books and takes insurance details.
    rule(
        Role::Receptionist,
        &[PERSONS, SCHEDULING, COVERAGE, WORKFLOW],
        "crus",
    ),
    rule(Role::Receptionist, &[&["Encounter"]], "crus"),
    // What a patient signs at the desk; which consents there are stays closed to it.
    rule(Role::Receptionist, &[CONSENT], "c"),
    rule(
        Role::Receptionist,
        &[&["Account", "Invoice", "PaymentNotice"]],
        "crs",
    ),
    rule(Role::Receptionist, &[DIRECTORY, DEFINITIONS], "rs"),
    // The laboratory works on orders, specimens and its own results.
    rule(
        Role::LabTechnician,
        &[PERSONS, ORDERS, DIRECTORY, DEFINITIONS],
        "rs",
    ),
    rule(
        Role::LabTechnician,
        &[LABORATORY, OBSERVATIONS, WORKFLOW, &["Media"]],
        "rs",
    ),
    rule(
        Role::LabTechnician,
        &[&["Specimen"], WORKFLOW, &["Media"]],
        "cu",
    ),
    when(
        rule(Role::LabTechnician, &[OBSERVATIONS, REPORT], "cu"),
        &[Condition::While(PREPARED), Condition::As(PREPARED)],
    ),
    when(
        rule(Role::LabTechnician, &[LAB_ORDERS], "u"),
        &[Condition::OnlyFields(ORDER_FIELDS)],
    ),
    when(
        rule(Role::LabTechnician, &[OBSERVATIONS, REPORT], "d"),
        &[Condition::WithinHours(24), Condition::While(PREPARED)],
    ),
    rule(
        Role::LabSupervisor,
        &[PERSONS, ORDERS, DIRECTORY, DEFINITIONS, CLINICAL],
        "rs",
    ),
    rule(
        Role::LabSupervisor,
        &[LABORATORY, OBSERVATIONS, WORKFLOW, &["Media"]],
        "rs",
    ),
    rule(
        Role::LabSupervisor,
        &[OBSERVATIONS, WORKFLOW, &["Media", "Specimen"]],
        "cu",
    ),
    rule(Role::LabSupervisor, &[REPORT], "c"),
    when(
        rule(Role::LabSupervisor, &[REPORT], "u"),
        &[Condition::Unsigned],
    ),
    when(
        rule(Role::LabSupervisor, &[REPORT], "u"),
        &[Condition::Amending],
    ),
    when(
        rule(Role::LabSupervisor, &[LAB_ORDERS], "u"),
        &[Condition::OnlyFields(ORDER_FIELDS)],
    ),
    // Pharmacists dispense; they change a prescription's fulfilment, and see what it interacts with.
    rule(
        Role::Pharmacist,
        &[PERSONS, PRESCRIPTIONS, DIRECTORY, DEFINITIONS, COVERAGE],
        "rs",
    ),
    rule(
        Role::Pharmacist,
        &[CLINICAL, OBSERVATIONS, MEDICATION],
        "rs",
    ),
    rule(
        Role::Pharmacist,
        &[DISPENSING, WORKFLOW, &["DetectedIssue", "SupplyDelivery"]],
        "crus",
    ),
    when(
        rule(Role::Pharmacist, &[PRESCRIPTIONS], "u"),
        &[Condition::OnlyFields(FULFILMENT_FIELDS)],
    ),
    // Billers code and claim; they read of the chart what a claim must show.
    rule(Role::Biller, &[FINANCIAL, WORKFLOW], "crus"),
    rule(
        Role::Biller,
        &[PERSONS, DIRECTORY, DEFINITIONS, SCHEDULING],
        "rs",
    ),
    rule(
        Role::Biller,
        &[
            &["Encounter", "Condition", "Procedure"],
            ORDERS,
            PRESCRIPTIONS,
        ],
        "rs",
    ),
    rule(
        Role::Biller,
        &[&["MedicationDispense", "Immunization", "DiagnosticReport"]],
        "rs",
    ),
    // Therapists, allied health and coordinators.
    care(Role::ClinicalStaff, CHART, "rs"),
    care(
        Role::ClinicalStaff,
        &[OBSERVATIONS, ALLIED, ANSWERS, WORKFLOW],
        "cu",
    ),
    when(care(Role::ClinicalStaff, &[NOTES], "c"), AUTHOR),
    care(Role::ClinicalStaff, &[ATTACHMENTS], "c"),
    when(
        care(Role::ClinicalStaff, &[NOTES], "u"),
        &[Condition::Unsigned, Condition::OwnWork],
    ),
    when(
        care(Role::ClinicalStaff, &[NOTES], "u"),
        &[Condition::Amending, Condition::OwnWork],
    ),
    rule(Role::ClinicalStaff, &[DIRECTORY, DEFINITIONS], "rs"),
    // Patients read their record, keep their contact details, ask for appointments, answer forms
    // and write messages. They complete no visit, sign nothing and speak for nobody else.
    own(Role::Patient, CHART, "rs"),
    own(Role::Patient, &[FINANCIAL], "rs"),
    when(
        own(Role::Patient, &[PATIENT], "u"),
        &[Condition::OnlyFields(CONTACT_FIELDS)],
    ),
    when(
        own(Role::Patient, &[APPOINTMENT], "c"),
        &[Condition::As(&["proposed", "pending"])],
    ),
    when(
        own(Role::Patient, &[APPOINTMENT], "u"),
        &[
            Condition::While(OPEN_APPOINTMENT),
            Condition::As(&["cancelled"]),
            Condition::OnlyFields(CANCELLATION_FIELDS),
        ],
    ),
    when(own(Role::Patient, &[RESPONSE, MESSAGES], "c"), IN_OWN_NAME),
    when(own(Role::Patient, &[ANSWERS], "c"), IN_OWN_NAME),
    when(
        own(Role::Patient, &[ANSWERS], "u"),
        &[
            Condition::While(&["in-progress"]),
            Condition::InOwnName(&["author", "source"]),
        ],
    ),
    rule(Role::Patient, &[DIRECTORY, DEFINITIONS], "rs"),
    rule(Role::Patient, &[&["Schedule", "Slot"]], "rs"),
    // A caregiver does for a patient what the patient could, within the scope of the proxy.
    own(Role::Caregiver, CHART, "rs"),
    own(Role::Caregiver, &[FINANCIAL], "rs"),
    when(
        own(Role::Caregiver, &[APPOINTMENT], "c"),
        &[Condition::As(&["proposed", "pending"])],
    ),
    when(
        own(Role::Caregiver, &[APPOINTMENT], "u"),
        &[
            Condition::While(OPEN_APPOINTMENT),
            Condition::As(&["cancelled"]),
            Condition::OnlyFields(CANCELLATION_FIELDS),
        ],
    ),
    when(
        own(Role::Caregiver, &[RESPONSE, MESSAGES], "c"),
        IN_OWN_NAME,
    ),
    when(own(Role::Caregiver, &[ANSWERS], "c"), IN_OWN_NAME),
    when(
        own(Role::Caregiver, &[ANSWERS], "u"),
        &[
            Condition::While(&["in-progress"]),
            Condition::InOwnName(&["author", "source"]),
        ],
    ),
    rule(Role::Caregiver, &[DIRECTORY, DEFINITIONS], "rs"),
    rule(Role::Caregiver, &[&["Schedule", "Slot"]], "rs"),
    // Auditors read everything and change nothing.
    rule(Role::Auditor, CHART, "rs"),
    rule(
        Role::Auditor,
        &[
            FINANCIAL,
            DIRECTORY,
            DEFINITIONS,
            POPULATION,
            AUDIT,
            TECHNICAL,
        ],
        "rs",
    ),
    // A privacy officer sees who people are and who looked, and keeps consents; charts stay closed.
    rule(
        Role::PrivacyOfficer,
        &[PERSONS, DIRECTORY, DEFINITIONS, PROVENANCE, AUDIT],
        "rs",
    ),
    rule(Role::PrivacyOfficer, &[CONSENT], "crus"),
    // A backend service holds what its scopes say; the audit trail stays closed to writing.
    rule(Role::Service, CHART, "cruds"),
    rule(
        Role::Service,
        &[FINANCIAL, DIRECTORY, DEFINITIONS, POPULATION, TECHNICAL],
        "cruds",
    ),
    rule(Role::Service, &[AUDIT], "rs"),
];

pub(super) const fn operations(operation: Operation) -> &'static [Role] {
    match operation {
        Operation::Export => &[Role::OrgAdmin, Role::Service],
        Operation::Import => &[Role::Service],
        Operation::Match => &[
            Role::OrgAdmin,
            Role::Doctor,
            Role::Nurse,
            Role::Receptionist,
            Role::Service,
        ],
        Operation::MergePatients => &[Role::OrgAdmin],
        Operation::ActivatePatients => &[Role::OrgAdmin, Role::Receptionist],
        Operation::CosignNotes => &[Role::Doctor],
        Operation::AcknowledgeResults => &[Role::Doctor, Role::Nurse],
        Operation::ReadAudit => &[Role::OrgAdmin, Role::Auditor, Role::PrivacyOfficer],
        Operation::BreakGlass => &[Role::Doctor, Role::Nurse, Role::ClinicalStaff],
        Operation::ReviewAccess => &[Role::OrgAdmin, Role::Auditor, Role::PrivacyOfficer],
        Operation::ManagePrivacy => &[Role::PrivacyOfficer],
        Operation::ManageUsers | Operation::ManageTenant => &[Role::OrgAdmin],
        Operation::ManageTenants => &[Role::SuperAdmin],
        Operation::ReadHealth => &[Role::OrgAdmin, Role::SuperAdmin],
    }
}

#[cfg(test)]
mod tests {
    use mt_fhir::definitions::ResourceType;

    use super::*;
    use crate::{Interaction, held_by};

    fn may(role: Role, name: &str, interaction: Interaction) -> bool {
        held_by(role, ResourceType::from_name(name).unwrap()).contains(interaction)
    }

    fn writes(name: &str) -> impl Iterator<Item = (&str, Interaction)> {
        let all = Interaction::ALL.into_iter();
        all.filter(|one| one.writes()).map(move |one| (name, one))
    }

    #[test]
    fn a_patient_writes_contact_details_appointments_answers_and_messages_alone() {
        let allowed = [
            ("Patient", Interaction::Update),
            ("Appointment", Interaction::Create),
            ("Appointment", Interaction::Update),
            ("AppointmentResponse", Interaction::Create),
            ("QuestionnaireResponse", Interaction::Create),
            ("QuestionnaireResponse", Interaction::Update),
            ("Communication", Interaction::Create),
        ];
        for role in [Role::Patient, Role::Caregiver] {
            for (name, interaction) in ResourceType::all().flat_map(|t| writes(t.name())) {
                let expected = allowed.contains(&(name, interaction))
                    && (role == Role::Patient || name != "Patient");
                let held = may(role, name, interaction);
                assert_eq!(held, expected, "{role:?} {name} {interaction:?}");
            }
        }
    }

    #[test]
    fn whatever_a_patient_writes_is_bound_to_the_own_record_and_to_a_condition() {
        for rule in RULES {
            let patient_facing = matches!(rule.role, Role::Patient | Role::Caregiver);
            let writing = !rule.interactions.is_within(Interactions::parse("rs"));
            if patient_facing && writing {
                assert_eq!(rule.extent, Extent::OwnPatient, "{rule:?}");
                assert!(!rule.conditions.is_empty(), "{rule:?}");
            }
        }
    }

    #[test]
    fn what_clinicians_see_of_patients_yields_to_a_care_team_restriction() {
        for rule in RULES.iter().filter(|rule| rule.role.is_clinician()) {
            let personal = ResourceType::all()
                .filter(|t| !super::super::is_impersonal(*t))
                .any(|t| rule.covers(t.name()));
            assert_eq!(personal, rule.extent == Extent::Care, "{rule:?}");
        }
    }

    #[test]
    fn nobody_but_doctors_and_services_creates_prescriptions() {
        for role in Role::ALL {
            let expected = matches!(role, Role::Doctor | Role::Service);
            let held = may(role, "MedicationRequest", Interaction::Create);
            assert_eq!(held, expected, "{role:?}");
        }
    }

    #[test]
    fn nobody_writes_the_audit_trail() {
        for role in Role::ALL {
            for (name, interaction) in writes("AuditEvent") {
                assert!(!may(role, name, interaction), "{role:?}");
            }
        }
    }

    #[test]
    fn administrators_see_no_chart() {
        for role in [Role::SuperAdmin, Role::OrgAdmin] {
            for group in [CLINICAL, OBSERVATIONS, DOCUMENTS, LABORATORY, PRESCRIPTIONS] {
                for name in group {
                    let held = held_by(role, ResourceType::from_name(name).unwrap());
                    assert!(held.is_empty(), "{role:?} {name}");
                }
            }
        }
        let nothing = ResourceType::all().all(|t| held_by(Role::SuperAdmin, t).is_empty());
        assert!(nothing, "a super admin reads no record at all");
    }

    #[test]
    fn every_type_that_a_rule_names_exists() {
        for rule in RULES {
            for name in rule.types.iter().copied().flatten() {
                assert!(ResourceType::from_name(name).is_some(), "{name}");
            }
        }
    }
}
