//! People as notes and papers name them.

use jiff::civil::Date;
use mt_fhir::Node;

use super::items;

/// `Dr. Given Family` of a person; the free text where there are no parts.
pub(crate) fn name(person: Node<'_>) -> Option<String> {
    names(person).into_iter().find_map(written)
}

/// The names of a person, the official one first.
fn names(person: Node<'_>) -> Vec<Node<'_>> {
    let mut names: Vec<Node<'_>> = items(person, "name").collect();
    names.sort_by_key(|name| match name.str("use") {
        Some("official") => 0,
        Some("usual") | None => 1,
        Some("old" | "maiden") => 3,
        Some(_) => 2,
    });
    names
}

fn written(name: Node<'_>) -> Option<String> {
    let parts = items(name, "prefix").chain(items(name, "given"));
    let mut parts: Vec<&str> = parts.filter_map(Node::as_str).collect();
    parts.extend(name.str("family"));
    if parts.is_empty() {
        return name.str("text").map(str::to_owned);
    }
    Some(parts.join(" "))
}

/// `FAMILY, Given` of a patient, so that nobody takes one name for the other.
fn formal(person: Node<'_>) -> Option<String> {
    names(person).into_iter().find_map(|name| {
        let given: Vec<&str> = items(name, "given").filter_map(Node::as_str).collect();
        match (name.str("family"), given.join(" ")) {
            (Some(family), given) if given.is_empty() => Some(family.to_uppercase()),
            (Some(family), given) => Some(format!("{}, {given}", family.to_uppercase())),
            (None, given) if given.is_empty() => name.str("text").map(str::to_owned),
            (None, given) => Some(given),
        }
    })
}

/// The lines that say who a paper is about; what is not known says so.
pub(crate) fn banner(patient: Node<'_>, today: Date) -> Vec<String> {
    let unknown = || "not known".to_owned();
    let is_alive = patient.get("deceasedDateTime").is_none();
    let born = patient.str("birthDate");
    let born = born.map_or_else(unknown, |born| match born.parse::<Date>() {
        Ok(date) if is_alive => format!("{} ({})", day(date), age(date, today)),
        Ok(date) => day(date),
        Err(_) => born.to_owned(),
    });
    let sex = patient.str("gender").map_or_else(unknown, str::to_owned);
    let number = record_number(patient).map_or_else(unknown, str::to_owned);
    vec![
        formal(patient).unwrap_or_else(unknown),
        format!("Born {born} · {sex} · MRN {number}"),
    ]
}

fn record_number(patient: Node<'_>) -> Option<&str> {
    let is_number = |one: &Node<'_>| {
        one.get("type").is_some_and(|kind| {
            items(kind, "coding").any(|coding| coding.str("code") == Some("MR"))
        })
    };
    let all = || items(patient, "identifier").filter(|one| one.str("use") != Some("old"));
    all().find(is_number).or_else(|| all().next())?.str("value")
}

/// `05-Mar-1980`.
pub(crate) fn day(date: Date) -> String {
    date.strftime("%d-%b-%Y").to_string()
}

fn age(born: Date, today: Date) -> String {
    let months = (i32::from(today.year()) - i32::from(born.year())) * 12 + i32::from(today.month())
        - i32::from(born.month())
        - i32::from(today.day() < born.day());
    match months {
        ..0 => "not born yet".to_owned(),
        1 => "1 month".to_owned(),
        0..24 => format!("{months} months"),
        _ => format!("{} years", months / 12),
    }
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    #[test]
    fn the_name_in_use_is_the_one_that_is_written() {
        for (text, expected) in [
            (
                r#"{"name":[{"use":"old","family":"Roe"},{"use":"official","prefix":["Dr."],"given":["María","José"],"family":"Ñandú"}]}"#,
                Some("Dr. María José Ñandú"),
            ),
            (r#"{"name":[{"text":"A B"}]}"#, Some("A B")),
            (r#"{"name":[{"given":["A"]}]}"#, Some("A")),
            (r#"{}"#, None),
        ] {
            let doc = Doc::parse(text, &Limits::default()).unwrap();
            assert_eq!(name(doc.root()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_banner_says_who_and_what_is_not_known() {
        let today = jiff::civil::date(2026, 11, 23);
        for (text, lines) in [
            (
                r#"{"name":[{"family":"Ñandú","given":["María","José"]}],"birthDate":"1980-11-24","gender":"female",
                    "identifier":[{"value":"x"},{"type":{"coding":[{"code":"MR"}]},"value":"M-1"}]}"#,
                [
                    "ÑANDÚ, María José",
                    "Born 24-Nov-1980 (45 years) · female · MRN M-1",
                ],
            ),
            (
                r#"{"birthDate":"2026-09-24"}"#,
                [
                    "not known",
                    "Born 24-Sep-2026 (1 month) · not known · MRN not known",
                ],
            ),
            (
                r#"{"name":[{"text":"A B"}],"birthDate":"1980"}"#,
                ["A B", "Born 1980 · not known · MRN not known"],
            ),
        ] {
            let doc = Doc::parse(text, &Limits::default()).unwrap();
            assert_eq!(banner(doc.root(), today), lines, "{text}");
        }
    }
}
