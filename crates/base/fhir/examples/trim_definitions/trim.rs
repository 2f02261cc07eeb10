//! What is kept of each definition: only what validation, search, XML and FHIRPath read.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Checked natively by the validator on every element, so not repeated 7,000 times.
const NATIVE_CONSTRAINTS: [&str; 2] = ["ele-1", "ext-1"];

/// Expressions that do not say what their text says, in the words of the text: (key, expression).
const ERRATA: [(&str, &str); 1] = [
    // "If there are more than one enableWhen, enableBehavior must be specified", counted to two.
    (
        "que-12",
        "enableWhen.count() > 1 implies enableBehavior.exists()",
    ),
];

const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

pub(crate) fn structure(source: &Value) -> Value {
    let mut kept = pick(
        source,
        &[
            "url",
            "name",
            "type",
            "kind",
            "abstract",
            "baseDefinition",
            "derivation",
        ],
    );
    let elements = source["snapshot"]["element"]
        .as_array()
        .into_iter()
        .flatten();
    kept.insert("element".into(), elements.map(element).collect());
    Value::Object(kept)
}

/// A profile or extension: what its differential says.
pub(crate) fn profile(source: &Value) -> Value {
    let mut kept = pick(
        source,
        &[
            "resourceType",
            "url",
            "type",
            "kind",
            "derivation",
            "baseDefinition",
            "context",
        ],
    );
    let elements = source["differential"]["element"]
        .as_array()
        .into_iter()
        .flatten();
    let elements: Value = elements.map(profile_element).collect();
    kept.insert("differential".into(), json!({ "element": elements }));
    kept.into()
}

fn profile_element(source: &Value) -> Value {
    let mut kept = pick(
        source,
        &[
            "path",
            "sliceName",
            "min",
            "max",
            "type",
            "maxLength",
            "slicing",
        ],
    );
    let fields = source.as_object().into_iter().flatten();
    let is_value = |key: &str| {
        ["fixed", "pattern", "minValue", "maxValue"]
            .iter()
            .any(|prefix| key.starts_with(prefix))
    };
    kept.extend(
        fields
            .filter(|(key, _)| is_value(key))
            .map(|(k, v)| (k.clone(), v.clone())),
    );
    if source["binding"].is_object() {
        kept.insert(
            "binding".into(),
            pick(&source["binding"], &["strength", "valueSet"]).into(),
        );
    }
    let constraints: Vec<Value> = source["constraint"]
        .as_array()
        .into_iter()
        .flatten()
        .map(constraint)
        .collect();
    if !constraints.is_empty() {
        kept.insert("constraint".into(), constraints.into());
    }
    kept.into()
}

pub(crate) fn search_parameter(source: &Value) -> Value {
    let mut kept = pick(
        source,
        &[
            "url",
            "code",
            "base",
            "type",
            "expression",
            "target",
            "comparator",
            "modifier",
            "multipleOr",
            "multipleAnd",
            "chain",
        ],
    );
    if let Some(components) = source["component"].as_array() {
        let kept_of = |c| Value::Object(pick(c, &["definition", "expression"]));
        let components = components.iter().map(kept_of).collect();
        kept.insert("component".into(), components);
    }
    Value::Object(kept)
}

pub(crate) fn compartment(source: &Value) -> Value {
    let resources = source["resource"].as_array().into_iter().flatten();
    let resources: Value = resources
        .filter(|r| r["param"].is_array())
        .map(|r| pick(r, &["code", "param"]).into())
        .collect::<Vec<Value>>()
        .into();
    json!({ "code": source["code"], "resource": resources })
}

/// Every value set that a binding of the trimmed structures asks to be checked.
pub(crate) fn bound_value_sets(structures: &[Value]) -> BTreeSet<String> {
    let mut urls = BTreeSet::new();
    for element in structures
        .iter()
        .flat_map(|s| s["element"].as_array().into_iter().flatten())
    {
        let binding = &element["binding"];
        if matches!(
            binding["strength"].as_str(),
            Some("required" | "extensible")
        ) {
            urls.extend(binding["valueSet"].as_str().map(unversioned));
        }
        urls.extend(binding["max"].as_str().map(unversioned));
    }
    urls
}

pub(crate) fn unversioned(canonical: &str) -> String {
    canonical.split('|').next().unwrap_or_default().to_owned()
}

fn element(source: &Value) -> Value {
    let mut kept = pick(
        source,
        &[
            "path",
            "min",
            "max",
            "representation",
            "contentReference",
            "isSummary",
            "isModifier",
        ],
    );
    if let Some(types) = source["type"].as_array() {
        kept.insert("type".into(), types.iter().map(type_choice).collect());
    }
    if source["binding"].is_object() {
        let mut binding = pick(&source["binding"], &["strength", "valueSet"]);
        if let Some(max) = extension(&source["binding"], MAX_VALUE_SET) {
            binding.insert("max".into(), max["valueCanonical"].clone());
        }
        kept.insert("binding".into(), binding.into());
    }
    let constraints: Vec<Value> = source["constraint"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|c| !NATIVE_CONSTRAINTS.iter().any(|native| c["key"] == *native))
        .map(constraint)
        .collect();
    if !constraints.is_empty() {
        kept.insert("constraint".into(), constraints.into());
    }
    Value::Object(kept)
}

fn constraint(source: &Value) -> Value {
    let mut kept = pick(source, &["key", "severity", "human", "expression"]);
    if let Some((_, expression)) = ERRATA.iter().find(|(key, _)| source["key"] == *key) {
        kept.insert("expression".into(), (*expression).into());
    }
    kept.into()
}

fn type_choice(source: &Value) -> Value {
    let mut kept = pick(source, &["code", "profile", "targetProfile"]);
    if let Some(fhir_type) = extension(source, FHIR_TYPE) {
        kept.insert("fhirType".into(), fhir_type["valueUrl"].clone());
    }
    kept.into()
}

fn extension<'a>(source: &'a Value, url: &str) -> Option<&'a Value> {
    source["extension"]
        .as_array()?
        .iter()
        .find(|e| e["url"] == url)
}

fn pick(source: &Value, keys: &[&str]) -> Map<String, Value> {
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), source.get(*key)?.clone())))
        .filter(|(_, value)| *value != Value::Bool(false) || source["kind"].is_string())
        .collect()
}
