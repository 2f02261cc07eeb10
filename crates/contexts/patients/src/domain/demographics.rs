//! Demographics: what a person may enter of who a patient is.

use jiff::civil::Date;
use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};

use super::items;

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
    let before: Vec<&str> = old.map(telephones).unwrap_or_default();
    let words = |number: &&str| !before.contains(number) && !is_dialled(number);
    if telephones(patient).iter().any(words) {
        return refuse(
            "Patient.telecom",
            "a telephone number holds digits and no words",
        );
    }
    Ok(())
}

/// The numbers of the patient and of their contacts.
fn telephones(patient: Node<'_>) -> Vec<&str> {
    let contacts = items(patient, "contact").flat_map(|contact| items(contact, "telecom"));
    let points = items(patient, "telecom").chain(contacts);
    let spoken =
        |point: &Node<'_>| matches!(point.str("system"), Some("phone" | "fax" | "sms" | "pager"));
    points
        .filter(spoken)
        .filter_map(|point| point.str("value"))
        .collect()
}

/// Whether a number can be dialled: it has a digit, and letters only as the scheme of a URI or before an extension.
///
/// How many digits it has is judged where a form is filled in: what is sent from elsewhere may be a number of a house.
fn is_dialled(number: &str) -> bool {
    let lower = number.to_ascii_lowercase();
    let bare = ["tel:", "fax:", "sms:"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme))
        .unwrap_or(&lower);
    let mut letters = bare
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty());
    bare.chars().any(char::is_numeric)
        && letters.all(|word| matches!(word, "x" | "ext" | "extn" | "extension"))
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
    fn a_telephone_number_is_one_that_can_be_dialled() {
        for (number, good) in [
            // As Synthea, HL7's examples and other countries write them.
            ("555-123-4567", true),
            ("(03) 5555 6473", true),
            ("+1 (734) 677-7777", true),
            ("020 7946 0018 ext. 12", true),
            ("555.123.4567 x89", true),
            ("tel:+31-20-123", true),
            ("4711", true),
            ("٠٢٠١٢٣٤", true),
            ("call me at 5551234567", false),
            ("unknown", false),
            ("n/a", false),
            ("-", false),
            ("", false),
        ] {
            let patient = format!(r#"{{"telecom":[{{"system":"phone","value":"{number}"}}]}}"#);
            assert_eq!(judged(&patient, None), good, "{number}");
            let contact = format!(r#"{{"contact":[{patient}]}}"#);
            assert_eq!(judged(&contact, None), good, "{number}");
            // What stood there stays, also beside a new one.
            let more = patient.replace("]}", r#",{"system":"phone","value":"555-123-4567"}]}"#);
            assert!(judged(&more, Some(&patient)), "{number}");
        }
        for system in ["email", "url", "other"] {
            let patient = format!(r#"{{"telecom":[{{"system":"{system}","value":"words"}}]}}"#);
            assert!(judged(&patient, None), "{system}");
        }
        assert!(judged(r#"{"telecom":[{"system":"phone"}]}"#, None));
    }

    #[test]
    fn what_was_there_and_is_not_touched_is_not_judged_again() {
        let odd = r#"{"name":[{"family":"a{b}"}],"birthDate":"1800"}"#;
        assert!(!judged(odd, None));
        assert!(judged(odd, Some(odd)));
    }
}
