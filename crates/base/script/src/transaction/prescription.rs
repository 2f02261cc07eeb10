//! Prescriptions and what pharmacies ask and tell about them.

use crate::codes;
use crate::model::{
    AllergyOrAdverseEvent, BenefitsCoordination, EXPECTED, Facility, Medication, OPTIONAL,
    Observation, Patient, Pharmacy, Prescriber, REQUIRED, record,
};

record! {
    /// `NewRx`: a prescription.
    NewRx {
        urgency_indicator: Option<String> = "UrgencyIndicatorCode", OPTIONAL.max(2);
        allergies: Option<AllergyOrAdverseEvent> = "AllergyOrAdverseEvent", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", REQUIRED;
        prohibit_renewal_request: Option<bool> = "ProhibitRenewalRequest", OPTIONAL;
    }

    /// `NewRxRequest`: a pharmacy asks for a prescription.
    NewRxRequest {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        urgency_indicator: Option<String> = "UrgencyIndicatorCode", OPTIONAL.max(2);
        allergies: Option<AllergyOrAdverseEvent> = "AllergyOrAdverseEvent", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_requested: Vec<Medication> = "MedicationRequested", REQUIRED;
    }

    /// `RxChangeRequest`: a pharmacy asks to change a prescription.
    RxChangeRequest {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        message_request_code: Option<String> = "MessageRequestCode", EXPECTED.codes(codes::CHANGE_REQUEST);
        message_request_sub_code: Vec<String> = "MessageRequestSubCode", OPTIONAL.max(3);
        urgency_indicator: Option<String> = "UrgencyIndicatorCode", OPTIONAL.max(2);
        allergies: Option<AllergyOrAdverseEvent> = "AllergyOrAdverseEvent", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", REQUIRED;
        medication_requested: Vec<Medication> = "MedicationRequested", OPTIONAL;
        change_reason_text: Option<String> = "ChangeReasonText", OPTIONAL.max(260);
    }

    /// `RxRenewalRequest`: a pharmacy asks for more refills.
    RxRenewalRequest {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        urgency_indicator: Option<String> = "UrgencyIndicatorCode", OPTIONAL.max(2);
        allergies: Option<AllergyOrAdverseEvent> = "AllergyOrAdverseEvent", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        follow_up_prescriber: Option<Prescriber> = "FollowUpPrescriber", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_dispensed: Option<Medication> = "MedicationDispensed", EXPECTED;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", OPTIONAL;
    }

    /// `CancelRx`: a prescriber takes a prescription back.
    CancelRx {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        message_request_code: Option<String> = "MessageRequestCode", OPTIONAL.max(2);
        change_of_prescription_status: Option<String> = "ChangeOfPrescriptionStatusFlag", OPTIONAL.max(2);
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", EXPECTED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", REQUIRED;
    }

    /// `RxFill`: a pharmacy tells what became of a prescription.
    RxFill {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        fill_status: Option<FillStatus> = "FillStatus", REQUIRED;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        medication_dispensed: Option<Medication> = "MedicationDispensed", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", EXPECTED;
    }

    /// `FillStatus`: exactly one of its fields.
    FillStatus {
        dispensed: Option<FillOutcome> = "Dispensed", OPTIONAL;
        partially_dispensed: Option<FillOutcome> = "PartiallyDispensed", OPTIONAL.aliases(&["PartiallyFilled"]);
        not_dispensed: Option<FillOutcome> = "NotDispensed", OPTIONAL.aliases(&["NotFilled"]);
        transferred: Option<FillOutcome> = "Transferred", OPTIONAL;
    }

    /// How a fill came about or why not.
    FillOutcome {
        reason_code: Vec<String> = "ReasonCode", OPTIONAL.max(3);
        reason: Option<String> = "Reason", OPTIONAL.max(70);
        note: Option<String> = "Note", OPTIONAL.max(70);
    }

    /// `RxFillIndicatorChange`: a prescriber changes which fills he is told of.
    RxFillIndicatorChange {
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", REQUIRED;
    }

    /// `RxTransfer`, before 2023011 `RxTransferResponse`: a pharmacy hands prescriptions over.
    RxTransfer {
        response: Option<super::Response> = "Response", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", EXPECTED;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        medication_prescribed: Vec<Medication> = "MedicationPrescribed", OPTIONAL;
        medication_dispensed: Vec<Medication> = "MedicationDispensed", OPTIONAL;
    }
}
