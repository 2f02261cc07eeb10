//! Two records of one person: what merging makes of them, and how it is undone.
//!
//! The record that stays names the other as `replaces`, the other names it as `replaced-by` and is no longer
//! active. No other record is touched: what refers to either goes on to be read, and undoing is exact.

use mt_fhir::{Node, ResourceType};
use mt_kernel::{ErrorKind, Fault};
use serde_json::{Map, Value, json};

use super::items;

/// A Patient as its fields.
pub type Fields = Map<String, Value>;

/// Fields that name a version and say nothing of a person.
const ASIDE: &[&str] = &["meta", "text"];

/// Ids of patients that `patient` is linked to in this way.
#[must_use]
pub fn linked<'p>(patient: Node<'p>, way: &str) -> Vec<&'p str> {
    items(patient, "link")
        .filter(|link| link.str("type") == Some(way))
        .filter_map(|link| {
            link.get("other")?
                .str("reference")?
                .strip_prefix("Patient/")
        })
        .collect()
}

/// Refuses to merge what cannot be merged.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a record with itself, [`ErrorKind::Conflict`] when one of them was merged before.
pub fn check(survivor: (&str, Node<'_>), source: (&str, Node<'_>)) -> Result<(), Fault> {
    let conflict = |message| Err(Fault::new(ErrorKind::Conflict, message));
    if survivor.0 == source.0 {
        let message = "a record cannot be merged with itself";
        return Err(Fault::new(ErrorKind::Invalid, message).at("source"));
    }
    if !linked(source.1, "replaced-by").is_empty() {
        return conflict("the record is merged already");
    }
    if !linked(survivor.1, "replaced-by").is_empty() {
        return conflict("the record that is to stay is itself merged into another one");
    }
    Ok(())
}

/// The record that stays: with `chosen` fields in place of its own, the other's identifiers as old ones, and the link.
#[must_use]
pub fn survivor(before: &Fields, source: &Fields, source_id: &str, chosen: Fields) -> Fields {
    let mut merged = before.clone();
    merged.extend(chosen);
    let known = |all: &[Value], one: &Value| {
        let same =
            |other: &Value| other["system"] == one["system"] && other["value"] == one["value"];
        all.iter().any(same)
    };
    let theirs = source.get("identifier").and_then(Value::as_array);
    let mut identifiers = list(&merged, "identifier");
    for one in theirs.into_iter().flatten() {
        if !known(&identifiers, one) {
            let mut old = one.clone();
            old["use"] = json!("old");
            identifiers.push(old);
        }
    }
    if !identifiers.is_empty() {
        merged.insert("identifier".to_owned(), Value::Array(identifiers));
    }
    add_link(&mut merged, source_id, "replaces");
    merged
}

/// The record that goes.
#[must_use]
pub fn replaced(before: &Fields, survivor_id: &str) -> Fields {
    let mut replaced = before.clone();
    replaced.insert("active".to_owned(), Value::Bool(false));
    add_link(&mut replaced, survivor_id, "replaced-by");
    replaced
}

fn add_link(patient: &mut Fields, other: &str, way: &str) {
    let mut links = list(patient, "link");
    links.push(
        json!({"other": {"reference": format!("{}/{other}", ResourceType::PATIENT)}, "type": way}),
    );
    patient.insert("link".to_owned(), Value::Array(links));
}

fn list(patient: &Fields, field: &str) -> Vec<Value> {
    let all = patient.get(field).and_then(Value::as_array);
    all.cloned().unwrap_or_default()
}

/// Takes out of `current` what turned `before` into `merged`; what was changed since then stays.
#[must_use]
pub fn undone(before: &Fields, merged: &Fields, current: &Fields) -> Fields {
    let mut restored = current.clone();
    let fields = before.keys().chain(merged.keys());
    for field in fields.filter(|field| !ASIDE.contains(&field.as_str())) {
        let (was, became, is) = (before.get(field), merged.get(field), current.get(field));
        if was == became {
            continue;
        }
        let value = if is == became {
            was.cloned()
        } else {
            without_additions(was, became, is)
        };
        match value {
            Some(value) => restored.insert(field.clone(), value),
            None => restored.remove(field),
        };
    }
    restored
}

/// A field that was changed after the merge: as it is, without the items that the merge added to a list.
fn without_additions(
    was: Option<&Value>,
    became: Option<&Value>,
    is: Option<&Value>,
) -> Option<Value> {
    let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
    let (Some(became), Some(is_now)) = (items(became), items(is)) else {
        return is.cloned();
    };
    let was = items(was).unwrap_or_default();
    let added = |item: &Value| became.contains(item) && !was.contains(item);
    let left: Vec<Value> = is_now.into_iter().filter(|item| !added(item)).collect();
    (!left.is_empty()).then_some(Value::Array(left))
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;
    use proptest::prelude::*;

    use super::*;

    fn fields(value: Value) -> Fields {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn merging_links_both_and_keeps_the_numbers_findable() {
        let stays = fields(
            json!({"id": "a", "active": true, "identifier": [{"system": "s", "value": "1"}]}),
        );
        let goes = fields(
            json!({"id": "b", "identifier": [{"system": "s", "value": "2"}, {"system": "s", "value": "1"}]}),
        );
        let chosen = fields(json!({"birthDate": "1980-01-02"}));
        let merged = survivor(&stays, &goes, "b", chosen);
        assert_eq!(
            Value::Object(merged),
            json!({"id": "a", "active": true, "birthDate": "1980-01-02",
                "identifier": [{"system": "s", "value": "1"}, {"system": "s", "value": "2", "use": "old"}],
                "link": [{"other": {"reference": "Patient/b"}, "type": "replaces"}]})
        );
        assert_eq!(
            Value::Object(replaced(&goes, "a"))["link"],
            json!([{"other": {"reference": "Patient/a"}, "type": "replaced-by"}])
        );
    }

    #[test]
    fn what_cannot_be_merged_is_refused() {
        let parse = |value: Value| Doc::parse(value.to_string(), &Limits::default()).unwrap();
        let plain = parse(json!({"resourceType": "Patient"}));
        let gone =
            parse(json!({"link": [{"other": {"reference": "Patient/x"}, "type": "replaced-by"}]}));
        let kind = |a: (&str, &Doc), b: (&str, &Doc)| {
            check((a.0, a.1.root()), (b.0, b.1.root()))
                .err()
                .map(|fault| fault.kind)
        };
        assert_eq!(kind(("a", &plain), ("b", &plain)), None);
        assert_eq!(kind(("a", &plain), ("a", &plain)), Some(ErrorKind::Invalid));
        assert_eq!(kind(("a", &plain), ("b", &gone)), Some(ErrorKind::Conflict));
        assert_eq!(kind(("a", &gone), ("b", &plain)), Some(ErrorKind::Conflict));
    }

    #[test]
    fn what_changed_after_the_merge_stays() {
        let before = fields(json!({"gender": "male", "identifier": [{"value": "1"}]}));
        let merged = fields(
            json!({"gender": "female", "birthDate": "1980", "identifier": [{"value": "1"}, {"value": "2"}]}),
        );
        let current = fields(
            json!({"gender": "other", "birthDate": "1980", "telecom": [1], "identifier": [{"value": "1"}, {"value": "2"}, {"value": "3"}]}),
        );
        assert_eq!(
            Value::Object(undone(&before, &merged, &current)),
            json!({"gender": "other", "telecom": [1], "identifier": [{"value": "1"}, {"value": "3"}]})
        );
    }

    fn record() -> impl Strategy<Value = Fields> {
        let identifier =
            ("[ab]", "[12]").prop_map(|(system, value)| json!({"system": system, "value": value}));
        let link = "[cd]".prop_map(
            |id| json!({"other": {"reference": format!("Patient/{id}")}, "type": "seealso"}),
        );
        (
            prop::option::of(any::<bool>()),
            prop::option::of("19[0-9]{2}"),
            prop::collection::vec(identifier, 0..4),
            prop::collection::vec(link, 0..2),
        )
            .prop_map(|(active, birth_date, identifiers, links)| {
                let mut all = Fields::new();
                all.extend(active.map(|active| ("active".to_owned(), json!(active))));
                all.extend(birth_date.map(|date| ("birthDate".to_owned(), json!(date))));
                let lists = [("identifier", identifiers), ("link", links)];
                for (name, items) in lists.into_iter().filter(|(_, items)| !items.is_empty()) {
                    all.insert(name.to_owned(), Value::Array(items));
                }
                all
            })
    }

    proptest! {
        #[test]
        fn undoing_a_merge_restores_both_records(stays in record(), goes in record(), chosen in record()) {
            let merged = survivor(&stays, &goes, "b", chosen);
            prop_assert_eq!(&undone(&stays, &merged, &merged), &stays);
            let gone = replaced(&goes, "a");
            prop_assert_eq!(&undone(&goes, &gone, &gone), &goes);
        }

        #[test]
        fn undoing_leaves_no_link_and_loses_no_later_item(stays in record(), goes in record(), later in "[3-9]") {
            let merged = survivor(&stays, &goes, "b", Fields::new());
            let mut current = merged.clone();
            let mut identifiers = list(&current, "identifier");
            let new = json!({"system": "n", "value": later});
            identifiers.push(new.clone());
            current.insert("identifier".to_owned(), Value::Array(identifiers));
            let restored = undone(&stays, &merged, &current);
            prop_assert_eq!(restored.get("link"), stays.get("link"));
            prop_assert!(list(&restored, "identifier").contains(&new));
        }
    }
}
