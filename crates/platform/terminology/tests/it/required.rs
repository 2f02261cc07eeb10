//! The specification's own lists: expansions equal those of the definitions, and every required
//! binding can be answered.

use std::collections::BTreeSet;

use mt_fhir::definitions::{BindingStrength, TypeId, ValueSet as Defined};
use mt_terminology::{ExpandOptions, TerminologyError};

use crate::synthetic::scope;

/// Required bindings whose codes are no list but a grammar.
const GRAMMARS: [&str; 3] = [
    "http://hl7.org/fhir/ValueSet/mimetypes",
    "http://hl7.org/fhir/ValueSet/all-languages",
    "http://hl7.org/fhir/ValueSet/ucum-units",
];

/// An answer list of LOINC: its codes come with LOINC's answer files, which are not built in.
const LICENSED: &str = "http://loinc.org/vs/LL379-9";

fn required() -> BTreeSet<&'static str> {
    let elements = TypeId::all().flat_map(|id| id.def().elements);
    let bindings = elements.filter_map(|element| element.binding.as_ref());
    let required = bindings.filter(|binding| binding.strength == BindingStrength::Required);
    required
        .map(|binding| binding.value_set.split('|').next().unwrap_or(""))
        .collect()
}

#[test]
fn every_required_binding_expands_or_is_listed_with_its_reason() {
    let scope = scope();
    let urls = required();
    assert!(urls.len() > 150, "{}", urls.len());
    let mut failed = Vec::new();
    for url in urls {
        if url == LICENSED {
            assert!(scope.value_set(url).is_err());
            continue;
        }
        let set = match scope.value_set(url) {
            Ok(set) => set,
            Err(error) => {
                failed.push(format!("{url}: {error}"));
                continue;
            }
        };
        match scope.expand(&set, &ExpandOptions::default()) {
            Ok(expansion) if !expansion.contains.is_empty() => {}
            Err(TerminologyError::NotEnumerable(_)) if GRAMMARS.contains(&url) => {}
            other => failed.push(format!("{url}: {:?}", other.map(|e| e.total))),
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn expansions_equal_the_lists_of_the_definitions() {
    let scope = scope();
    let mut compared = 0;
    for url in required() {
        let Some(defined) = Defined::from_url(url) else {
            continue;
        };
        let set = scope.value_set(url).expect(url);
        let Ok(expansion) = scope.expand(&set, &ExpandOptions::default()) else {
            continue;
        };
        let ours: BTreeSet<(&str, &str)> = expansion
            .contains
            .iter()
            .map(|e| (e.system.as_str(), e.code.as_str()))
            .collect();
        let theirs: BTreeSet<(&str, &str)> = defined
            .codes
            .iter()
            .map(|code| (code.system, code.code))
            .collect();
        assert_eq!(ours, theirs, "{url}");
        compared += 1;
    }
    assert!(compared > 140, "{compared}");
}
