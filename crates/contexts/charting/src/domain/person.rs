//! People as notes name them.

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
}
