//! The official FHIRPath suite for R4.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use mt_fhir::json::{Doc, Limits};
use mt_fhir::{ResourceType, xml};
use mt_fhirpath::system::{Date, DateTime, Time};
use mt_fhirpath::{Collection, Context, Expr, Value};
use mt_kernel::Instant;
use rust_decimal::Decimal;

use crate::shared::{data, read};
use crate::xml::Xml;

/// 2024-05-06T07:08:09.123Z
pub(crate) const NOW: Instant = Instant(1_714_979_289_123_000);

struct Inputs(HashMap<String, Doc>);

impl Inputs {
    fn get(&mut self, name: &str) -> &Doc {
        self.0.entry(name.to_owned()).or_insert_with(|| {
            let text = read(&data(&format!("fhirpath-tests/r4/{name}")).expect("an input file"));
            if !name.ends_with(".xml") {
                return Doc::parse(text, &Limits::default()).expect("JSON");
            }
            // Some inputs break the element order of FHIR XML; those are read from their JSON form.
            xml::parse(text.as_bytes(), &Limits::default()).unwrap_or_else(|_| {
                let json = name.replace(".xml", ".json");
                let path = format!("fhirpath-tests/fhirpath-js/test/resources/r4/{json}");
                let text = read(&data(&path).expect("the JSON form"));
                Doc::parse(text, &Limits::default()).expect("JSON")
            })
        })
    }
}

#[test]
fn the_official_suite_passes() {
    let Some(path) = data("fhirpath-tests/r4/fhirpath/tests-fhir-r4.xml") else {
        return;
    };
    let suite = Xml::parse(&read(&path));
    let mut inputs = Inputs(HashMap::new());
    let (mut passed, mut failed) = (0, Vec::new());
    for test in suite.all("group").flat_map(|group| group.all("test")) {
        match run(test, &mut inputs) {
            Ok(()) => passed += 1,
            Err(why) => failed.push((test.attribute("name").unwrap_or("?").to_owned(), why)),
        }
    }
    let names: BTreeSet<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
    let excepted = include_str!("../data/official-exceptions.tsv").lines();
    let excepted: BTreeSet<&str> = excepted
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(names, excepted, "{failed:#?}");
    assert_eq!(passed, 933);
}

fn run(test: &Xml, inputs: &mut Inputs) -> Result<(), String> {
    let expression = test.one("expression").expect("an expression");
    let empty = Doc::object();
    let doc = match test.attribute("inputfile") {
        Some(name) => inputs.get(name),
        None => &empty,
    };
    let invalid = expression
        .attribute("invalid")
        .or_else(|| test.attribute("invalid"));
    let outcome = evaluate(
        &expression.text,
        doc,
        test.attribute("predicate") == Some("true"),
    );
    let is_error_expected = invalid.is_some_and(|kind| kind != "false");
    match (outcome, is_error_expected) {
        (Err(_), true) => Ok(()),
        (Err(error), false) => Err(format!("{} → {error}", expression.text)),
        (Ok(found), true) => Err(format!(
            "{} → {found:?}, expected an error",
            expression.text
        )),
        (Ok(found), false) => {
            let expected: Vec<&Xml> = test.all("output").collect();
            let matches = found.len() == expected.len()
                && (test.attribute("ordered") == Some("false")
                    || found.iter().zip(&expected).all(|(f, e)| same(f, e)));
            if matches {
                return Ok(());
            }
            let expected: Vec<&str> = expected.iter().map(|e| e.text.as_str()).collect();
            Err(format!(
                "{} → {found:?}, expected {expected:?}",
                expression.text
            ))
        }
    }
}

/// Type name and text of every item.
type Found = Vec<(String, String)>;

fn evaluate(text: &str, doc: &Doc, is_predicate: bool) -> Result<Found, String> {
    let expr = Expr::parse(text).map_err(|error| error.to_string())?;
    if let Some(root) = ResourceType::from_name(doc.root().resource_type().unwrap_or_default()) {
        expr.check(root.type_id())
            .map_err(|error| error.to_string())?;
    }
    let context = Context::new(doc.root(), NOW);
    let focus = context.resource.expect("a resource");
    let found: Collection<'_> = expr
        .evaluate(&context, focus)
        .map_err(|error| error.to_string())?;
    if is_predicate {
        let truth = match &found[..] {
            [Value::Boolean(value)] => *value,
            found => !found.is_empty(),
        };
        return Ok(vec![("Boolean".to_owned(), truth.to_string())]);
    }
    let item = |value: &Value<'_>| {
        let text = value
            .to_system()
            .map_or_else(|| value.to_string(), |v| v.to_string());
        (value.type_name().map_or("?", |t| t.name).to_owned(), text)
    };
    Ok(found.iter().map(item).collect())
}

fn same((type_name, found): &(String, String), expected: &Xml) -> bool {
    let text = expected.text.strip_prefix('@').unwrap_or(&expected.text);
    let type_matches = expected
        .attribute("type")
        .is_none_or(|wanted| wanted.eq_ignore_ascii_case(type_name));
    let as_time = |t: &str| Time::parse(t.strip_prefix('T').unwrap_or(t));
    let value_matches = found == text
        || Decimal::from_str(found).is_ok_and(|f| Decimal::from_str(text).is_ok_and(|t| f == t))
        || Date::parse(found).is_some_and(|f| Date::parse(text) == Some(f))
        || DateTime::parse(found).is_some_and(|f| DateTime::parse(text) == Some(f))
        || as_time(found).is_some_and(|f| as_time(text) == Some(f));
    type_matches && value_matches
}
