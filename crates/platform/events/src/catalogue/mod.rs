//! Every event of the product in one place: number, name, topic, key, owner, class of content, fields.
//!
//! Numbers and names stand in stored rows and on the wire, so a row of this catalogue is never changed,
//! only followed: a new meaning gets a new version of the name. A field is added at the end, with `optional`.

mod avro;
mod partition;
mod schema;
mod table;
mod topics;

use crate::error::{EventError, Result};

pub use schema::{Value, decode, encode};
pub use table::EVENTS;
pub use topics::TOPICS;

pub(crate) use partition::{lane, partition_of, wire_key};

/// A stream of events with its own partitions and retention.
#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    /// Number in stored rows.
    pub number: i16,
    /// Name on the wire.
    pub name: &'static str,
    /// How many partitions; events of one key share one.
    pub partitions: u16,
    /// How long events are kept for replay, in days.
    pub retention_days: u16,
    /// What happens to a key whose event cannot be taken.
    pub poison: Poison,
}

/// What a consumer does after it gave an event up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    /// Later events of the same key wait in the dead letters, so that their order is kept.
    ParkKey,
    /// Later events go on: each stands for itself.
    GoOn,
}

/// What keeps events in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOf {
    /// The patient.
    Patient,
    /// The resource that the event is about.
    Subject,
    /// The tenant.
    Tenant,
}

/// How much an event says about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phi {
    /// Ids, codes of processes, versions: nothing that identifies or diagnoses without the record.
    Thin,
    /// Says something of a person's health: leaves the tenant's seal only to consumers inside the product.
    Sealed,
}

/// One kind of event.
#[derive(Debug)]
pub struct EventType {
    /// Number in stored rows.
    pub number: i16,
    /// Name with version, such as `patient.registered.v1`.
    pub name: &'static str,
    /// Where it goes.
    pub topic: &'static Topic,
    /// What keeps it in order.
    pub key: KeyOf,
    /// The bounded context that decides when it happens.
    pub owner: &'static str,
    /// What it may say.
    pub phi: Phi,
    /// What happened, in one sentence.
    pub says: &'static str,
    /// Its fields after those that every event has ([`SUBJECT`]).
    pub fields: &'static [Field],
}

/// One field of an event.
#[derive(Debug)]
pub struct Field {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub kind: FieldKind,
    /// Whether it may be absent; then its default is null.
    pub optional: bool,
}

/// Types of fields, each an Avro type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Avro `string`: an id or a code.
    Text,
    /// Avro `long`.
    Whole,
    /// Avro `boolean`.
    Flag,
    /// Avro `long` of logical type `timestamp-micros`.
    Instant,
    /// Avro `array` of `string`.
    Texts,
    /// Avro `array` of `long`.
    Wholes,
}

/// What every event says first: the resource it is about, the version that resulted, the patient.
pub const SUBJECT: [Field; 4] = [
    required("subject_type", FieldKind::Text),
    required("subject_id", FieldKind::Text),
    required("subject_version", FieldKind::Whole),
    optional("patient_id", FieldKind::Text),
];

/// A field that must be there.
pub(crate) const fn required(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        optional: false,
    }
}

/// A field that may be absent.
pub(crate) const fn optional(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        optional: true,
    }
}

impl EventType {
    /// The event of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        EVENTS.iter().find(|event| event.name == name)
    }

    /// The event of this number.
    ///
    /// # Errors
    /// [`EventError::UnknownEvent`]: a newer version of the program wrote it.
    pub fn numbered(number: i16) -> Result<&'static Self> {
        let found = EVENTS.iter().find(|event| event.number == number);
        found.ok_or(EventError::UnknownEvent(number))
    }

    /// All fields in the order of the schema.
    pub fn all_fields(&self) -> impl Iterator<Item = &Field> {
        SUBJECT.iter().chain(self.fields)
    }
}

impl Topic {
    /// The topic of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TOPICS.into_iter().find(|topic| topic.name == name)
    }
}
