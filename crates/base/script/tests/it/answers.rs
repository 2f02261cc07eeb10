//! Answers to messages keep the rules themselves.

use mt_script::answer::{StatusCode, acknowledge, error, status, verify};
use mt_script::model::Mailbox;
use mt_script::{Body, ErrorCode, validate};

use crate::samples;

#[test]
fn an_answer_goes_back_and_names_the_message() {
    let asked = samples::prescription();
    let answer = status(&asked, &samples::stamp(), StatusCode::Accepted);
    assert_eq!(answer.header.to, Some(Mailbox::new("D", "6301875277001")));
    assert_eq!(answer.header.from, Some(Mailbox::new("P", "1234567")));
    assert_eq!(
        answer.header.relates_to_message_id.as_deref(),
        Some("MSG-1")
    );
    assert_eq!(
        answer.header.prescriber_order_number.as_deref(),
        Some("ORDER-1")
    );
    assert!(answer.build().unwrap().contains("<Code>000</Code>"));
    assert!(
        verify(&asked, &samples::stamp())
            .build()
            .unwrap()
            .contains("<Verify>")
    );
}

#[test]
fn a_valid_message_is_acknowledged_and_a_faulty_one_is_answered_with_its_first_error() {
    let asked = samples::prescription();
    let report = validate(asked.to_string().as_bytes());
    let Body::Status(body) = acknowledge(&asked, &report, &samples::stamp()).body else {
        panic!("a status")
    };
    assert_eq!(body.code.as_deref(), Some("010"));

    let mut faulty = asked;
    let Body::NewRx(prescription) = &mut faulty.body else {
        panic!("a prescription")
    };
    prescription.patient = None;
    let report = validate(faulty.to_string().as_bytes());
    let answer = acknowledge(&faulty, &report, &samples::stamp());
    answer.build().unwrap();
    let Body::Error(body) = answer.body else {
        panic!("an error")
    };
    assert_eq!(body.code.as_deref(), Some("900"));
    assert_eq!(
        body.description.as_deref(),
        Some("Patient: Patient is missing")
    );
}

#[test]
fn codes_and_descriptions_of_a_caller_fit_the_message() {
    let asked = samples::prescription();
    let long = "x".repeat(90);
    for (code, wire) in [
        (ErrorCode::Communication, "600"),
        (ErrorCode::ReceiverUnable, "601"),
        (ErrorCode::ReceiverSystem, "602"),
        (ErrorCode::Rejected, "900"),
    ] {
        let text = error(&asked, &samples::stamp(), code, Some("4010"), &long)
            .build()
            .unwrap();
        assert!(text.contains(&format!("<Code>{wire}</Code>")));
        assert!(text.contains("<DescriptionCode>4010</DescriptionCode>"));
    }
}

#[test]
fn what_another_system_may_take_is_answered_with_601() {
    let code = |bytes: &[u8]| validate(bytes).issues[0].code;
    assert_eq!(
        code(b"<Message version=\"10.6\"/>"),
        ErrorCode::ReceiverUnable
    );
    assert_eq!(code(b"<Message><"), ErrorCode::Rejected);
}
