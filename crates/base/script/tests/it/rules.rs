//! Every rule refuses what breaks it.

use mt_script::model::*;
use mt_script::transaction::*;
use mt_script::{Body, Document, Message, Report, validate};

use crate::samples::{self, day, some};

fn check(message: &Message) -> Report {
    validate(message.to_string().as_bytes())
}

/// The rules that errors of a changed prescription name.
fn broken(edit: impl FnOnce(&mut Header, &mut NewRx)) -> Vec<&'static str> {
    let mut message = samples::prescription();
    let Body::NewRx(body) = &mut message.body else {
        panic!("a prescription")
    };
    edit(&mut message.header, body);
    check(&message).errors().map(|issue| issue.rule).collect()
}

fn ordered(body: &mut NewRx) -> &mut Medication {
    body.medication_prescribed.as_mut().expect("a medication")
}

fn schedule(medication: &mut Medication, code: &str) {
    let coded = medication.drug_coded.as_mut().expect("a coded drug");
    coded.dea_schedule = Some(Coded { code: some(code) });
}

fn medication(edit: impl FnOnce(&mut Medication)) -> Vec<&'static str> {
    broken(|_, body| edit(ordered(body)))
}

fn controlled(edit: impl FnOnce(&mut Header, &mut NewRx)) -> Vec<&'static str> {
    broken(|header, body| {
        header.digital_signature = Some(DigitalSignature::indicator());
        schedule(ordered(body), "C48677");
        edit(header, body);
    })
}

#[test]
fn a_whole_prescription_breaks_no_rule() {
    assert_eq!(check(&samples::prescription()).issues, []);
    assert_eq!(controlled(|_, _| {}), [""; 0]);
}

#[test]
fn amounts_must_make_sense() {
    assert_eq!(
        medication(|m| m.quantity.as_mut().unwrap().value = Some(0.into())),
        ["quantity"]
    );
    assert_eq!(
        medication(|m| m.quantity.as_mut().unwrap().value = Some((-1).into())),
        ["quantity"]
    );
    assert_eq!(medication(|m| m.days_supply = Some(0)), ["days-supply"]);
    assert_eq!(medication(|m| m.days_supply = Some(1000)), ["format"]);
    assert_eq!(medication(|m| m.refills = Some(100)), ["format"]);
}

#[test]
fn codes_must_have_their_form() {
    let product = |code: &str| {
        let code = some(code);
        medication(|m| {
            m.drug_coded
                .as_mut()
                .unwrap()
                .product_code
                .as_mut()
                .unwrap()
                .code = code
        })
    };
    assert_eq!(product("0093-5056-01"), ["ndc"]);
    let drug = |m: &mut Medication| {
        m.drug_coded
            .as_mut()
            .unwrap()
            .drug_db_code
            .as_mut()
            .unwrap()
            .code = some("12a")
    };
    assert_eq!(medication(drug), ["rxnorm"]);
    assert_eq!(medication(|m| schedule(m, "C1")), ["schedule"]);
    assert_eq!(medication(|m| m.substitutions = some("2")), ["format"]);
}

#[test]
fn dates_must_follow_each_other() {
    assert_eq!(medication(|m| m.written_date = day("2026-03-04")), ["date"]);
    assert_eq!(medication(|m| m.written_date = day("1985-07-21")), ["date"]);
    let born = |date: &'static str| {
        broken(|_, body| {
            body.patient
                .as_mut()
                .unwrap()
                .human
                .as_mut()
                .unwrap()
                .date_of_birth = day(date)
        })
    };
    assert_eq!(born("1885-01-01"), ["date"]);
    assert_eq!(born("2026-04-01"), ["date", "date"]);
}

#[test]
fn a_controlled_substance_needs_signature_registration_and_addresses() {
    assert_eq!(
        controlled(|header, _| header.digital_signature = None),
        ["controlled"]
    );
    let unsigned = DigitalSignature {
        xml: "<DigitalSignatureIndicator>false</DigitalSignatureIndicator>".into(),
        ..DigitalSignature::default()
    };
    assert_eq!(
        controlled(|header, _| header.digital_signature = Some(unsigned)),
        ["controlled"]
    );
    fn prescriber(body: &mut NewRx) -> &mut NonVeterinarian {
        body.prescriber
            .as_mut()
            .unwrap()
            .non_veterinarian
            .as_mut()
            .unwrap()
    }
    assert_eq!(
        controlled(|_, body| prescriber(body).identification.as_mut().unwrap().dea_number = None),
        ["controlled"]
    );
    assert_eq!(
        controlled(|_, body| prescriber(body).address = None),
        ["controlled"]
    );
    assert_eq!(
        controlled(|_, body| body
            .patient
            .as_mut()
            .unwrap()
            .human
            .as_mut()
            .unwrap()
            .address = None),
        ["controlled"]
    );
    assert_eq!(
        controlled(
            |_, body| prescriber(body).identification.as_mut().unwrap().dea_number =
                some("BL8426520")
        ),
        ["format"]
    );
}

#[test]
fn schedules_limit_refills() {
    let refills = |schedule: &'static str, refills: u32| {
        controlled(|_, body| {
            let medication = body.medication_prescribed.as_mut().unwrap();
            medication.refills = Some(refills);
            self::schedule(medication, schedule);
        })
    };
    assert_eq!(refills("C48675", 0), [""; 0]);
    assert_eq!(refills("C48675", 1), ["controlled"]);
    assert_eq!(refills("C48677", 5), [""; 0]);
    assert_eq!(refills("C48677", 6), ["controlled"]);
    assert_eq!(refills("C48679", 11), [""; 0]);
    assert_eq!(refills("C48672", 0), ["controlled"]);
}

#[test]
fn an_approved_renewal_of_a_controlled_substance_needs_a_signature_and_a_request_does_not() {
    let mut medication = samples::medication();
    schedule(&mut medication, "C48677");
    let request = RxRenewalRequest {
        patient: samples::patient(),
        pharmacy: samples::pharmacy(),
        prescriber: samples::prescriber(),
        medication_dispensed: Some(medication.clone()),
        ..RxRenewalRequest::default()
    };
    assert!(check(&samples::message(Body::RxRenewalRequest(Box::new(request)))).is_valid());
    let mut answer = RxRenewalResponse {
        response: Some(Response {
            approved: Some(Outcome::default()),
            ..Response::default()
        }),
        patient: samples::patient(),
        prescriber: samples::prescriber(),
        medication_response: Some(medication),
        ..RxRenewalResponse::default()
    };
    let report = check(&samples::message(Body::RxRenewalResponse(Box::new(
        answer.clone(),
    ))));
    assert_eq!(
        report.errors().map(|issue| issue.rule).collect::<Vec<_>>(),
        ["controlled"]
    );
    answer.response = Some(Response {
        denied: Some(Outcome::default()),
        ..Response::default()
    });
    assert!(check(&samples::message(Body::RxRenewalResponse(Box::new(answer)))).is_valid());
}

#[test]
fn an_answer_must_say_what_it_answers() {
    for message in samples::all() {
        let mut orphan = message.clone();
        orphan.header.relates_to_message_id = None;
        let errors: Vec<&str> = check(&orphan).errors().map(|issue| issue.rule).collect();
        let expected: &[&str] = if message.transaction().answers() {
            &["relates-to"]
        } else {
            &[]
        };
        assert_eq!(errors, expected, "{:?}", message.transaction());
    }
    assert_eq!(
        broken(|header, _| header.relates_to_message_id = header.message_id.clone()),
        ["relates-to"]
    );
}

#[test]
fn a_response_states_exactly_one_decision() {
    let errors = |response: Response, medication: Option<Medication>| -> Vec<&'static str> {
        let body = RxRenewalResponse {
            response: Some(response),
            medication_response: medication,
            ..RxRenewalResponse::default()
        };
        check(&samples::message(Body::RxRenewalResponse(Box::new(body))))
            .errors()
            .map(|issue| issue.rule)
            .collect()
    };
    let outcome = || Some(Outcome::default());
    assert_eq!(errors(Response::default(), None), ["decision"]);
    assert_eq!(
        errors(
            Response {
                approved: outcome(),
                denied: outcome(),
                ..Response::default()
            },
            None
        ),
        ["decision"]
    );
    assert_eq!(
        errors(
            Response {
                replace: outcome(),
                ..Response::default()
            },
            None
        ),
        ["decision"]
    );
    assert_eq!(
        errors(
            Response {
                validated: outcome(),
                ..Response::default()
            },
            None
        ),
        ["decision"]
    );
    assert_eq!(
        errors(
            Response {
                approved_with_changes: outcome(),
                ..Response::default()
            },
            Some(samples::medication())
        ),
        [""; 0]
    );
}

#[test]
fn the_medication_nested_in_a_decision_is_the_one_that_counts() {
    let nested = Medication {
        drug_description: some("Nested"),
        ..samples::medication()
    };
    let body = RxRenewalResponse {
        response: Some(Response {
            approved_with_changes: Some(Outcome {
                medication: Some(nested),
                ..Outcome::default()
            }),
            ..Response::default()
        }),
        medication_response: Some(samples::medication()),
        ..RxRenewalResponse::default()
    };
    let counted = body
        .medication()
        .and_then(|medication| medication.drug_description.as_deref());
    assert_eq!(counted, Some("Nested"));
}

#[test]
fn parties_are_of_one_kind() {
    assert_eq!(
        broken(|_, body| body.patient = Some(Patient::default())),
        ["choice"]
    );
    assert_eq!(
        broken(|_, body| body.prescriber = Some(Prescriber::default())),
        ["choice"]
    );
}

#[test]
fn a_fill_has_one_status() {
    let all = samples::all();
    let fill = all
        .iter()
        .find(|message| matches!(message.body, Body::RxFill(_)))
        .unwrap();
    let mut fill = fill.clone();
    let Body::RxFill(body) = &mut fill.body else {
        panic!("a fill")
    };
    body.fill_status = Some(FillStatus::default());
    assert_eq!(
        check(&fill)
            .errors()
            .map(|issue| issue.rule)
            .collect::<Vec<_>>(),
        ["choice"]
    );
}

#[test]
fn a_dose_without_a_quantity_is_an_error() {
    let without = medication(|m| {
        let sig = m.sig.as_mut().unwrap();
        sig.instruction[0]
            .dose_administration
            .as_mut()
            .unwrap()
            .dosage
            .as_mut()
            .unwrap()
            .quantity = None;
    });
    assert_eq!(without, ["missing"]);
}

#[test]
fn issues_tell_path_and_place_and_never_data() {
    let mut message = samples::prescription();
    let Body::NewRx(body) = &mut message.body else {
        panic!("a prescription")
    };
    body.patient
        .as_mut()
        .unwrap()
        .human
        .as_mut()
        .unwrap()
        .gender = some("Secret");
    let text = message.to_string();
    let report = validate(text.as_bytes());
    let issue = report.errors().next().unwrap();
    assert_eq!(issue.path, "Message/Body/NewRx/Patient/HumanPatient/Gender");
    assert!(text[issue.position.offset..].starts_with("<Gender>Secret"));
    assert_eq!(
        text.lines()
            .nth(issue.position.line - 1)
            .unwrap()
            .find("<Gender>"),
        Some(issue.position.column - 1)
    );
    assert!(!report.to_string().contains("Secret"));
}

#[test]
fn an_element_twice_is_an_error_and_a_list_is_capped() {
    let text = samples::prescription().to_string();
    let twice = text.replace(
        "<DaysSupply>30</DaysSupply>",
        "<DaysSupply>30</DaysSupply><DaysSupply>60</DaysSupply>",
    );
    let report = validate(twice.as_bytes());
    assert_eq!(
        report.errors().map(|issue| issue.rule).collect::<Vec<_>>(),
        ["repeated"]
    );
    assert!(Document::parse(twice.as_bytes()).is_ok());
    let many = text.replace(
        "<DaysSupply>30</DaysSupply>",
        &format!("<DaysSupply>0</DaysSupply>{}", "<X/>".repeat(5000)),
    );
    let report = validate(many.as_bytes());
    assert_eq!((report.issues.len(), report.is_valid()), (200, false));
    assert_eq!(report.more, 4801);
}

#[test]
fn stamps_must_agree() {
    let text = samples::prescription().to_string();
    let report = validate(
        text.replace("ECLVersion=\"20170715\"", "ECLVersion=\"2023011\"")
            .as_bytes(),
    );
    assert_eq!(
        report.errors().map(|issue| issue.rule).collect::<Vec<_>>(),
        ["stamp"]
    );
}

#[test]
fn a_confirmation_has_one_code() {
    let errors = |body: Verify| -> Vec<&'static str> {
        let report = check(&samples::message(Body::Verify(Box::new(body))));
        report.errors().map(|issue| issue.rule).collect()
    };
    let status = || {
        Some(VerifyStatus {
            code: some("010"),
            ..VerifyStatus::default()
        })
    };
    assert_eq!(errors(Verify::default()), ["choice"]);
    assert_eq!(
        errors(Verify {
            verify_status: status(),
            ..Verify::default()
        }),
        [""; 0]
    );
    assert_eq!(
        errors(Verify {
            code: some("010"),
            verify_status: status(),
            ..Verify::default()
        }),
        ["choice"]
    );
}
