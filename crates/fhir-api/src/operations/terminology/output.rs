//! `Parameters` as the operations answer.

use mt_terminology::{AttributeKey, PropertyKind};
use serde_json::{Map, Value, json};

use crate::answer::Answer;

/// A `Parameters` resource in the making.
#[derive(Default)]
pub(super) struct Output(Vec<Value>);

impl Output {
    /// Adds a parameter with a value: `field` is `valueString`, `valueCode`, ….
    pub(super) fn add(&mut self, name: &str, field: &str, value: impl Into<Value>) {
        let mut parameter = Map::new();
        parameter.insert("name".to_owned(), name.into());
        parameter.insert(field.to_owned(), value.into());
        self.0.push(Value::Object(parameter));
    }

    /// Adds a parameter with a text, when there is one.
    pub(super) fn add_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.add(name, "valueString", text);
        }
    }

    /// Adds a parameter with parts.
    pub(super) fn add_parts(&mut self, name: &str, parts: Self) {
        self.0.push(json!({ "name": name, "part": parts.0 }));
    }

    /// The answer.
    pub(super) fn answer(self, operation: &'static str) -> Answer {
        let body = json!({ "resourceType": "Parameters", "parameter": self.0 });
        Answer::resource(operation, body.to_string())
    }
}

/// The field and value of a property.
pub(super) fn property_value(kind: PropertyKind, value: &str) -> (&'static str, Value) {
    match kind {
        PropertyKind::Code => ("valueCode", value.into()),
        PropertyKind::Coding => {
            let (system, code) = value.rsplit_once('|').unwrap_or(("", value));
            let coding = json!({ "system": system, "code": code });
            ("valueCoding", coding)
        }
        PropertyKind::Boolean => ("valueBoolean", (value == "true").into()),
        PropertyKind::Integer => match value.parse::<i64>() {
            Ok(number) => ("valueInteger", number.into()),
            Err(_) => ("valueString", value.into()),
        },
        PropertyKind::DateTime => ("valueDateTime", value.into()),
        PropertyKind::String | PropertyKind::Decimal => ("valueString", value.into()),
    }
}

/// Language and use of a designation.
pub(super) fn designation(key: &AttributeKey) -> (Option<&str>, Option<Value>) {
    match key {
        AttributeKey::Designation { language, usage } => {
            let coding = usage.as_ref().map(|(system, code)| {
                let mut coding = Map::new();
                if !system.is_empty() {
                    coding.insert("system".to_owned(), system.as_str().into());
                }
                coding.insert("code".to_owned(), code.as_str().into());
                Value::Object(coding)
            });
            (language.as_deref(), coding)
        }
        AttributeKey::Property { .. } => (None, None),
    }
}
