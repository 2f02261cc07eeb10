//! Who the patient is, where, with whom, on whose account.

use super::segments;

segments! {
    /// PID: patient identification.
    Pid "PID" {
        /// Number.
        1 set_id -> one Leaf;
        /// External identifier, before version 2.3.1.
        2 external_id -> one Cx;
        /// Identifiers.
        3 identifiers -> each Cx;
        /// Alternate identifiers, before version 2.3.1.
        4 alternate_ids -> each Cx;
        /// Names.
        5 names -> each Xpn;
        /// Mother's maiden name.
        6 mothers_maiden_names -> each Xpn;
        /// Date, or date and time, of birth.
        7 birth_date -> one Leaf;
        /// Administrative sex; table 0001.
        8 sex -> one Leaf;
        /// Aliases, before version 2.4.
        9 aliases -> each Xpn;
        /// Race.
        10 races -> each Cwe;
        /// Addresses.
        11 addresses -> each Xad;
        /// County code, before version 2.3.
        12 county -> one Leaf;
        /// Home telephones and other contacts.
        13 home_phones -> each Xtn;
        /// Business telephones.
        14 business_phones -> each Xtn;
        /// Language.
        15 language -> one Cwe;
        /// Marital status.
        16 marital_status -> one Cwe;
        /// Religion.
        17 religion -> one Cwe;
        /// Account number.
        18 account -> one Cx;
        /// Social security number, before version 2.3.1.
        19 ssn -> one Leaf;
        /// Driver's licence, before version 2.5.
        20 drivers_license -> one Leaf;
        /// Mother's identifiers.
        21 mothers_ids -> each Cx;
        /// Ethnic group.
        22 ethnic_groups -> each Cwe;
        /// Place of birth.
        23 birth_place -> one Leaf;
        /// One of a multiple birth.
        24 multiple_birth -> one Leaf;
        /// Which one of a multiple birth.
        25 birth_order -> one Leaf;
        /// Citizenship.
        26 citizenships -> each Cwe;
        /// When the patient died.
        29 death_time -> one Leaf;
        /// Whether the patient died.
        30 deceased -> one Leaf;
        /// Whether the identity is unknown.
        31 identity_unknown -> one Leaf;
        /// When it was last updated.
        33 last_update -> one Leaf;
    }
    /// PD1: further demographics.
    Pd1 "PD1" {
        /// Primary facility.
        3 primary_facilities -> each Xon;
        /// Primary care provider, before version 2.7.
        4 primary_care_providers -> each Xcn;
        /// Publicity code.
        11 publicity -> one Cwe;
        /// Whether the data are protected.
        12 protection -> one Leaf;
    }
    /// MRG: the identifiers that a merge retires.
    Mrg "MRG" {
        /// Prior identifiers.
        1 prior_identifiers -> each Cx;
        /// Prior alternate identifiers.
        2 prior_alternate_ids -> each Cx;
        /// Prior account number.
        3 prior_account -> one Cx;
        /// Prior patient id, before version 2.3.1.
        4 prior_patient_id -> one Cx;
        /// Prior visit number.
        5 prior_visit -> one Cx;
        /// Prior names.
        7 prior_names -> each Xpn;
    }
    /// NK1: next of kin and other associated parties.
    Nk1 "NK1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Names.
        2 names -> each Xpn;
        /// Relationship; table 0063.
        3 relationship -> one Cwe;
        /// Addresses.
        4 addresses -> each Xad;
        /// Telephones.
        5 phones -> each Xtn;
        /// Business telephones.
        6 business_phones -> each Xtn;
        /// Role; table 0131.
        7 role -> one Cwe;
        /// Since.
        8 start -> one Leaf;
        /// Until.
        9 end -> one Leaf;
    }
    /// PV1: the visit.
    Pv1 "PV1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Inpatient, outpatient, emergency, …; table 0004.
        2 class -> one Leaf;
        /// Where the patient is.
        3 location -> one Pl;
        /// Kind of admission.
        4 admission_type -> one Leaf;
        /// Pre-admission number.
        5 preadmit_number -> one Cx;
        /// Where the patient was.
        6 prior_location -> one Pl;
        /// Attending doctors.
        7 attending -> each Xcn;
        /// Referring doctors.
        8 referring -> each Xcn;
        /// Consulting doctors.
        9 consulting -> each Xcn;
        /// Hospital service.
        10 service -> one Leaf;
        /// Where the patient is for the moment.
        11 temporary_location -> one Pl;
        /// Whence the patient was admitted.
        14 admit_source -> one Leaf;
        /// Ambulatory status.
        15 ambulatory_statuses -> each Leaf;
        /// Very important person.
        16 vip -> one Leaf;
        /// Admitting doctors.
        17 admitting -> each Xcn;
        /// Kind of patient.
        18 patient_type -> one Leaf;
        /// Visit number.
        19 visit_number -> one Cx;
        /// Financial class.
        20 financial_classes -> each Leaf;
        /// Whither the patient was discharged.
        36 discharge_disposition -> one Leaf;
        /// Place discharged to.
        37 discharged_to -> one Leaf;
        /// Where the patient will be.
        42 pending_location -> one Pl;
        /// Admitted.
        44 admitted -> one Leaf;
        /// Discharged.
        45 discharged -> one Leaf;
        /// Alternate visit id.
        50 alternate_visit -> one Cx;
    }
    /// PV2: more about the visit.
    Pv2 "PV2" {
        /// Where the patient was pending.
        1 prior_pending_location -> one Pl;
        /// Kind of accommodation.
        2 accommodation -> one Cwe;
        /// Why admitted.
        3 admit_reason -> one Cwe;
        /// Why transferred.
        4 transfer_reason -> one Cwe;
        /// Expected admission.
        8 expected_admission -> one Leaf;
        /// Expected discharge.
        9 expected_discharge -> one Leaf;
        /// Description.
        12 description -> one Leaf;
    }
    /// AL1: an allergy.
    Al1 "AL1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Drug, food, …; table 0127.
        2 kind -> one Cwe;
        /// To what.
        3 allergen -> one Cwe;
        /// Severity; table 0128.
        4 severity -> one Cwe;
        /// Reactions.
        5 reactions -> each Leaf;
        /// Since.
        6 identified -> one Leaf;
    }
    /// DG1: a diagnosis.
    Dg1 "DG1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Coding method, before version 2.7.
        2 method -> one Leaf;
        /// The diagnosis.
        3 diagnosis -> one Cwe;
        /// Its text, before version 2.7.
        4 description -> one Leaf;
        /// When it was made.
        5 diagnosed -> one Leaf;
        /// Admitting, working, final; table 0052.
        6 kind -> one Leaf;
        /// Rank.
        15 priority -> one Leaf;
        /// Who made it.
        16 diagnosing -> each Xcn;
    }
    /// PR1: a procedure.
    Pr1 "PR1" {
        /// Number.
        1 set_id -> one Leaf;
        /// The procedure.
        3 procedure -> one Cwe;
        /// Its text, before version 2.7.
        4 description -> one Leaf;
        /// When.
        5 performed -> one Leaf;
        /// Minutes.
        7 minutes -> one Leaf;
        /// Associated diagnosis.
        15 diagnosis -> one Cwe;
    }
    /// GT1: a guarantor.
    Gt1 "GT1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Identifiers.
        2 identifiers -> each Cx;
        /// Names.
        3 names -> each Xpn;
        /// Addresses.
        5 addresses -> each Xad;
        /// Home telephones.
        6 home_phones -> each Xtn;
        /// Date of birth.
        8 birth_date -> one Leaf;
        /// Sex.
        9 sex -> one Leaf;
        /// Relationship to the patient.
        11 relationship -> one Cwe;
    }
    /// IN1: an insurance.
    In1 "IN1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Plan.
        2 plan -> one Cwe;
        /// Identifiers of the company.
        3 company_ids -> each Cx;
        /// Names of the company.
        4 company_names -> each Xon;
        /// Addresses of the company.
        5 company_addresses -> each Xad;
        /// Telephones of the company.
        7 company_phones -> each Xtn;
        /// Group number.
        8 group_number -> one Leaf;
        /// Group names.
        9 group_names -> each Xon;
        /// Valid from.
        12 effective -> one Leaf;
        /// Valid until.
        13 expires -> one Leaf;
        /// Kind of plan.
        15 plan_type -> one Leaf;
        /// Names of the insured.
        16 insured_names -> each Xpn;
        /// Relationship of the insured to the patient.
        17 relationship -> one Cwe;
        /// The insured's date of birth.
        18 insured_birth_date -> one Leaf;
        /// The insured's addresses.
        19 insured_addresses -> each Xad;
        /// Priority.
        22 priority -> one Leaf;
        /// Policy number.
        36 policy_number -> one Leaf;
        /// The insured's sex.
        43 insured_sex -> one Leaf;
        /// The insured's identifiers.
        49 insured_ids -> each Cx;
    }
    /// FT1: a financial transaction.
    Ft1 "FT1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Transaction id.
        2 transaction_id -> one Leaf;
        /// Batch.
        3 batch_id -> one Leaf;
        /// When; a date or a range.
        4 transaction_date -> one Dr;
        /// Posted.
        5 posted -> one Leaf;
        /// Charge, credit, payment; table 0017.
        6 kind -> one Leaf;
        /// Code of the transaction.
        7 code -> one Cwe;
        /// Its text.
        8 description -> one Leaf;
        /// Quantity.
        10 quantity -> one Leaf;
        /// Extended amount.
        11 extended_amount -> one Cp;
        /// Unit amount.
        12 unit_amount -> one Cp;
        /// Department.
        13 department -> one Cwe;
        /// Health plan.
        14 plan -> one Cwe;
        /// Where.
        16 location -> one Pl;
        /// Diagnoses.
        19 diagnoses -> each Cwe;
        /// Who performed it.
        20 performed_by -> each Xcn;
        /// Who ordered it.
        21 ordered_by -> each Xcn;
        /// Cost of a unit.
        22 unit_cost -> one Cp;
        /// Filler order number.
        23 filler_order -> one Ei;
        /// Procedure.
        25 procedure -> one Cwe;
        /// Modifiers.
        26 modifiers -> each Cwe;
    }
}
