//! An appointment as `/api/v1` shows it.

use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::Instant;
use mt_store::Stored;
use serde::Serialize;

use crate::domain::{State, Visit, extension, items, reason, split, value};
use crate::error::{Result, SchedulingError};

/// A reference with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Referred {
    /// FHIR reference.
    pub reference: String,
    /// Text for people, when there is one.
    pub display: Option<String>,
}

/// Somebody or something that takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Participant {
    /// FHIR reference.
    pub reference: String,
    /// Text for people, when there is one.
    pub display: Option<String>,
    /// `accepted`, `declined`, `tentative` or `needs-action`.
    pub status: String,
}

/// Where a patient who has come is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Stage {
    /// The state.
    pub state: State,
    /// Since when.
    pub since: Option<String>,
    /// In which room.
    pub room: Option<String>,
}

/// An appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Appointment)]
pub struct AppointmentView {
    /// Id of the Appointment.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Where it stands.
    pub state: State,
    /// `Appointment.status`.
    pub status: String,
    /// From when.
    pub start: Option<String>,
    /// Until when.
    pub end: Option<String>,
    /// How long.
    pub minutes: Option<i64>,
    /// Code of the service.
    pub service: Option<String>,
    /// Kind of appointment.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// 0 is ordinary; more is less urgent (RFC 5545).
    pub priority: u32,
    /// Why the patient comes.
    pub reason: Option<String>,
    /// Remark.
    pub comment: Option<String>,
    /// Who comes.
    pub patient: Option<Referred>,
    /// Who and what else takes part.
    pub actors: Vec<Participant>,
    /// Booked beyond the capacity on purpose.
    pub overbooked: bool,
    /// Why it was called off.
    pub cancel_reason: Option<String>,
    /// The appointment whose place it took.
    pub previous: Option<String>,
    /// The series of which it is one.
    pub series: Option<String>,
    /// Where the patient is.
    pub stage: Option<Stage>,
    /// The states that may follow.
    pub allowed: Vec<State>,
}

/// Reads a stored Appointment.
pub(super) fn parse(stored: &Stored) -> Result<Doc> {
    Doc::parse(stored.body.as_ref(), &Limits::default()).map_err(|_| SchedulingError::Unreadable)
}

impl AppointmentView {
    /// The view of a stored Appointment.
    pub(super) fn of(stored: &Stored) -> Result<Self> {
        Self::read(&stored.id, stored.version, parse(stored)?.root())
    }

    pub(super) fn committed(committed: &mt_store::Committed) -> Result<Self> {
        let doc = Doc::parse(committed.body.as_ref(), &Limits::default());
        let doc = doc.map_err(|_| SchedulingError::Unreadable)?;
        Self::read(&committed.id, committed.version, doc.root())
    }

    fn read(id: &str, version: u32, node: Node<'_>) -> Result<Self> {
        let visit = Visit::read(node).ok_or(SchedulingError::Unreadable)?;
        let shown = |at: Option<Instant>| at.map(Instant::to_fhir);
        let text = |field: &str| node.str(field).map(str::to_owned);
        let (patients, actors): (Vec<Participant>, Vec<Participant>) = items(node, "participant")
            .filter_map(participant)
            .partition(|one| {
                split(&one.reference).is_some_and(|(kind, _)| kind == ResourceType::PATIENT)
            });
        let patient = patients.into_iter().next().map(|one| Referred {
            reference: one.reference,
            display: one.display,
        });
        let owned = |url: &str, field: &str| {
            let found = value(node, url, field)?;
            found
                .as_str()
                .or_else(|| found.str("reference"))
                .map(str::to_owned)
        };
        let here = !visit.state.is_ahead() && !visit.state.is_final();
        Ok(Self {
            id: id.to_owned(),
            version,
            state: visit.state,
            status: text("status").unwrap_or_default(),
            start: shown(visit.start),
            end: shown(visit.end),
            minutes: visit.minutes(),
            service: coded(items(node, "serviceType").next()),
            kind: coded(node.get("appointmentType")),
            priority: node
                .get("priority")
                .and_then(|priority| priority.number_text()?.parse().ok())
                .unwrap_or(0),
            reason: items(node, "reasonCode")
                .find_map(|reason| reason.str("text"))
                .map(str::to_owned),
            comment: text("comment"),
            patient,
            actors,
            overbooked: visit.overbook,
            cancel_reason: reason(node).map(str::to_owned),
            previous: owned(extension::PREVIOUS, "valueReference"),
            series: visit.series.map(str::to_owned),
            stage: here.then(|| Stage {
                state: visit.state,
                since: owned(extension::SINCE, "valueInstant"),
                room: owned(extension::ROOM, "valueReference"),
            }),
            allowed: visit.state.next().to_vec(),
        })
    }
}

fn participant(node: Node<'_>) -> Option<Participant> {
    let actor = node.get("actor")?;
    Some(Participant {
        reference: actor.str("reference")?.to_owned(),
        display: actor.str("display").map(str::to_owned),
        status: node.str("status").unwrap_or("needs-action").to_owned(),
    })
}

fn coded(concept: Option<Node<'_>>) -> Option<String> {
    let concept = concept?;
    let code = items(concept, "coding").find_map(|coding| coding.str("code"));
    code.or_else(|| concept.str("text")).map(str::to_owned)
}
