//! Record numbers (MRN): how they are written, and which ones are ours to keep apart.

use jiff::civil::Date;
use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};

use super::items;

/// System of record numbers of an organisation without facilities; that of a facility goes on with `:` and its id.
pub const SYSTEM: &str = "urn:meditrack:mrn";
/// HL7 v2 table 0203, identifier types; `MR` is a medical record number.
pub const TYPE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
/// Code of record numbers.
pub const TYPE_CODE: &str = "MR";

/// How an organisation writes its record numbers: text with `{date}`, `{year}`, `{hex}` (eight digits of base 16),
/// `{digits}` (eight of base 10) and `{check}` (Luhn's check digit of the digits before it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format(String);

impl Default for Format {
    fn default() -> Self {
        Self("MRN-{date}-{hex}".to_owned())
    }
}

/// Longest pattern.
const LONGEST: usize = 64;

impl Format {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it names something else, or nothing that makes numbers differ.
    pub fn parse(pattern: &str) -> Result<Self, Fault> {
        let refuse = |message| Err(Fault::new(ErrorKind::Invalid, message).at("pattern"));
        let known = ["{date}", "{year}", "{hex}", "{digits}", "{check}"];
        let rest = known
            .iter()
            .fold(pattern.to_owned(), |text, one| text.replace(one, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-/.".contains(c);
        if pattern.len() > LONGEST || !rest.chars().all(plain) {
            return refuse(
                "a pattern is of letters, digits, - / . and {date} {year} {hex} {digits} {check}",
            );
        }
        if !pattern.contains("{hex}") && !pattern.contains("{digits}") {
            return refuse("a pattern needs {hex} or {digits}, or all numbers would be one");
        }
        Ok(Self(pattern.to_owned()))
    }

    /// The pattern.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.0
    }

    /// The number that `seed`, which no other record has, is given on `day`.
    #[must_use]
    pub fn number(&self, seed: [u8; 32], day: Date) -> String {
        let [a, b, c, d, rest @ ..] = seed;
        let hex = u32::from_be_bytes([a, b, c, d]);
        let digits = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) % 100_000_000;
        let text = self
            .0
            .replace("{date}", &day.strftime("%Y%m%d").to_string())
            .replace("{year}", &day.strftime("%Y").to_string())
            .replace("{hex}", &format!("{hex:08X}"))
            .replace("{digits}", &format!("{digits:08}"));
        match text.split_once("{check}") {
            Some((before, after)) => {
                let check = luhn(before);
                format!("{before}{check}{}", after.replace("{check}", ""))
            }
            None => text,
        }
    }
}

/// Luhn's check digit of the decimal digits of `text`.
fn luhn(text: &str) -> u32 {
    let digits = text.chars().rev().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit) {
            (0, digit) if digit > 4 => digit * 2 - 9,
            (0, digit) => digit * 2,
            (_, digit) => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The system of the numbers of a facility (`Organization/x`), or of the organisation as a whole.
#[must_use]
pub fn system_of(facility: Option<&str>) -> String {
    match facility.and_then(|reference| reference.strip_prefix("Organization/")) {
        Some(id) => format!("{SYSTEM}:{id}"),
        None => SYSTEM.to_owned(),
    }
}

/// Whether an identifier is a number of ours that is in use.
#[must_use]
pub fn is_ours(identifier: Node<'_>) -> bool {
    let system = identifier.str("system").unwrap_or_default();
    let ours = system
        .strip_prefix(SYSTEM)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    ours && identifier.str("use") != Some("old")
}

/// Whether an identifier is a record number, of whomever.
#[must_use]
pub fn is_record_number(identifier: Node<'_>) -> bool {
    let codings = identifier
        .get("type")
        .into_iter()
        .flat_map(|kind| items(kind, "coding"));
    let typed = codings
        .filter(|coding| {
            coding
                .str("system")
                .is_none_or(|system| system == TYPE_SYSTEM)
        })
        .any(|coding| coding.str("code") == Some(TYPE_CODE));
    typed || is_ours(identifier)
}

/// The numbers of a patient that nobody else may have, as system and value.
#[must_use]
pub fn own_numbers(patient: Node<'_>) -> Vec<(String, String)> {
    let ours = items(patient, "identifier").filter(|one| is_ours(*one));
    let mut all: Vec<(String, String)> = ours
        .filter_map(|one| Some((one.str("system")?.to_owned(), one.str("value")?.to_owned())))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_follows_its_pattern() {
        let day = jiff::civil::date(2026, 11, 23);
        for (pattern, expected) in [
            ("MRN-{date}-{hex}", "MRN-20261123-07070707"),
            ("{digits}", "17901063"),
            ("A{year}/{digits}.{check}", "A2026/17901063.5"),
        ] {
            let format = Format::parse(pattern).unwrap();
            assert_eq!(format.number([7; 32], day), expected, "{pattern}");
        }
        assert_eq!(luhn("7992739871"), 3);
        assert_eq!(luhn("0"), 0);
    }

    #[test]
    fn a_pattern_that_makes_no_numbers_is_refused() {
        for pattern in ["MRN", "{date}", "{hex}{name}", "a b{hex}", "<{hex}>", ""] {
            assert!(Format::parse(pattern).is_err(), "{pattern}");
        }
        assert!(Format::parse(&format!("{}{{hex}}", "x".repeat(64))).is_err());
    }

    #[test]
    fn ours_are_those_of_our_systems_that_are_in_use() {
        let judge = |text: &str| {
            let doc = mt_fhir::Doc::parse(text, &mt_fhir::json::Limits::default()).unwrap();
            (is_ours(doc.root()), is_record_number(doc.root()))
        };
        assert_eq!(
            judge(r#"{"system":"urn:meditrack:mrn","value":"1"}"#),
            (true, true)
        );
        assert_eq!(
            judge(r#"{"system":"urn:meditrack:mrn:f","value":"1"}"#),
            (true, true)
        );
        assert_eq!(
            judge(r#"{"use":"old","system":"urn:meditrack:mrn","value":"1"}"#),
            (false, false)
        );
        assert_eq!(
            judge(r#"{"system":"urn:meditrack:mrnx","value":"1"}"#),
            (false, false)
        );
        let foreign = r#"{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1"}"#;
        assert_eq!(judge(foreign), (false, true));
    }
}
