//! Laws that hold for any value set: listing and testing agree, pages join up, images are exact.

use mt_terminology::{Concepts, ExpandOptions};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::synthetic::{code_system, composed, scope, value_set};

const SYSTEM: &str = "http://example.org/random";
const CODES: usize = 12;

/// A random hierarchy of twelve codes: each may have one earlier parent; some are inactive.
fn system() -> impl Strategy<Value = Value> {
    let concept = (any::<prop::sample::Index>(), any::<bool>(), any::<bool>());
    prop::collection::vec(concept, CODES).prop_map(|concepts| {
        let concept = |(number, (parent, rooted, inactive)): (usize, &(prop::sample::Index, bool, bool))| {
            let mut properties = vec![json!({ "code": "inactive", "valueBoolean": inactive })];
            if number > 0 && !rooted {
                let parent = format!("c{}", parent.index(number));
                properties.push(json!({ "code": "parent", "valueCode": parent }));
            }
            json!({ "code": format!("c{number}"), "display": format!("Name {number}"), "property": properties })
        };
        let concepts: Vec<Value> = concepts.iter().enumerate().map(concept).collect();
        json!({ "resourceType": "CodeSystem", "url": SYSTEM, "content": "complete", "concept": concepts })
    })
}

fn code() -> impl Strategy<Value = String> {
    (0..CODES).prop_map(|number| format!("c{number}"))
}

fn include() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["is-a", "descendent-of", "is-not-a", "generalizes"]);
    let filter = (op, code()).prop_map(|(op, value)| {
        json!({ "system": SYSTEM, "filter": [{ "property": "concept", "op": op, "value": value }] })
    });
    let listed = prop::collection::vec(code(), 1..5).prop_map(|codes| {
        let codes: Vec<Value> = codes
            .into_iter()
            .map(|code| json!({ "code": code }))
            .collect();
        json!({ "system": SYSTEM, "concept": codes })
    });
    prop_oneof![filter, listed, Just(json!({ "system": SYSTEM }))]
}

fn compose() -> impl Strategy<Value = Value> {
    let part = |least| prop::collection::vec(include(), least..4);
    (part(1), part(0), any::<bool>()).prop_map(|(include, exclude, inactive)| {
        json!({ "include": include, "exclude": exclude, "inactive": inactive })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_code_is_listed_exactly_when_it_is_a_member(system in system(), compose in compose(), size in 1_usize..5) {
        let mut scope = scope();
        scope.add_code_system(code_system(&system));
        let set = value_set(&composed("http://example.org/v", &compose)).expect("a value set");
        let all = scope.expand(&set, &ExpandOptions::default()).expect("expands").contains;
        for number in 0..CODES {
            let code = format!("c{number}");
            let listed = all.iter().filter(|entry| entry.code == code).count();
            let member = scope.find_member(&set, Some(SYSTEM), &code).expect("known").is_some();
            prop_assert_eq!(listed, usize::from(member), "{}", code);
        }
        let mut paged = Vec::new();
        while paged.len() < all.len() {
            let options = ExpandOptions { offset: paged.len(), count: Some(size), ..ExpandOptions::default() };
            paged.extend(scope.expand(&set, &options).expect("expands").contains);
        }
        prop_assert_eq!(paged, all);
    }

    #[test]
    fn subsumption_is_a_partial_order_and_survives_an_image(system in system()) {
        let concepts = code_system(&system).concepts;
        let image = Concepts::from_image(&concepts.to_image()).expect("a good image");
        for a in concepts.all() {
            prop_assert!(concepts.subsumes(a, a));
            for b in concepts.all() {
                let holds = concepts.subsumes(a, b);
                prop_assert_eq!(holds, image.subsumes(a, b));
                prop_assert!(a == b || !(holds && concepts.subsumes(b, a)));
                prop_assert_eq!(holds, concepts.descendants_or_self(a).any(|c| c == b));
                prop_assert_eq!(holds, concepts.ancestors_or_self(b).any(|c| c == a));
                for c in concepts.all() {
                    prop_assert!(!(holds && concepts.subsumes(b, c)) || concepts.subsumes(a, c));
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_image_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut image = b"MTC1".to_vec();
        image.extend(bytes);
        if let Ok(concepts) = Concepts::from_image(&image) {
            prop_assert!(Concepts::from_image(&concepts.to_image()).is_ok());
        }
    }
}
