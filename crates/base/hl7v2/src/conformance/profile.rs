//! Profiles as data: read from JSON by whoever has a JSON reader, or the built-in standard one.

use serde::Deserialize;

use super::DataType;

/// What an interface insists on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// Name, for people.
    #[serde(default)]
    pub name: String,
    /// Rules per segment; a segment without a rule is free.
    pub segments: Vec<SegmentRule>,
}

/// Rules of one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SegmentRule {
    /// Name.
    pub segment: String,
    /// Whether it must, may or must not be there.
    #[serde(default)]
    pub usage: Usage,
    /// How many there may be.
    #[serde(default)]
    pub cardinality: Option<Cardinality>,
    /// Rules per field; they hold for every segment of the name.
    #[serde(default)]
    pub fields: Vec<FieldRule>,
}

/// Rules of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldRule {
    /// Number.
    pub field: u16,
    /// Name, for people.
    #[serde(default)]
    pub name: String,
    /// Whether it must, may or must not be valued.
    #[serde(default)]
    pub usage: Usage,
    /// How many repetitions there may be.
    #[serde(default)]
    pub cardinality: Option<Cardinality>,
    /// Type of the first component.
    #[serde(default)]
    pub data_type: Option<DataType>,
    /// Most characters in one repetition.
    #[serde(default)]
    pub max_length: Option<usize>,
    /// Codes the first component may be; empty for any.
    #[serde(default)]
    pub value_set: Vec<String>,
    /// How a code outside the value set is judged.
    #[serde(default)]
    pub binding: Binding,
}

/// Usage codes of conformance profiles (chapter 2B, 2.B.7.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Usage {
    /// Required.
    R,
    /// Required, but may be empty.
    #[serde(rename = "RE")]
    Re,
    /// Optional.
    #[default]
    O,
    /// Conditional; the condition is not evaluated.
    C,
    /// Backward compatibility.
    B,
    /// Not supported: must not be sent.
    X,
}

/// Least and most occurrences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cardinality {
    /// Least.
    pub min: usize,
    /// Most; absent for any number.
    #[serde(default)]
    pub max: Option<usize>,
}

/// How strictly a value set binds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// Another code is an error.
    #[default]
    Required,
    /// Another code is worth a warning: the table is the site's to extend.
    Extensible,
}
