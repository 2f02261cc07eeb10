//! Small resources for tests.

use std::sync::Arc;

use mt_fhir::Doc;
use mt_fhir::json::Limits;
use mt_terminology::{
    Catalog, CodeSystem, Entry, ExpandOptions, Scope, TerminologyError, ValueSet,
};
use serde_json::{Value, json};

/// The built-in content alone.
pub(crate) fn scope() -> Scope {
    Scope::new(Arc::new(Catalog::new()))
}

pub(crate) fn doc(resource: &Value) -> Doc {
    Doc::parse(resource.to_string(), &Limits::default()).expect("JSON")
}

pub(crate) fn value_set(resource: &Value) -> Result<Arc<ValueSet>, TerminologyError> {
    ValueSet::from_resource(doc(resource).root()).map(Arc::new)
}

pub(crate) fn code_system(resource: &Value) -> CodeSystem {
    CodeSystem::from_resource(doc(resource).root()).expect("a code system")
}

/// A value set with one compose.
pub(crate) fn composed(url: &str, compose: &Value) -> Value {
    json!({ "resourceType": "ValueSet", "url": url, "status": "active", "compose": compose })
}

/// animal ⊃ (cat ⊃ tiger, dog), mineral; `tiger` is inactive, `animal` only groups.
pub(crate) fn beings() -> Value {
    json!({
        "resourceType": "CodeSystem", "url": "http://example.org/beings", "version": "1",
        "status": "active", "content": "complete", "caseSensitive": true,
        "hierarchyMeaning": "is-a", "valueSet": "http://example.org/all-beings",
        "property": [{ "code": "legs", "type": "integer" }],
        "concept": [
            { "code": "animal", "display": "Animal",
              "property": [{ "code": "notSelectable", "valueBoolean": true }],
              "concept": [
                { "code": "cat", "display": "Cat",
                  "property": [{ "code": "legs", "valueInteger": 4 }],
                  "designation": [{ "language": "de", "value": "Katze" }],
                  "concept": [{ "code": "tiger", "display": "Tiger of Asia",
                    "property": [{ "code": "inactive", "valueBoolean": true },
                                 { "code": "legs", "valueInteger": 4 }] }] },
                { "code": "dog", "display": "Dog",
                  "property": [{ "code": "legs", "valueInteger": 4 }] }] },
            { "code": "mineral", "display": "Mineral" }]
    })
}

pub(crate) fn with_beings() -> Scope {
    let mut scope = scope();
    scope.add_code_system(code_system(&beings()));
    scope
}

/// Codes of an expansion of `compose`.
pub(crate) fn codes(scope: &Scope, compose: &Value) -> Result<Vec<String>, TerminologyError> {
    let set = value_set(&composed("http://example.org/set", compose))?;
    let expansion = scope.expand(&set, &ExpandOptions::default())?;
    Ok(expansion
        .contains
        .into_iter()
        .map(|entry| entry.code)
        .collect())
}

pub(crate) fn entries(scope: &Scope, url: &str, options: &ExpandOptions) -> Vec<Entry> {
    let set = scope.value_set(url).expect(url);
    scope.expand(&set, options).expect(url).contains
}
