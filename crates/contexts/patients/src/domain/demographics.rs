//! Demographics: what a person may enter of who a patient is.

use jiff::civil::Date;
use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};

/// Refuses what a person cannot mean; what equals `old` is not judged again.
///
/// # Errors
/// [`ErrorKind::Invalid`] with the place.
pub fn check_patient(patient: Node<'_>, old: Option<Node<'_>>, today: Date) -> Result<(), Fault> {
    let touched = |field: &str| {
        let new = patient.get(field)?;
        let before = old.and_then(|old| old.get(field));
        (!before.is_some_and(|before| before.same_as(new))).then_some(new)
    };
    let refuse =
        |place: &str, message: &'static str| Err(Fault::new(ErrorKind::Invalid, message).at(place));
    if let Some(birth) = touched("birthDate").and_then(Node::as_str)
        && !is_plausible(birth, today)
    {
        return refuse(
            "Patient.birthDate",
            "the birth date lies between yesterday and 150 years ago",
        );
    }
    let all = |field: &str| touched(field).into_iter().flat_map(Node::children);
    for name in all("name") {
        let given = name.get("given").into_iter().flat_map(Node::children);
        let mut parts = given.filter_map(Node::as_str).chain(name.str("family"));
        if !parts.all(is_name) {
            return refuse("Patient.name", "a name is not empty and holds no markup");
        }
    }
    Ok(())
}

/// A date of any precision: a year or a month is plausible when one of its days is.
fn is_plausible(birth: &str, today: Date) -> bool {
    let earliest = today
        .saturating_sub(jiff::Span::new().years(150))
        .to_string();
    let latest = today.saturating_sub(jiff::Span::new().days(1)).to_string();
    let cut = |bound: &str| bound.get(..birth.len()).unwrap_or(bound).to_owned();
    birth >= cut(&earliest).as_str() && birth <= cut(&latest).as_str()
}

/// Whatever people are called in any script, and no markup.
fn is_name(text: &str) -> bool {
    let foreign = |letter: char| letter.is_control() || "<>{}|\\^".contains(letter);
    !text.trim().is_empty() && !text.contains(foreign)
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn judged(patient: &str, old: Option<&str>) -> bool {
        let parse = |text: &str| Doc::parse(text, &Limits::default()).unwrap();
        let (new, old) = (parse(patient), old.map(parse));
        let today = jiff::civil::date(2026, 11, 23);
        check_patient(new.root(), old.as_ref().map(Doc::root), today).is_ok()
    }

    #[test]
    fn a_birth_date_is_at_least_a_day_and_at_most_150_years_ago() {
        for (date, good) in [
            ("2026-11-22", true),
            ("2026-11-23", false),
            ("2027-01-01", false),
            ("1876-11-23", true),
            ("1876-11-22", false),
            ("2026", true),
            ("2027", false),
            ("1875", false),
            ("2026-12", false),
        ] {
            assert_eq!(
                judged(&format!(r#"{{"birthDate":"{date}"}}"#), None),
                good,
                "{date}"
            );
        }
    }

    #[test]
    fn names_are_of_any_script_and_hold_no_markup() {
        for (name, good) in [
            ("O'Neil-Smith Jr.", true),
            ("Müller", true),
            ("नरेन्द्र", true),
            ("李", true),
            ("", false),
            ("Dudley365", true),
            ("<b>", false),
            ("a{b}", false),
        ] {
            assert_eq!(
                judged(&format!(r#"{{"name":[{{"family":"{name}"}}]}}"#), None),
                good,
                "{name}"
            );
        }
    }

    #[test]
    fn what_was_there_and_is_not_touched_is_not_judged_again() {
        let odd = r#"{"name":[{"family":"a{b}"}],"birthDate":"1800"}"#;
        assert!(!judged(odd, None));
        assert!(judged(odd, Some(odd)));
    }
}
