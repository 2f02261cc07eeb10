//! Answers of systems, history, long-term care, transfers, and what is covered at the level of its parties.

use crate::codes;
use crate::model::{
    AllergyOrAdverseEvent, BenefitsCoordination, EXPECTED, Facility, Medication, Moment, OPTIONAL,
    Observation, Opaque, Patient, Pharmacy, Prescriber, REQUIRED, record,
};

record! {
    /// `Status`: a system took the message. That says nothing about the prescription.
    Status {
        code: Option<String> = "Code", REQUIRED.codes(codes::STATUS);
        description_code: Vec<String> = "DescriptionCode", OPTIONAL.max(4);
        description: Option<String> = "Description", OPTIONAL.max(70);
    }

    /// `Error`: a system did not take the message.
    Error {
        code: Option<String> = "Code", REQUIRED.codes(codes::ERROR);
        description_code: Vec<String> = "DescriptionCode", OPTIONAL.max(4);
        description: Option<String> = "Description", EXPECTED.max(70);
    }

    /// `Verify`: the receiver of a message that asked for it confirms that it has the message.
    Verify {
        code: Option<String> = "Code", OPTIONAL.codes(codes::VERIFY);
        description_code: Vec<String> = "DescriptionCode", OPTIONAL.max(4);
        description: Option<String> = "Description", OPTIONAL.max(70);
        verify_status: Option<VerifyStatus> = "VerifyStatus", OPTIONAL;
    }

    /// `VerifyStatus`: some senders write the code of a `Verify` here.
    VerifyStatus {
        code: Option<String> = "Code", OPTIONAL.codes(codes::VERIFY);
        description_code: Vec<String> = "DescriptionCode", OPTIONAL.max(4);
        description: Option<String> = "Description", OPTIONAL.max(70);
    }

    /// `GetMessage`: asks a mailbox for the next message.
    GetMessage {
        description: Option<String> = "Description", OPTIONAL.max(70);
    }

    /// `RxHistoryRequest`.
    RxHistoryRequest {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        urgency_indicator: Option<String> = "UrgencyIndicatorCode", OPTIONAL.max(2);
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", EXPECTED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        requested_dates: Option<RequestedDates> = "RequestedDates", EXPECTED;
    }

    /// `RequestedDates`: the time that the history shall cover, and the consent to ask for it.
    RequestedDates {
        start_date: Option<Moment> = "StartDate", EXPECTED;
        end_date: Option<Moment> = "EndDate", EXPECTED;
        consent: Option<String> = "Consent", EXPECTED.max(1);
    }

    /// `RxHistoryResponse`.
    RxHistoryResponse {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        response: Option<super::Response> = "Response", EXPECTED;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        medication_dispensed: Vec<Medication> = "MedicationDispensed", OPTIONAL;
        medication_prescribed: Vec<Medication> = "MedicationPrescribed", OPTIONAL;
    }

    /// `Resupply`: a facility asks for more of a running medication.
    Resupply {
        urgency_indicator: Option<String> = "UrgencyIndicatorCode", OPTIONAL.max(2);
        facility: Option<Facility> = "Facility", REQUIRED;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", EXPECTED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", REQUIRED;
    }

    /// `Recertification`: a prescriber confirms that a medication goes on.
    Recertification {
        facility: Option<Facility> = "Facility", REQUIRED;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", REQUIRED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", REQUIRED;
    }

    /// `DrugAdministration`: a facility tells about doses given, held, stopped or resumed.
    DrugAdministration {
        reason_code: Option<String> = "DrugAdminReasonCode", OPTIONAL.max(3);
        reason_text: Option<String> = "DrugAdminReasonText", OPTIONAL.max(260);
        facility: Option<Facility> = "Facility", REQUIRED;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", EXPECTED;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        medication_administered: Option<Medication> = "MedicationAdministered", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", OPTIONAL;
        effective_date: Option<Moment> = "EffectiveDate", OPTIONAL;
    }

    /// `RxTransferInitiationRequest`, before 2023011 `RxTransferRequest`: a pharmacy asks another for prescriptions.
    TransferInitiation {
        transfer_type: Option<String> = "TransferType", OPTIONAL.max(2).aliases(&["RxTransferRequestType"]);
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", REQUIRED;
        pharmacy: Option<Pharmacy> = "Pharmacy", REQUIRED;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        medication_transferred: Vec<Medication> = "MedicationTransferred", OPTIONAL.aliases(&["MedicationPrescribed"]);
    }

    /// `RxTransferConfirm`: the prescriptions arrived.
    TransferConfirm {
        patient: Option<Patient> = "Patient", OPTIONAL;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        medication_transferred: Vec<Medication> = "MedicationTransferred", OPTIONAL.aliases(&["MedicationPrescribed"]);
    }

    /// Prior authorisation and REMS at the level of their parties; questions and answers pass through.
    Administrative {
        reference_id: Option<String> = "PAReferenceID", OPTIONAL.max(35);
        allergies: Option<AllergyOrAdverseEvent> = "AllergyOrAdverseEvent", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", EXPECTED;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", OPTIONAL;
        request: Option<Opaque> = "Request", OPTIONAL;
        response: Option<Opaque> = "Response", OPTIONAL;
        attachment: Vec<Opaque> = "Attachment", OPTIONAL;
    }
}
