//! Payloads: Avro records whose schemas follow from the catalogue.

use std::collections::HashMap;
use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::{Value as Json, json};

use super::{EVENTS, EventType, Field, FieldKind};
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

static SCHEMAS: LazyLock<HashMap<&'static str, Schema>> = LazyLock::new(|| {
    let parsed = |event: &EventType| {
        let schema = Schema::parse(&event.schema()).expect("the catalogue makes valid schemas");
        (event.name, schema)
    };
    EVENTS.iter().map(parsed).collect()
});

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

    fn parsed(&self) -> &'static Schema {
        SCHEMAS.get(self.name).expect("every event has a schema")
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
    let mut record = Vec::new();
    for field in event.all_fields() {
        let given = values.iter().find(|(name, _)| *name == field.name);
        let value = match given {
            Some((_, value)) => to_avro(field.kind, value)
                .ok_or_else(|| refuse(format!("{} has another type", field.name)))?,
            None if field.optional => Avro::Union(0, Box::new(Avro::Null)),
            None => return Err(refuse(format!("{} is missing", field.name))),
        };
        let value = match value {
            value @ Avro::Union(..) => value,
            value if field.optional => Avro::Union(1, Box::new(value)),
            value => value,
        };
        record.push((field.name.to_owned(), value));
    }
    GenericDatumWriter::builder(event.parsed())
        .build()
        .and_then(|writer| writer.write_value_to_vec(Avro::Record(record)))
        .map_err(|error| refuse(error.to_string()))
}

/// The values of a payload; absent fields are left out.
///
/// # Errors
/// [`EventError::Schema`] when the bytes are not of this event.
pub fn decode(event: &'static EventType, payload: &[u8]) -> Result<Vec<(String, Value)>> {
    let refuse = || EventError::Schema {
        event: event.name,
        reason: "the payload is not of its schema".to_owned(),
    };
    let mut reader = payload;
    let datum = GenericDatumReader::builder(event.parsed())
        .build()
        .and_then(|datum| datum.read_value(&mut reader));
    let Ok(Avro::Record(fields)) = datum else {
        return Err(refuse());
    };
    if !reader.is_empty() {
        return Err(refuse());
    }
    let mut values = Vec::with_capacity(fields.len());
    for (field, (name, value)) in event.all_fields().zip(fields) {
        if let Some(value) = from_avro(field.kind, value).ok_or_else(refuse)? {
            values.push((name, value));
        }
    }
    Ok(values)
}

fn to_avro(kind: FieldKind, value: &Value) -> Option<Avro> {
    Some(match (kind, value) {
        (FieldKind::Text, Value::Text(text)) => Avro::String(text.clone()),
        (FieldKind::Whole, Value::Whole(number)) => Avro::Long(*number),
        (FieldKind::Instant, Value::Whole(micros)) => Avro::TimestampMicros(*micros),
        (FieldKind::Flag, Value::Flag(flag)) => Avro::Boolean(*flag),
        (FieldKind::Texts, Value::Texts(texts)) => {
            Avro::Array(texts.iter().cloned().map(Avro::String).collect())
        }
        (FieldKind::Wholes, Value::Wholes(numbers)) => {
            Avro::Array(numbers.iter().copied().map(Avro::Long).collect())
        }
        _ => return None,
    })
}

/// `Some(None)` for null; `None` for what the field cannot hold.
fn from_avro(kind: FieldKind, value: Avro) -> Option<Option<Value>> {
    Some(Some(match (kind, value) {
        (kind, Avro::Union(_, inner)) => return from_avro(kind, *inner),
        (_, Avro::Null) => return Some(None),
        (FieldKind::Text, Avro::String(text)) => Value::Text(text),
        (FieldKind::Whole, Avro::Long(number))
        | (FieldKind::Instant, Avro::TimestampMicros(number)) => Value::Whole(number),
        (FieldKind::Flag, Avro::Boolean(flag)) => Value::Flag(flag),
        (FieldKind::Texts, Avro::Array(items)) => Value::Texts(all(items, |item| match item {
            Avro::String(text) => Some(text),
            _ => None,
        })?),
        (FieldKind::Wholes, Avro::Array(items)) => Value::Wholes(all(items, |item| match item {
            Avro::Long(number) => Some(number),
            _ => None,
        })?),
        _ => return None,
    }))
}

fn all<T>(items: Vec<Avro>, one: impl Fn(Avro) -> Option<T>) -> Option<Vec<T>> {
    items.into_iter().map(one).collect()
}
