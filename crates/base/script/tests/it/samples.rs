//! Messages that keep every rule, for tests to break.

use mt_script::answer::Stamp;
use mt_script::model::*;
use mt_script::transaction::*;
use mt_script::{Body, Message, Version};

pub(crate) fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(crate) fn day(text: &str) -> Option<Moment> {
    Some(Moment::Date(text.parse().expect("a date")))
}

pub(crate) fn stamp() -> Stamp {
    Stamp {
        message_id: "ANSWER-1".into(),
        sent_time: "2026-03-02T14:05:10Z".parse().expect("a time"),
        software: Some(software()),
    }
}

fn software() -> SenderSoftware {
    SenderSoftware {
        developer: some("Example"),
        product: some("Chart"),
        version_release: some("1.0"),
    }
}

fn name(last: &str, first: &str) -> Option<Name> {
    Some(Name {
        last_name: some(last),
        first_name: some(first),
        ..Name::default()
    })
}

pub(crate) fn address() -> Option<Address> {
    Some(Address {
        line1: some("1 Main Street"),
        city: some("Anytown"),
        state_province: some("VA"),
        postal_code: some("22102"),
        country_code: some("US"),
        ..Address::default()
    })
}

fn telephone() -> Option<CommunicationNumbers> {
    let number = Number {
        number: some("7035550123"),
        ..Number::default()
    };
    Some(CommunicationNumbers {
        primary_telephone: Some(number),
        ..CommunicationNumbers::default()
    })
}

pub(crate) fn header() -> Header {
    Header {
        to: Some(Mailbox::new("P", "1234567")),
        from: Some(Mailbox::new("D", "6301875277001")),
        message_id: some("MSG-1"),
        sent_time: Some("2026-03-02T09:05:00-05:00".parse().expect("a time")),
        sender_software: Some(software()),
        prescriber_order_number: some("ORDER-1"),
        ..Header::default()
    }
}

pub(crate) fn patient() -> Option<Patient> {
    let human = HumanPatient {
        name: name("Testpatient", "Riley"),
        gender: some("F"),
        date_of_birth: day("1985-07-22"),
        address: address(),
        communication_numbers: telephone(),
        ..HumanPatient::default()
    };
    Some(Patient {
        human: Some(human),
        non_human: None,
    })
}

pub(crate) fn pharmacy() -> Option<Pharmacy> {
    Some(Pharmacy {
        identification: Some(Identification {
            ncpdp_id: some("1234567"),
            npi: some("1306213384"),
            ..Identification::default()
        }),
        business_name: some("Community Pharmacy"),
        address: address(),
        communication_numbers: telephone(),
        ..Pharmacy::default()
    })
}

pub(crate) fn prescriber() -> Option<Prescriber> {
    let prescriber = NonVeterinarian {
        identification: Some(Identification {
            dea_number: some("BL8426529"),
            npi: some("1679524268"),
            ..Identification::default()
        }),
        name: name("O'Neil & Sons", "Morgan"),
        address: address(),
        communication_numbers: telephone(),
        place_of_service: some("11"),
        ..NonVeterinarian::default()
    };
    Some(Prescriber {
        non_veterinarian: Some(prescriber),
        veterinarian: None,
    })
}

pub(crate) fn term(text: &str, code: &str) -> Option<Term> {
    Some(Term {
        text: some(text),
        qualifier: some("SNOMED"),
        code: some(code),
    })
}

fn sig() -> Sig {
    let dosage = Dosage {
        quantity: Some(1.into()),
        quantity_maximum: None,
        unit: Some(Term {
            text: some("tablet"),
            qualifier: some("DoseUnitOfMeasure"),
            code: some("C48542"),
        }),
    };
    let frequency = Frequency {
        value: Some(1.into()),
        maximum: None,
        units: term("day", "258703001"),
    };
    Sig {
        text: some("Take 1 tablet by mouth once daily."),
        code_system: Some(SigCodeSystem {
            snomed_version: some("20170131"),
            fmt_version: some("16.03d"),
        }),
        instruction: vec![Instruction {
            dose_administration: Some(DoseAdministration {
                method: term("Take", "419652001"),
                dosage: Some(dosage),
                route: term("oral route", "26643006"),
                site: None,
            }),
            timing_and_duration: vec![TimingAndDuration {
                frequency: Some(frequency),
                ..TimingAndDuration::default()
            }],
            ..Instruction::default()
        }],
    }
}

pub(crate) fn medication() -> Medication {
    let coded = |code: &str| Some(Coded { code: some(code) });
    Medication {
        drug_description: some("Lisinopril 10 MG Oral Tablet"),
        drug_coded: Some(DrugCoded {
            product_code: Some(Code {
                code: some("00093505601"),
                qualifier: some("ND"),
            }),
            strength: None,
            drug_db_code: Some(DrugDbCode {
                code: some("314076"),
                qualifier: some("SCD"),
            }),
            dea_schedule: coded("C38046"),
        }),
        quantity: Some(Quantity {
            value: Some(30.into()),
            code_list_qualifier: some("38"),
            unit: coded("C48542"),
        }),
        days_supply: Some(30),
        written_date: day("2026-03-02"),
        substitutions: some("0"),
        refills: Some(3),
        diagnosis: vec![Diagnosis {
            clinical_information_qualifier: some("1"),
            primary: Some(DiagnosisCode {
                code: some("I10"),
                qualifier: some("ABF"),
                description: some("Essential hypertension"),
            }),
            secondary: None,
        }],
        note: some("First fill \u{2265} 30 tablets"),
        sig: Some(sig()),
        ..Medication::default()
    }
}

pub(crate) fn new_rx() -> NewRx {
    NewRx {
        patient: patient(),
        pharmacy: pharmacy(),
        prescriber: prescriber(),
        medication_prescribed: Some(medication()),
        ..NewRx::default()
    }
}

pub(crate) fn prescription() -> Message {
    Message::new(Version::V2017071, header(), Body::NewRx(Box::new(new_rx())))
}

/// A message of any body, from the pharmacy when it answers or asks.
pub(crate) fn message(body: Body) -> Message {
    let relates = body.transaction().answers().then(|| "MSG-0".to_owned());
    Message::new(
        Version::V2023011,
        Header {
            relates_to_message_id: relates,
            ..header()
        },
        body,
    )
}

/// One valid message of every transaction that has rules of its own.
pub(crate) fn all() -> Vec<Message> {
    let (patient, pharmacy, prescriber) = (patient(), pharmacy(), prescriber());
    let medication = medication();
    let denied = Response {
        denied: Some(Outcome {
            reason_code: vec!["AF".into()],
            ..Outcome::default()
        }),
        ..Response::default()
    };
    let approved = Response {
        approved: Some(Outcome::default()),
        ..Response::default()
    };
    let changed = Response {
        approved_with_changes: Some(Outcome {
            note: some("Lower dose"),
            ..Outcome::default()
        }),
        ..Response::default()
    };
    macro_rules! body {
        ($name:ident { $($field:ident: $value:expr),* $(,)? }) => {
            Body::$name(Box::new($name { $($field: $value,)* ..$name::default() }))
        };
        (parties $name:ident { $($field:ident: $value:expr),* $(,)? }) => {
            body!($name {
                patient: patient.clone(),
                pharmacy: pharmacy.clone(),
                prescriber: prescriber.clone(),
                $($field: $value,)*
            })
        };
    }
    let bodies = [
        body!(parties NewRx { medication_prescribed: Some(medication.clone()), }),
        body!(parties NewRxRequest { medication_requested: vec![medication.clone()], }),
        body!(NewRxResponseDenied {
            response: Some(denied.clone()),
        }),
        body!(parties RxChangeRequest {
            message_request_code: some("G"),
            medication_prescribed: Some(medication.clone()),
            medication_requested: vec![medication.clone(), medication.clone()],
        }),
        body!(parties RxChangeResponse {
            response: Some(changed),
            medication_response: Some(medication.clone()),
        }),
        body!(parties RxRenewalRequest { medication_dispensed: Some(medication.clone()), }),
        body!(parties RxRenewalResponse {
            response: Some(approved.clone()),
            medication_response: Some(medication.clone()),
        }),
        body!(parties CancelRx { medication_prescribed: Some(medication.clone()), }),
        body!(CancelRxResponse {
            response: Some(approved),
        }),
        body!(parties RxFill {
            fill_status: Some(FillStatus { dispensed: Some(FillOutcome::default()), ..FillStatus::default() }),
            medication_prescribed: Some(medication.clone()),
        }),
        body!(Status { code: some("010") }),
        body!(Error {
            code: some("900"),
            description: some("The patient is unknown"),
        }),
        body!(Verify { code: some("010") }),
        Body::GetMessage(Box::default()),
    ];
    bodies.into_iter().map(message).collect()
}
