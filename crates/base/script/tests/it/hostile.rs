//! Input that wants to hurt is refused within bounds.

use mt_script::{Document, Limits, ReadErrorReason as Reason, validate};
use proptest::prelude::*;

use crate::samples;

fn refusal(text: &str) -> Reason {
    Document::parse(text.as_bytes())
        .expect_err("refused")
        .reason
}

#[test]
fn document_types_and_their_entities_are_refused() {
    let laughs = "<!DOCTYPE m [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\">]><Message version=\"2017071\">&b;</Message>";
    assert_eq!(refusal(laughs), Reason::DocumentType);
    let file = "<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Message>&x;</Message>";
    assert_eq!(refusal(file), Reason::DocumentType);
    for text in [
        "<Message>&x;</Message>",
        "<Message>&#x110000;</Message>",
        "<Message>& </Message>",
        "<Message>&#xD800;</Message>",
    ] {
        assert_eq!(refusal(text), Reason::Entity, "{text}");
    }
    assert_eq!(refusal("<Message>&#0;</Message>"), Reason::Entity);
    assert_eq!(refusal("<Message>&#1;</Message>"), Reason::Character);
    assert_eq!(refusal("<Message a=\"&#1;\"/>"), Reason::Character);
    assert_eq!(refusal("<Message a=\"&x;\"/>"), Reason::Entity);
    assert_eq!(refusal("<Message>\u{1}</Message>"), Reason::Character);
}

#[test]
fn size_depth_number_and_attributes_are_limited() {
    let limits = Limits {
        bytes: 1000,
        depth: 5,
        nodes: 20,
        attributes: 3,
    };
    let reason = |text: String| {
        Document::parse_within(text.as_bytes(), &limits)
            .expect_err("refused")
            .reason
    };
    assert_eq!(
        reason(format!("<Message>{}</Message>", " ".repeat(1000))),
        Reason::TooLarge(1000)
    );
    assert_eq!(reason("<a>".repeat(6)), Reason::TooDeep(5));
    assert_eq!(
        reason(format!("<Message>{}</Message>", "<a/>".repeat(20))),
        Reason::TooManyNodes(20)
    );
    assert_eq!(
        reason(format!("<Message>{}</Message>", "<!---->".repeat(20))),
        Reason::TooManyNodes(20)
    );
    assert_eq!(
        reason("<Message a='' b='' c='' d=''/>".into()),
        Reason::TooManyAttributes(3)
    );
    assert_eq!(reason("<Message a='' a=''/>".into()), Reason::Attribute);
}

#[test]
fn a_message_of_entities_costs_no_more_than_its_size() {
    let text = format!(
        "<Message version=\"2017071\"><Header>{}</Header><Body><Status/></Body></Message>",
        "&amp;".repeat(200_000)
    );
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.root().child("Header").unwrap().nodes().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_mutation_of_a_message_makes_the_reader_panic(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::sample::select(PIECES)), 1..6),
    ) {
        let all = samples::all();
        let mut bytes = all[which.index(all.len())].to_string().into_bytes();
        for (from, to, piece) in cuts {
            let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
            let end = to.max(from).min(from + 12);
            bytes.splice(from..end, piece.bytes());
        }
        survive(&bytes);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&bytes);
    }
}

const PIECES: &[&str] = &[
    "",
    "<",
    ">",
    "&",
    "&amp;",
    "\"",
    "</",
    "/>",
    "<!--",
    "]]>",
    "<![CDATA[",
    "<?",
    "<!DOCTYPE x>",
    "\u{0}",
    "é",
    "xmlns='u'",
    "<Note>",
    "</Note>",
    "9999999999999999999999999999999999",
    "-1",
    "<Header/>",
    "<NewRx/>",
    ":",
    "=",
];

/// What can be read is written as it came and can be judged.
fn survive(bytes: &[u8]) {
    let report = validate(bytes);
    assert!(report.issues.len() <= 200);
    if let Ok(document) = Document::parse(bytes) {
        assert_eq!(document.write().as_bytes(), bytes);
        let message = document.message();
        let mut same = document.clone();
        assert!(same.update(&message));
        assert_eq!(same.write().as_bytes(), bytes);
    }
}
