//! What the builder writes and what it refuses.

use mt_script::model::{Moment, Opaque};
use mt_script::transaction::NewRx;
use mt_script::{Body, BuildError, Document, Message, Version};

use crate::samples::{self, some};

fn rules(message: &Message) -> Vec<&'static str> {
    match message.build() {
        Err(BuildError::Rules(report)) => report.issues.iter().map(|issue| issue.rule).collect(),
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => Vec::new(),
    }
}

fn change(edit: impl FnOnce(&mut NewRx)) -> Message {
    let mut body = samples::new_rx();
    edit(&mut body);
    Message::new(
        Version::V2017071,
        samples::header(),
        Body::NewRx(Box::new(body)),
    )
}

#[test]
fn a_prescription_is_written_as_the_standard_lays_it_out() {
    insta::assert_snapshot!(samples::prescription().build().unwrap());
}

#[test]
fn every_transaction_with_its_parts_is_written_and_read_again() {
    for message in samples::all() {
        for version in Version::ALL {
            let message = Message {
                version,
                ..message.clone()
            };
            let text = message
                .build()
                .unwrap_or_else(|error| panic!("{:?}: {error}", message.transaction()));
            let document = Document::parse(text.as_bytes()).unwrap();
            assert_eq!(document.message(), message);
            assert_eq!(document.version(), version);
        }
    }
}

#[test]
fn a_prescription_without_a_part_is_refused() {
    assert_eq!(rules(&change(|body| body.patient = None)), ["missing"]);
    assert_eq!(rules(&change(|body| body.prescriber = None)), ["missing"]);
    assert_eq!(
        rules(&change(|body| body.medication_prescribed = None)),
        ["missing"]
    );
    let quantity = |body: &mut NewRx| body.medication_prescribed.as_mut().unwrap().quantity = None;
    assert_eq!(rules(&change(quantity)), ["missing", "quantity"]);
}

#[test]
fn what_a_reader_only_warns_of_is_not_written() {
    let dateless = change(|body| body.medication_prescribed.as_mut().unwrap().written_date = None);
    assert_eq!(rules(&dateless), ["missing"]);
    assert!(mt_script::validate(dateless.to_string().as_bytes()).is_valid());
}

#[test]
fn a_value_that_is_too_long_is_refused() {
    let long = |body: &mut NewRx| {
        body.medication_prescribed
            .as_mut()
            .unwrap()
            .drug_description = Some("x".repeat(106));
    };
    assert_eq!(rules(&change(long)), ["length"]);
}

#[test]
fn texts_that_would_read_differently_are_refused() {
    for note in ["", " padded ", "line\u{0}"] {
        let message = change(|body| body.medication_prescribed.as_mut().unwrap().note = some(note));
        let refused = message.build();
        assert!(
            matches!(refused, Err(BuildError::Unstable | BuildError::Text(_))),
            "{note:?}"
        );
    }
}

#[test]
fn markup_that_is_passed_through_cannot_leave_its_element() {
    let evil = "</CompoundInformation><NumberOfRefills>99</NumberOfRefills><CompoundInformation>";
    let message = change(|body| {
        let medication = body.medication_prescribed.as_mut().unwrap();
        medication.compound = Some(Opaque {
            xml: evil.to_owned(),
        });
    });
    assert_eq!(message.build(), Err(BuildError::Unstable));
}

#[test]
fn markup_in_a_text_is_text() {
    let note = "<Refills>9</Refills> & \"more\" ]]> é";
    let message = change(|body| body.medication_prescribed.as_mut().unwrap().note = some(note));
    let text = message.build().unwrap();
    let Body::NewRx(read) = Document::parse(text.as_bytes()).unwrap().message().body else {
        panic!()
    };
    assert_eq!(
        read.medication_prescribed.unwrap().note.as_deref(),
        Some(note)
    );
}

#[test]
fn a_date_with_a_time_keeps_its_precision() {
    let time = Moment::parse("2026-03-02T06:19:46.4635651Z").unwrap();
    let message = change(|body| {
        body.medication_prescribed.as_mut().unwrap().written_date = Some(time.clone());
    });
    assert!(
        message
            .build()
            .unwrap()
            .contains("<DateTime>2026-03-02T06:19:46.4635651Z</DateTime>")
    );
}
