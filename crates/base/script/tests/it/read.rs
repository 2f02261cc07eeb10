//! What a tolerant reader understands, and what it refuses.

use mt_script::{Body, Document, ReadErrorReason as Reason, Severity, validate};

fn refusal(text: &str) -> Reason {
    Document::parse(text.as_bytes())
        .expect_err("refused")
        .reason
}

/// A NewRx whose `MedicationPrescribed` has this content.
fn prescription(content: &str) -> String {
    format!(
        "<Message version=\"2017071\"><Header/><Body><NewRx><MedicationPrescribed>{content}\
         </MedicationPrescribed></NewRx></Body></Message>"
    )
}

#[test]
fn what_is_no_script_message_is_refused_with_the_reason() {
    let cases = [
        ("", Reason::NotXml),
        ("hello", Reason::NotXml),
        ("UNA:+./*'UIB+UNOA:0++1234'", Reason::Edifact),
        (
            "D0B11R011234567890     \u{1d}\u{1e}\u{1c}AM21",
            Reason::Telecommunication,
        ),
        ("<Message", Reason::CutOff),
        ("<Message><Header>", Reason::CutOff),
        ("<Message><Header></Message>", Reason::TagMismatch),
        ("<Message/><Message/>", Reason::AfterRoot),
        ("<Message/>tail", Reason::AfterRoot),
        ("<Envelope/>", Reason::NotMessage),
        (
            "<Message TransactionDomain=\"DIRECTORY\"/>",
            Reason::NotScript,
        ),
        ("<Message/>", Reason::NoVersion),
        ("<Message version=\"10.6\"/>", Reason::UnsupportedVersion),
        (
            "<Message TransactionVersion=\"2022011\"/>",
            Reason::UnsupportedVersion,
        ),
        (
            "<Message version=\"2017071\"><Body/></Message>",
            Reason::Missing("Header"),
        ),
        (
            "<Message version=\"2017071\"><Header/></Message>",
            Reason::Missing("Body"),
        ),
        (
            "<Message version=\"2017071\"><Header/><Body/></Message>",
            Reason::Transactions(0),
        ),
        (
            "<Message version=\"2017071\"><Header/><Body><NewRx/><Error/></Body></Message>",
            Reason::Transactions(2),
        ),
        (
            "<Message version=\"2017071\"><Header/><Body><Refill/></Body></Message>",
            Reason::UnknownTransaction,
        ),
        (
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Message/>",
            Reason::Encoding,
        ),
    ];
    for (text, reason) in cases {
        assert_eq!(refusal(text), reason, "{text}");
    }
    assert_eq!(
        Document::parse(b"<Message>\xff")
            .expect_err("refused")
            .reason,
        Reason::NotUtf8
    );
}

#[test]
fn a_refusal_tells_the_line_and_column() {
    let error = Document::parse(b"<Message>\n  <Header>\n</Message>").expect_err("refused");
    assert_eq!((error.position.line, error.position.column), (3, 1));
}

#[test]
fn other_ways_to_write_a_value_are_understood_and_reported() {
    let text = prescription(
        "<DrugDescription>Drug</DrugDescription><DrugCoded><ProductCode Qualifier=\"ND\">00093505601</ProductCode>\
         </DrugCoded><Quantity><Value>14</Value><QuantityUnitOfMeasure>each</QuantityUnitOfMeasure></Quantity>\
         <WrittenDate>2026-03-01</WrittenDate><Refills><Value>2</Value></Refills>",
    );
    let document = Document::parse(text.as_bytes()).unwrap();
    let Body::NewRx(body) = document.message().body else {
        panic!("a prescription")
    };
    let medication = body.medication_prescribed.unwrap();
    let product = medication.drug_coded.unwrap().product_code.unwrap();
    assert_eq!(product.qualifier.as_deref(), Some("ND"));
    assert_eq!(product.code.as_deref(), Some("00093505601"));
    assert_eq!(
        medication.quantity.unwrap().unit.unwrap().code.as_deref(),
        Some("each")
    );
    assert_eq!(
        medication.written_date.unwrap().date().parts(),
        (2026, 3, 1)
    );
    assert_eq!(medication.refills, Some(2));
    let report = validate(text.as_bytes());
    let variants = report.issues.iter().filter(|issue| issue.rule == "variant");
    assert!(
        variants
            .clone()
            .all(|issue| issue.severity == Severity::Warning)
    );
    assert_eq!(variants.count(), 5, "{report}");
}

#[test]
fn a_value_of_the_wrong_form_is_absent_and_an_error() {
    let text = prescription(
        "<DrugDescription>Drug</DrugDescription><Quantity><Value>many</Value></Quantity><DaysSupply>-3</DaysSupply>\
         <WrittenDate><Date>2026-02-30</Date></WrittenDate>",
    );
    let document = Document::parse(text.as_bytes()).unwrap();
    let Body::NewRx(body) = document.message().body else {
        panic!("a prescription")
    };
    let medication = body.medication_prescribed.unwrap();
    assert_eq!(medication.quantity.unwrap().value, None);
    assert_eq!(
        (medication.days_supply, medication.written_date),
        (None, None)
    );
    let report = validate(text.as_bytes());
    let formats: Vec<&str> = report
        .errors()
        .filter(|issue| issue.rule == "format")
        .map(|issue| issue.path.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        formats,
        ["Value", "DaysSupply", "DaysSupply", "WrittenDate"],
        "{report}"
    );
}

#[test]
fn prefixes_do_not_matter_and_foreign_elements_are_not_ours() {
    let text = "<s:Message xmlns:s=\"urn:s\" xmlns:x=\"urn:x\" version=\"2017071\"><s:Header><x:MessageID>no</x:MessageID>\
                <s:MessageID>A</s:MessageID></s:Header><s:Body><s:GetMessage/></s:Body></s:Message>";
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.message().header.message_id.as_deref(), Some("A"));
    let text = "<Message version=\"2017071\"><Header><MessageID xmlns=\"urn:x\">no</MessageID></Header>\
                <Body><GetMessage/></Body></Message>";
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.message().header.message_id, None);
}

#[test]
fn texts_are_read_without_their_markup() {
    let text = prescription("<Note> a &amp;<!-- c --> b<![CDATA[ <c> ]]>&#233;\r\n</Note>");
    let document = Document::parse(text.as_bytes()).unwrap();
    let Body::NewRx(body) = document.message().body else {
        panic!("a prescription")
    };
    assert_eq!(
        body.medication_prescribed.unwrap().note.as_deref(),
        Some("a & b <c> é")
    );
}
