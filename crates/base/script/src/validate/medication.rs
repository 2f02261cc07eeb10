//! Rules of medications: amounts, dates, codes, directions, controlled substances.

use rust_decimal::Decimal;

use super::rules::Parties;
use super::sink::Sink;
use crate::codes::{self, Schedule};
use crate::message::Message;
use crate::model::{Address, DrugCoded, Medication, NonVeterinarian, Sig};
use crate::transaction::{Body, Decision};

/// Checks every medication of a message.
pub(super) fn check(message: &Message, base: &str, sink: &mut Sink<'_, '_>) {
    for (medication, path) in medications(&message.body, base) {
        amounts(medication, &path, sink);
        dates(medication, message, &path, sink);
        if let Some(coded) = &medication.drug_coded {
            drug_codes(coded, &path, sink);
        }
        if let Some(sig) = &medication.sig {
            directions(sig, &path, sink);
        }
    }
    if let Body::NewRx(prescription) = &message.body
        && let Some(medication) = &prescription.medication_prescribed
        && medication.quantity.is_none()
        && medication.compound.is_none()
    {
        let path = format!("{base}/MedicationPrescribed/Quantity");
        sink.error(
            "quantity",
            &path,
            "a prescription must say how much to dispense",
        );
    }
    if let Some((medication, path)) = prescribed(&message.body, base)
        && let Some(schedule) = medication.controlled_schedule()
    {
        controlled(message, medication, schedule, base, &path, sink);
    }
}

/// The medications of a body with their paths.
fn medications<'m>(body: &'m Body, base: &str) -> Vec<(&'m Medication, String)> {
    let one = |medication: &'m Option<Medication>, name: &str| {
        medication
            .iter()
            .map(|medication| (medication, format!("{base}/{name}")))
            .collect()
    };
    let many = |medications: &'m [Medication], name: &str| -> Vec<(&'m Medication, String)> {
        let path = |index: usize| match index {
            0 => format!("{base}/{name}"),
            index => format!("{base}/{name}[{}]", index + 1),
        };
        medications
            .iter()
            .enumerate()
            .map(|(index, medication)| (medication, path(index)))
            .collect()
    };
    let (prescribed, dispensed, requested) = (
        "MedicationPrescribed",
        "MedicationDispensed",
        "MedicationRequested",
    );
    match body {
        Body::NewRx(m) => one(&m.medication_prescribed, prescribed),
        Body::NewRxRequest(m) => many(&m.medication_requested, requested),
        Body::RxChangeRequest(m) => [
            one(&m.medication_prescribed, prescribed),
            many(&m.medication_requested, requested),
        ]
        .concat(),
        Body::RxRenewalRequest(m) => [
            one(&m.medication_dispensed, dispensed),
            one(&m.medication_prescribed, prescribed),
        ]
        .concat(),
        Body::CancelRx(m) => one(&m.medication_prescribed, prescribed),
        Body::RxFill(m) => [
            one(&m.medication_dispensed, dispensed),
            one(&m.medication_prescribed, prescribed),
        ]
        .concat(),
        Body::RxHistoryResponse(m) => [
            many(&m.medication_dispensed, dispensed),
            many(&m.medication_prescribed, prescribed),
        ]
        .concat(),
        Body::Resupply(m) => one(&m.medication_prescribed, prescribed),
        Body::Recertification(m) => one(&m.medication_prescribed, prescribed),
        Body::DrugAdministration(m) => {
            let given = "MedicationAdministered";
            [
                one(&m.medication_administered, given),
                one(&m.medication_prescribed, prescribed),
            ]
            .concat()
        }
        Body::RxChangeResponse(_) | Body::RxRenewalResponse(_) => {
            self::prescribed(body, base).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The medication that a message orders: by a prescription, or by the decision about a request.
fn prescribed<'m>(body: &'m Body, base: &str) -> Option<(&'m Medication, String)> {
    let (response, beside, name) = match body {
        Body::NewRx(m) => {
            let path = format!("{base}/MedicationPrescribed");
            return m
                .medication_prescribed
                .as_ref()
                .map(|medication| (medication, path));
        }
        Body::RxRenewalResponse(m) => (&m.response, &m.medication_response, "MedicationResponse"),
        Body::RxChangeResponse(m) => (&m.response, &m.medication_response, "MedicationPrescribed"),
        _ => return None,
    };
    let decision = response.as_ref()?.decision()?;
    if !decision.authorizes() {
        return None;
    }
    let nested = match decision {
        Decision::ApprovedWithChanges(outcome) => Some(("ApprovedWithChanges", outcome)),
        Decision::Replace(outcome) => Some(("Replace", outcome)),
        Decision::Approved(outcome) => Some(("Approved", outcome)),
        _ => None,
    };
    let nested = nested.and_then(|(choice, outcome)| {
        let path = format!("{base}/Response/{choice}/MedicationPrescribed");
        outcome
            .medication
            .as_ref()
            .map(|medication| (medication, path))
    });
    nested.or_else(|| {
        beside
            .as_ref()
            .map(|medication| (medication, format!("{base}/{name}")))
    })
}

fn amounts(medication: &Medication, path: &str, sink: &mut Sink<'_, '_>) {
    let value = medication
        .quantity
        .as_ref()
        .and_then(|quantity| quantity.value);
    if value.is_some_and(|value| value <= Decimal::ZERO) {
        sink.error(
            "quantity",
            &format!("{path}/Quantity/Value"),
            "the quantity is not positive",
        );
    }
    if medication.days_supply == Some(0) {
        sink.error(
            "days-supply",
            &format!("{path}/DaysSupply"),
            "the supply is for no day",
        );
    }
}

fn dates(medication: &Medication, message: &Message, path: &str, sink: &mut Sink<'_, '_>) {
    let sent = message.header.sent_time.as_ref().map(|time| time.date());
    let written = medication.written_date.as_ref().map(|moment| moment.date());
    // Offsets of sender and prescriber may put both on neighbouring days.
    if let (Some(written), Some(sent)) = (written, sent)
        && written.day_number() > sent.day_number() + 1
    {
        let path = format!("{path}/WrittenDate");
        sink.error(
            "date",
            &path,
            "the prescription is written after the message was sent",
        );
    }
    let patient = Parties::of(&message.body)
        .patient
        .and_then(|patient| patient.human.as_ref());
    let birth = patient
        .and_then(|human| human.date_of_birth.as_ref())
        .map(|moment| moment.date());
    if let (Some(written), Some(birth)) = (written, birth)
        && birth > written
    {
        let path = format!("{path}/WrittenDate");
        sink.error(
            "date",
            &path,
            "the prescription is written before the patient was born",
        );
    }
    let last_fill = medication
        .last_fill_date
        .as_ref()
        .map(|moment| moment.date());
    if let (Some(written), Some(last_fill)) = (written, last_fill)
        && last_fill < written
    {
        let path = format!("{path}/LastFillDate");
        sink.warning(
            "date",
            &path,
            "the last fill is before the prescription was written",
        );
    }
}

fn drug_codes(coded: &DrugCoded, path: &str, sink: &mut Sink<'_, '_>) {
    let is_digits = |code: &str| code.chars().all(|c| c.is_ascii_digit());
    if let Some(product) = &coded.product_code
        && let (Some(code), Some("ND")) = (&product.code, product.qualifier.as_deref())
        && (code.len() != 11 || !is_digits(code))
    {
        let path = format!("{path}/DrugCoded/ProductCode");
        sink.error(
            "ndc",
            &path,
            "a National Drug Code has eleven digits without hyphens",
        );
    }
    if let Some(drug) = &coded.drug_db_code
        && let (Some(code), Some(qualifier)) = (&drug.code, &drug.qualifier)
        && codes::RXNORM_QUALIFIER.contains(&qualifier.as_str())
        && (code.len() > 8 || !is_digits(code))
    {
        let path = format!("{path}/DrugCoded/DrugDBCode");
        sink.error(
            "rxnorm",
            &path,
            "an RxNorm identifier is a number of at most eight digits",
        );
    }
    let schedule = coded
        .dea_schedule
        .as_ref()
        .and_then(|schedule| schedule.code.as_deref());
    if let Some(schedule) = schedule
        && schedule != codes::UNSCHEDULED
        && Schedule::of_code(schedule).is_none()
    {
        let path = format!("{path}/DrugCoded/DEASchedule/Code");
        sink.error("schedule", &path, "the code is of no DEA schedule");
    }
}

/// Structured directions must not say less than a dose needs.
fn directions(sig: &Sig, path: &str, sink: &mut Sink<'_, '_>) {
    for (index, instruction) in sig.instruction.iter().enumerate() {
        let path = match index {
            0 => format!("{path}/Sig/Instruction"),
            index => format!("{path}/Sig/Instruction[{}]", index + 1),
        };
        let administration = instruction.dose_administration.as_ref();
        if let Some(dosage) = administration.and_then(|given| given.dosage.as_ref()) {
            let path = format!("{path}/DoseAdministration/Dosage");
            match (dosage.quantity, dosage.quantity_maximum) {
                (Some(quantity), _) if quantity <= Decimal::ZERO => {
                    sink.error("dose", &path, "the dose is not positive");
                }
                (Some(least), Some(most)) if most < least => {
                    sink.error("dose", &path, "the highest dose is below the lowest");
                }
                _ => {}
            }
        }
        for timing in &instruction.timing_and_duration {
            let values = [
                timing
                    .frequency
                    .as_ref()
                    .and_then(|frequency| frequency.value),
                timing.interval.as_ref().and_then(|interval| interval.value),
                timing.duration.as_ref().and_then(|duration| duration.value),
            ];
            if values
                .into_iter()
                .flatten()
                .any(|value| value <= Decimal::ZERO)
            {
                let path = format!("{path}/TimingAndDuration");
                sink.error(
                    "timing",
                    &path,
                    "a frequency, interval or duration is not positive",
                );
            }
        }
    }
}

/// 21 CFR 1306.05, 1306.12, 1306.22 and 1311.120: what a prescription for a controlled substance must have.
fn controlled(
    message: &Message,
    medication: &Medication,
    schedule: Schedule,
    base: &str,
    path: &str,
    sink: &mut Sink<'_, '_>,
) {
    if schedule == Schedule::I {
        let path = format!("{path}/DrugCoded/DEASchedule");
        sink.error(
            "controlled",
            &path,
            "drugs of schedule I are not prescribed",
        );
    }
    let is_signed = message
        .header
        .digital_signature
        .as_ref()
        .is_some_and(|s| s.is_present());
    if !is_signed {
        let sentence = "a prescription for a controlled substance must be digitally signed";
        sink.error("controlled", "Message/Header/DigitalSignature", sentence);
    }
    let refills = medication.refills.zip(schedule.most_refills());
    if refills.is_some_and(|(refills, most)| refills > most) {
        let path = format!("{path}/NumberOfRefills");
        sink.error(
            "controlled",
            &path,
            "the schedule does not allow so many refills",
        );
    }
    let parties = Parties::of(&message.body);
    let prescriber = parties.prescriber.and_then(|prescriber| {
        prescriber
            .non_veterinarian
            .as_ref()
            .or(prescriber.veterinarian.as_ref())
    });
    let prescriber_path = format!("{base}/Prescriber");
    let has_dea = |prescriber: &NonVeterinarian| {
        prescriber
            .identification
            .as_ref()
            .is_some_and(|ids| ids.dea_number.is_some())
    };
    if !prescriber.is_some_and(has_dea) {
        let sentence = "the prescriber of a controlled substance must give a DEA number";
        sink.error("controlled", &prescriber_path, sentence);
    }
    let is_whole = |address: &Address| address.line1.is_some() && address.city.is_some();
    if !prescriber
        .and_then(|p| p.address.as_ref())
        .is_some_and(is_whole)
    {
        let sentence = "the prescriber of a controlled substance must give an address";
        sink.error("controlled", &prescriber_path, sentence);
    }
    let patient = parties.patient.and_then(|patient| patient.human.as_ref());
    let has_address = patient
        .and_then(|human| human.address.as_ref())
        .is_some_and(is_whole);
    if patient.is_some() && !has_address {
        let path = format!("{base}/Patient/HumanPatient/Address");
        sink.error(
            "controlled",
            &path,
            "a controlled substance needs the address of the patient",
        );
    }
}
