//! JSON Patch and FHIRPath Patch: the published suites, and what they leave out.

use std::collections::HashMap;

use mt_fhir::json::{Doc, Limits};
use mt_fhir::xml;
use mt_fhirpath::patch::{self, PatchErrorKind};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::official::NOW;
use crate::shared::{data, read};

fn doc(text: &str) -> Doc {
    Doc::parse(text, &Limits::default()).expect("JSON")
}

fn json(doc: &Doc) -> Value {
    serde_json::from_slice(&doc.to_json()).expect("what is written is JSON")
}

#[test]
fn the_json_patch_suites_pass() {
    let mut cases = 0;
    for path in [
        "json-patch-community/spec_tests.json",
        "r4/patch/json-patch-tests.json",
    ] {
        let Some(path) = data(&format!("fhir-patch-tests/{path}")) else {
            return;
        };
        let suite: Vec<HashMap<String, Box<RawValue>>> =
            serde_json::from_str(&read(&path)).expect("a list of cases");
        for case in suite {
            let comment = case.get("comment").map_or("?", |text| text.get());
            let mut target = doc(case["doc"].get());
            let before = json(&target);
            // One case repeats a member of an operation, which the parser refuses already.
            let outcome = Doc::parse(case["patch"].get(), &Limits::default())
                .map_err(|error| error.to_string())
                .and_then(|patch| {
                    let outcome = patch::apply_json(&mut target, patch.root());
                    outcome.map_err(|error| error.to_string())
                });
            match case.get("expected") {
                Some(expected) => {
                    assert_eq!(outcome, Ok(()), "{comment}");
                    assert_eq!(json(&target), json(&doc(expected.get())), "{comment}");
                }
                None => {
                    assert!(case.contains_key("error"), "{comment}");
                    assert!(outcome.is_err(), "{comment}");
                    assert_eq!(json(&target), before, "{comment}");
                }
            }
            cases += 1;
        }
    }
    assert_eq!(cases, 33);
}

#[test]
fn the_fhirpath_patch_suite_passes() {
    let Some(path) = data("fhir-patch-tests/r4/patch/fhir-patch-tests.xml") else {
        return;
    };
    let suite = read(&path);
    let mut cases = 0;
    for case in suite.split("<case ").skip(1) {
        let name = between(case, "name=\"", "\"").expect("a name");
        let part = |tag: &str| {
            let text = between(case, &format!("<{tag}>"), &format!("</{tag}>"))?;
            let parsed = xml::parse(text.trim().as_bytes(), &Limits::default());
            Some(parsed.unwrap_or_else(|error| panic!("{name}: {tag}: {error:?}")))
        };
        let mut target = part("input").expect("an input");
        let diff = part("diff").expect("a patch");
        let outcome = patch::apply_fhirpath(&mut target, diff.root(), NOW);
        match part("output") {
            Some(expected) => {
                assert_eq!(outcome, Ok(()), "{name}");
                // The narrative spells quotation marks in two ways.
                let normal = |doc: &Doc| json(doc).to_string().replace("&quot;", "\\\"");
                assert_eq!(normal(&target), normal(&expected), "{name}");
            }
            None => assert!(outcome.is_err(), "{name}"),
        }
        cases += 1;
    }
    assert_eq!(cases, 33);
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let from = text.find(start)? + start.len();
    let length = text[from..].find(end)?;
    Some(&text[from..from + length])
}

#[test]
fn json_patch_operations_do_what_rfc_6902_says() {
    let cases = [
        (
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"","value":[1]}]"#,
            "[1]",
        ),
        (
            r#"{"a/b":1,"m~n":2}"#,
            r#"[{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/m~0n","value":3}]"#,
            r#"{"m~n":3}"#,
        ),
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"copy","from":"/a/0","path":"/a/-"}]"#,
            r#"{"a":[1,2,1]}"#,
        ),
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"move","from":"/a","path":"/b"}]"#,
            r#"{"b":[1,2]}"#,
        ),
        (
            r#"{"a":1.0}"#,
            r#"[{"op":"test","path":"/a","value":1}]"#,
            r#"{"a":1.0}"#,
        ),
        (
            r#"{"a":{"x":1,"y":2}}"#,
            r#"[{"op":"test","path":"/a","value":{"y":2,"x":1}}]"#,
            r#"{"a":{"x":1,"y":2}}"#,
        ),
        (
            r#"{"":1}"#,
            r#"[{"op":"replace","path":"/","value":2}]"#,
            r#"{"":2}"#,
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"/a","value":null}]"#,
            r#"{"a":null}"#,
        ),
    ];
    for (before, patch_text, after) in cases {
        let mut target = doc(before);
        assert_eq!(
            patch::apply_json(&mut target, doc(patch_text).root()),
            Ok(()),
            "{patch_text}"
        );
        assert_eq!(json(&target), json(&doc(after)), "{patch_text}");
    }
}

#[test]
fn a_failing_json_patch_says_where_and_changes_nothing() {
    let missing = |path: &str| PatchErrorKind::NotFound(path.into());
    let cases = [
        (r#"{"op":"remove","path":"/b"}"#, missing("/b")),
        (r#"{"op":"remove","path":""}"#, missing("")),
        (r#"{"op":"replace","path":"/b","value":1}"#, missing("/b")),
        (r#"{"op":"add","path":"/l/4","value":1}"#, missing("/l/4")),
        (r#"{"op":"add","path":"/l/01","value":1}"#, missing("/l/01")),
        (r#"{"op":"remove","path":"/l/-"}"#, missing("/l/-")),
        (r#"{"op":"add","path":"/a/x","value":1}"#, missing("/a/x")),
        (
            r#"{"op":"add","path":"b","value":1}"#,
            PatchErrorKind::InvalidPath("b".into()),
        ),
        (
            r#"{"op":"add","path":"/~2","value":1}"#,
            PatchErrorKind::InvalidPath("/~2".into()),
        ),
        (
            r#"{"op":"add","path":"/b"}"#,
            PatchErrorKind::InvalidMember("value"),
        ),
        (
            r#"{"op":"copy","path":"/b"}"#,
            PatchErrorKind::InvalidMember("from"),
        ),
        (
            r#"{"op":"test","path":"/a","value":"1"}"#,
            PatchErrorKind::TestFailed("/a".into()),
        ),
        (
            r#"{"op":"move","from":"/l","path":"/l/0"}"#,
            PatchErrorKind::MovedIntoItself,
        ),
        (
            r#"{"op":"merge","path":"/a"}"#,
            PatchErrorKind::UnknownOperation("merge".into()),
        ),
        (r#"{"path":"/a"}"#, PatchErrorKind::InvalidMember("op")),
    ];
    for (operation, kind) in cases {
        let mut target = doc(r#"{"a":1,"l":[1,2,3]}"#);
        let before = json(&target);
        let patch_text = format!(r#"[{{"op":"replace","path":"/a","value":1}},{operation}]"#);
        let error = patch::apply_json(&mut target, doc(&patch_text).root()).expect_err(operation);
        assert_eq!((error.operation, error.kind), (1, kind), "{operation}");
        assert_eq!(json(&target), before, "{operation}");
    }
}

#[test]
fn a_patch_that_doubles_itself_meets_a_limit() {
    let doubling = r#"{"op":"copy","from":"/a","path":"/a/-"}"#;
    let patch_text = format!("[{}]", vec![doubling; 60].join(","));
    let mut target = doc(r#"{"a":[1]}"#);
    let error = patch::apply_json(&mut target, doc(&patch_text).root()).expect_err("too large");
    assert_eq!(error.kind, PatchErrorKind::TooLarge);
    assert_eq!(json(&target), json(&doc(r#"{"a":[1]}"#)));
}

/// An operation parameter from its parts.
fn parameters(parts: &str) -> Doc {
    let parts: Vec<String> = parts
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(' ').expect("a part");
            format!(r#"{{"name":"{name}",{value}}}"#)
        })
        .collect();
    doc(&format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{}]}}]}}"#,
        parts.join(",")
    ))
}

const PATIENT: &str = r#"{"resourceType":"Patient","active":true,
    "name":[{"given":["A","B"],"_given":[null,{"id":"b"}]}],"deceasedBoolean":false,
    "birthDate":"1970","_birthDate":{"id":"bd"}}"#;

#[test]
fn fhirpath_patch_keeps_primitives_and_their_siblings_together() {
    let cases = [
        (
            "type \"valueCode\":\"delete\"\npath \"valueString\":\"Patient.name.given[0]\"",
            r#"{"given":["B"],"_given":[{"id":"b"}]}"#,
        ),
        (
            "type \"valueCode\":\"delete\"\npath \"valueString\":\"Patient.name.given[1]\"",
            r#"{"given":["A"],"_given":[null]}"#,
        ),
        (
            "type \"valueCode\":\"insert\"\npath \"valueString\":\"Patient.name.given\"\nindex \"valueInteger\":0\nvalue \"valueString\":\"X\"",
            r#"{"given":["X","A","B"],"_given":[null,null,{"id":"b"}]}"#,
        ),
        (
            "type \"valueCode\":\"add\"\npath \"valueString\":\"Patient.name\"\nname \"valueString\":\"given\"\nvalue \"valueString\":\"C\"",
            r#"{"given":["A","B","C"],"_given":[null,{"id":"b"},null]}"#,
        ),
        (
            "type \"valueCode\":\"replace\"\npath \"valueString\":\"Patient.name.given[1]\"\nvalue \"valueString\":\"X\"",
            r#"{"given":["A","X"],"_given":[null,null]}"#,
        ),
        (
            "type \"valueCode\":\"move\"\npath \"valueString\":\"Patient.name.given\"\nsource \"valueInteger\":1\ndestination \"valueInteger\":0",
            r#"{"given":["B","A"],"_given":[{"id":"b"},null]}"#,
        ),
    ];
    for (parts, expected) in cases {
        let mut target = doc(PATIENT);
        let outcome = patch::apply_fhirpath(&mut target, parameters(parts).root(), NOW);
        assert_eq!(outcome, Ok(()), "{parts}");
        assert_eq!(json(&target)["name"][0], json(&doc(expected)), "{parts}");
    }
}

#[test]
fn replacing_a_choice_changes_its_json_name() {
    let parts = "type \"valueCode\":\"replace\"\npath \"valueString\":\"Patient.deceased\"\nvalue \"valueDateTime\":\"2020\"";
    let mut target = doc(PATIENT);
    assert_eq!(
        patch::apply_fhirpath(&mut target, parameters(parts).root(), NOW),
        Ok(())
    );
    assert_eq!(json(&target)["deceasedDateTime"], "2020");
    assert!(json(&target).get("deceasedBoolean").is_none());
}

#[test]
fn replacing_a_primitive_replaces_its_extensions() {
    let parts = "type \"valueCode\":\"replace\"\npath \"valueString\":\"Patient.birthDate\"\nvalue \"valueDate\":\"1971\"";
    let mut target = doc(PATIENT);
    assert_eq!(
        patch::apply_fhirpath(&mut target, parameters(parts).root(), NOW),
        Ok(())
    );
    assert_eq!(json(&target)["birthDate"], "1971");
    assert!(json(&target).get("_birthDate").is_none());
}

#[test]
fn a_failing_fhirpath_patch_says_why_and_changes_nothing() {
    let add = |path: &str, name: &str, value: &str| {
        format!(
            "type \"valueCode\":\"add\"\npath \"valueString\":\"{path}\"\nname \"valueString\":\"{name}\"\nvalue {value}"
        )
    };
    let replace = |path: &str| {
        format!(
            "type \"valueCode\":\"replace\"\npath \"valueString\":\"{path}\"\nvalue \"valueString\":\"x\""
        )
    };
    let cases = [
        (add("Patient", "nonsense", "\"valueString\":\"x\""), PatchErrorKind::UnknownElement("nonsense".into())),
        (add("Patient", "active", "\"valueBoolean\":true"), PatchErrorKind::AlreadyExists("active".into())),
        (add("Patient", "deceased", "\"valueDateTime\":\"2020\""), PatchErrorKind::AlreadyExists("deceasedDateTime".into())),
        (add("Patient", "multipleBirth", "\"valueString\":\"x\""), PatchErrorKind::UnknownElement("multipleBirthString".into())),
        (add("Patient.contact", "gender", "\"valueCode\":\"male\""), PatchErrorKind::NotFound("Patient.contact".into())),
        (add("Patient", "contact", "\"id\":\"x\""), PatchErrorKind::InvalidMember("value")),
        (replace("Patient.name.given"), PatchErrorKind::Ambiguous { path: "Patient.name.given".into(), count: 2 }),
        (replace("Patient.gender"), PatchErrorKind::NotFound("Patient.gender".into())),
        (replace("Patient.name."), PatchErrorKind::InvalidPath("Patient.name.".into())),
        (replace("Patient.name.given.first().length()"), PatchErrorKind::InvalidPath("Patient.name.given.first().length()".into())),
        (replace("Patient"), PatchErrorKind::InvalidPath("Patient".into())),
        ("type \"valueCode\":\"delete\"\npath \"valueString\":\"Patient.name.given\"".into(), PatchErrorKind::Ambiguous { path: "Patient.name.given".into(), count: 2 }),
        ("type \"valueCode\":\"move\"\npath \"valueString\":\"Patient.name\"\nsource \"valueInteger\":0\ndestination \"valueInteger\":1".into(), PatchErrorKind::IndexOutOfRange(1)),
        ("type \"valueCode\":\"insert\"\npath \"valueString\":\"Patient.name\"\nindex \"valueInteger\":-1\nvalue \"valueHumanName\":{\"text\":\"x\"}".into(), PatchErrorKind::IndexOutOfRange(-1)),
        ("type \"valueCode\":\"merge\"\npath \"valueString\":\"Patient\"".into(), PatchErrorKind::UnknownOperation("merge".into())),
        ("type \"valueCode\":\"add\"".into(), PatchErrorKind::InvalidMember("path")),
    ];
    for (parts, kind) in cases {
        let mut target = doc(PATIENT);
        let before = json(&target);
        let error =
            patch::apply_fhirpath(&mut target, parameters(&parts).root(), NOW).expect_err(&parts);
        assert_eq!(error.kind, kind, "{parts}");
        assert_eq!(json(&target), before, "{parts}");
    }
}

#[test]
fn a_delete_of_nothing_succeeds_and_an_emptied_parent_goes_too() {
    let delete = |path: &str| {
        parameters(&format!(
            "type \"valueCode\":\"delete\"\npath \"valueString\":\"{path}\""
        ))
    };
    let mut target = doc(r#"{"resourceType":"Patient","name":[{"text":"x"}]}"#);
    assert_eq!(
        patch::apply_fhirpath(&mut target, delete("Patient.gender").root(), NOW),
        Ok(())
    );
    assert_eq!(
        patch::apply_fhirpath(&mut target, delete("Patient.name.text").root(), NOW),
        Ok(())
    );
    assert_eq!(json(&target), json(&doc(r#"{"resourceType":"Patient"}"#)));
}
