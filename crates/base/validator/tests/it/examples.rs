//! What others publish as valid is valid here.

use std::collections::BTreeMap;
use std::path::Path;

use mt_fhir::json::{Doc, Node};
use mt_validator::{Level, Profiles, Validator};

use crate::data::{self, label, options};

/// Resources that others publish although R4 forbids them, with the reason.
fn exceptions() -> BTreeMap<String, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/invalid-examples.txt");
    let text = std::fs::read_to_string(file).expect("the committed list");
    let entries = text
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty());
    entries
        .map(|line| line.split_once(": ").expect("`resource: reason`"))
        .map(|(resource, reason)| (resource.to_owned(), reason.to_owned()))
        .collect()
}

#[test]
fn the_sample_of_official_examples_is_valid() {
    let mut invalid = invalid(&data::sample());
    invalid.retain(|(resource, _)| !exceptions().contains_key(resource));
    assert!(invalid.is_empty(), "{invalid:#?}");
}

#[test]
fn every_official_example_is_valid_or_listed_with_the_reason() {
    let Some(shared) = data::shared() else { return };
    let dir = shared.join("fhir-r4-examples");
    let mut found = Vec::new();
    for name in ["r4", "us-core-3.1.1", "us-core-6.1.0", "us-core-7.0.0"] {
        found.extend(invalid(&data::lines(
            &dir.join(format!("{name}-examples.ndjson.gz")),
        )));
    }
    let mut listed = exceptions();
    let unexpected: Vec<_> = found
        .iter()
        .filter(|(resource, _)| !listed.contains_key(resource))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    listed.retain(|resource, _| !found.iter().any(|(invalid, _)| invalid == resource));
    assert!(
        listed.is_empty(),
        "listed as invalid, but valid: {listed:#?}"
    );
}

#[test]
fn synthea_resources_pass_the_checks_of_a_write() {
    let Some(shared) = data::shared() else { return };
    let validator = data::validator(Profiles::new());
    let dir = shared.join("synthea-r4");
    let mut files = Vec::new();
    collect(&dir, &mut files);
    files.sort();
    // All of them take minutes in a debug build; one file in eight shows the same.
    let step = if cfg!(debug_assertions) { 8 } else { 1 };
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files.iter().step_by(step) {
        let text = data::text(file);
        let is_lines = file.to_string_lossy().contains(".ndjson");
        let texts: Vec<&str> = if is_lines {
            text.lines().collect()
        } else {
            vec![&text]
        };
        for text in texts {
            let doc = data::parse(text);
            for resource in resources(doc.root()) {
                count += 1;
                wrong.extend(errors(&validator, resource));
            }
        }
    }
    assert!(count > 1_000, "{count} resources");
    wrong.truncate(50);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The resources with errors, and the errors.
fn invalid(docs: &[Doc]) -> Vec<(String, Vec<String>)> {
    let validator = data::validator(Profiles::new());
    let checked = docs
        .iter()
        .map(|doc| (label(doc.root()), errors(&validator, doc.root())));
    checked.filter(|(_, errors)| !errors.is_empty()).collect()
}

fn errors(validator: &Validator, resource: Node<'_>) -> Vec<String> {
    let issues = validator.validate(resource, &options(Level::Write, &[]));
    let describe = |i: &mt_fhir::outcome::Issue| {
        let place = i.expression.as_deref().unwrap_or_default();
        format!("{}: {place}: {}", label(resource), i.diagnostics)
    };
    issues.iter().map(describe).collect()
}

/// The entries of a Bundle, or the resource itself.
fn resources<'a>(node: Node<'a>) -> Vec<Node<'a>> {
    match node.get("entry") {
        Some(entries) => entries
            .children()
            .filter_map(|e| e.get("resource"))
            .collect(),
        // The bulk export comes with a manifest, which is none.
        None => node.resource_type().map(|_| node).into_iter().collect(),
    }
}

fn collect(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.to_string_lossy().contains("json") {
            files.push(path);
        }
    }
}
