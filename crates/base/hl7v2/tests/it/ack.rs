//! Acknowledgements.

use mt_hl7v2::ack::{AckCode, AckMode, Condition, ErrorCode, Outcome, Problem, Reply, Severity};
use mt_hl7v2::view::View;
use mt_hl7v2::{Charset, Message};

fn message(version: &str, modes: &str) -> Vec<u8> {
    format!("MSH|^~\\&|LAB|MAIN^1.2^ISO|EHR|CLINIC|20260419||ADT^A01^ADT_A01|M\\F\\7|T|{version}|||{modes}\rPID|1||7||Secret^Name\r")
        .into_bytes()
}

fn reply<'r>(code: AckCode, problems: &'r [Problem]) -> Reply<'r> {
    Reply {
        code,
        control_id: "ACK1",
        timestamp: "20260419101500+0000".parse().unwrap(),
        problems,
    }
}

#[test]
fn a_positive_answer_swaps_the_parties_and_names_the_message() {
    let bytes = message("2.5.1", "");
    let answer = reply(AckCode::ApplicationAccept, &[]).to(&Message::parse(&bytes).unwrap());
    assert_eq!(
        String::from_utf8(answer).unwrap(),
        "MSH|^~\\&|EHR|CLINIC|LAB|MAIN^1.2^ISO|20260419101500+0000||ACK^A01^ACK|ACK1|T|2.5.1\rMSA|AA|M\\F\\7\r"
    );
}

#[test]
fn errors_are_reported_in_the_form_of_the_version_asked() {
    let problems = [
        Problem::new(ErrorCode::RequiredFieldMissing).at("PID-3".parse().unwrap()),
        Problem {
            severity: Severity::Warning,
            ..Problem::new(ErrorCode::TableValue).at("OBX[2]-5.1.2".parse().unwrap())
        }
        .because("try & again"),
    ];
    for (version, expected) in [
        (
            "2.5",
            "MSA|AE|M\\F\\7\rERR||PID^1^3|101^Required field missing^HL70357|E\rERR||OBX^2^5^1^1^2|103^Table value not found^HL70357|W||||try \\T\\ again\r",
        ),
        (
            "2.3",
            "MSA|AE|M\\F\\7|Required field missing\rERR|PID^1^3^101&Required field missing&HL70357\rERR|OBX^2^5^103&Table value not found&HL70357\r",
        ),
    ] {
        let bytes = message(version, "");
        let answer =
            reply(AckCode::ApplicationError, &problems).to(&Message::parse(&bytes).unwrap());
        let text = String::from_utf8(answer).unwrap();
        assert!(text.ends_with(expected), "{text:?}");
        assert!(!text.contains("Secret"));
    }
}

#[test]
fn the_type_of_an_answer_follows_the_version() {
    for (version, expected) in [
        ("2.2", "ACK^A01"),
        ("2.3", "ACK^A01"),
        ("2.3.1", "ACK^A01^ACK"),
        ("2.8", "ACK^A01^ACK"),
        ("9", "ACK^A01^ACK"),
    ] {
        let bytes = message(version, "");
        let answer = reply(AckCode::ApplicationAccept, &[]).to(&Message::parse(&bytes).unwrap());
        let answer = Message::parse(&answer).unwrap();
        assert_eq!(answer.get("MSH-9").unwrap().raw(), expected.as_bytes());
        assert_eq!(answer.get("MSH-12").unwrap().raw(), version.as_bytes());
    }
}

#[test]
fn bytes_that_are_no_message_get_an_answer_all_the_same() {
    let problems = [Problem::new(ErrorCode::SegmentSequence)];
    let reply = reply(AckCode::ApplicationReject, &problems);
    for (bytes, start) in [
        (
            &b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|77|P|2.5\rnonsense"[..],
            "MSH|^~\\&|C|D|A|B|20260419101500+0000||ACK^A01^ACK|ACK1|P|2.5\rMSA|AR|77\rERR||",
        ),
        (
            b"nonsense",
            "MSH|^~\\&|||||20260419101500+0000||ACK|ACK1|P|2.5.1\rMSA|AR\rERR||",
        ),
        (
            b"",
            "MSH|^~\\&|||||20260419101500+0000||ACK|ACK1|P|2.5.1\rMSA|AR\rERR||",
        ),
    ] {
        let answer = String::from_utf8(reply.to_unreadable(bytes)).unwrap();
        assert!(answer.starts_with(start), "{answer:?}");
    }
}

#[test]
fn the_header_says_which_acknowledgements_are_due() {
    use AckCode::*;
    let enhanced = |accept, application| AckMode::Enhanced {
        accept,
        application,
    };
    let (al, ne, er, su) = (
        Condition::Always,
        Condition::Never,
        Condition::OnError,
        Condition::OnSuccess,
    );
    for (modes, mode, on_success, on_error, later) in [
        (
            "",
            AckMode::Original,
            Some(ApplicationAccept),
            Some(ApplicationError),
            None,
        ),
        (
            "|",
            AckMode::Original,
            Some(ApplicationAccept),
            Some(ApplicationError),
            None,
        ),
        (
            "AL|NE",
            enhanced(al, ne),
            Some(CommitAccept),
            Some(CommitError),
            None,
        ),
        (
            "AL|AL",
            enhanced(al, al),
            Some(CommitAccept),
            Some(CommitError),
            Some(ApplicationAccept),
        ),
        (
            "ER|SU",
            enhanced(er, su),
            None,
            Some(CommitError),
            Some(ApplicationAccept),
        ),
        ("SU|NE", enhanced(su, ne), Some(CommitAccept), None, None),
        (
            "NE|AL",
            enhanced(ne, al),
            Some(ApplicationAccept),
            Some(ApplicationError),
            None,
        ),
        (
            "|AL",
            enhanced(ne, al),
            Some(ApplicationAccept),
            Some(ApplicationError),
            None,
        ),
        ("NE|NE", enhanced(ne, ne), None, None, None),
    ] {
        let bytes = message("2.5", modes);
        let found = AckMode::of(&Message::parse(&bytes).unwrap());
        assert_eq!(found, mode, "{modes}");
        assert_eq!(found.immediate(Outcome::Accepted), on_success, "{modes}");
        assert_eq!(found.immediate(Outcome::Error), on_error, "{modes}");
        assert_eq!(found.deferred(Outcome::Accepted), later, "{modes}");
    }
}

#[test]
fn an_acknowledgement_is_not_acknowledged() {
    let bytes = b"MSH|^~\\&|A|B|C|D|2026||ACK^A01|7|P|2.5\rMSA|AA|1";
    assert_eq!(
        AckMode::of(&Message::parse(bytes).unwrap()),
        AckMode::Silent
    );
}

#[test]
fn an_answer_is_read_back_by_its_view() {
    let bytes = message("2.5", "");
    let problems = [Problem::new(ErrorCode::DuplicateKey)];
    let answer = reply(AckCode::CommitError, &problems).to(&Message::parse(&bytes).unwrap());
    let answer = Message::parse(&answer).unwrap();
    let View::Ack(ack) = answer.view() else {
        panic!("not an ACK")
    };
    assert_eq!(ack.code(), Some(AckCode::CommitError));
    assert_eq!(ack.acknowledged().as_deref(), Some("M|7"));
    assert_eq!(ack.errors[0].code().code().text(), "205");
}

#[test]
fn an_answer_is_in_the_character_set_of_the_question() {
    let text = "MSH|^~\\&|病院|B|C|D|2026||ADT^A01|7|P|2.5||||||UNICODE UTF-16\r";
    let bytes = Charset::Utf16Le.encode(text).unwrap();
    let answer = reply(AckCode::ApplicationAccept, &[]).to(&Message::parse(&bytes).unwrap());
    let answer = Message::parse(&answer).unwrap();
    assert_eq!(answer.wire_charset(), Charset::Utf16Le);
    assert_eq!(answer.get("MSH-5").unwrap().text(), "病院");
}
