//! Holding a message to a profile.

use super::profile::{Binding, Cardinality, FieldRule, Profile, SegmentRule, Usage};
use super::{DataType, tables};
use crate::ack::{ErrorCode, Problem, Severity};
use crate::message::{Message, Part, Segment};
use crate::path::{MAX_INDEX, Path, SegmentName};

/// A rule that a message breaks, and where. It never holds the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub path: Path,
    /// The broken rule.
    pub rule: Rule,
    /// How bad.
    pub severity: Severity,
}

/// Rules a message may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// A required segment is missing, or there are too few.
    #[error("the segment is required {min} times and occurs {count} times")]
    TooFewSegments {
        /// Least.
        min: usize,
        /// Found.
        count: usize,
    },
    /// A segment occurs too often, or is not supported at all.
    #[error("the segment may occur {max} times and occurs {count} times")]
    TooManySegments {
        /// Most.
        max: usize,
        /// Found.
        count: usize,
    },
    /// A required field has no value, or too few.
    #[error("the field requires {min} values and has {count}")]
    TooFewValues {
        /// Least.
        min: usize,
        /// Found.
        count: usize,
    },
    /// A field repeats too often, or is not supported at all.
    #[error("the field may have {max} values and has {count}")]
    TooManyValues {
        /// Most.
        max: usize,
        /// Found.
        count: usize,
    },
    /// The value does not have the format of its type.
    #[error("the value is not a valid {0:?}")]
    Type(DataType),
    /// The value is longer than allowed.
    #[error("the value is longer than {max} characters")]
    Length {
        /// Most characters.
        max: usize,
    },
    /// The code is not in the table.
    #[error("the code is not in the value set")]
    Table,
    /// MSH-12 is not a version this library reads.
    #[error("the version is not supported")]
    Version,
}

impl Finding {
    /// The finding as a problem to report in an acknowledgement.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let code = match self.rule {
            Rule::TooFewSegments { .. } | Rule::TooManySegments { .. } => {
                ErrorCode::SegmentSequence
            }
            Rule::TooFewValues { .. } => ErrorCode::RequiredFieldMissing,
            Rule::TooManyValues { .. } | Rule::Type(_) => ErrorCode::DataType,
            Rule::Length { .. } => ErrorCode::ValueTooLong,
            Rule::Table => ErrorCode::TableValue,
            Rule::Version => ErrorCode::UnsupportedVersion,
        };
        Problem {
            severity: self.severity,
            ..Problem::new(code).at(self.path)
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.rule)
    }
}

/// Most findings for one message; a message that breaks more is broken enough.
const MAX_FINDINGS: usize = 1000;

/// Everything in `message` that breaks `profile`, in the profile's order.
#[must_use]
pub fn check(message: &Message<'_>, profile: &Profile) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    for rule in &profile.segments {
        if let Some(name) = SegmentName::new(rule.segment.as_bytes()) {
            findings.segment(message, name, rule);
        }
    }
    findings.0
}

/// What was found so far.
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: Path, rule: Rule, severity: Severity) {
        if self.0.len() < MAX_FINDINGS {
            self.0.push(Finding {
                path,
                rule,
                severity,
            });
        }
    }

    fn segment(&mut self, message: &Message<'_>, name: SegmentName, rule: &SegmentRule) {
        let (min, max) = bounds(rule.usage, rule.cardinality);
        let count = message.segments_named(name).count();
        let path = Path::segment(name);
        if count < min {
            self.add(path, Rule::TooFewSegments { min, count }, Severity::Error);
        }
        if let Some(max) = max.filter(|max| count > *max) {
            self.add(path, Rule::TooManySegments { max, count }, Severity::Error);
        }
        let numbered = (1..=MAX_INDEX).zip(message.segments_named(name));
        for (occurrence, segment) in numbered {
            for field in &rule.fields {
                self.field(
                    segment,
                    path.occurrence(occurrence).field(field.field),
                    field,
                );
            }
        }
    }

    fn field(&mut self, segment: Segment<'_>, path: Path, rule: &FieldRule) {
        let field = segment.field(usize::from(rule.field));
        let (min, max) = bounds(rule.usage, rule.cardinality);
        let count = field.repetitions().filter_map(Part::valued).count();
        if count < min {
            self.add(path, Rule::TooFewValues { min, count }, Severity::Error);
        }
        if let Some(max) = max.filter(|max| count > *max) {
            self.add(path, Rule::TooManyValues { max, count }, Severity::Error);
        }
        let observed = path.segment.as_str() == "OBX" && rule.field == 5;
        let observed = observed.then(|| segment.field(2).leaf().text());
        let observed = observed.and_then(|kind| DataType::of_observation(&kind));
        let data_type = rule.data_type.or(observed);
        for (number, value) in (1..=MAX_INDEX).zip(field.parts()) {
            if value.valued().is_some() {
                self.value(value, path.repetition(number), rule, data_type);
            }
        }
    }

    fn value(
        &mut self,
        value: Part<'_>,
        path: Path,
        rule: &FieldRule,
        data_type: Option<DataType>,
    ) {
        let text = value.leaf().text();
        if let Some(kind) = data_type.filter(|kind| !kind.accepts(&text)) {
            self.add(path, Rule::Type(kind), Severity::Error);
        }
        let too_long = |max: &usize| value.text().chars().count() > *max;
        if let Some(max) = rule.max_length.filter(too_long) {
            self.add(path, Rule::Length { max }, Severity::Error);
        }
        let listed = rule.value_set.iter().any(|code| *code == text);
        if !rule.value_set.is_empty() && !listed {
            let severity = match rule.binding {
                Binding::Required => Severity::Error,
                Binding::Extensible => Severity::Warning,
            };
            self.add(path, Rule::Table, severity);
        }
        let is_version = path.segment.as_str() == "MSH" && path.field == Some(12);
        if is_version && !tables::is_supported_version(&text) {
            self.add(path, Rule::Version, Severity::Error);
        }
    }
}

fn bounds(usage: Usage, cardinality: Option<Cardinality>) -> (usize, Option<usize>) {
    match (usage, cardinality) {
        (Usage::X, _) => (0, Some(0)),
        (Usage::R, None) => (1, None),
        (Usage::R, Some(bounds)) => (bounds.min.max(1), bounds.max),
        // An optional element that is there at all must respect the most, not the least.
        (_, Some(bounds)) => (0, bounds.max),
        (_, None) => (0, None),
    }
}
