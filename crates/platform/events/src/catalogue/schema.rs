//! Payloads: Avro records whose schemas follow from the catalogue.

use serde_json::{Value as Json, json};

use super::{EventType, Field, FieldKind, avro};
use crate::error::{EventError, Result};

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// For [`FieldKind::Text`].
    Text(String),
    /// For [`FieldKind::Whole`], and [`FieldKind::Instant`] in microseconds since 1970.
    Whole(i64),
    /// For [`FieldKind::Flag`].
    Flag(bool),
    /// For [`FieldKind::Texts`].
    Texts(Vec<String>),
    /// For [`FieldKind::Wholes`].
    Wholes(Vec<i64>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl EventType {
    /// The Avro schema of the payload.
    #[must_use]
    pub fn schema(&self) -> Json {
        let fields: Vec<Json> = self.all_fields().map(field_schema).collect();
        json!({
            "type": "record",
            "namespace": "meditrack.events",
            "name": record_name(self.name),
            "doc": self.says,
            "fields": fields,
        })
    }
}

/// `patient.registered.v1` as a name that Avro allows: `PatientRegisteredV1`.
fn record_name(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split(['.', '_']).map(capital).collect()
}

fn field_schema(field: &Field) -> Json {
    let kind = match field.kind {
        FieldKind::Text => json!("string"),
        FieldKind::Whole => json!("long"),
        FieldKind::Flag => json!("boolean"),
        FieldKind::Instant => json!({"type": "long", "logicalType": "timestamp-micros"}),
        FieldKind::Texts => json!({"type": "array", "items": "string"}),
        FieldKind::Wholes => json!({"type": "array", "items": "long"}),
    };
    if field.optional {
        json!({"name": field.name, "type": ["null", kind], "default": null})
    } else {
        json!({"name": field.name, "type": kind})
    }
}

/// The payload with these values.
///
/// # Errors
/// [`EventError::Schema`] when a field is missing, unknown or of another type.
pub fn encode(event: &'static EventType, values: &[(&str, Value)]) -> Result<Vec<u8>> {
    let refuse = |reason: String| EventError::Schema {
        event: event.name,
        reason,
    };
    if let Some((name, _)) = values
        .iter()
        .find(|(name, _)| !event.all_fields().any(|field| field.name == *name))
    {
        return Err(refuse(format!("it has no field {name}")));
    }
    let mut payload = Vec::with_capacity(128);
    for field in event.all_fields() {
        let given = values.iter().find(|(name, _)| *name == field.name);
        if field.optional {
            avro::write_branch(given.is_some(), &mut payload);
        }
        match given {
            Some((_, value)) => avro::write(field.kind, value, &mut payload)
                .ok_or_else(|| refuse(format!("{} has another type", field.name)))?,
            None if field.optional => {}
            None => return Err(refuse(format!("{} is missing", field.name))),
        }
    }
    Ok(payload)
}

/// The values of a payload; absent fields are left out, and so are those that were added after it was written.
///
/// # Errors
/// [`EventError::Schema`] when the bytes are not of this event.
pub fn decode(event: &'static EventType, payload: &[u8]) -> Result<Vec<(String, Value)>> {
    let refuse = || EventError::Schema {
        event: event.name,
        reason: "the payload is not of its schema".to_owned(),
    };
    let mut rest = payload;
    let mut values = Vec::new();
    for field in event.all_fields() {
        let is_there = !field.optional
            || (!rest.is_empty() && avro::read_branch(&mut rest).ok_or_else(refuse)?);
        if is_there {
            let value = avro::read(field.kind, &mut rest).ok_or_else(refuse)?;
            values.push((field.name.to_owned(), value));
        }
    }
    if !rest.is_empty() {
        return Err(refuse());
    }
    Ok(values)
}
