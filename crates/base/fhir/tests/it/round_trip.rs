//! Nothing is lost between JSON, the tree and XML.

use std::collections::BTreeMap;

use mt_fhir::Node;
use mt_fhir::json::{Doc, Kind, Limits};
use mt_fhir::xml;

use crate::data;

#[test]
fn the_sample_survives_json_and_xml() {
    let sample = data::sample();
    assert!(sample.len() > 100);
    for doc in &sample {
        survives_json(doc);
        survives_xml(doc);
    }
}

#[test]
fn every_example_survives_json_and_xml() {
    for doc in &data::examples() {
        survives_json(doc);
        survives_xml(doc);
    }
}

#[test]
fn xml_keeps_what_only_some_formats_can_tell_apart() {
    let json = r#"{"resourceType":"Patient","id":"a","_birthDate":{"id":"b","extension":[{
        "url":"http://e.org/x","valueDecimal":5.00}]},"name":[{"id":"n","given":["A",null,"C"],
        "_given":[null,{"extension":[{"url":"http://e.org/y","valueString":"a\n\tb \"<&>"}]},null]}],
        "multipleBirthInteger":2,"active":false,"deceasedBoolean":true}"#;
    survives_xml(&Doc::parse(json, &Limits::default()).expect("valid JSON"));
}

#[test]
fn a_prefix_comments_and_schema_hints_do_not_change_the_record() {
    let text = r#"<?xml version="1.0" encoding="utf-8"?><!-- c --><?style x?>
        <f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xsi:schemaLocation="http://hl7.org/fhir ../x.xsd">
          <f:active value="true"/><!-- c -->
          <f:name><f:given value="A&#10;&amp;B
C"/></f:name>
        </f:Patient>"#;
    let doc = xml::parse(text.as_bytes(), &Limits::default()).expect("valid XML");
    let json = String::from_utf8(doc.to_json()).expect("UTF-8");
    let expected = r#"{"resourceType":"Patient","active":true,"name":[{"given":["A\n&B C"]}]}"#;
    assert_eq!(json, expected);
}

fn survives_json(doc: &Doc) {
    let text = doc.to_json();
    let again = Doc::parse(text.clone(), &Limits::default()).expect("valid JSON");
    assert!(*doc == again);
    assert_eq!(text, again.to_json());
}

fn survives_xml(doc: &Doc) {
    let what = |n: Node<'_>| format!("{:?}/{:?}", n.resource_type(), n.str("id"));
    let name = what(doc.root());
    let xml = xml::write(doc.root()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let again = xml::parse(&xml, &Limits::default())
        .unwrap_or_else(|error| panic!("{name}: {error}\n{}", String::from_utf8_lossy(&xml)));
    assert_eq!(canonical(doc.root()), canonical(again.root()), "{name}");
}

/// The content without field order, which XML does not keep, without the `null`s that only fill an
/// array up, and with the line ends of a narrative as every XML processor reads them (XML 1.0 §2.11).
fn canonical(node: Node<'_>) -> Option<String> {
    match node.kind() {
        Kind::Null => None,
        Kind::Object => {
            let fields: BTreeMap<&str, String> = node
                .children()
                .filter_map(|child| Some((child.key()?, canonical(child)?)))
                .collect();
            Some(format!("{fields:?}"))
        }
        Kind::Array => {
            let mut items: Vec<Option<String>> = node.children().map(canonical).collect();
            while items.last().is_some_and(Option::is_none) {
                items.pop();
            }
            (!items.is_empty()).then(|| format!("{items:?}"))
        }
        kind => {
            let text = node.scalar_text().unwrap_or_default();
            let text = match node.key() {
                Some("div") => text.replace("\r\n", "\n").replace('\r', "\n"),
                _ => text.to_owned(),
            };
            Some(format!("{kind:?}:{text}"))
        }
    }
}
