//! Booking: a hold while people type, then the appointment, alone or as a series.

use jiff::Timestamp;
use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::record::{KIND, SERVICE, create};
use super::view::AppointmentView;
use super::{is_patient, view};
use crate::Scheduling;
use crate::domain::{Recurrence, Settings, State, extension, instant_of, zone};
use crate::error::{Result, SchedulingError};
use crate::store::named;

/// What is to be held.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewHold {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// References to those whose time is held.
    pub actors: Vec<String>,
    /// For how long, at most an hour; the organisation's setting when absent.
    #[serde(default)]
    pub minutes: Option<u16>,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Held {
    /// Names it: what `hold` of a booking takes.
    pub id: Uuid,
    /// When it runs out.
    pub expires: String,
}

/// What is to be booked.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Booking {
    /// Who comes.
    pub patient: String,
    /// References to those whose time is taken: practitioners, rooms, devices.
    pub actors: Vec<String>,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Until when.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
    /// How long, instead of `end`; the service's length when both are absent.
    #[serde(default)]
    pub minutes: Option<u16>,
    /// Code of the service.
    #[serde(default)]
    pub service: Option<String>,
    /// Kind of appointment.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Why the patient comes, at most 500 characters.
    #[serde(default)]
    pub reason: Option<String>,
    /// Remark.
    #[serde(default)]
    pub comment: Option<String>,
    /// 0 is ordinary.
    #[serde(default)]
    pub priority: u32,
    /// The hold that the booking makes good.
    #[serde(default)]
    pub hold: Option<Uuid>,
    /// Whether the capacity may be exceeded as far as the calendars allow.
    #[serde(default)]
    pub overbook: bool,
    /// Whether the patient is here already: no rule for booking ahead applies.
    #[serde(default)]
    pub walk_in: bool,
    /// Whether the patient has confirmed.
    #[serde(default = "yes")]
    pub confirmed: bool,
    /// RRULE, for a series.
    #[serde(default)]
    pub recurrence: Option<String>,
    /// IANA zone in which a series keeps its time of day.
    #[serde(default)]
    pub tz: Option<String>,
}

const fn yes() -> bool {
    true
}

/// A series of appointments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Series {
    /// Names the series.
    pub series: Uuid,
    /// What was booked.
    pub booked: Vec<AppointmentView>,
    /// What could not be.
    pub skipped: Vec<Skipped>,
}

/// An occurrence that could not be booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Skipped {
    /// When it would have been.
    pub start: String,
    /// Why not.
    pub why: String,
}

/// Most actors of one appointment.
const ACTORS: usize = 20;
/// Minutes that somebody who books in person may hold where no service is named.
const OWN_LONGEST: u16 = 60;

impl Scheduling {
    /// Holds the time of actors.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when it is taken.
    pub async fn hold(&self, caller: &Caller, new: &NewHold) -> Result<Held> {
        let (_, settings) = self.settings(caller.tenant()).await?;
        let (start, end) = (instant(new.start), instant(new.end));
        let minutes = (end.0 - start.0) / 60_000_000;
        if !(1..=480).contains(&minutes) || start <= self.now() {
            return Err(SchedulingError::invalid(
                "a hold is for 1 to 480 minutes to come",
                "end",
            ));
        }
        let actors = distinct(&new.actors)?;
        let mut lasts = new.minutes.unwrap_or(settings.hold_minutes).clamp(1, 60);
        let mut hold = Uuid::new_v4();
        let tenant = caller.tenant();
        if is_patient(caller) {
            // Whoever books in person decides about one time: the next takes its place, in one statement, and nobody
            // keeps a calendar shut.
            let longest = settings.services.iter().map(|one| one.minutes).max();
            if minutes > i64::from(longest.unwrap_or(OWN_LONGEST)) {
                let text = "a hold is for no longer than a service";
                return Err(SchedulingError::invalid(text, "end"));
            }
            self.check_offered(tenant, &settings, &actors, None, (start, end))
                .await?;
            lasts = lasts.min(settings.hold_minutes);
            hold = self.own_hold(tenant, &caller.ctx.actor.id).await?;
        }
        let expires = self.now().plus_seconds(i64::from(lasts) * 60);
        let id = self
            .hold_time(tenant, hold, &actors, (start, end), expires)
            .await?;
        Ok(Held {
            id,
            expires: expires.to_fhir(),
        })
    }

    /// Gives a hold back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release(&self, caller: &Caller, hold: Uuid) -> Result<()> {
        self.release_hold(caller.tenant(), hold).await
    }

    /// Books an appointment.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the time is taken, [`ErrorKind::Invalid`] when a rule forbids it.
    pub async fn book(&self, caller: &Caller, booking: &Booking) -> Result<AppointmentView> {
        let (_, settings) = self.settings(caller.tenant()).await?;
        let mut resource = self.resource(caller, &settings, booking).await?;
        if is_patient(caller) {
            let actors = distinct(&booking.actors)?;
            let time = span(booking, &settings)?;
            check_service(&settings, booking.service.as_deref(), time)?;
            let hold = self
                .hold_in_person(caller, booking.hold, &actors, time)
                .await?;
            extend(&mut resource, made_good(hold));
        }
        self.book_resource(caller, &resource).await
    }

    /// The hold that somebody who books in person makes good: the one that is named, or one for this very booking.
    ///
    /// # Errors
    /// When the time is not offered, or taken.
    pub(super) async fn hold_in_person(
        &self,
        caller: &Caller,
        named: Option<Uuid>,
        actors: &[String],
        (start, end): (Instant, Instant),
    ) -> Result<Uuid> {
        if let Some(hold) = named {
            return Ok(hold);
        }
        let new = NewHold {
            start: start.timestamp(),
            end: end.timestamp(),
            actors: actors.to_vec(),
            minutes: None,
        };
        Ok(self.hold(caller, &new).await?.id)
    }

    /// Books a series: every occurrence for itself, so that one that is taken keeps no other away.
    ///
    /// # Errors
    /// When the rule cannot be read, a patient asks for it, or a booking fails for another reason than its time.
    pub async fn book_series(&self, caller: &Caller, booking: &Booking) -> Result<Series> {
        if is_patient(caller) {
            let text = "a series is booked by the practice";
            return Err(Fault::new(ErrorKind::Forbidden, text).into());
        }
        let (_, settings) = self.settings(caller.tenant()).await?;
        let rule = booking.recurrence.as_deref().unwrap_or_default();
        let rule = Recurrence::parse(rule).map_err(Fault::from)?;
        let zone = zone(booking.tz.as_deref().unwrap_or(&settings.time_zone))?;
        let first = booking.start.to_zoned(zone.clone());
        let series = Uuid::now_v7();
        let mut resource = self.resource(caller, &settings, booking).await?;
        let length = span(booking, &settings)?.1.0 - instant(booking.start).0;
        extend(
            &mut resource,
            json!({"url": extension::SERIES, "valueString": series.to_string()}),
        );
        let (mut booked, mut skipped) = (Vec::new(), Vec::new());
        for date in rule.dates(first.date()).map_err(Fault::from)? {
            let Some(start) = instant_of(&zone, date.to_datetime(first.time())) else {
                continue;
            };
            resource["start"] = start.to_fhir().into();
            resource["end"] = Instant(start.0 + length).to_fhir().into();
            match self.book_resource(caller, &resource).await {
                Ok(one) => booked.push(one),
                Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid) => {
                    skipped.push(Skipped {
                        start: start.to_fhir(),
                        why: error.to_string(),
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Series {
            series,
            booked,
            skipped,
        })
    }

    async fn book_resource(&self, caller: &Caller, resource: &Value) -> Result<AppointmentView> {
        let records = self.records(caller, Interaction::Create).await?;
        let committed = self.store.commit_one(&records, create(resource)?).await?;
        AppointmentView::committed(&committed)
    }

    /// The Appointment that a booking asks for.
    async fn resource(
        &self,
        caller: &Caller,
        settings: &Settings,
        booking: &Booking,
    ) -> Result<Value> {
        let (start, end) = span(booking, settings)?;
        let (kind, patient) = named(&booking.patient, "patient")?;
        if kind != ResourceType::PATIENT {
            return Err(SchedulingError::invalid(
                "the patient is not a Patient",
                "patient",
            ));
        }
        let display = self.patient_name(caller, patient).await?;
        let state = match (booking.walk_in && !is_patient(caller), booking.confirmed) {
            (true, _) => State::Arrived,
            (false, true) => State::Confirmed,
            (false, false) => State::Scheduled,
        };
        // A patient asks for an appointment; the time is taken all the same.
        let (status, patient_status) = match state {
            _ if is_patient(caller) => ("pending", "accepted"),
            State::Scheduled => ("booked", "needs-action"),
            state => (state.status(), "accepted"),
        };
        let mut participants = vec![json!({
            "actor": named_with(&booking.patient, display), "required": "required", "status": patient_status
        })];
        for actor in distinct(&booking.actors)? {
            let display = self.actor_name(caller, &actor).await?;
            participants.push(json!({
                "actor": named_with(&actor, display), "required": "required", "status": "accepted"
            }));
        }
        let mut resource = json!({
            "resourceType": "Appointment", "status": status, "start": start.to_fhir(), "end": end.to_fhir(),
            "created": self.now().to_fhir(), "priority": booking.priority, "participant": participants
        });
        if let Some(service) = &booking.service {
            let name = settings
                .service(service)
                .map(|service| service.name.as_str());
            resource["serviceType"] = json!([{"coding": [{"system": SERVICE, "code": service}], "text": name.unwrap_or(service)}]);
        }
        let kind = booking.kind.as_deref();
        let of_service = booking
            .service
            .as_deref()
            .and_then(|code| settings.service(code)?.kind.as_deref());
        if let Some(kind) = kind.or(of_service) {
            resource["appointmentType"] = json!({"coding": [{"system": KIND, "code": kind}]});
        }
        if let Some(reason) = booking.reason.as_deref().filter(|text| !text.is_empty()) {
            resource["reasonCode"] = json!([{"text": reason}]);
        }
        if let Some(comment) = booking.comment.as_deref().filter(|text| !text.is_empty()) {
            resource["comment"] = comment.into();
        }
        if booking.overbook {
            extend(
                &mut resource,
                json!({"url": extension::OVERBOOK, "valueBoolean": true}),
            );
        }
        if let Some(hold) = booking.hold.filter(|_| !is_patient(caller)) {
            extend(&mut resource, made_good(hold));
        }
        if state == State::Arrived {
            let now = self.now().to_fhir();
            extend(
                &mut resource,
                json!({"url": extension::SINCE, "valueInstant": now}),
            );
        }
        Ok(resource)
    }

    pub(super) async fn patient_name(&self, caller: &Caller, id: &str) -> Result<Option<String>> {
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self.store.read(&records, ResourceType::PATIENT, id).await?;
        let doc = view::parse(&stored)?;
        if doc.root().get("active").and_then(mt_fhir::Node::as_bool) == Some(false) {
            return Err(SchedulingError::conflict("the patient is not active"));
        }
        Ok(name_of(doc.root()))
    }

    /// The name of an actor, which must exist.
    pub(super) async fn actor_name(
        &self,
        caller: &Caller,
        reference: &str,
    ) -> Result<Option<String>> {
        let (kind, id) = named(reference, "actors")?;
        let bookable = [
            "Practitioner",
            "PractitionerRole",
            "Location",
            "Device",
            "HealthcareService",
        ];
        if !bookable.contains(&kind.name()) {
            return Err(SchedulingError::invalid(
                "an actor is a practitioner, a room, a device or a service",
                "actors",
            ));
        }
        let records = self.records(caller, Interaction::Read).await?;
        match self.store.read(&records, kind, id).await {
            Ok(stored) => Ok(name_of(view::parse(&stored)?.root())),
            // Devices are closed to some who may book them.
            Err(error) if error.kind() == ErrorKind::NotFound && kind.name() == "Device" => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The name that a record goes by.
fn name_of(node: mt_fhir::Node<'_>) -> Option<String> {
    let name = node.get("name").or_else(|| node.get("deviceName"))?;
    if let Some(plain) = name.as_str() {
        return Some(plain.to_owned());
    }
    let first = name.children().next()?;
    if let Some(text) = first.str("text").or_else(|| first.str("name")) {
        return Some(text.to_owned());
    }
    let given = first
        .get("given")
        .into_iter()
        .flat_map(mt_fhir::Node::children);
    let words: Vec<&str> = given
        .filter_map(mt_fhir::Node::as_str)
        .chain(first.str("family"))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

pub(super) fn named_with(reference: &str, display: Option<String>) -> Value {
    match display {
        Some(display) => json!({"reference": reference, "display": display}),
        None => json!({"reference": reference}),
    }
}

pub(super) fn extend(resource: &mut Value, extension: Value) {
    match resource.get_mut("extension").and_then(Value::as_array_mut) {
        Some(all) => all.push(extension),
        None => resource["extension"] = json!([extension]),
    }
}

/// The extension that names the hold which an appointment makes good.
pub(super) fn made_good(hold: Uuid) -> Value {
    json!({"url": extension::HOLD, "valueString": hold.to_string()})
}

/// Whoever books in person takes a service that is offered online, for as long as it takes; where the organisation has
/// no services, any time.
fn check_service(
    settings: &Settings,
    code: Option<&str>,
    (start, end): (Instant, Instant),
) -> Result<()> {
    if settings.services.is_empty() {
        return Ok(());
    }
    let service = code.and_then(|code| settings.service(code));
    let length = |minutes: u16| i64::from(minutes) * 60_000_000;
    match service.filter(|one| one.online) {
        Some(one) if end.0 - start.0 == length(one.minutes) => Ok(()),
        Some(_) => Err(SchedulingError::invalid(
            "the service does not take this long",
            "end",
        )),
        None => Err(SchedulingError::invalid(
            "this is booked by the practice",
            "service",
        )),
    }
}

/// To the millisecond, as FHIR keeps it.
pub(crate) fn instant(at: Timestamp) -> Instant {
    Instant(at.as_millisecond() * 1000)
}

fn span(booking: &Booking, settings: &Settings) -> Result<(Instant, Instant)> {
    let start = instant(booking.start);
    let service = booking
        .service
        .as_deref()
        .and_then(|code| settings.service(code));
    if let Some(end) = booking.end {
        return Ok((start, instant(end)));
    }
    let minutes = booking.minutes.or(service.map(|service| service.minutes));
    let minutes = minutes
        .ok_or_else(|| SchedulingError::invalid("an appointment needs its length", "minutes"))?;
    Ok((start, start.plus_seconds(i64::from(minutes) * 60)))
}

/// The actors, each once.
pub(super) fn distinct(actors: &[String]) -> Result<Vec<String>> {
    let mut all: Vec<String> = Vec::with_capacity(actors.len());
    for actor in actors {
        named(actor, "actors")?;
        if !all.contains(actor) {
            all.push(actor.clone());
        }
    }
    if all.is_empty() || all.len() > ACTORS {
        return Err(SchedulingError::invalid(
            "an appointment has 1 to 20 actors",
            "actors",
        ));
    }
    Ok(all)
}
