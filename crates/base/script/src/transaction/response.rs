//! Answers of people: what a prescriber or a pharmacist decided.

use crate::model::{
    AllergyOrAdverseEvent, BenefitsCoordination, Facility, Medication, OPTIONAL, Observation,
    Patient, Pharmacy, Prescriber, REQUIRED, record,
};

record! {
    /// `Response`: exactly one of its fields; [`Response::decision`] says which.
    Response {
        approved: Option<Outcome> = "Approved", OPTIONAL;
        approved_with_changes: Option<Outcome> = "ApprovedWithChanges", OPTIONAL;
        denied: Option<Outcome> = "Denied", OPTIONAL;
        denied_new_prescription: Option<Outcome> = "DeniedNewPrescriptionToFollow", OPTIONAL;
        replace: Option<Outcome> = "Replace", OPTIONAL;
        validated: Option<Outcome> = "Validated", OPTIONAL;
    }

    /// The reasons of a decision, and the medication that some nest in it.
    Outcome {
        reference_number: Option<String> = "ReferenceNumber", OPTIONAL.max(35);
        reason_code: Vec<String> = "ReasonCode", OPTIONAL.max(3);
        denial_reason: Option<String> = "DenialReason", OPTIONAL.max(260);
        note: Option<String> = "Note", OPTIONAL.max(260);
        medication: Option<Medication> = "MedicationPrescribed", OPTIONAL;
    }

    /// `RxRenewalResponse`.
    RxRenewalResponse {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        response: Option<Response> = "Response", REQUIRED;
        allergies: Option<AllergyOrAdverseEvent> = "AllergyOrAdverseEvent", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", OPTIONAL;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_dispensed: Option<Medication> = "MedicationDispensed", OPTIONAL;
        medication_response: Option<Medication> = "MedicationResponse", OPTIONAL.aliases(&["MedicationPrescribed"]);
        prohibit_renewal_request: Option<bool> = "ProhibitRenewalRequest", OPTIONAL;
    }

    /// `RxChangeResponse`.
    RxChangeResponse {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        response: Option<Response> = "Response", REQUIRED;
        message_request_code: Option<String> = "MessageRequestCode", OPTIONAL.codes(crate::codes::CHANGE_REQUEST);
        allergies: Option<AllergyOrAdverseEvent> = "AllergyOrAdverseEvent", OPTIONAL;
        benefits: Vec<BenefitsCoordination> = "BenefitsCoordination", OPTIONAL;
        facility: Option<Facility> = "Facility", OPTIONAL;
        patient: Option<Patient> = "Patient", OPTIONAL;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        supervisor: Option<Prescriber> = "Supervisor", OPTIONAL;
        observation: Option<Observation> = "Observation", OPTIONAL;
        medication_response: Option<Medication> = "MedicationPrescribed", OPTIONAL.aliases(&["MedicationResponse"]);
    }

    /// `CancelRxResponse`.
    CancelRxResponse {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        response: Option<Response> = "Response", REQUIRED;
        patient: Option<Patient> = "Patient", OPTIONAL;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        medication_prescribed: Option<Medication> = "MedicationPrescribed", OPTIONAL;
    }

    /// `NewRxResponseDenied`: a prescriber will not prescribe what a pharmacy asked for.
    NewRxResponseDenied {
        request_reference_number: Option<String> = "RequestReferenceNumber", OPTIONAL.max(35);
        response: Option<Response> = "Response", REQUIRED;
        patient: Option<Patient> = "Patient", OPTIONAL;
        pharmacy: Option<Pharmacy> = "Pharmacy", OPTIONAL;
        prescriber: Option<Prescriber> = "Prescriber", OPTIONAL;
        medication_requested: Vec<Medication> = "MedicationRequested", OPTIONAL;
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision<'a> {
    /// As asked.
    Approved(&'a Outcome),
    /// Approved, but the medication of the response counts.
    ApprovedWithChanges(&'a Outcome),
    /// Refused.
    Denied(&'a Outcome),
    /// Refused; a new prescription follows.
    DeniedNewPrescription(&'a Outcome),
    /// The medication of the response takes the place of the prescribed one.
    Replace(&'a Outcome),
    /// The prescriber's authority or an authorisation was confirmed (change requests only).
    Validated(&'a Outcome),
}

impl Response {
    /// The decision, unless there is none or more than one: then nothing was decided.
    pub fn decision(&self) -> Option<Decision<'_>> {
        let mut decisions = self.decisions();
        match (decisions.pop(), decisions.pop()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// Every decision that is stated.
    pub(crate) fn decisions(&self) -> Vec<Decision<'_>> {
        let choices = [
            self.approved.as_ref().map(Decision::Approved),
            self.approved_with_changes
                .as_ref()
                .map(Decision::ApprovedWithChanges),
            self.denied.as_ref().map(Decision::Denied),
            self.denied_new_prescription
                .as_ref()
                .map(Decision::DeniedNewPrescription),
            self.replace.as_ref().map(Decision::Replace),
            self.validated.as_ref().map(Decision::Validated),
        ];
        choices.into_iter().flatten().collect()
    }
}

impl<'a> Decision<'a> {
    /// Its reasons.
    pub fn outcome(self) -> &'a Outcome {
        match self {
            Self::Approved(outcome)
            | Self::ApprovedWithChanges(outcome)
            | Self::Denied(outcome)
            | Self::DeniedNewPrescription(outcome)
            | Self::Replace(outcome)
            | Self::Validated(outcome) => outcome,
        }
    }

    /// Whether the medication of the response is what counts from now on.
    pub fn brings_medication(self) -> bool {
        matches!(self, Self::ApprovedWithChanges(_) | Self::Replace(_))
    }

    /// Whether the pharmacy may dispense on it.
    pub fn authorizes(self) -> bool {
        self.brings_medication() || matches!(self, Self::Approved(_))
    }
}

impl RxRenewalResponse {
    /// The medication that counts: nested in the decision, else beside it.
    pub fn medication(&self) -> Option<&Medication> {
        medication(self.response.as_ref(), self.medication_response.as_ref())
    }
}

impl RxChangeResponse {
    /// The medication that counts: nested in the decision, else beside it.
    pub fn medication(&self) -> Option<&Medication> {
        medication(self.response.as_ref(), self.medication_response.as_ref())
    }
}

fn medication<'a>(
    response: Option<&'a Response>,
    beside: Option<&'a Medication>,
) -> Option<&'a Medication> {
    let nested = response.and_then(Response::decision).map(Decision::outcome);
    nested
        .and_then(|outcome| outcome.medication.as_ref())
        .or(beside)
}
