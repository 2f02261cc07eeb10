//! Finding people by what is remembered of them: what was typed, and how well somebody fits.

use jiff::civil::Date;
use mt_fhir::Node;
use mt_matching::{ALIKE, Traits, agreement, digits, name_similarity};
use mt_search::normal::{fold, words};

use super::items;

/// What was typed: dates, numbers and names may be mixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Words of names, folded.
    pub words: Vec<String>,
    /// FHIR dates.
    pub dates: Vec<String>,
    /// Parts with digits: identifiers or telephones.
    pub numbers: Vec<String>,
}

/// Words, dates and numbers that count.
const MOST: usize = 6;

impl Asked {
    /// Understands a text; two-digit years lie before `today`.
    #[must_use]
    pub fn understand(text: &str, today: Date) -> Self {
        let mut asked = Self::default();
        // Whether the piece before was a part of a telephone number.
        let mut dialled = false;
        for piece in text
            .split([' ', ',', ';', '\t'])
            .filter(|piece| !piece.is_empty())
        {
            let number = piece.trim_start_matches('#');
            let was_dialled = std::mem::replace(&mut dialled, is_dialled(piece));
            if let Some(date) = typed_date(piece, today) {
                asked.dates.push(date);
                dialled = false;
            } else if let (true, true, Some(before)) =
                (was_dialled, dialled, asked.numbers.last_mut())
            {
                before.push_str(number);
            } else if piece.contains(|c: char| c.is_ascii_digit()) || piece.contains('@') {
                asked.numbers.push(number.to_owned());
            } else {
                words(piece, |word| asked.words.push(word.to_owned()));
            }
        }
        asked.words.truncate(MOST);
        asked.dates.truncate(1);
        asked.numbers.truncate(MOST);
        asked
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.dates.is_empty() && self.numbers.is_empty()
    }
}

/// A part of a telephone number as people group them: `+1`, `(202)`, `555-0142`. A longer one is a number of its own.
fn is_dialled(piece: &str) -> bool {
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    let marks = |b: u8| matches!(b, b'+' | b'(' | b')' | b'-' | b'.' | b'/');
    let all = piece.bytes().all(|b| b.is_ascii_digit() || marks(b));
    all && (1..=8).contains(&digits)
}

/// `1945-07-14`, `14/7/45`, `14.7.1945`: the day comes first unless it cannot.
fn typed_date(text: &str, today: Date) -> Option<String> {
    if let Ok(date) = text.parse::<Date>() {
        return (text.len() == 10).then(|| date.to_string());
    }
    let parts: Vec<&str> = text.split(['/', '.']).collect();
    let [first, second, year] = parts[..] else {
        return None;
    };
    let number = |part: &str, most: usize| {
        let plain = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<i16>().ok()).flatten()
    };
    let (first, second, mut whole) = (number(first, 2)?, number(second, 2)?, number(year, 4)?);
    match year.len() {
        2 => {
            let century = today.year() / 100 * 100;
            whole += if century + whole > today.year() {
                century - 100
            } else {
                century
            };
        }
        4 => {}
        _ => return None,
    }
    let day = |day: i16, month: i16| {
        Date::new(whole, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    day(first, second)
        .or_else(|| day(second, first))
        .map(|date| date.to_string())
}

/// Why somebody is among what was found.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The names are as asked.
    Name,
    /// The names begin as asked.
    NameStarts,
    /// The names are alike, or sound alike.
    NameAlike,
    /// The birth date is as asked.
    BirthDate,
    /// The birth date is near: misread, or asked in part.
    BirthDateNear,
    /// An identifier is as asked.
    Identifier,
    /// A telephone or an address of e-mail is as asked.
    Telecom,
}

/// How well somebody fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// From 0 to 1.
    pub score: f64,
    /// Why.
    pub why: Vec<Why>,
}

/// What the beginning of a name is worth.
const STARTS: f64 = 0.95;

/// How well a Patient fits what was asked; `None` when part of it does not fit at all.
#[must_use]
pub fn fit(asked: &Asked, patient: Node<'_>) -> Option<Fit> {
    let traits = Traits::of(patient);
    let mut parts = Vec::new();
    let mut why = Vec::new();
    if !asked.words.is_empty() {
        let (score, reason) = names(&asked.words, &traits.name_words())?;
        parts.push(score);
        why.push(reason);
    }
    for date in &asked.dates {
        let agrees = agreement(date, traits.birth_date.as_deref()?);
        if agrees <= 0.0 {
            return None;
        }
        why.push(if agrees < 1.0 {
            Why::BirthDateNear
        } else {
            Why::BirthDate
        });
        parts.push(f64::midpoint(agrees, 1.0));
    }
    for number in &asked.numbers {
        why.push(numbered(number, patient, &traits)?);
        parts.push(1.0);
    }
    let count = u32::try_from(parts.len()).map_or(1.0, f64::from);
    Some(Fit {
        score: parts.iter().sum::<f64>() / count.max(1.0),
        why,
    })
}

/// Every word asked for must be like a word of the names: one that is less alike is another name.
fn names(asked: &[String], known: &[String]) -> Option<(f64, Why)> {
    let mut sum = 0.0;
    let mut reason = Why::Name;
    for word in asked {
        let starts = |name: &&String| name.starts_with(word.as_str()) && name.len() > word.len();
        let alike = known
            .iter()
            .map(|name| name_similarity(word, name))
            .fold(0.0, f64::max);
        let score = if alike < 1.0 && known.iter().any(|name| starts(&name)) {
            reason = reason.max(Why::NameStarts);
            STARTS
        } else {
            if alike < 1.0 {
                reason = Why::NameAlike;
            }
            alike * if alike < 1.0 { STARTS } else { 1.0 }
        };
        if score < ALIKE * STARTS {
            return None;
        }
        sum += score;
    }
    let count = u32::try_from(asked.len()).map_or(1.0, f64::from);
    Some((sum / count, reason))
}

/// Digits that tell a telephone from another.
const FEWEST: usize = 6;

fn numbered(number: &str, patient: Node<'_>, traits: &Traits) -> Option<Why> {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(number);
    let values = items(patient, "identifier").filter_map(|one| one.str("value"));
    if values.into_iter().any(|value| plain(value) == wanted) {
        return Some(Why::Identifier);
    }
    let wanted = digits(number)?;
    // A country's code stands in the place of the zeros that are dialled within it.
    let dialled = wanted.trim_start_matches('0');
    let same = |known: &String| {
        let other = known.trim_start_matches('0');
        *known == wanted
            || (!wanted.contains('@')
                && dialled.len().min(other.len()) >= FEWEST
                && (other.ends_with(dialled) || dialled.ends_with(other)))
    };
    traits.telecoms.iter().any(same).then_some(Why::Telecom)
}

/// The order of names in lists: family name, then given names.
#[must_use]
pub fn sort_key(patient: Node<'_>) -> String {
    let traits = Traits::of(patient);
    let first = |all: &[String]| all.first().cloned().unwrap_or_default();
    fold(&format!(
        "{} {}",
        first(&traits.families),
        first(&traits.givens)
    ))
    .into_owned()
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn asked(text: &str) -> Asked {
        Asked::understand(text, jiff::civil::date(2026, 11, 23))
    }

    #[test]
    fn dates_numbers_and_names_may_be_mixed() {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        for (text, words, dates, numbers) in [
            ("Ray Ana", &["ray", "ana"][..], &[][..], &[][..]),
            ("ray 14/7/45", &["ray"], &["1945-07-14"], &[]),
            ("7/14/1945", &[], &["1945-07-14"], &[]),
            ("14.7.25", &[], &["2025-07-14"], &[]),
            ("1945-07-14 O'Brien,", &["o", "brien"], &["1945-07-14"], &[]),
            ("#A-12 5551234", &[], &[], &["A-12", "5551234"]),
            ("ann@example.org", &[], &[], &["ann@example.org"]),
            ("31/31/1999", &[], &[], &["31/31/1999"]),
            ("+1 (202) 555-0142", &[], &[], &["+1(202)555-0142"]),
            (
                "ray 555 0142 14/7/45",
                &["ray"],
                &["1945-07-14"],
                &["5550142"],
            ),
            ("12 A-7", &[], &[], &["12", "A-7"]),
            ("202555014212 77", &[], &[], &["202555014212", "77"]),
            ("", &[], &[], &[]),
        ] {
            let expected = Asked {
                words: owned(words),
                dates: owned(dates),
                numbers: owned(numbers),
            };
            assert_eq!(asked(text), expected, "{text}");
        }
    }

    const ADA: &str = r#"{"resourceType":"Patient","name":[{"family":"Smith","given":["John","Ray"]}],"birthDate":"1980-01-02",
        "identifier":[{"value":"MRN-12/a"}],"telecom":[{"system":"phone","value":"+1 (555) 123-4567"}]}"#;

    fn fits(text: &str) -> Option<Fit> {
        let doc = Doc::parse(ADA, &Limits::default()).unwrap();
        fit(&asked(text), doc.root())
    }

    #[test]
    fn the_better_it_fits_the_higher_it_stands() {
        let score = |text| fits(text).map_or(0.0, |fit| fit.score);
        let order = ["John Smith", "Joh Smi", "Jon Smyth"];
        for pair in order.windows(2) {
            assert!(score(pair[0]) > score(pair[1]), "{pair:?}");
        }
        assert!(score("Smith 1980-01-02") > score("Smith 1980-02-01"));
        assert!(score("Jon Smyth") > 0.7);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        for text in [
            "Jones",
            "John Jones",
            "Smith 1975-11-30",
            "Smith 99999999",
            "0000000",
            "MRN-13",
        ] {
            assert_eq!(fits(text), None, "{text}");
        }
        for (text, why) in [
            ("mrn12A", Why::Identifier),
            ("5551234567", Why::Telecom),
            ("555-123-4567", Why::Telecom),
            ("555 123 4567", Why::Telecom),
            ("0555 1234567", Why::Telecom),
            ("001 (555) 123 4567", Why::Telecom),
            ("Smit", Why::NameStarts),
            ("Smyth", Why::NameAlike),
        ] {
            assert_eq!(fits(text).map(|fit| fit.why), Some(vec![why]), "{text}");
        }
    }
}
