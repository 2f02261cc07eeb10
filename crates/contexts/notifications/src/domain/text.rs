//! Texts with places for values, and the wall between those that leave and those that stay.
//!
//! What leaves (subject lines, SMS, push, mail) is an [`OpenText`]. It is made in one place, from a pattern and
//! [`OpenValues`], which hold the organisation's name, a link to the own messages and a number: there is no
//! way to give it anything about a patient. What is read in the application after signing in may say more.
//!
//! A pattern is text with values in braces; a part in brackets is left out when one of its values is missing:
//! `Your appointment[ with {who}] is on {when}.`

use std::fmt::Write as _;

use serde::Serialize;

/// Why a wording cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// A value is named that this kind of text cannot carry.
    #[error("{{{0}}} is no value of this text")]
    Value(String),
    /// Braces or brackets do not match.
    #[error("braces and brackets must match")]
    Unbalanced,
    /// It is empty, too long, or has control characters.
    #[error("a text has 1 to {0} characters and no control characters")]
    Length(usize),
}

/// Everything that a text that leaves can say besides its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenValues {
    /// Name of the organisation.
    pub organisation: String,
    /// Where the person reads more, after signing in.
    pub link: String,
    /// How many messages.
    pub count: u32,
}

/// What a text in the application can say besides its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivateValues {
    /// Name of the organisation.
    pub organisation: Option<String>,
    /// The person on the other side.
    pub who: Option<String>,
    /// The patient, for those who care for them.
    pub patient: Option<String>,
    /// Date and time.
    pub when: Option<String>,
    /// The place.
    pub place: Option<String>,
    /// Test, task or medicine.
    pub what: Option<String>,
}

/// Names of values that an open text may carry.
const OPEN: &[&str] = &["organisation", "link", "count"];
/// Names of values that a private text may carry.
const PRIVATE: &[&str] = &["organisation", "who", "patient", "when", "place", "what"];

/// A text without health information: the only kind that leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OpenText(String);

impl OpenText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks a pattern of open text of at most `longest` characters.
pub(super) fn check_open(pattern: &str, longest: usize) -> Result<(), WordingError> {
    check(pattern, OPEN, longest)
}

/// Checks a pattern of private text of at most `longest` characters.
pub(super) fn check_private(pattern: &str, longest: usize) -> Result<(), WordingError> {
    check(pattern, PRIVATE, longest)
}

/// The text that leaves.
pub(super) fn fill_open(pattern: &str, values: &OpenValues) -> Result<OpenText, WordingError> {
    let value = |name: &str| match name {
        "organisation" => Some(values.organisation.clone()),
        "link" => Some(values.link.clone()),
        "count" => Some(values.count.to_string()),
        _ => None,
    };
    fill(pattern, OPEN, &value).map(OpenText)
}

/// The text in the application.
pub(super) fn fill_private(pattern: &str, values: &PrivateValues) -> Result<String, WordingError> {
    let value = |name: &str| match name {
        "organisation" => values.organisation.clone(),
        "who" => values.who.clone(),
        "patient" => values.patient.clone(),
        "when" => values.when.clone(),
        "place" => values.place.clone(),
        "what" => values.what.clone(),
        _ => None,
    };
    fill(pattern, PRIVATE, &value)
}

fn check(pattern: &str, known: &[&str], longest: usize) -> Result<(), WordingError> {
    let length = pattern.trim().chars().count();
    if length == 0 || pattern.chars().count() > longest || pattern.chars().any(char::is_control) {
        return Err(WordingError::Length(longest));
    }
    fill(pattern, known, &|_| Some(String::new())).map(drop)
}

/// One pass over the pattern: a part in brackets is gathered apart and kept when all of its values are there.
fn fill(
    pattern: &str,
    known: &[&str],
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<String, WordingError> {
    let mut out = String::with_capacity(pattern.len() + 32);
    let mut optional: Option<(String, bool)> = None;
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}', '[', ']']) {
        let (before, from) = rest.split_at(at);
        optional
            .as_mut()
            .map_or(&mut out, |(part, _)| part)
            .push_str(before);
        let after = &from[1..];
        rest = after;
        match (from.as_bytes()[0], optional.take()) {
            (b'[', None) => optional = Some((String::new(), true)),
            (b']', Some((part, whole))) => {
                if whole {
                    out.push_str(&part);
                }
            }
            (b'{', mut open) => {
                let (name, behind) = after.split_once('}').ok_or(WordingError::Unbalanced)?;
                if !known.contains(&name) {
                    return Err(WordingError::Value(name.to_owned()));
                }
                match (&mut open, value(name)) {
                    (Some((part, _)), Some(value)) => part.push_str(&value),
                    (Some((_, whole)), None) => *whole = false,
                    (None, value) => out.push_str(&value.unwrap_or_default()),
                }
                optional = open;
                rest = behind;
            }
            _ => return Err(WordingError::Unbalanced),
        }
    }
    if optional.is_some() {
        return Err(WordingError::Unbalanced);
    }
    let _ = out.write_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_put_in_and_parts_without_theirs_are_left_out() {
        let values = PrivateValues {
            when: Some("3 May 2026, 10:00".to_owned()),
            place: Some("Room [1] {x}".to_owned()),
            ..PrivateValues::default()
        };
        let text = fill_private("It is[ with {who}] on {when}[ in {place}].", &values);
        // What stands in a value is no pattern.
        assert_eq!(text.unwrap(), "It is on 3 May 2026, 10:00 in Room [1] {x}.");
    }

    #[test]
    fn an_open_text_cannot_name_a_person_a_time_a_place_or_a_test() {
        for name in ["who", "patient", "when", "place", "what", "body", ""] {
            let refused = check_open(&format!("Hello {{{name}}}"), 100);
            assert_eq!(refused, Err(WordingError::Value(name.to_owned())));
        }
        assert!(check_open("{count} messages at {organisation}: {link}", 100).is_ok());
    }

    #[test]
    fn what_does_not_match_or_fit_is_refused() {
        for bad in ["{", "}", "{link", "[a", "a]", "[[a]]", "{li{nk}}"] {
            assert!(check_open(bad, 100).is_err(), "{bad}");
        }
        for bad in ["", "  ", "a\nb", "abcdef"] {
            assert_eq!(check_open(bad, 5), Err(WordingError::Length(5)), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_the_check_can_be_filled(pattern in "[a-z{}\\[\\] ]{0,40}") {
            let values = OpenValues { organisation: "o".into(), link: "l".into(), count: 1 };
            if check_open(&pattern, 40).is_ok() {
                prop_assert!(fill_open(&pattern, &values).is_ok());
            }
        }
    }
}
