//! An Appointment resource as scheduling reads it.

use mt_fhir::{Node, ResourceType};
use mt_kernel::Instant;

use super::state::State;

/// URLs of the extensions that R4's Appointment needs.
pub mod extension {
    /// Where a patient who has come is: a code of [`super::State`].
    pub const STAGE: &str = "https://meditrack.health/fhir/StructureDefinition/appointment-stage";
    /// Since when.
    pub const SINCE: &str =
        "https://meditrack.health/fhir/StructureDefinition/appointment-stage-since";
    /// In which room.
    pub const ROOM: &str = "https://meditrack.health/fhir/StructureDefinition/appointment-room";
    /// Booked beyond the capacity on purpose.
    pub const OVERBOOK: &str =
        "https://meditrack.health/fhir/StructureDefinition/appointment-overbook";
    /// The appointment whose place this one took (as in R5).
    pub const PREVIOUS: &str =
        "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.previousAppointment";
    /// The hold that it makes good.
    pub const HOLD: &str = "https://meditrack.health/fhir/StructureDefinition/appointment-hold";
    /// The series of which this is one.
    pub const SERIES: &str = "https://meditrack.health/fhir/StructureDefinition/appointment-series";
    /// What a waiting patient would take, as JSON.
    pub const PREFERENCE: &str =
        "https://meditrack.health/fhir/StructureDefinition/waitlist-preference";
    /// The slot that is offered to a waiting patient, as JSON.
    pub const OFFER: &str = "https://meditrack.health/fhir/StructureDefinition/waitlist-offer";
    /// How many offers a waiting patient had.
    pub const OFFERS: &str = "https://meditrack.health/fhir/StructureDefinition/waitlist-offers";
    /// Code system of reasons, of services and of kinds.
    pub const REASON_SYSTEM: &str =
        "https://meditrack.health/fhir/CodeSystem/appointment-cancellation";
    /// The reason that says that another appointment took its place.
    pub const RESCHEDULED: &str = "rescheduled";
}

/// How an actor's time is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// One at a time unless its calendar says otherwise.
    Alone = 1,
    /// Many at once unless its calendar says otherwise.
    Shared = 2,
    /// The patient, whose time nobody takes.
    Patient = 3,
}

/// An Appointment as scheduling reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit<'a> {
    /// Where it stands.
    pub state: State,
    /// From when.
    pub start: Option<Instant>,
    /// Until when.
    pub end: Option<Instant>,
    /// Who and what takes part and has not declined, each once: type, id.
    pub actors: Vec<(ResourceType, &'a str)>,
    /// Booked beyond the capacity on purpose.
    pub overbook: bool,
    /// Of a series.
    pub series: Option<&'a str>,
}

impl<'a> Visit<'a> {
    /// Reads an Appointment; `None` when it has no status that R4 knows.
    #[must_use]
    pub fn read(node: Node<'a>) -> Option<Self> {
        let instant = |field: &str| {
            let text = node.str(field)?;
            let at: jiff::Timestamp = text.parse().ok()?;
            Some(Instant(at.as_microsecond()))
        };
        let mut actors: Vec<(ResourceType, &str)> = Vec::new();
        for one in items(node, "participant").filter(|one| one.str("status") != Some("declined")) {
            let reference = one.get("actor").and_then(|actor| actor.str("reference"));
            if let Some(actor) = reference.and_then(split)
                && !actors.contains(&actor)
            {
                actors.push(actor);
            }
        }
        Some(Self {
            state: state_of(node)?,
            start: instant("start"),
            end: instant("end"),
            actors,
            overbook: value(node, extension::OVERBOOK, "valueBoolean").and_then(Node::as_bool)
                == Some(true),
            series: value(node, extension::SERIES, "valueString").and_then(Node::as_str),
        })
    }

    /// The hold that an Appointment makes good.
    #[must_use]
    pub fn hold(node: Node<'a>) -> Option<&'a str> {
        value(node, extension::HOLD, "valueString").and_then(Node::as_str)
    }

    /// The first actor of a type.
    #[must_use]
    pub fn actor(&self, kind: ResourceType) -> Option<&'a str> {
        let found = self.actors.iter().find(|(one, _)| *one == kind);
        found.map(|(_, id)| *id)
    }

    /// The actors whose time counts, with how.
    pub fn claims(&self) -> impl Iterator<Item = (ResourceType, &'a str, ActorKind)> + '_ {
        self.actors.iter().filter_map(|(kind, id)| {
            let how = match kind.name() {
                "Patient" => ActorKind::Patient,
                "Practitioner" | "PractitionerRole" | "Device" => ActorKind::Alone,
                "Location" | "HealthcareService" => ActorKind::Shared,
                _ => return None,
            };
            Some((*kind, *id, how))
        })
    }

    /// Minutes from start to end.
    #[must_use]
    pub fn minutes(&self) -> Option<i64> {
        let (start, end) = self.start.zip(self.end)?;
        Some((end.0 - start.0) / 60_000_000)
    }
}

fn state_of(node: Node<'_>) -> Option<State> {
    Some(match node.str("status")? {
        "proposed" => State::Proposed,
        "waitlist" => State::Waitlisted,
        "pending" => State::Scheduled,
        "booked" if patient_accepted(node) => State::Confirmed,
        "booked" => State::Scheduled,
        "arrived" => State::Arrived,
        "checked-in" => {
            let stage = value(node, extension::STAGE, "valueCode").and_then(Node::as_str);
            match stage.and_then(State::from_code) {
                Some(stage @ (State::Roomed | State::InProgress | State::Checkout)) => stage,
                _ => State::Ready,
            }
        }
        "fulfilled" => State::Completed,
        "cancelled" if reason(node) == Some(extension::RESCHEDULED) => State::Rescheduled,
        "cancelled" => State::Cancelled,
        "noshow" => State::NoShow,
        "entered-in-error" => State::EnteredInError,
        _ => return None,
    })
}

/// Whether every patient who takes part has accepted.
fn patient_accepted(node: Node<'_>) -> bool {
    let mut patients = items(node, "participant").filter(|one| {
        let reference = one.get("actor").and_then(|actor| actor.str("reference"));
        reference
            .and_then(split)
            .is_some_and(|(kind, _)| kind == ResourceType::PATIENT)
    });
    patients.all(|one| one.str("status") == Some("accepted"))
}

/// The first code of `cancelationReason`.
pub(crate) fn reason(node: Node<'_>) -> Option<&str> {
    let reason = node.get("cancelationReason")?;
    let coded = items(reason, "coding").find_map(|coding| coding.str("code"));
    coded.or_else(|| reason.str("text"))
}

/// The value of an extension.
pub(crate) fn value<'a>(node: Node<'a>, url: &str, field: &str) -> Option<Node<'a>> {
    items(node, "extension")
        .find(|one| one.str("url") == Some(url))
        .and_then(|one| one.get(field))
}

/// The items of an array field.
pub(crate) fn items<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> {
    node.get(field).into_iter().flat_map(Node::children)
}

/// Type and id of a reference to a record of this server.
pub(crate) fn split(reference: &str) -> Option<(ResourceType, &str)> {
    let (kind, id) = reference.split_once('/')?;
    let id = id.split_once("/_history/").map_or(id, |(id, _)| id);
    let kind = ResourceType::from_name(kind)?;
    (!id.is_empty() && !id.contains('/')).then_some((kind, id))
}
