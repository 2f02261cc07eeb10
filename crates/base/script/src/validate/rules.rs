//! Rules between parts of a message.

use super::medication;
use super::sink::Sink;
use crate::document::Document;
use crate::message::Message;
use crate::model::{AllergyOrAdverseEvent, Patient, Pharmacy, Prescriber};
use crate::transaction::{Body, FillStatus, Response, RxChangeRequest, Verify};

/// Checks what no single element can tell.
pub(super) fn check(document: &Document<'_>, message: &Message, sink: &mut Sink<'_, '_>) {
    header(message, sink);
    let base = format!("Message/Body/{}", document.transaction().name());
    let parties = Parties::of(&message.body);
    if let Some(patient) = parties.patient {
        check_patient(patient, message, &base, sink);
    }
    if let Some(prescriber) = parties.prescriber {
        let count = usize::from(prescriber.non_veterinarian.is_some())
            + usize::from(prescriber.veterinarian.is_some());
        if count != 1 {
            let path = format!("{base}/Prescriber");
            sink.error(
                "choice",
                &path,
                "a prescriber is either NonVeterinarian or Veterinarian",
            );
        }
    }
    if let Some(pharmacy) = parties.pharmacy {
        routing(message, pharmacy, &base, sink);
    }
    if let Some(allergies) = parties.allergies {
        check_allergies(allergies, &base, sink);
    }
    match &message.body {
        Body::RxChangeRequest(request) => change_request(request, &base, sink),
        Body::RxChangeResponse(answer) => {
            let medication = answer.medication().is_some();
            response(answer.response.as_ref(), true, medication, &base, sink);
        }
        Body::RxRenewalResponse(answer) => {
            let medication = answer.medication().is_some();
            response(answer.response.as_ref(), false, medication, &base, sink);
        }
        Body::CancelRxResponse(answer) => {
            response(answer.response.as_ref(), false, true, &base, sink);
        }
        Body::NewRxResponseDenied(answer) => {
            response(answer.response.as_ref(), false, true, &base, sink);
        }
        Body::Verify(confirmation) => verify(confirmation, &base, sink),
        Body::RxFill(fill) => fill_status(fill.fill_status.as_ref(), &base, sink),
        _ => {}
    }
    medication::check(message, &base, sink);
}

/// The parts that several transactions have in common.
#[derive(Default)]
pub(super) struct Parties<'m> {
    pub(super) patient: Option<&'m Patient>,
    pub(super) prescriber: Option<&'m Prescriber>,
    pub(super) pharmacy: Option<&'m Pharmacy>,
    pub(super) allergies: Option<&'m AllergyOrAdverseEvent>,
}

impl<'m> Parties<'m> {
    pub(super) fn of(body: &'m Body) -> Self {
        macro_rules! parties {
            ($message:ident, $allergies:expr) => {
                Self {
                    patient: $message.patient.as_ref(),
                    prescriber: $message.prescriber.as_ref(),
                    pharmacy: $message.pharmacy.as_ref(),
                    allergies: $allergies,
                }
            };
        }
        match body {
            Body::NewRx(m) => parties!(m, m.allergies.as_ref()),
            Body::NewRxRequest(m) => parties!(m, m.allergies.as_ref()),
            Body::RxChangeRequest(m) => parties!(m, m.allergies.as_ref()),
            Body::RxChangeResponse(m) => parties!(m, m.allergies.as_ref()),
            Body::RxRenewalRequest(m) => parties!(m, m.allergies.as_ref()),
            Body::RxRenewalResponse(m) => parties!(m, m.allergies.as_ref()),
            Body::CancelRx(m) => parties!(m, None),
            Body::CancelRxResponse(m) => parties!(m, None),
            Body::NewRxResponseDenied(m) => parties!(m, None),
            Body::RxFill(m) => parties!(m, None),
            Body::RxFillIndicatorChange(m) => parties!(m, None),
            Body::RxHistoryRequest(m) => parties!(m, None),
            Body::RxHistoryResponse(m) => parties!(m, None),
            Body::Resupply(m) => parties!(m, None),
            Body::Recertification(m) => parties!(m, None),
            Body::DrugAdministration(m) => parties!(m, None),
            Body::RxTransferRequest(m) | Body::RxTransferInitiationRequest(m) => parties!(m, None),
            Body::RxTransferResponse(m) | Body::RxTransfer(m) => parties!(m, None),
            Body::PAInitiationRequest(m)
            | Body::PAInitiationResponse(m)
            | Body::PARequest(m)
            | Body::PAResponse(m)
            | Body::PAAppealRequest(m)
            | Body::PAAppealResponse(m)
            | Body::PACancelRequest(m)
            | Body::PACancelResponse(m)
            | Body::PANotification(m)
            | Body::REMSInitiationRequest(m)
            | Body::REMSInitiationResponse(m)
            | Body::REMSRequest(m)
            | Body::REMSResponse(m) => parties!(m, m.allergies.as_ref()),
            _ => Self::default(),
        }
    }
}

fn header(message: &Message, sink: &mut Sink<'_, '_>) {
    let header = &message.header;
    let path = "Message/Header/RelatesToMessageID";
    match (&header.relates_to_message_id, &header.message_id) {
        (None, _) if message.transaction().answers() => {
            sink.error(
                "relates-to",
                path,
                "an answer must say which message it answers",
            );
        }
        (Some(related), Some(own)) if related == own => {
            sink.error("relates-to", path, "a message cannot answer itself");
        }
        _ => {}
    }
}

fn check_patient(patient: &Patient, message: &Message, base: &str, sink: &mut Sink<'_, '_>) {
    let path = format!("{base}/Patient");
    let Some(human) = &patient.human else {
        if patient.non_human.is_none() {
            sink.error(
                "choice",
                &path,
                "a patient is either HumanPatient or NonHumanPatient",
            );
        }
        return;
    };
    if patient.non_human.is_some() {
        sink.error(
            "choice",
            &path,
            "a patient is either HumanPatient or NonHumanPatient",
        );
    }
    let birth = human.date_of_birth.as_ref().map(|moment| moment.date());
    let sent = message.header.sent_time.as_ref().map(|time| time.date());
    if let (Some(birth), Some(sent)) = (birth, sent) {
        let path = format!("{path}/HumanPatient/DateOfBirth");
        if birth.day_number() > sent.day_number() + 1 {
            sink.error(
                "date",
                &path,
                "the patient is born after the message was sent",
            );
        } else if sent.day_number() - birth.day_number() > 130 * 366 {
            sink.error("date", &path, "the patient is older than 130 years");
        }
    }
}

/// A message to a pharmacy by its NCPDP identifier names the same pharmacy in its body.
fn routing(message: &Message, pharmacy: &Pharmacy, base: &str, sink: &mut Sink<'_, '_>) {
    let own = pharmacy
        .identification
        .as_ref()
        .and_then(|ids| ids.ncpdp_id.as_ref());
    for mailbox in [&message.header.to, &message.header.from]
        .into_iter()
        .flatten()
    {
        let is_pharmacy = mailbox.qualifier.as_deref() == Some("P");
        if is_pharmacy && own.is_some_and(|own| *own != mailbox.id) {
            let path = format!("{base}/Pharmacy/Identification/NCPDPID");
            sink.warning("routing", &path, "the header addresses another pharmacy");
        }
    }
}

fn check_allergies(allergies: &AllergyOrAdverseEvent, base: &str, sink: &mut Sink<'_, '_>) {
    let says_none = allergies.no_known_allergies.as_deref() == Some("Y");
    let path = format!("{base}/AllergyOrAdverseEvent");
    if says_none && !allergies.allergies.is_empty() {
        sink.error(
            "choice",
            &path,
            "allergies are listed and said to be unknown",
        );
    }
    if allergies.no_known_allergies.is_none() && allergies.allergies.is_empty() {
        sink.warning(
            "choice",
            &path,
            "neither allergies nor their absence are stated",
        );
    }
}

fn change_request(request: &RxChangeRequest, base: &str, sink: &mut Sink<'_, '_>) {
    let code = request.message_request_code.as_deref();
    let is_substitution = matches!(code, Some("G" | "T" | "OS" | "D" | "S"));
    if is_substitution && request.medication_requested.is_empty() {
        let path = format!("{base}/MedicationRequested");
        sink.warning(
            "change",
            &path,
            "the change asks for another medication but names none",
        );
    }
}

fn response(
    response: Option<&Response>,
    is_change: bool,
    has_medication: bool,
    base: &str,
    sink: &mut Sink<'_, '_>,
) {
    let Some(response) = response else { return };
    let path = format!("{base}/Response");
    match response.decisions().as_slice() {
        [] => sink.error("decision", &path, "the response states no decision"),
        [only] => {
            if only.brings_medication() && !has_medication {
                let sentence = "the decision changes the medication but the response names none";
                sink.error("decision", &path, sentence);
            }
            if response.validated.is_some() && !is_change {
                let path = format!("{path}/Validated");
                sink.error("decision", &path, "only change requests can be validated");
            }
            let denied = response.denied.as_ref();
            let has_reason = |outcome: &&crate::transaction::Outcome| {
                !outcome.reason_code.is_empty() || outcome.denial_reason.is_some()
            };
            if denied.is_some() && denied.filter(has_reason).is_none() {
                let path = format!("{path}/Denied");
                sink.warning("decision", &path, "the denial gives no reason");
            }
        }
        _ => sink.error(
            "decision",
            &path,
            "the response states more than one decision",
        ),
    }
}

fn fill_status(status: Option<&FillStatus>, base: &str, sink: &mut Sink<'_, '_>) {
    let Some(status) = status else { return };
    let stated = [
        &status.dispensed,
        &status.partially_dispensed,
        &status.not_dispensed,
        &status.transferred,
    ];
    if stated.into_iter().flatten().count() != 1 {
        let path = format!("{base}/FillStatus");
        sink.error("choice", &path, "a fill has exactly one status");
    }
}

fn verify(confirmation: &Verify, base: &str, sink: &mut Sink<'_, '_>) {
    let wrapped = confirmation
        .verify_status
        .as_ref()
        .is_some_and(|status| status.code.is_some());
    if wrapped == confirmation.code.is_some() {
        let path = format!("{base}/Code");
        sink.error(
            "choice",
            &path,
            "a Verify has one code, in it or in its VerifyStatus",
        );
    }
}
