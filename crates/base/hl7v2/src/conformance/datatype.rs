//! Data types that a value can be seen to break.

use serde::Deserialize;

use crate::datatype::Timestamp;

/// A data type whose format can be checked. Texts, codes and composites are not listed: any
/// value fits them, or their components have types of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DataType {
    /// A decimal number with an optional sign.
    Nm,
    /// Zero or a positive whole number of up to four digits (nine in practice).
    Si,
    /// `YYYY[MM[DD]]`
    Dt,
    /// `HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]`
    Tm,
    /// A date with or without time; also TS.
    #[serde(alias = "TS")]
    Dtm,
    /// A code: no space at its ends, no control character.
    Id,
}

impl DataType {
    /// The type an OBX-2 value names, when its values can be checked.
    #[must_use]
    pub fn of_observation(value_type: &str) -> Option<Self> {
        Some(match value_type {
            "NM" => Self::Nm,
            "SI" => Self::Si,
            "DT" => Self::Dt,
            "TM" => Self::Tm,
            "TS" | "DTM" => Self::Dtm,
            "ID" => Self::Id,
            _ => return None,
        })
    }

    /// Whether `text` has this type's format.
    #[must_use]
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Nm => is_number(text),
            Self::Si => (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()),
            Self::Dt => text.len() <= 8 && text.parse::<Timestamp>().is_ok(),
            Self::Tm => format!("20000101{text}").parse::<Timestamp>().is_ok() && text.len() >= 2,
            Self::Dtm => text.parse::<Timestamp>().is_ok(),
            Self::Id => text.trim() == text && !text.chars().any(char::is_control),
        }
    }
}

/// `[+|-]digits[.digits]`, with digits on at least one side of the point.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let some = !whole.is_empty() || (unsigned.contains('.') && !decimals.is_empty());
    digits(whole) && digits(decimals) && some
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_accepted_and_refused() {
        for (kind, good, bad) in [
            (
                DataType::Nm,
                &["0", "-1.5", "+3", "12.", ".5"][..],
                &["", "1,5", "<5", "1e3", ".", "-", "７"][..],
            ),
            (
                DataType::Si,
                &["1", "0001"],
                &["", "-1", "1.0", "1234567890"],
            ),
            (
                DataType::Dt,
                &["2026", "202604", "20260419"],
                &["", "20260419101500", "2026-04-19"],
            ),
            (
                DataType::Tm,
                &["10", "1015", "101500.1+0100"],
                &["", "1", "24", "10:15"],
            ),
            (
                DataType::Dtm,
                &["2026", "20260419101500-0500"],
                &["", "04/19/2026"],
            ),
            (DataType::Id, &["F", ""], &[" F", "F "]),
        ] {
            for text in good {
                assert!(kind.accepts(text), "{kind:?} {text:?}");
            }
            for text in bad {
                assert!(!kind.accepts(text), "{kind:?} {text:?}");
            }
        }
    }
}
