//! Agreement with the reference validator on whether a resource has errors.

use std::collections::BTreeMap;
use std::path::Path;

use mt_fhir::json::{Doc, Limits, Node};
use mt_fhir::xml;
use mt_validator::{Level, Profiles};

use crate::data::{self, options};

/// Share of the applicable cases that must agree, in percent.
const AGREEMENT: usize = 90;

/// Cases that are not comparable or known to differ: name → (kind, reason).
fn exceptions() -> BTreeMap<String, (String, String)> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/validator-test-exceptions.txt");
    let text = std::fs::read_to_string(file).expect("the committed list");
    let entries = text
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty());
    entries
        .map(|line| {
            let mut parts = line.splitn(3, " | ");
            let mut part = || {
                parts
                    .next()
                    .expect("`case | kind | reason`")
                    .trim()
                    .to_owned()
            };
            (part(), (part(), part()))
        })
        .collect()
}

#[test]
fn verdicts_agree_with_the_reference_validator() {
    let Some(shared) = data::shared() else { return };
    let dir = shared.join("fhir-validator-tests");
    let manifest = data::parse(&data::text(&dir.join("manifest.json")));
    let exceptions = exceptions();
    let (mut applicable, mut agreed, mut wrong) = (0, 0, Vec::new());
    for case in manifest.root().get("test-cases").expect("cases").children() {
        for run in runs(case) {
            let Some(expected) = expected_errors(&dir, run.outcome) else {
                continue;
            };
            let found = found_errors(&dir, case, &run);
            let agrees = expected != found.is_empty();
            match exceptions.get(&run.name).map(|(kind, _)| &**kind) {
                // Needs what these tests do not have: an external package or terminology.
                Some("external") => continue,
                Some("differs") if agrees => {
                    wrong.push(format!("{}: listed, but agrees", run.name))
                }
                Some("differs") => applicable += 1,
                Some(kind) => panic!("{}: unknown kind {kind}", run.name),
                None => {
                    applicable += 1;
                    agreed += usize::from(agrees);
                    if !agrees {
                        let text = found.join("\n    ");
                        wrong.push(format!(
                            "{}: expected errors: {expected}\n    {text}",
                            run.name
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{agreed} of {applicable} agree\n{}",
        wrong.join("\n")
    );
    assert!(
        agreed * 100 >= applicable * AGREEMENT,
        "{agreed} of {applicable} agree"
    );
}

/// A case is run without and, where it names one, with a profile.
struct Run<'a> {
    name: String,
    outcome: Node<'a>,
    profile: Option<Node<'a>>,
}

fn runs<'a>(case: Node<'a>) -> Vec<Run<'a>> {
    let name = case.str("name").expect("a name");
    let mut runs = Vec::new();
    if let Some(outcome) = case.get("java") {
        runs.push(Run {
            name: name.to_owned(),
            outcome,
            profile: None,
        });
    }
    if let Some(profile) = case.get("profile")
        && let Some(outcome) = profile.get("java")
    {
        runs.push(Run {
            name: format!("{name} (profile)"),
            outcome,
            profile: Some(profile),
        });
    }
    runs
}

fn expected_errors(dir: &Path, outcome: Node<'_>) -> Option<bool> {
    let has_error = |root: Node<'_>| {
        let outcome = root.get("outcome").unwrap_or(root);
        let issues = outcome.get("issue").into_iter().flat_map(Node::children);
        issues
            .into_iter()
            .any(|i| matches!(i.str("severity"), Some("error" | "fatal")))
    };
    match outcome.as_str() {
        None => Some(has_error(outcome)),
        Some(file) => {
            let file = dir.join("outcomes").join(file);
            file.is_file()
                .then(|| has_error(data::parse(&data::text(&file)).root()))
        }
    }
}

fn found_errors(dir: &Path, case: Node<'_>, run: &Run<'_>) -> Vec<String> {
    let mut profiles = Profiles::core();
    let mut asked = Vec::new();
    let strings = |node: Option<Node<'_>>| -> Vec<String> {
        let list = node.into_iter().flat_map(Node::children);
        list.filter_map(Node::as_str).map(str::to_owned).collect()
    };
    for file in strings(case.get("supporting")) {
        load(&mut profiles, &dir.join(file));
    }
    for file in strings(case.get("profiles")) {
        load(&mut profiles, &dir.join(file));
    }
    if let Some(profile) = run.profile {
        for file in strings(profile.get("supporting")) {
            load(&mut profiles, &dir.join(file));
        }
        asked.extend(load(
            &mut profiles,
            &dir.join(profile.str("source").expect("a source")),
        ));
    }
    let doc = match read(&dir.join(case.str("file").expect("a file"))) {
        Ok(doc) => doc,
        Err(error) => return vec![error],
    };
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let issues = data::validator(profiles).validate(doc.root(), &options(Level::Full, &asked));
    let describe = |i: &mt_fhir::outcome::Issue| {
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

/// Loads a definition; gives the URL of a StructureDefinition.
fn load(profiles: &mut Profiles, file: &Path) -> Option<String> {
    // Some supporting definitions are broken on purpose.
    let doc = read(file).ok()?;
    let _ = profiles.add(doc.root());
    let is_profile = doc.root().resource_type() == Some("StructureDefinition");
    doc.root()
        .str("url")
        .filter(|_| is_profile)
        .map(str::to_owned)
}

/// A resource in JSON or XML.
fn read(file: &Path) -> Result<Doc, String> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    if file.extension().is_some_and(|e| e == "xml") {
        xml::parse(&bytes, &Limits::default()).map_err(|error| error.to_string())
    } else {
        Doc::parse(bytes, &Limits::default()).map_err(|error| error.to_string())
    }
}
