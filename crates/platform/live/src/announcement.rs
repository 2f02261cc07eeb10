//! What is said to a room: that something happened, and to what. Never what it says.
//!
//! An announcement is made from an event and drops every field that is not a name of something: who hears
//! it and wants more reads the record, and is authorised for that.

use std::sync::Arc;

use mt_events::catalogue::Value;
use mt_events::{Event, EventError};
use mt_kernel::{Instant, TenantId};
use serde::Serialize;
use uuid::Uuid;

use crate::Room;

/// The topic that only readers of the audit trail hear.
const AUDIT_TOPIC: &str = "audit-events";
/// Made for every transaction: which records changed.
const COMMITTED: &str = "records.committed.v1";
/// Fields that name a person to whom the event is addressed.
const ADDRESSEES: [&str; 3] = ["recipient_id", "owner_id", "practitioner_id"];

/// The resource that an announcement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Type of the resource.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The version that resulted; 0 when it is not known.
    pub version: i64,
}

/// A record that a transaction changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// What it is now.
    #[serde(flatten)]
    pub subject: Subject,
    /// `create`, `update` or `delete`.
    pub action: String,
}

/// Something happened.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Whose.
    pub tenant: TenantId,
    /// The event's id: the same, however often it is announced.
    pub id: Uuid,
    /// Name of the event, with its version.
    pub name: &'static str,
    /// When it was committed.
    pub at: Instant,
    /// What it is about.
    pub subject: Subject,
    /// The patient whom it concerns.
    pub patient: Option<Arc<str>>,
    /// Where it is announced.
    pub rooms: Vec<Room>,
    /// The records that changed, for `records.committed.v1` alone.
    pub changes: Vec<Changed>,
    /// Whether it belongs to the audit trail.
    pub is_audit: bool,
}

/// An announcement as clients get it.
#[derive(Debug, Serialize)]
pub(crate) struct Message<'a> {
    pub(crate) id: Uuid,
    #[serde(rename = "type")]
    pub(crate) name: &'static str,
    pub(crate) at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<&'a Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) patient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changes: Option<Vec<&'a Changed>>,
    pub(crate) rooms: Vec<&'a Room>,
}

impl Announcement {
    /// What is announced of an event.
    ///
    /// # Errors
    /// [`EventError::Schema`] when the payload is damaged.
    pub fn of(event: &Event) -> Result<Self, EventError> {
        let values = event.values()?;
        let fields = Fields(&values);
        let text = |name| fields.text(name).unwrap_or_default().to_owned();
        let subject = Subject {
            kind: text("subject_type"),
            id: text("subject_id"),
            version: fields.whole("subject_version").unwrap_or_default(),
        };
        let patient = fields.text("patient_id").map(Arc::from);
        let changes = if event.kind.name == COMMITTED {
            changes(&fields)
        } else {
            Vec::new()
        };
        Ok(Self {
            tenant: event.tenant,
            id: event.id,
            name: event.kind.name,
            at: event.at,
            rooms: rooms(&fields, &subject, patient.as_ref()),
            subject,
            patient,
            changes,
            is_audit: event.kind.topic.name == AUDIT_TOPIC,
        })
    }
}

fn rooms(fields: &Fields<'_>, subject: &Subject, patient: Option<&Arc<str>>) -> Vec<Room> {
    let mut rooms = vec![Room::Organisation];
    rooms.extend(patient.cloned().map(Room::Patient));
    let location = fields.text("location_id");
    rooms.extend(location.map(|id| Room::Location(Arc::from(id_of(id)))));
    let encounter = fields.text("encounter_id").map(id_of);
    let encounter = encounter.or((subject.kind == "Encounter").then_some(&subject.id));
    rooms.extend(encounter.map(|id| Room::Consultation(Arc::from(id))));
    for id in ADDRESSEES.iter().filter_map(|name| fields.text(name)) {
        let room = Room::User(Arc::from(id_of(id)));
        if !rooms.contains(&room) {
            rooms.push(room);
        }
    }
    rooms
}

/// The id of `Practitioner/7`, and of `7`.
pub(crate) fn id_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

fn changes(fields: &Fields<'_>) -> Vec<Changed> {
    let (types, keys) = (fields.texts("types"), fields.texts("keys"));
    let (versions, actions) = (fields.wholes("versions"), fields.texts("actions"));
    let rows = types.iter().zip(keys).zip(versions).zip(actions);
    rows.map(|(((kind, id), version), action)| Changed {
        subject: Subject {
            kind: kind.clone(),
            id: id.clone(),
            version: *version,
        },
        action: action.clone(),
    })
    .collect()
}

/// The fields of a payload by name.
struct Fields<'a>(&'a [(String, Value)]);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let mut all = self.0.iter();
        all.find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn whole(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    fn texts(&self, name: &str) -> &'a [String] {
        match self.get(name) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    fn wholes(&self, name: &str) -> &'a [i64] {
        match self.get(name) {
            Some(Value::Wholes(numbers)) => numbers,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use mt_events::catalogue::{EventType, encode};

    use super::*;

    fn event(name: &str, more: &[(&str, Value)]) -> Event {
        let kind = EventType::named(name).unwrap();
        let mut values = vec![
            ("subject_type", Value::from("Appointment")),
            ("subject_id", "a1".into()),
            ("subject_version", Value::Whole(3)),
            ("patient_id", "p1".into()),
        ];
        values.extend(more.iter().cloned());
        Event {
            id: Uuid::nil(),
            kind,
            tenant: TenantId(1),
            at: Instant(0),
            correlation: Uuid::nil(),
            key: Arc::from("p1"),
            payload: encode(kind, &values).unwrap(),
        }
    }

    #[test]
    fn an_event_is_announced_to_everyone_whom_it_names() {
        let more = [
            ("start", Value::Whole(1)),
            ("end", Value::Whole(2)),
            ("practitioner_id", "Practitioner/d7".into()),
            ("location_id", "l1".into()),
        ];
        let announced = Announcement::of(&event("appointment.created.v1", &more)).unwrap();
        let rooms: Vec<String> = announced.rooms.iter().map(Room::to_string).collect();
        assert_eq!(
            rooms,
            ["organisation", "patient/p1", "location/l1", "user/d7"]
        );
    }

    #[test]
    fn no_field_but_names_of_things_is_announced() {
        let more = [("code", Value::from("2160-0")), ("order_id", "o1".into())];
        let announced = Announcement::of(&event("lab.critical.result.v1", &more)).unwrap();
        assert!(!format!("{announced:?}").contains("2160-0"));
    }
}
