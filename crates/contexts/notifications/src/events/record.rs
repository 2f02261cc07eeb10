//! What of a record is said to people: names of people and places, titles of tests and tasks.

use mt_crypto::TenantKeys;
use mt_fhir::datetime::DateTime;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::Instant;
use uuid::Uuid;

use crate::Notifications;
use crate::domain::Recipient;
use crate::error::Result;

/// Reads records on account of one event.
pub(super) struct Reader<'a> {
    pub(super) notifications: &'a Notifications,
    pub(super) keys: &'a TenantKeys,
    pub(super) correlation: Uuid,
}

impl Reader<'_> {
    /// The record of a reference, `Type/id`.
    pub(super) async fn read(&self, reference: &str) -> Result<Option<Doc>> {
        let Some((kind, id)) = literal(reference) else {
            return Ok(None);
        };
        self.notifications
            .record(self.keys, kind, id, self.correlation)
            .await
    }

    /// What the thing of a reference is called.
    pub(super) async fn name(&self, reference: Option<&str>) -> Result<Option<String>> {
        let Some(reference) = reference else {
            return Ok(None);
        };
        Ok(self.read(reference).await?.and_then(|doc| name(doc.root())))
    }

    /// What the participant of a type is called: as the record says, or as their own record does.
    pub(super) async fn participant(&self, record: &Doc, kind: &str) -> Result<Option<String>> {
        let Some(actor) = participant(record.root(), kind) else {
            return Ok(None);
        };
        match actor.str("display") {
            Some(shown) => Ok(Some(shown.to_owned())),
            None => self.name(actor.str("reference")).await,
        }
    }

    /// The person behind a reference: a role stands for its practitioner.
    pub(super) async fn person(&self, reference: &str) -> Result<Option<Recipient>> {
        if let Some((kind, _)) = literal(reference)
            && kind.name() == "PractitionerRole"
        {
            let role = self.read(reference).await?;
            let practitioner = role.as_ref().and_then(|doc| {
                let practitioner = doc.root().get("practitioner")?;
                Recipient::parse(practitioner.str("reference")?)
            });
            return Ok(practitioner);
        }
        Ok(Recipient::parse(reference))
    }
}

/// Type and id of a reference, relative or absolute.
fn literal(reference: &str) -> Option<(ResourceType, &str)> {
    let unversioned = reference.split("/_history/").next()?;
    let mut parts = unversioned.rsplit('/');
    let (id, kind) = (parts.next()?, parts.next()?);
    Some((ResourceType::from_name(kind)?, id))
}

/// The actor of a type among the participants of an appointment.
pub(super) fn participant<'a>(record: Node<'a>, kind: &str) -> Option<Node<'a>> {
    let all = record.get("participant")?.children();
    let mut actors = all.filter_map(|one| one.get("actor"));
    actors.find(|actor| {
        let reference = actor.str("reference").and_then(literal);
        reference.is_some_and(|(found, _)| found.name() == kind)
    })
}

/// What a person or a place is called.
fn name(record: Node<'_>) -> Option<String> {
    if let Some(name) = record.str("name") {
        return Some(name.to_owned());
    }
    let names: Vec<Node<'_>> = record.get("name")?.children().collect();
    let official = names.iter().find(|one| one.str("use") == Some("official"));
    let one = official.or(names.first())?;
    if let Some(text) = one.str("text") {
        return Some(text.to_owned());
    }
    let given = one.get("given").and_then(|given| given.item(0)?.as_str());
    let parts: Vec<&str> = [given, one.str("family")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What a concept is called.
pub(super) fn called(concept: Option<Node<'_>>) -> Option<String> {
    let concept = concept?;
    let text = concept.str("text").map(str::to_owned);
    text.or_else(|| {
        let mut codings = concept.get("coding")?.children();
        codings.find_map(|coding| coding.str("display").map(str::to_owned))
    })
}

/// A moment of a record.
pub(super) fn moment(record: Node<'_>, field: &str) -> Option<Instant> {
    let read = record.str(field).and_then(DateTime::parse_date_time)?;
    Some(Instant(read.start()))
}

/// Fields that say when what a record tells happened.
const TIMES: [&str; 6] = [
    "issued",
    "effectiveDateTime",
    "whenPrepared",
    "lastModified",
    "authoredOn",
    "created",
];

/// Whether what a record tells happened after `since`, as far as it says.
pub(super) fn is_news(record: Node<'_>, since: Instant) -> bool {
    let said = TIMES.iter().find_map(|field| moment(record, field));
    said.is_none_or(|at| at >= since)
}

#[cfg(test)]
mod tests {
    use mt_fhir::json::Limits;
    use serde_json::json;

    use super::*;

    fn doc(value: &serde_json::Value) -> Doc {
        Doc::parse(value.to_string(), &Limits::default()).unwrap()
    }

    #[test]
    fn people_and_places_are_called_what_they_are_called() {
        for (record, expected) in [
            (json!({"name": "Room 7"}), Some("Room 7")),
            (
                json!({"name": [{"text": "Dr. Ana Ruiz"}]}),
                Some("Dr. Ana Ruiz"),
            ),
            (
                json!({"name": [{"family": "Old", "use": "old"}, {"family": "Ruiz", "given": ["Ana"], "use": "official"}]}),
                Some("Ana Ruiz"),
            ),
            (json!({"name": [{}]}), None),
            (json!({}), None),
        ] {
            assert_eq!(name(doc(&record).root()).as_deref(), expected, "{record}");
        }
    }

    #[test]
    fn what_happened_long_ago_is_no_news() {
        let since = moment(doc(&json!({"a": "2026-04-10"})).root(), "a").unwrap();
        let news = |record: serde_json::Value| is_news(doc(&record).root(), since);
        assert!(news(json!({"issued": "2026-04-11T10:00:00Z"})));
        assert!(!news(json!({"issued": "2020-04-11T10:00:00Z"})));
        assert!(!news(json!({"authoredOn": "2025"})));
        assert!(news(json!({})));
    }
}
