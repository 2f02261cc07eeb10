//! A tenant's own resources: composition rules, and fetching what a question needs.

use std::collections::HashMap;

use futures::future::{BoxFuture, FutureExt};
use mt_fhir::Doc;
use mt_kernel::{ErrorKind, Fault};
use mt_terminology::content::Kind;
use mt_terminology::{Canonical, ExpandOptions, TenantContent, TerminologyError};
use serde_json::{Value, json};

use crate::synthetic::{beings, codes, composed, doc, entries, scope, value_set, with_beings};

const BEINGS: &str = "http://example.org/beings";

fn filtered(property: &str, op: &str, value: &str) -> Value {
    json!({ "include": [{ "system": BEINGS,
        "filter": [{ "property": property, "op": op, "value": value }] }] })
}

#[test]
fn filters_select_as_their_operators_say() {
    let scope = with_beings();
    let table: [(&str, &str, &str, &[&str]); 13] = [
        ("concept", "is-a", "cat", &["cat", "tiger"]),
        (
            "concept",
            "descendent-of",
            "animal",
            &["cat", "tiger", "dog"],
        ),
        ("concept", "is-not-a", "animal", &["mineral"]),
        (
            "concept",
            "generalizes",
            "tiger",
            &["animal", "cat", "tiger"],
        ),
        ("legs", "=", "4", &["cat", "tiger", "dog"]),
        ("legs", "exists", "false", &["animal", "mineral"]),
        ("code", "regex", "[cd].*", &["cat", "dog"]),
        ("display", "regex", "Tiger", &[]),
        ("code", "in", "cat, dog,none", &["cat", "dog"]),
        ("code", "not-in", "cat,dog", &["animal", "tiger", "mineral"]),
        ("parent", "=", "animal", &["cat", "dog"]),
        ("child", "exists", "true", &["animal", "cat"]),
        ("inactive", "=", "true", &["tiger"]),
    ];
    for (property, op, value, expected) in table {
        let found = codes(&scope, &filtered(property, op, value));
        assert_eq!(found.expect(op), expected, "{property} {op} {value}");
    }
}

#[test]
fn filters_that_cannot_work_are_refused() {
    let scope = with_beings();
    let refused = |property, op, value| codes(&scope, &filtered(property, op, value)).err();
    use TerminologyError as E;
    assert!(matches!(
        refused("wings", "=", "2"),
        Some(E::UnsupportedFilter { .. })
    ));
    assert!(matches!(
        refused("legs", "is-a", "cat"),
        Some(E::UnsupportedFilter { .. })
    ));
    assert!(matches!(
        refused("concept", "is-a", "unicorn"),
        Some(E::UnknownCode { .. })
    ));
    assert!(matches!(
        refused("code", "regex", "("),
        Some(E::InvalidFilter { .. })
    ));
    assert!(matches!(
        refused("code", "regex", "(a{1000}){1000}"),
        Some(E::InvalidFilter { .. })
    ));
    assert!(matches!(
        refused("legs", "exists", "maybe"),
        Some(E::InvalidFilter { .. })
    ));
    assert!(matches!(
        refused("code", "like", "x"),
        Some(E::Malformed { .. })
    ));
    let empty = codes(&scope, &json!({ "include": [{}] }));
    assert!(matches!(empty, Err(E::Malformed { .. })));
}

#[test]
fn includes_add_excludes_take_away_and_imports_intersect() {
    let mut scope = with_beings();
    let pets = composed(
        "http://example.org/pets",
        &json!({ "include": [
        { "system": BEINGS, "concept": [{ "code": "dog", "display": "Good dog" }, { "code": "cat" }] }] }),
    );
    scope.add_value_set(mt_terminology::ValueSet::from_resource(doc(&pets).root()).expect("pets"));
    let pets = json!(["http://example.org/pets"]);
    let is_a = json!([{ "property": "concept", "op": "is-a", "value": "cat" }]);
    let table: [(Value, &[&str]); 5] = [
        (
            json!({ "include": [{ "valueSet": pets }] }),
            &["dog", "cat"],
        ),
        (
            json!({ "include": [{ "system": BEINGS, "valueSet": pets, "filter": is_a }] }),
            &["cat"],
        ),
        (
            json!({ "include": [{ "system": BEINGS }], "exclude": [{ "valueSet": pets }] }),
            &["animal", "tiger", "mineral"],
        ),
        (
            json!({ "inactive": false, "include": [{ "system": BEINGS }] }),
            &["animal", "cat", "dog", "mineral"],
        ),
        (
            json!({ "include": [{ "valueSet": pets }, { "system": BEINGS }] }),
            &["dog", "cat", "animal", "tiger", "mineral"],
        ),
    ];
    for (compose, expected) in table {
        assert_eq!(
            codes(&scope, &compose).expect("expands"),
            expected,
            "{compose}"
        );
    }
    let all = entries(
        &scope,
        "http://example.org/all-beings",
        &ExpandOptions::default(),
    );
    assert_eq!(
        all.len(),
        5,
        "a code system names the value set of all its codes"
    );
    let german = ExpandOptions {
        language: Some("de".into()),
        ..ExpandOptions::default()
    };
    let names: Vec<_> = entries(&scope, "http://example.org/pets", &german)
        .into_iter()
        .filter_map(|entry| entry.display)
        .collect();
    assert_eq!(names, ["Good dog", "Katze"]);
}

#[test]
fn value_sets_that_import_themselves_are_refused() {
    let mut scope = scope();
    let import =
        |url: &str, other: &str| composed(url, &json!({ "include": [{ "valueSet": [other] }] }));
    for (url, other) in [("http://x/a", "http://x/b"), ("http://x/b", "http://x/a")] {
        let set = mt_terminology::ValueSet::from_resource(doc(&import(url, other)).root());
        scope.add_value_set(set.expect(url));
    }
    let set = scope.value_set("http://x/a").expect("added");
    let expected = Some(TerminologyError::Cycle("http://x/a".into()));
    assert_eq!(
        scope.expand(&set, &ExpandOptions::default()).err(),
        expected
    );
    assert_eq!(scope.find_member(&set, None, "x").err(), expected);
    for level in 0..40 {
        let set = import(
            &format!("http://y/{level}"),
            &format!("http://y/{}", level + 1),
        );
        scope
            .add_value_set(mt_terminology::ValueSet::from_resource(doc(&set).root()).expect("set"));
    }
    let deep = scope.value_set("http://y/0").expect("added");
    let refused = scope.expand(&deep, &ExpandOptions::default());
    assert_eq!(refused.err(), Some(TerminologyError::TooDeep(16)));
}

#[test]
fn a_value_set_with_only_an_expansion_lists_its_codes() {
    let set = value_set(
        &json!({ "resourceType": "ValueSet", "url": "http://x", "expansion": {
        "contains": [{ "system": "http://s", "code": "a", "display": "A",
            "contains": [{ "system": "http://s", "code": "b" }] }, { "display": "group only" }] } }),
    );
    let set = set.expect("read");
    let scope = scope();
    let found = scope
        .expand(&set, &ExpandOptions::default())
        .expect("listed")
        .contains;
    let found: Vec<_> = found.iter().map(|entry| entry.code.as_str()).collect();
    assert_eq!(found, ["a", "b"]);
}

struct Records(HashMap<&'static str, Value>);

impl TenantContent for Records {
    fn find<'a>(
        &'a self,
        kind: Kind,
        canonical: &'a Canonical,
    ) -> BoxFuture<'a, Result<Vec<Doc>, Fault>> {
        let found = self
            .0
            .get(canonical.url.as_str())
            .filter(|r| r["resourceType"] == kind.name());
        let docs = found.map(doc).into_iter().collect();
        async move { Ok(docs) }.boxed()
    }

    fn maps_of<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Doc>, Fault>> {
        async { Ok(Vec::new()) }.boxed()
    }
}

#[test]
fn what_a_question_needs_is_fetched_through_all_levels() {
    let outer = composed(
        "http://t/outer",
        &json!({ "include": [{ "valueSet": ["http://t/inner"] }] }),
    );
    let inner = composed(
        "http://t/inner",
        &json!({ "include": [{ "system": BEINGS }] }),
    );
    let records = Records(HashMap::from([
        ("http://t/outer", outer),
        ("http://t/inner", inner),
        (BEINGS, beings()),
    ]));
    let mut scope = scope();
    let outer = Canonical::parse("http://t/outer");
    let gather = scope.gather_value_set(&records, &outer);
    futures::executor::block_on(gather).expect("gathered");
    assert_eq!(
        entries(&scope, "http://t/outer", &ExpandOptions::default()).len(),
        5
    );
}

#[test]
fn a_question_that_needs_too_many_resources_is_refused() {
    struct Endless;
    impl TenantContent for Endless {
        fn find<'a>(
            &'a self,
            _: Kind,
            asked: &'a Canonical,
        ) -> BoxFuture<'a, Result<Vec<Doc>, Fault>> {
            let next = format!("{}x", asked.url);
            let set = composed(&asked.url, &json!({ "include": [{ "valueSet": [next] }] }));
            async move { Ok(vec![doc(&set)]) }.boxed()
        }

        fn maps_of<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Doc>, Fault>> {
            async { Ok(Vec::new()) }.boxed()
        }
    }
    let mut scope = scope();
    let endless = Canonical::parse("http://t/");
    let gather = scope.gather_value_set(&Endless, &endless);
    let refused = futures::executor::block_on(gather)
        .err()
        .map(|fault| fault.kind);
    assert_eq!(refused, Some(ErrorKind::TooCostly));
}
