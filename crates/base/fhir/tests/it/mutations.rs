//! Damaged documents are read or refused, never a panic, and what is read can be written again.

use mt_fhir::json::{Doc, Limits};
use mt_fhir::{Element, xml};
use proptest::prelude::*;

use crate::data;

/// Replaces, inserts or removes a few bytes at places given in thousandths of the length.
fn damage(text: &mut Vec<u8>, edits: &[(u16, u8, u8)]) {
    for (place, kind, byte) in edits {
        let at = usize::from(*place) * text.len() / 1_000;
        match kind % 3 {
            0 if at < text.len() => text[at] = *byte,
            1 if at < text.len() => {
                text.remove(at);
            }
            _ => text.insert(at.min(text.len()), *byte),
        }
    }
}

fn walk(element: Element<'_>, count: &mut usize) {
    *count += 1;
    for child in element.children() {
        walk(child, count);
    }
}

fn edits() -> impl Strategy<Value = Vec<(u16, u8, u8)>> {
    let byte = prop_oneof![
        proptest::sample::select(b"<>&\"'/={}[]:,0123 tn\\".to_vec()),
        any::<u8>()
    ];
    prop::collection::vec((0_u16..1_000, any::<u8>(), byte), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_xml_never_panics(pick in any::<prop::sample::Index>(), edits in edits()) {
        let sample = data::sample();
        let mut text = xml::write(pick.get(&sample).root()).expect("writable");
        damage(&mut text, &edits);
        if let Ok(doc) = xml::parse(&text, &Limits::default()) {
            let again = xml::write(doc.root());
            prop_assert!(again.is_ok(), "{again:?}");
        }
    }

    #[test]
    fn damaged_json_never_panics(pick in any::<prop::sample::Index>(), edits in edits()) {
        let sample = data::sample();
        let mut text = pick.get(&sample).to_json();
        damage(&mut text, &edits);
        if let Ok(doc) = Doc::parse(text, &Limits::default()) {
            let mut count = 0;
            if let Some(resource) = Element::resource(doc.root()) {
                walk(resource, &mut count);
            }
            prop_assert!(count <= 100_000);
            let _ = xml::write(doc.root());
        }
    }
}
