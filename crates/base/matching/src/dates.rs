//! Birth dates as people misread and mistype them.

use jiff::civil::Date;

/// How far two FHIR dates agree: 1 the same, ½ one of them misread, 0 not at all.
#[must_use]
pub fn agreement(one: &str, other: &str) -> f64 {
    if one == other {
        return 1.0;
    }
    let short = one.len().min(other.len());
    let shared = one.get(..short).zip(other.get(..short));
    // A year or a month alone agrees with every day in it, but says less.
    if (4..10).contains(&short) && shared.is_some_and(|(a, b)| a == b) {
        return 0.5;
    }
    if is_misread(one, other) { 0.5 } else { 0.0 }
}

/// Whether one date is the other with day and month exchanged, or with one digit or two neighbours wrong.
fn is_misread(one: &str, other: &str) -> bool {
    if one.len() != 10 || other.len() != 10 || !one.is_ascii() || !other.is_ascii() {
        return false;
    }
    if exchanged(one).is_some_and(|exchanged| exchanged == other) {
        return true;
    }
    let pairs: Vec<(u8, u8)> = one.bytes().zip(other.bytes()).collect();
    let wrong: Vec<usize> = (0..pairs.len())
        .filter(|&at| pairs[at].0 != pairs[at].1)
        .collect();
    match wrong[..] {
        [_] => true,
        [first, second] => {
            let neighbours =
                second - first == 1 || (second - first == 2 && pairs[first + 1].0 == b'-');
            neighbours && pairs[first].0 == pairs[second].1 && pairs[first].1 == pairs[second].0
        }
        _ => false,
    }
}

/// `2001-03-07` for `2001-07-03`.
fn exchanged(date: &str) -> Option<String> {
    let (year, month, day) = (date.get(..4)?, date.get(5..7)?, date.get(8..10)?);
    Some(format!("{year}-{day}-{month}"))
}

/// Dates as which a date may have been misread or mistyped, itself first: day and month exchanged, digits
/// exchanged, a day, a month or a year beside it, the century.
#[must_use]
pub fn misread(date: &str) -> Vec<String> {
    let mut all = vec![date.to_owned()];
    let Ok(parsed) = date.parse::<Date>() else {
        return all;
    };
    let mut add = |text: String| {
        if text.parse::<Date>().is_ok() && !all.contains(&text) {
            all.push(text);
        }
    };
    exchanged(date).into_iter().for_each(&mut add);
    for at in [2, 5, 8] {
        let mut digits: Vec<u8> = date.bytes().collect();
        if digits.len() == 10 {
            digits.swap(at, at + 1);
            String::from_utf8(digits).into_iter().for_each(&mut add);
        }
    }
    for span in [
        jiff::Span::new().days(1),
        jiff::Span::new().months(1),
        jiff::Span::new().years(1),
        jiff::Span::new().years(10),
    ] {
        let both = [parsed.checked_add(span), parsed.checked_sub(span)];
        both.into_iter()
            .flatten()
            .map(|near| near.to_string())
            .for_each(&mut add);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_agree_half_and_other_days_not_at_all() {
        for (one, other, expected) in [
            ("1980-01-02", "1980-01-02", 1.0),
            ("1980-01-02", "1980-02-01", 0.5),
            ("1980-01-02", "1980-01-03", 0.5),
            ("1980-01-12", "1980-01-21", 0.5),
            ("1908-01-02", "1980-01-02", 0.5),
            ("1980", "1980-01-02", 0.5),
            ("1980-01", "1980-01-02", 0.5),
            ("1981", "1980-01-02", 0.0),
            ("1980-01-02", "1975-11-30", 0.0),
            ("19", "1980-01-02", 0.0),
        ] {
            for (a, b) in [(one, other), (other, one)] {
                assert!((agreement(a, b) - expected).abs() < f64::EPSILON, "{a} {b}");
            }
        }
    }

    #[test]
    fn misreadings_are_days_that_exist() {
        let all = misread("2001-07-03");
        assert_eq!(all[0], "2001-07-03");
        for expected in [
            "2001-03-07",
            "2001-07-30",
            "2002-07-03",
            "2001-07-04",
            "2010-07-03",
        ] {
            assert!(all.iter().any(|one| one == expected), "{expected} {all:?}");
        }
        assert_eq!(misread("2001"), ["2001"]);
        assert!(
            misread("2001-01-31")
                .iter()
                .all(|one| one.parse::<Date>().is_ok())
        );
    }
}
