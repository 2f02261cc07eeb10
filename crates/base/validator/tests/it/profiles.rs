//! Profiles: cardinality, fixed values, bindings, slices, extensions, references.

use mt_fhir::outcome::Issue;
use mt_validator::{Level, ProfileError, Profiles};

use crate::data::{self, options, parse};

const URL: &str = "http://e.org/StructureDefinition/p";

/// A StructureDefinition with a differential.
fn definition(url: &str, resource_type: &str, elements: &str) -> String {
    format!(
        r#"{{"resourceType":"StructureDefinition","url":"{url}","type":"{resource_type}","kind":"resource",
        "derivation":"constraint","baseDefinition":"http://hl7.org/fhir/StructureDefinition/{resource_type}",
        "differential":{{"element":[{elements}]}}}}"#
    )
}

fn check(definitions: &[String], resource: &str) -> Vec<String> {
    let mut profiles = Profiles::new();
    for definition in definitions {
        profiles
            .add(parse(definition).root())
            .expect("a definition");
    }
    let doc = parse(resource);
    let issues = data::validator(profiles).validate(doc.root(), &options(Level::Full, &[URL]));
    let describe = |i: &Issue| {
        format!(
            "{}: {}",
            i.expression.as_deref().unwrap_or_default(),
            i.diagnostics
        )
    };
    issues
        .iter()
        .filter(|i| i.is_error())
        .map(describe)
        .collect()
}

fn observation(fields: &str) -> String {
    format!(r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}}{fields}}}"#)
}

/// Runs resources that must be valid and ones that must have an error at a place.
fn table(definitions: &[String], valid: &[String], invalid: &[(String, &str)]) {
    for resource in valid {
        assert_eq!(
            check(definitions, resource),
            Vec::<String>::new(),
            "{resource}"
        );
    }
    for (resource, expected) in invalid {
        let found = check(definitions, resource);
        assert!(
            found.iter().any(|e| e.starts_with(expected)),
            "{resource}\n{expected}\n{found:?}"
        );
    }
}

#[test]
fn cardinality_fixed_values_patterns_and_ranges() {
    let elements = r#"{"path":"Observation"},
        {"path":"Observation.status","fixedCode":"final"},
        {"path":"Observation.category","min":1,"max":"1","patternCodeableConcept":{"coding":[{"code":"lab"}]}},
        {"path":"Observation.note","max":"0"},
        {"path":"Observation.value[x]","type":[{"code":"Quantity"}],"minValueQuantity":{"value":3}},
        {"path":"Observation.code.text","maxLength":3}"#;
    let lab = r#","category":[{"coding":[{"system":"s:s","code":"lab"}]}]"#;
    table(
        &[definition(URL, "Observation", elements)],
        &[
            observation(lab),
            observation(&format!(r#"{lab},"valueQuantity":{{"value":3.0}}"#)),
        ],
        &[
            (
                observation(""),
                "Observation: category: the profile asks for at least 1",
            ),
            (
                observation(r#","category":[{"coding":[{"code":"x"}]}]"#),
                "Observation.category[0]: does not have the pattern",
            ),
            (
                observation(&format!(r#"{lab},"note":[{{"text":"x"}}]"#)),
                "Observation: note: the profile allows at most 0",
            ),
            (
                observation(&format!(r#"{lab},"valueString":"x""#)),
                "Observation.value: the profile does not allow the type string",
            ),
            (
                observation(&format!(r#"{lab},"valueQuantity":{{"value":2.99}}"#)),
                "Observation.value: is below",
            ),
            (
                observation(lab).replace("final", "amended"),
                "Observation.status: is not the value that the profile fixes",
            ),
            (
                observation(lab).replace(r#""x""#, r#""long""#),
                "Observation.code.text: is longer",
            ),
            (
                r#"{"resourceType":"Patient"}"#.to_owned(),
                "Patient: http://e.org/StructureDefinition/p is a profile of Observation",
            ),
        ],
    );
}

#[test]
fn slices_are_told_apart_by_value_type_and_existence() {
    let by_code = r#"{"path":"Observation.component","slicing":{"discriminator":[{"type":"pattern","path":"code"}],"rules":"closed"}},
        {"path":"Observation.component","sliceName":"a","min":1,"max":"1"},
        {"path":"Observation.component.code","patternCodeableConcept":{"coding":[{"code":"a"}]}},
        {"path":"Observation.component.value[x]","min":1,"type":[{"code":"string"}]},
        {"path":"Observation.component","sliceName":"b","max":"1"},
        {"path":"Observation.component.code.coding.code","fixedCode":"b"}"#;
    let component = |code: &str, value: &str| {
        format!(r#"{{"code":{{"coding":[{{"system":"s:s","code":"{code}"}}]}}{value}}}"#)
    };
    let with =
        |components: &[String]| observation(&format!(r#","component":[{}]"#, components.join(",")));
    let a = component("a", r#","valueString":"x""#);
    table(
        &[definition(URL, "Observation", by_code)],
        &[
            with(std::slice::from_ref(&a)),
            with(&[component("b", ""), a.clone()]),
        ],
        &[
            (
                with(&[component("b", "")]),
                "Observation: component:a: the profile asks for at least 1",
            ),
            (
                with(&[a.clone(), a.clone()]),
                "Observation: component:a: the profile allows at most 1",
            ),
            (
                with(&[a.clone(), component("c", "")]),
                "Observation.component[1]: is in none of the slices",
            ),
            (
                with(&[component("a", "")]),
                "Observation.component[0]: value: the profile asks for at least 1",
            ),
            (
                with(&[component("a", r#","valueInteger":1"#)]),
                "Observation.component[0].value: the profile does not allow the type integer",
            ),
        ],
    );
    let by_type = r#"{"path":"Observation.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"open"}},
        {"path":"Observation.valueQuantity","sliceName":"valueQuantity","min":1},
        {"path":"Observation.valueQuantity.code","min":1,"fixedCode":"kg"}"#;
    table(
        &[definition(URL, "Observation", by_type)],
        &[observation(
            r#","valueQuantity":{"system":"s:s","code":"kg"}"#,
        )],
        &[
            (
                observation(r#","valueString":"x""#),
                "Observation: value:valueQuantity: the profile asks for at least 1",
            ),
            (
                observation(r#","valueQuantity":{"system":"s:s","code":"g"}"#),
                "Observation.value.code: is not the value",
            ),
        ],
    );
    let by_existence = r#"{"path":"Observation.component","slicing":{"discriminator":[{"type":"exists","path":"interpretation"}],"rules":"open"}},
        {"path":"Observation.component","sliceName":"read","max":"1"},
        {"path":"Observation.component.interpretation","min":1},
        {"path":"Observation.component","sliceName":"plain","max":"0"},
        {"path":"Observation.component.interpretation","max":"0"}"#;
    let read = component("a", r#","interpretation":[{"text":"x"}]"#);
    table(
        &[definition(URL, "Observation", by_existence)],
        &[with(std::slice::from_ref(&read))],
        &[
            (
                with(&[read.clone(), read.clone()]),
                "Observation: component:read: the profile allows at most 1",
            ),
            (
                with(&[a]),
                "Observation: component:plain: the profile allows at most 0",
            ),
        ],
    );
}

#[test]
fn extension_slices_are_found_by_the_url_of_their_profile() {
    let extension = r#"{"resourceType":"StructureDefinition","url":"http://e.org/x","type":"Extension",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension","differential":{"element":[
        {"path":"Extension"},{"path":"Extension.url","fixedUri":"http://e.org/x"},
        {"path":"Extension.value[x]","min":1,"type":[{"code":"code"}]}]}}"#;
    let elements = r#"{"path":"Observation.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}},
        {"path":"Observation.extension","sliceName":"x","min":1,"max":"1","type":[{"code":"Extension","profile":["http://e.org/x"]}]}"#;
    let with = |value: &str| {
        observation(&format!(
            r#","extension":[{{"url":"http://e.org/x",{value}}}]"#
        ))
    };
    table(
        &[
            definition(URL, "Observation", elements),
            extension.to_owned(),
        ],
        &[with(r#""valueCode":"a""#)],
        &[
            (
                observation(""),
                "Observation: extension:x: the profile asks for at least 1",
            ),
            (
                with(r#""valueString":"a""#),
                "Observation.extension[0].value: the profile does not allow the type string",
            ),
        ],
    );
}

#[test]
fn an_extension_stands_where_its_definition_allows_it() {
    let extension = r#"{"resourceType":"StructureDefinition","url":"http://e.org/x","type":"Extension",
        "context":[{"type":"element","expression":"DomainResource.text"},{"type":"element","expression":"Observation.code"},
        {"type":"element","expression":"Quantity"}],"differential":{"element":[{"path":"Extension"}]}}"#;
    let definitions = [
        definition(URL, "Observation", r#"{"path":"Observation"}"#),
        extension.to_owned(),
    ];
    let x = r#""extension":[{"url":"http://e.org/x","valueCode":"a"}]"#;
    let div = r#""status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>""#;
    table(
        &definitions,
        &[
            observation("").replace(r#""text":"x""#, x),
            observation(&format!(r#","text":{{{x},{div}}}"#)),
            observation(&format!(r#","valueQuantity":{{{x}}}"#)),
        ],
        &[
            (
                observation(&format!(",{x}")),
                "Observation.extension[0]: the extension http://e.org/x is not allowed here",
            ),
            (
                observation(&format!(r#","method":{{{x}}}"#)),
                "Observation.method.extension[0]: the extension",
            ),
        ],
    );
}

#[test]
fn invariants_bindings_and_targets_of_a_profile_hold() {
    let elements = r#"{"path":"Observation","constraint":[{"key":"e-1","severity":"error","human":"needs an effective date","expression":"effective.exists()"}]},
        {"path":"Observation.interpretation","binding":{"strength":"required","valueSet":"http://e.org/vs|1"}},
        {"path":"Observation.subject","type":[{"code":"Reference","targetProfile":["http://e.org/patient"]}]}"#;
    let patient = definition(
        "http://e.org/patient",
        "Patient",
        r#"{"path":"Patient"},{"path":"Patient.active","min":1}"#,
    );
    let value_set = r#"{"resourceType":"ValueSet","url":"http://e.org/vs","compose":{"include":[
        {"system":"http://e.org/cs","concept":[{"code":"a"}]},{"system":"http://e.org/all"}]}}"#;
    let system = r#"{"resourceType":"CodeSystem","url":"http://e.org/all","content":"complete","concept":[{"code":"p","concept":[{"code":"q"}]}]}"#;
    let with = |fields: &str| observation(&format!(r#","effectiveDateTime":"2020"{fields}"#));
    let coded = |system: &str, code: &str| {
        with(&format!(
            r#","interpretation":[{{"coding":[{{"system":"{system}","code":"{code}"}}]}}]"#
        ))
    };
    let contained = |fields: &str| {
        with(&format!(
            r##","contained":[{{"resourceType":"Patient","id":"p"{fields}}}],"subject":{{"reference":"#p"}}"##
        ))
    };
    table(
        &[
            definition(URL, "Observation", elements),
            patient,
            value_set.to_owned(),
            system.to_owned(),
        ],
        &[
            with(""),
            coded("http://e.org/cs", "a"),
            coded("http://e.org/all", "q"),
            contained(r#","active":true"#),
            with(r#","subject":{"reference":"Patient/1"}"#),
        ],
        &[
            (observation(""), "Observation: e-1: needs an effective date"),
            (
                coded("http://e.org/cs", "b"),
                "Observation.interpretation[0]: not a code of the value set http://e.org/vs",
            ),
            (
                coded("http://e.org/other", "a"),
                "Observation.interpretation[0]: not a code",
            ),
            (
                contained(""),
                "Observation.subject: what it refers to meets none",
            ),
            (
                with(r#","subject":{"reference":"Group/1"}"#),
                "Observation.subject: the profile does not allow a reference to Group",
            ),
        ],
    );
}

#[test]
fn a_profile_of_a_profile_includes_it() {
    let base = definition(
        "http://e.org/base",
        "Observation",
        r#"{"path":"Observation.category","min":1}"#,
    );
    let derived = definition(URL, "Observation", r#"{"path":"Observation.note","min":1}"#).replace(
        "http://hl7.org/fhir/StructureDefinition/Observation",
        "http://e.org/base",
    );
    let found = check(&[base, derived], &observation(""));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn profiles_that_refer_to_each_other_end() {
    let looped = |url: &str, next: &str| {
        definition(
            url,
            "Observation",
            &format!(
                r#"{{"path":"Observation"}},
            {{"path":"Observation.hasMember","type":[{{"code":"Reference","targetProfile":["{next}"]}}]}}"#
            ),
        )
    };
    let resource = observation(
        r##","contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"text":"y"},
        "hasMember":[{"reference":"#o"}]}],"hasMember":[{"reference":"#o"}]"##,
    );
    let found = check(
        &[looped(URL, "http://e.org/q"), looped("http://e.org/q", URL)],
        &resource,
    );
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn definitions_that_cannot_be_used_are_refused() {
    use ProfileError as E;
    let no_elements = r#"{"resourceType":"StructureDefinition","url":"u","type":"Patient"}"#;
    let cases = [
        (
            r#"{"resourceType":"StructureDefinition"}"#.to_owned(),
            E::NoUrl,
        ),
        (r#"{"resourceType":"ValueSet"}"#.to_owned(), E::NoUrl),
        (no_elements.to_owned(), E::NoElements),
        (definition("u", "Nonsense", ""), E::UnknownType),
        (
            definition("u", "Patient", r#"{"path":"Observation.code"}"#),
            E::BadPath,
        ),
    ];
    for (json, error) in cases {
        assert_eq!(
            Profiles::new().add(parse(&json).root()),
            Err(error),
            "{json}"
        );
    }
    assert_eq!(
        Profiles::new().add(parse(r#"{"resourceType":"Patient"}"#).root()),
        Ok(false)
    );
}

#[test]
fn the_profiles_of_the_specification_are_at_hand() {
    let core = Profiles::core();
    for url in [
        "vitalsigns",
        "bp",
        "patient-birthPlace",
        "data-absent-reason",
    ] {
        assert!(
            core.is_known(&format!("http://hl7.org/fhir/StructureDefinition/{url}")),
            "{url}"
        );
    }
}

#[test]
fn official_examples_conform_to_the_profiles_they_claim() {
    let validator = data::validator(Profiles::core());
    let sample = data::sample();
    let mut wrong = Vec::new();
    for doc in &sample {
        let write = validator.validate(doc.root(), &options(Level::Write, &[]));
        let full = validator.validate(doc.root(), &options(Level::Full, &[]));
        for issue in full.iter().filter(|i| i.is_error() && !write.contains(i)) {
            // Knowledge artifacts among the examples name each other by relative URLs.
            if issue.diagnostics == "a canonical URL must be absolute" {
                continue;
            }
            wrong.push(format!("{}: {issue:?}", data::label(doc.root())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
