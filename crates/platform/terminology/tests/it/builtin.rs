//! Known facts of the content that ships with the binary.

use mt_fhirpath::Terminology;
use mt_terminology::content::Kind;
use mt_terminology::{Coded, ExpandOptions, Subsumption, TerminologyError};

use crate::synthetic::{entries, scope};

const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";

#[test]
fn every_built_in_resource_can_be_read() {
    let scope = scope();
    let content = scope.catalog().built_in();
    let systems = content.urls(Kind::CodeSystem);
    assert!(systems.len() > 1_000, "{}", systems.len());
    for url in systems {
        assert!(content.code_system(url).is_some(), "{url}");
    }
    let sets = content.urls(Kind::ValueSet);
    assert!(sets.len() > 1_300, "{}", sets.len());
    for url in sets {
        assert!(content.value_set(url).is_some(), "{url}");
    }
    assert_eq!(
        content.concept_maps().len(),
        content.urls(Kind::ConceptMap).len()
    );
}

#[test]
fn icd_10_cm_has_its_codes_hierarchy_and_billable_flags() {
    let scope = scope();
    let icd = scope.code_system(ICD, Some("2026-04")).expect("built in");
    assert_eq!(icd.concepts.len(), 98_186);
    let billable = |code: &str| {
        let concept = icd.concepts.find(code).expect(code);
        icd.concepts.property(concept, "billable").next() == Some("true")
    };
    assert!(billable("A00.0") && billable("I10") && !billable("A00") && !billable("S52.209"));
    let count = icd
        .concepts
        .all()
        .filter(|c| icd.concepts.property(*c, "billable").any(|v| v == "true"));
    assert_eq!(count.count(), 74_719);
    for (upper, lower, expected) in [
        ("E11", "E11.65", true),
        ("S52", "S52.209A", true),
        ("S52.209", "S52.209A", true),
        ("T36", "T36.0X1A", true),
        ("E11.65", "E11", false),
        ("E10", "E11.65", false),
    ] {
        assert_eq!(
            scope.subsumes(ICD, upper, lower),
            Some(expected),
            "{upper} {lower}"
        );
    }
    assert_eq!(
        scope.subsumes(ICD, "E11", "E11.XX"),
        Some(false),
        "no such code in a whole system"
    );
    let below = scope.related(ICD, "A00", false).expect("A00");
    assert_eq!(below, ["A00", "A00.0", "A00.1", "A00.9"]);
    assert_eq!(
        scope.related(ICD, "A00.1", true).expect("A00.1"),
        ["A00.1", "A00"]
    );
}

#[test]
fn v3_act_class_subsumes_by_its_hierarchy() {
    let scope = scope();
    let url = "http://terminology.hl7.org/CodeSystem/v3-ActClass";
    let system = scope.code_system(url, None).expect("built in");
    for (a, b, expected) in [
        ("ACT", "OBS", Subsumption::Subsumes),
        ("OBS", "ACT", Subsumption::SubsumedBy),
        ("OBS", "OBS", Subsumption::Equivalent),
        ("OBS", "SPCOBS", Subsumption::Subsumes),
        ("ENC", "OBS", Subsumption::NotSubsumed),
    ] {
        assert_eq!(scope.subsumption(&system, a, b), Ok(expected), "{a} {b}");
    }
    let unknown = scope.subsumption(&system, "ACT", "NOPE");
    assert!(matches!(unknown, Err(TerminologyError::UnknownCode { .. })));
}

#[test]
fn systems_of_which_a_part_is_at_hand_answer_only_about_that_part() {
    let scope = scope();
    for (system, code) in [
        ("http://loinc.org", "42176-8"),
        ("http://hl7.org/fhir/sid/cvx", "03"),
        (
            "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
            "A0021",
        ),
        ("http://www.nlm.nih.gov/research/umls/rxnorm", "105585"),
    ] {
        let found = scope.code_system(system, None).expect(system);
        assert!(matches!(found.locate(code), Ok(Some(_))), "{system} {code}");
        let missing = found.locate("not-a-code");
        assert!(
            matches!(missing, Err(TerminologyError::OutsideFragment { .. })),
            "{system}"
        );
    }
    assert_eq!(
        scope.member_of("http://loinc.org/vs", Some("http://loinc.org"), "99999-9"),
        None
    );
    assert_eq!(
        scope.member_of("http://loinc.org/vs", Some("http://loinc.org"), "42176-8"),
        Some(true)
    );
}

#[test]
fn units_are_checked_by_their_grammar_and_dimension() {
    let scope = scope();
    let ucum = Some("http://unitsofmeasure.org");
    let is = |set: &str, code: &str| scope.member_of(set, ucum, code);
    assert_eq!(
        is("http://hl7.org/fhir/ValueSet/ucum-units", "mm[Hg]"),
        Some(true)
    );
    assert_eq!(
        is("http://hl7.org/fhir/ValueSet/ucum-units", "mmHgg"),
        Some(false)
    );
    assert_eq!(
        is("http://hl7.org/fhir/ValueSet/all-distance-units", "[in_i]"),
        Some(true)
    );
    assert_eq!(
        is("http://hl7.org/fhir/ValueSet/all-distance-units", "kg"),
        Some(false)
    );
    let set = scope
        .value_set("http://hl7.org/fhir/ValueSet/ucum-units")
        .expect("built in");
    let listed = scope.expand(&set, &ExpandOptions::default());
    assert!(matches!(listed, Err(TerminologyError::NotEnumerable(_))));
}

#[test]
fn what_is_not_known_is_never_said_to_be_false() {
    let scope = scope();
    let snomed = Some("http://snomed.info/sct");
    assert_eq!(
        scope.member_of("http://hl7.org/fhir/ValueSet/condition-code", snomed, "1"),
        None
    );
    assert_eq!(scope.member_of("http://example.org/none", None, "1"), None);
    assert_eq!(scope.subsumes("http://snomed.info/sct", "1", "2"), None);
    let gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
    assert_eq!(scope.member_of(gender, None, "female"), Some(true));
    assert_eq!(scope.member_of(gender, None, "Female"), Some(false));
    assert_eq!(scope.member_of(gender, snomed, "female"), Some(false));
    assert_eq!(
        scope.member_of(&format!("{gender}|4.0.1"), None, "female"),
        Some(true)
    );
    assert_eq!(
        scope.member_of(&format!("{gender}|9"), None, "female"),
        None
    );
}

#[test]
fn pages_follow_each_other_and_filters_narrow() {
    let scope = scope();
    let url = "http://terminology.hl7.org/ValueSet/v3-ActClass";
    let all = entries(&scope, url, &ExpandOptions::default());
    let mut paged = Vec::new();
    while paged.len() < all.len() {
        let options = ExpandOptions {
            offset: paged.len(),
            count: Some(7),
            ..ExpandOptions::default()
        };
        paged.extend(entries(&scope, url, &options));
    }
    assert_eq!(paged, all);
    let options = ExpandOptions {
        filter: Some("obs".into()),
        ..ExpandOptions::default()
    };
    let found = entries(&scope, url, &options);
    assert!(!found.is_empty() && found.len() < all.len());
    let names =
        |e: &mt_terminology::Entry| format!("{} {}", e.code, e.display.clone().unwrap_or_default());
    assert!(
        found
            .iter()
            .all(|entry| names(entry).to_lowercase().contains("obs"))
    );
}

#[test]
fn an_answer_that_is_too_large_is_refused_and_can_be_paged() {
    let mut scope = scope();
    let compose = serde_json::json!({ "include": [{ "system": ICD }] });
    let set = crate::synthetic::value_set(&crate::synthetic::composed("http://x", &compose));
    let set = set.expect("a value set");
    assert_eq!(
        scope.expand(&set, &ExpandOptions::default()).err(),
        Some(TerminologyError::TooCostly(10_000))
    );
    let options = ExpandOptions {
        offset: 98_180,
        count: Some(100),
        ..ExpandOptions::default()
    };
    let page = scope.expand(&set, &options).expect("a page");
    assert_eq!((page.total, page.contains.len()), (98_186, 6));
    scope.limits.visits = 1_000;
    assert_eq!(
        scope.expand(&set, &options).err(),
        Some(TerminologyError::TooCostly(1_000))
    );
}

#[test]
fn displays_are_checked_and_corrected() {
    let scope = scope();
    let icd = scope.code_system(ICD, None).expect("built in");
    let coded = |display| Coded {
        code: "A00",
        display: Some(display),
        ..Coded::default()
    };
    let check = |display| scope.validate_in_code_system(&icd, &coded(display), false, None);
    assert!(check("cholera").expect("known").result);
    let wrong = check("Plague").expect("known");
    assert!(!wrong.result && wrong.display.as_deref() == Some("Cholera"));
    let none = Coded {
        code: "A00.5",
        ..Coded::default()
    };
    assert!(
        !scope
            .validate_in_code_system(&icd, &none, false, None)
            .expect("known")
            .result
    );
}
