//! The rows. Change them here; `docs/reference/permissions.md` is printed from them.

use std::fmt::Write as _;

use super::groups::{
    ANSWERS, AUDIT, CLINICAL, DEFINITIONS, DIRECTORY, DOCUMENTS, FINANCIAL, LABORATORY, MEDICATION,
    OBSERVATIONS, ORDERS, PERSONS, POPULATION, PRESCRIPTIONS, PROVENANCE, SCHEDULING, TECHNICAL,
    WORKFLOW, name_of,
};
use super::{Extent, Interactions, Operation, Role, Rule, StateCondition};

const APPOINTMENT: &[&str] = &["Appointment", "AppointmentResponse"];
const PATIENT: &[&str] = &["Patient"];
const COVERAGE: &[&str] = &["Coverage"];
const VITALS_AND_NOTES: &[&str] = &["Composition", "DocumentReference", "Binary"];
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

const fn rule(role: Role, types: &'static [&'static [&'static str]], letters: &str) -> Rule {
    let interactions = Interactions::parse(letters);
    Rule {
        role,
        types,
        interactions,
        extent: Extent::Tenant,
        condition: None,
    }
}

const fn own(role: Role, types: &'static [&'static [&'static str]], letters: &str) -> Rule {
    Rule {
        extent: Extent::OwnPatient,
        ..rule(role, types, letters)
    }
}

const fn when(base: Rule, condition: StateCondition) -> Rule {
    Rule {
        condition: Some(condition),
        ..base
    }
}

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
    rule(Role::Doctor, CHART, "crus"),
    rule(
        Role::Doctor,
        &[FINANCIAL, DIRECTORY, DEFINITIONS, POPULATION],
        "rs",
    ),
    when(
        rule(Role::Doctor, &[ORDERS, PRESCRIPTIONS], "d"),
        StateCondition::StatusIn(&["draft"]),
    ),
    // Nurses measure, administer and document; they do not diagnose or prescribe.
    rule(Role::Nurse, CHART, "rs"),
    rule(
        Role::Nurse,
        &[PERSONS, OBSERVATIONS, NURSING, ADMINISTRATION, ANSWERS],
        "cu",
    ),
    rule(
        Role::Nurse,
        &[VITALS_AND_NOTES, SCHEDULING, WORKFLOW, &["Specimen"]],
        "cu",
    ),
    when(
        rule(Role::Nurse, &[ORDERS], "cu"),
        StateCondition::NewStatusIn(&["draft"]),
    ),
    rule(Role::Nurse, &[DIRECTORY, DEFINITIONS], "rs"),
    // The front desk registers, books and takes insurance details.
    rule(
        Role::Receptionist,
        &[PERSONS, SCHEDULING, COVERAGE, WORKFLOW],
        "crus",
    ),
    rule(Role::Receptionist, &[&["Encounter"]], "crus"),
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
        rule(
            Role::LabTechnician,
            &[OBSERVATIONS, &["DiagnosticReport"]],
            "cu",
        ),
        StateCondition::NewStatusIn(PREPARED),
    ),
    when(
        rule(Role::LabTechnician, &[LAB_ORDERS], "u"),
        StateCondition::OnlyFields(ORDER_FIELDS),
    ),
    when(
        rule(
            Role::LabTechnician,
            &[OBSERVATIONS, &["DiagnosticReport"]],
            "d",
        ),
        StateCondition::WithinHours(24),
    ),
    rule(
        Role::LabSupervisor,
        &[PERSONS, ORDERS, DIRECTORY, DEFINITIONS, CLINICAL],
        "rs",
    ),
    rule(
        Role::LabSupervisor,
        &[LABORATORY, OBSERVATIONS, WORKFLOW, &["Media"]],
        "crus",
    ),
    when(
        rule(Role::LabSupervisor, &[LAB_ORDERS], "u"),
        StateCondition::OnlyFields(ORDER_FIELDS),
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
        StateCondition::OnlyFields(FULFILMENT_FIELDS),
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
    rule(Role::ClinicalStaff, CHART, "rs"),
    rule(
        Role::ClinicalStaff,
        &[OBSERVATIONS, ALLIED, ANSWERS, VITALS_AND_NOTES, WORKFLOW],
        "cu",
    ),
    rule(Role::ClinicalStaff, &[DIRECTORY, DEFINITIONS], "rs"),
    // Patients read their record, keep their contact details, book, answer forms and write messages.
    own(Role::Patient, CHART, "rs"),
    own(Role::Patient, &[FINANCIAL], "rs"),
    when(
        own(Role::Patient, &[PATIENT], "u"),
        StateCondition::OnlyFields(CONTACT_FIELDS),
    ),
    own(Role::Patient, &[APPOINTMENT, ANSWERS, MESSAGES], "cu"),
    rule(Role::Patient, &[DIRECTORY, DEFINITIONS], "rs"),
    rule(Role::Patient, &[&["Schedule", "Slot"]], "rs"),
    own(Role::Caregiver, CHART, "rs"),
    own(Role::Caregiver, &[FINANCIAL], "rs"),
    own(Role::Caregiver, &[APPOINTMENT, ANSWERS, MESSAGES], "cu"),
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
        Operation::ReadAudit => &[Role::OrgAdmin, Role::Auditor],
        Operation::BreakGlass => &[Role::Doctor, Role::Nurse],
        Operation::ManageUsers | Operation::ManageTenant => &[Role::OrgAdmin],
        Operation::ManageTenants => &[Role::SuperAdmin],
    }
}

/// The whole matrix as the Markdown page `docs/reference/permissions.md`.
#[must_use]
pub fn printed() -> String {
    let mut page = String::from(
        "# Permissions\n\nPrinted from the matrix in `mt-access`; a test keeps this page equal to it.\n\
         Letters: **c**reate, **r**ead, **u**pdate, **d**elete, **s**earch. What is not named is denied.\n\n\
         | role | records | may | extent | only |\n|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let types: Vec<String> = rule.types.iter().map(|group| name_of(group)).collect();
        let extent = match rule.extent {
            Extent::Tenant => "tenant",
            Extent::OwnPatient => "own patient",
        };
        let only = match rule.condition {
            None => String::new(),
            Some(StateCondition::WithinHours(hours)) => format!("within {hours} h"),
            Some(StateCondition::StatusIn(states)) => format!("while {}", states.join(", ")),
            Some(StateCondition::NewStatusIn(states)) => format!("as {}", states.join(", ")),
            Some(StateCondition::OnlyFields(fields)) => format!("fields {}", fields.join(", ")),
        };
        let (role, types) = (rule.role.code(), types.join("; "));
        let _ = writeln!(
            page,
            "| {role} | {types} | {} | {extent} | {only} |",
            rule.interactions
        );
    }
    page.push_str("\n| operation | open to |\n|---|---|\n");
    for operation in Operation::ALL {
        let roles: Vec<&str> = operations(operation)
            .iter()
            .map(|role| role.code())
            .collect();
        let _ = writeln!(page, "| {} | {} |", operation.code(), roles.join(", "));
    }
    page.push_str("\n| group | resource types |\n|---|---|\n");
    for (name, group) in super::groups::ALL {
        let _ = writeln!(page, "| {name} | {} |", group.join(", "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interaction;

    fn may(role: Role, name: &str, interaction: Interaction) -> bool {
        RULES.iter().any(|rule| {
            rule.role == role && rule.covers(name) && rule.interactions.contains(interaction)
        })
    }

    #[test]
    fn a_patient_never_writes_clinical_facts() {
        for role in [Role::Patient, Role::Caregiver] {
            for group in [
                CLINICAL,
                OBSERVATIONS,
                DOCUMENTS,
                ORDERS,
                LABORATORY,
                PRESCRIPTIONS,
            ] {
                for name in group {
                    for interaction in [
                        Interaction::Create,
                        Interaction::Update,
                        Interaction::Delete,
                    ] {
                        assert!(
                            !may(role, name, interaction),
                            "{role:?} {name} {interaction:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn nobody_but_doctors_and_services_creates_prescriptions() {
        for role in Role::ALL {
            let expected = matches!(role, Role::Doctor | Role::Service);
            assert_eq!(
                may(role, "MedicationRequest", Interaction::Create),
                expected,
                "{role:?}"
            );
        }
    }

    #[test]
    fn nobody_writes_the_audit_trail() {
        for role in Role::ALL {
            for interaction in [
                Interaction::Create,
                Interaction::Update,
                Interaction::Delete,
            ] {
                assert!(!may(role, "AuditEvent", interaction), "{role:?}");
            }
        }
    }

    #[test]
    fn the_printed_page_is_up_to_date() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../docs/reference/permissions.md"
        );
        if std::env::var_os("MEDITRACK_WRITE_DOCS").is_some() {
            std::fs::write(path, printed()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(page, printed(), "write it anew with MEDITRACK_WRITE_DOCS=1");
    }

    #[test]
    fn every_type_that_a_rule_names_exists() {
        for rule in RULES {
            for name in rule.types.iter().copied().flatten() {
                let known = mt_fhir::definitions::ResourceType::from_name(name);
                assert!(known.is_some(), "{name}");
            }
        }
    }
}
