//! What is built is valid, parses back byte for byte, and reads back as the same document.

use mt_x12::ack::{ImplementationAcknowledgment, InterchangeAcknowledgment, Stamp};
use mt_x12::model::{
    ClaimAcknowledgment, EligibilityResponse, Remittance, ReviewResponse, StatusResponse,
};
use mt_x12::{Interchange, Options, acknowledge, validate};

use crate::documents;

fn issues(text: &str) -> Vec<String> {
    let report = validate(text.as_bytes(), Options::default()).expect("readable");
    assert!(
        report.sets().all(|set| set.guide.is_some()),
        "no guide for {text}"
    );
    report.issues().map(ToString::to_string).collect()
}

#[test]
fn every_document_we_build_is_valid_by_our_own_rules() {
    for (name, text) in documents::all() {
        assert_eq!(issues(&text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn every_document_parses_back_byte_for_byte() {
    for (name, text) in documents::all() {
        let parsed = Interchange::parse_all(&text).expect("readable");
        let again: String = parsed.iter().map(ToString::to_string).collect();
        assert_eq!(again, text, "{name}");
    }
}

/// Reads the only transaction set of a text.
fn read<T>(text: &str, read: impl Fn(&mt_x12::syntax::TransactionSet<'_>) -> Option<T>) -> T {
    let parsed = Interchange::parse_all(text).expect("readable");
    let set = parsed
        .iter()
        .flat_map(Interchange::sets)
        .next()
        .expect("a set");
    read(set).expect("the document")
}

#[test]
fn every_answer_of_a_payer_reads_back_as_the_same_document() {
    for answer in [documents::benefits(), documents::not_found()] {
        let text = documents::write(&answer).expect("written");
        assert_eq!(read(&text, EligibilityResponse::read), answer);
    }
    let status = documents::status_response();
    let text = documents::write(&status).expect("written");
    assert_eq!(read(&text, StatusResponse::read), status);
    let acknowledgment = documents::claim_acknowledgment();
    let text = documents::write(&acknowledgment).expect("written");
    assert_eq!(read(&text, ClaimAcknowledgment::read), acknowledgment);
    let remittance = documents::remittance();
    let text = documents::write(&remittance).expect("written");
    assert_eq!(read(&text, Remittance::read), remittance);
    assert!(remittance.balances());
    let response = documents::review_response();
    let text = documents::write(&response).expect("written");
    assert_eq!(read(&text, ReviewResponse::read), response);
}

#[test]
fn a_claim_acknowledgment_tells_accepted_from_rejected_claims() {
    let found = documents::claim_acknowledgment();
    let claims: Vec<_> = found
        .providers
        .iter()
        .flat_map(|provider| &provider.claims)
        .collect();
    let outcomes: Vec<_> = claims
        .iter()
        .map(|claim| (claim.is_accepted(), claim.payer_claim_number()))
        .collect();
    assert_eq!(outcomes, [(true, "ICN1"), (false, "")]);
}

#[test]
fn an_unbalanced_remittance_is_noticed_before_it_is_posted() {
    let mut remittance = documents::remittance();
    remittance.claims[0].lines[0].paid += documents::money("0.01");
    assert!(!remittance.balances());
    let mut remittance = documents::remittance();
    remittance.payment.amount += documents::money("0.01");
    assert!(!remittance.balances());
}

fn stamp() -> Stamp {
    Stamp {
        date: "20260602".to_owned(),
        time: "0800".to_owned(),
        control_number: 17,
    }
}

#[test]
fn every_acknowledgement_we_make_is_valid_and_parses_back() {
    for (name, text) in documents::all() {
        for broken in [
            text.clone(),
            text.replacen("SE*", "SE*9", 1),
            text.replace("*XX*", "*ZZ*"),
        ] {
            let report = validate(broken.as_bytes(), Options::default()).expect("readable");
            let answers = acknowledge(&report, &stamp()).expect("written");
            let answer = answers.first().expect("an answer");
            assert_eq!(issues(answer), Vec::<String>::new(), "{name}: {answer}");
            let parsed = Interchange::parse_all(answer).expect("readable");
            let again: String = parsed.iter().map(ToString::to_string).collect();
            assert_eq!(&again, answer, "{name}");
            let expected = ImplementationAcknowledgment::of(&report.interchanges[0].groups[0]);
            assert_eq!(
                read(answer, ImplementationAcknowledgment::read),
                expected,
                "{name}"
            );
            let ta1 = parsed[0]
                .loose
                .first()
                .and_then(InterchangeAcknowledgment::read);
            assert_eq!(
                ta1,
                Some(InterchangeAcknowledgment::of(&report.interchanges[0])),
                "{name}"
            );
        }
    }
}

#[test]
fn an_acknowledgement_is_never_acknowledged() {
    let text = documents::write(&documents::inquiry()).expect("written");
    let report = validate(text.as_bytes(), Options::default()).expect("readable");
    let answer = acknowledge(&report, &stamp()).expect("written").remove(0);
    let report = validate(answer.as_bytes(), Options::default()).expect("readable");
    assert_eq!(acknowledge(&report, &stamp()), Ok(vec![]));
}

#[test]
fn a_broken_interchange_envelope_gets_only_a_ta1() {
    let text = documents::write(&documents::inquiry()).expect("written");
    let text = text.replace("IEA*1*000000905", "IEA*1*000000906");
    let report = validate(text.as_bytes(), Options::default()).expect("readable");
    let answer = acknowledge(&report, &stamp()).expect("written").remove(0);
    assert!(
        answer.contains("TA1*000000905*260601*1200*R*001~IEA*0*"),
        "{answer}"
    );
}
