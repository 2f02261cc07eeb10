//! Changes of an appointment: its state, its time, its details.

use jiff::Timestamp;
use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use mt_store::Batch;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::{distinct, extend, instant, made_good, named_with};
use super::record::{create, edit, set_extension, set_reason, set_state, set_value};
use super::view::AppointmentView;
use super::{is_patient, view};
use crate::Scheduling;
use crate::domain::{State, Vacancy, Visit, extension, split};
use crate::error::{Result, SchedulingError};
use crate::store::named;

/// Reasons for calling an appointment off: code and text.
pub(crate) const REASONS: &[(&str, &str)] = &[
    ("patient", "The patient asked"),
    ("patient-feeling-better", "The patient feels better"),
    ("patient-transport", "The patient cannot come"),
    ("provider", "The clinician is not available"),
    ("provider-emergency", "The clinician has an emergency"),
    ("facility", "The room or the site is not available"),
    ("weather", "Weather"),
    ("duplicate", "Booked twice"),
    ("no-show-limit", "Too many missed appointments"),
    ("patient-inactive", "The patient is no longer active"),
    ("other", "Another reason"),
];

/// The state that an appointment is to have.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transition {
    /// The state.
    pub to: State,
    /// Why, a code of `GET /scheduling/cancel-reasons`; a cancellation needs one.
    #[serde(default)]
    pub reason: Option<String>,
    /// The room that the patient is in.
    #[serde(default)]
    pub room: Option<String>,
}

/// Where an appointment is moved to.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Moved {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// How long; as before when absent.
    #[serde(default)]
    pub minutes: Option<u16>,
    /// Whose time; as before when absent.
    #[serde(default)]
    pub actors: Option<Vec<String>>,
    /// The hold that it makes good.
    #[serde(default)]
    pub hold: Option<Uuid>,
}

/// What changes of an appointment in place.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// From when.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<Timestamp>,
    /// How long.
    #[serde(default)]
    pub minutes: Option<u16>,
    /// Whose time.
    #[serde(default)]
    pub actors: Option<Vec<String>>,
    /// Why the patient comes.
    #[serde(default)]
    pub reason: Option<String>,
    /// Remark.
    #[serde(default)]
    pub comment: Option<String>,
}

impl Scheduling {
    /// Puts an appointment into another state.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the state machine forbids it.
    pub async fn transition(
        &self,
        caller: &Caller,
        id: &str,
        transition: &Transition,
    ) -> Result<AppointmentView> {
        let to = transition.to;
        let reason = transition.reason.clone();
        if to == State::Rescheduled {
            return Err(SchedulingError::invalid(
                "an appointment is moved by /reschedule",
                "to",
            ));
        }
        if to == State::Cancelled {
            let known = |code: &String| REASONS.iter().any(|(one, _)| one == code);
            if !reason.as_ref().is_some_and(known) {
                let text = "a cancellation needs one of the known reasons";
                return Err(SchedulingError::invalid(text, "reason"));
            }
        }
        if let Some(room) = &transition.room
            && named(room, "room")?.0.name() != "Location"
        {
            return Err(SchedulingError::invalid("a room is a Location", "room"));
        }
        let (now, room) = (self.now(), transition.room.clone());
        let change = edit(id, None, move |doc| {
            become_state(doc, to, now)?;
            if let Some(reason) = reason.as_deref().filter(|_| to == State::Cancelled) {
                set_reason(doc, reason)?;
            }
            if let Some(room) = &room {
                let value = reference(doc, room);
                set_extension(doc, extension::ROOM, "valueReference", value);
            }
            Ok(())
        });
        let records = self.records(caller, Interaction::Update).await?;
        let committed = self.store.commit_one(&records, change).await?;
        let changed = AppointmentView::committed(&committed)?;
        if to == State::NoShow {
            self.call_off_after_misses(caller, &changed).await?;
        }
        if to == State::Cancelled {
            Box::pin(self.fill_place_of(caller.tenant(), &changed)).await?;
        }
        Ok(changed)
    }

    /// Moves an appointment: a new one takes its place, both or none.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the time is taken or the appointment cannot be moved any more.
    pub async fn reschedule(
        &self,
        caller: &Caller,
        id: &str,
        moved: &Moved,
    ) -> Result<AppointmentView> {
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self
            .store
            .read(&records, ResourceType::APPOINTMENT, id)
            .await?;
        let doc = view::parse(&stored)?;
        let old = Visit::read(doc.root()).ok_or(SchedulingError::Unreadable)?;
        self.check_notice(caller, &old).await?;
        let length = match moved.minutes {
            Some(minutes) => i64::from(minutes) * 60_000_000,
            None => old
                .start
                .zip(old.end)
                .map_or(0, |(start, end)| end.0 - start.0),
        };
        let start = instant(moved.start);
        let mut resource: Value =
            serde_json::from_slice(&stored.body).map_err(|_| SchedulingError::Unreadable)?;
        if let Some(fields) = resource.as_object_mut() {
            for field in ["id", "meta", "slot", "requestedPeriod"] {
                fields.remove(field);
            }
        }
        keep_extensions(&mut resource);
        resource["start"] = start.to_fhir().into();
        resource["end"] = Instant(start.0 + length).to_fhir().into();
        resource["created"] = self.now().to_fhir().into();
        extend(
            &mut resource,
            json!({"url": extension::PREVIOUS,
            "valueReference": {"reference": format!("Appointment/{id}")}}),
        );
        if let Some(actors) = &moved.actors {
            let participants = self.participants(caller, &resource, actors).await?;
            resource["participant"] = participants;
        }
        let mut hold = moved.hold;
        if is_patient(caller) {
            // A patient asks for another time as for the first: the practice confirms.
            resource["status"] = "pending".into();
            let actors = booked_actors(&resource);
            let end = Instant(start.0 + length);
            hold = Some(
                self.hold_in_person(caller, hold, &actors, (start, end))
                    .await?,
            );
        }
        if let Some(hold) = hold {
            extend(&mut resource, made_good(hold));
        }
        let now = self.now();
        let mut batch = Batch::new();
        batch.push(create(&resource)?);
        batch.push(edit(id, Some(stored.version), move |doc| {
            become_state(doc, State::Rescheduled, now)?;
            set_reason(doc, extension::RESCHEDULED)
        }));
        let records = self.records(caller, Interaction::Update).await?;
        let committed = self.store.commit(&records, batch).await;
        let committed = committed.map_err(overtaken)?;
        let new = committed.first().ok_or(SchedulingError::Unreadable)?;
        let left = AppointmentView::of(&stored)?;
        self.fill_place_of(caller.tenant(), &left).await?;
        AppointmentView::committed(new)
    }

    /// Offers the time that an appointment has left to those who wait.
    pub(super) async fn fill_place_of(
        &self,
        tenant: TenantId,
        left: &AppointmentView,
    ) -> Result<()> {
        let at = |text: &Option<String>| text.as_ref()?.parse().ok().map(instant);
        let Some((start, end)) = at(&left.start).zip(at(&left.end)) else {
            return Ok(());
        };
        let clinicians = left.actors.iter().map(|one| one.reference.as_str());
        let first = clinicians
            .filter(|one| one.starts_with("Practitioner/"))
            .take(1);
        for actor in first.filter(|_| start > self.now()) {
            let slot = Vacancy {
                start,
                end,
                actor,
                service: left.service.as_deref(),
            };
            self.fill(tenant, &slot, None).await?;
        }
        Ok(())
    }

    /// Changes details of an appointment of version `if_match` in place.
    ///
    /// # Errors
    /// [`ErrorKind::Precondition`] when it has changed since, [`ErrorKind::Conflict`] when the time is taken.
    pub async fn amend(
        &self,
        caller: &Caller,
        id: &str,
        if_match: u32,
        change: &Change,
    ) -> Result<AppointmentView> {
        let participants = match &change.actors {
            Some(actors) => {
                let records = self.records(caller, Interaction::Read).await?;
                let stored = self
                    .store
                    .read(&records, ResourceType::APPOINTMENT, id)
                    .await?;
                let resource: Value = serde_json::from_slice(&stored.body)
                    .map_err(|_| SchedulingError::Unreadable)?;
                Some(self.participants(caller, &resource, actors).await?)
            }
            None => None,
        };
        let change = change.clone();
        let edit = edit(id, Some(if_match), move |doc| {
            if let Some(participants) = &participants {
                set_value(doc, "participant", participants)?;
            }
            details(doc, &change)
        });
        let records = self.records(caller, Interaction::Update).await?;
        let committed = self.store.commit_one(&records, edit).await?;
        AppointmentView::committed(&committed)
    }

    /// The participants of an appointment with other actors and the same patient.
    async fn participants(
        &self,
        caller: &Caller,
        resource: &Value,
        actors: &[String],
    ) -> Result<Value> {
        let is_patient = |one: &&Value| {
            let reference = one["actor"]["reference"].as_str().unwrap_or_default();
            split(reference).is_some_and(|(kind, _)| kind == ResourceType::PATIENT)
        };
        let known = resource["participant"].as_array();
        let mut all: Vec<Value> = known
            .into_iter()
            .flatten()
            .filter(is_patient)
            .cloned()
            .collect();
        for actor in distinct(actors)? {
            let display = self.actor_name(caller, &actor).await?;
            all.push(json!({
                "actor": named_with(&actor, display), "required": "required", "status": "accepted"
            }));
        }
        Ok(all.into())
    }

    /// A patient moves an appointment in good time or asks the desk.
    async fn check_notice(&self, caller: &Caller, visit: &Visit<'_>) -> Result<()> {
        if !is_patient(caller) {
            return Ok(());
        }
        let (_, settings) = self.settings(caller.tenant()).await?;
        let notice = i64::from(settings.rules.reschedule_hours) * 3600;
        let late = visit
            .start
            .is_some_and(|start| start < self.now().plus_seconds(notice));
        if late {
            let text = "it is too late to move the appointment; call the practice";
            return Err(SchedulingError::conflict(text));
        }
        Ok(())
    }

    /// After too many missed appointments within a year those to come are called off.
    pub(super) async fn call_off_after_misses(
        &self,
        caller: &Caller,
        missed: &AppointmentView,
    ) -> Result<()> {
        let (_, settings) = self.settings(caller.tenant()).await?;
        let limit = usize::from(settings.rules.no_show_limit);
        let Some(patient) = missed.patient.as_ref().filter(|_| limit > 0) else {
            return Ok(());
        };
        let year_ago = self.now().plus_seconds(-365 * 86_400).to_fhir();
        let misses = vec![
            ("patient".to_owned(), patient.reference.clone()),
            ("status".to_owned(), "noshow".to_owned()),
            ("date".to_owned(), format!("ge{year_ago}")),
        ];
        if self.find_all(caller, misses).await?.len() < limit {
            return Ok(());
        }
        let ahead = vec![
            ("patient".to_owned(), patient.reference.clone()),
            ("status".to_owned(), "booked,pending".to_owned()),
            ("date".to_owned(), format!("ge{}", self.now().to_fhir())),
        ];
        for one in self.find_all(caller, ahead).await? {
            let off = Transition {
                to: State::Cancelled,
                reason: Some("no-show-limit".to_owned()),
                room: None,
            };
            match Box::pin(self.transition(caller, &one.id, &off)).await {
                // Somebody else has dealt with it meanwhile.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                settled => drop(settled?),
            }
        }
        Ok(())
    }
}

/// Whoever did not say which version they saw is told that somebody was faster, and not that it was another version.
pub(super) fn overtaken(error: mt_store::StoreError) -> SchedulingError {
    if error.kind() == ErrorKind::Precondition {
        let text = "somebody else has just changed it; look at it again";
        return SchedulingError::conflict(text);
    }
    error.into()
}

/// References to those whose time an appointment takes, besides its patients.
fn booked_actors(resource: &Value) -> Vec<String> {
    let all = resource["participant"].as_array().into_iter().flatten();
    let references = all.filter_map(|one| one["actor"]["reference"].as_str());
    let booked =
        references.filter(|one| split(one).is_some_and(|(kind, _)| kind != ResourceType::PATIENT));
    booked.map(str::to_owned).collect()
}

/// Refuses before the policy would only what the policy cannot see: a state that stays what it is.
fn become_state(doc: &mut Doc, to: State, now: Instant) -> Result<(), Fault> {
    let from = Visit::read(doc.root()).map(|visit| visit.state);
    if from == Some(to) {
        let text = format!("the appointment is {} already", to.code());
        return Err(Fault::new(ErrorKind::Conflict, text));
    }
    set_state(doc, to, now);
    Ok(())
}

fn details(doc: &mut Doc, change: &Change) -> Result<(), Fault> {
    let root = doc.root().id();
    let visit = Visit::read(doc.root());
    let (start, end) = visit.map_or((None, None), |visit| (visit.start, visit.end));
    if change.start.is_some() || change.minutes.is_some() {
        let length = start.zip(end).map_or(0, |(start, end)| end.0 - start.0);
        let start = change.start.map(instant).or(start);
        let length = change
            .minutes
            .map_or(length, |minutes| i64::from(minutes) * 60_000_000);
        if let Some(start) = start {
            doc.set_string_field(root, "start", &start.to_fhir());
            doc.set_string_field(root, "end", &Instant(start.0 + length).to_fhir());
            doc.remove_field(root, "minutesDuration");
        }
    }
    if let Some(comment) = &change.comment {
        if comment.is_empty() {
            doc.remove_field(root, "comment");
        } else {
            doc.set_string_field(root, "comment", comment);
        }
    }
    match change.reason.as_deref() {
        None => Ok(()),
        Some("") => {
            doc.remove_field(root, "reasonCode");
            Ok(())
        }
        Some(reason) => set_value(doc, "reasonCode", &json!([{"text": reason}])),
    }
}

fn reference(doc: &mut Doc, to: &str) -> mt_fhir::json::NodeId {
    let value = doc.new_object();
    doc.set_string_field(value, "reference", to);
    value
}

/// A new appointment keeps of the old one's extensions what does not speak of the old one alone.
fn keep_extensions(resource: &mut Value) {
    let own = [
        extension::STAGE,
        extension::SINCE,
        extension::ROOM,
        extension::HOLD,
        extension::PREVIOUS,
        extension::OVERBOOK,
    ];
    if let Some(all) = resource.get_mut("extension").and_then(Value::as_array_mut) {
        all.retain(|one| !own.contains(&one["url"].as_str().unwrap_or_default()));
        if all.is_empty()
            && let Some(fields) = resource.as_object_mut()
        {
            fields.remove("extension");
        }
    }
}
