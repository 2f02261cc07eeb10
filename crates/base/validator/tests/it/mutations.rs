//! Damaged resources are judged, never a panic.

use mt_fhir::json::{Doc, Limits};
use mt_validator::{Level, Profiles};
use proptest::prelude::*;

use crate::data::{self, options};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_json_is_judged(
        pick in any::<prop::sample::Index>(),
        at in 0_usize..1_000,
        swap in proptest::sample::select(vec![
            "null", "[]", "{}", "[null]", "\"\"", "\"#x\"", "-1", "1e999", "true", "[[1]]",
            "{\"resourceType\":\"Patient\"}", "{\"resourceType\":\"Nonsense\"}",
            "{\"reference\":\"#\"}", "{\"extension\":[{}]}",
        ]),
    ) {
        let sample = data::sample();
        let mut doc = Doc::from_node(pick.get(&sample).root());
        // Puts something else in the place of one value anywhere in the tree.
        let mut places = Vec::new();
        let mut pending = vec![doc.root()];
        while let Some(node) = pending.pop() {
            places.extend(node.children().map(|child| (node.id(), child.id())));
            pending.extend(node.children());
        }
        let (parent, child) = places[at * places.len() / 1_000];
        let source = data::parse(swap);
        let new = doc.copy_from(source.root());
        doc.replace(parent, child, new);

        let validator = data::validator(Profiles::new());
        let write = validator.validate(doc.root(), &options(Level::Write, &[]));
        let full = validator.validate(doc.root(), &options(Level::Full, &[]));
        prop_assert!(write.iter().all(mt_fhir::outcome::Issue::is_error));
        // What refuses a write is told by $validate too.
        prop_assert!(write.iter().all(|issue| full.contains(issue)));
    }

    #[test]
    fn text_that_is_json_is_judged(text in "\\{(\"resourceType\":\"(Patient|Bundle|Extension|X)\",?)?(\"(contained|entry|id|meta|name)\":(\\[\\{?\\}?\\]|\\{\\}|1|\"a\"))?\\}") {
        if let Ok(doc) = Doc::parse(text, &Limits::default()) {
            let validator = data::validator(Profiles::new());
            validator.validate(doc.root(), &options(Level::Full, &["http://e.org/x"]));
        }
    }
}
