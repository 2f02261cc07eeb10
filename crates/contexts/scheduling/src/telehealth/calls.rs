//! Coming to a video visit, being admitted, and its end.

use mt_access::{Authenticated, Decision, Grant, Interaction};
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

use super::keep::Kept;
use super::provider::{Media, Seating};
use super::room::{RoomState, Side, conflict};
use super::seat::{Good, Seat};
use super::{Telehealth, chart};
use crate::app::{AppointmentView, Referred, Transition, instant, is_patient, public_caller};
use crate::domain::{Settings, State};
use crate::error::{Result, SchedulingError};

/// The kind of appointment that has a room.
const KIND: &str = "Telehealth";
/// Seconds before its start from which the patient can wait.
const EARLY: i64 = 30 * 60;
/// Seconds after its end for which a visit that was not ended can go on.
const LATE: i64 = 4 * 3600;
/// Seconds that a seat lasts.
const SEAT: i64 = 5 * 60;

/// The room of a video visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TelehealthRoom)]
pub struct RoomView {
    /// Id of the Appointment.
    pub appointment: String,
    /// Where the room stands.
    pub state: RoomState,
    /// The side of whoever asks.
    pub side: Side,
    /// When the visit begins.
    pub start: String,
    /// When it ends.
    pub end: String,
    /// From when the patient can wait.
    pub opens: String,
    /// The organisation's time zone.
    pub tz: String,
    /// Name of the service.
    pub service: Option<String>,
    /// Name of the clinician.
    pub clinician: Option<String>,
    /// The patient; for clinicians.
    pub patient: Option<Referred>,
    /// Whether the other side was heard of moments ago.
    pub other_present: bool,
    /// Since when the patient has waited.
    pub waiting: Option<String>,
    /// When the patient was admitted.
    pub admitted: Option<String>,
    /// When the visit was over.
    pub ended: Option<String>,
    /// Reference to the Encounter.
    pub encounter: Option<String>,
    /// Whether the patient has agreed to a video visit.
    pub consented: bool,
    /// Where to call when the connection fails.
    pub phone: Option<String>,
    /// Who carries picture and sound: `own`, `100ms`, `twilio`.
    pub provider: &'static str,
}

/// Somebody wants to come in.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Joining {
    /// The patient agrees to a video visit; needed once.
    pub consent: bool,
}

/// A seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TelehealthTicket)]
pub struct Ticket {
    /// Token of the seat, for `POST /public/telehealth/exchange`.
    pub token: String,
    /// Until when it is good; join again before.
    pub expires: String,
    /// What was said before it is of no concern.
    pub after: i64,
    /// What picture and sound need; nothing while the patient waits.
    pub media: Option<Media>,
    /// The room.
    pub room: RoomView,
}

/// A link by which somebody comes to the waiting room without signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct GuestLink {
    /// Path and fragment at this installation.
    pub url: String,
    /// Until when it works.
    pub expires: String,
}

/// A video visit as its use cases see it.
pub(super) struct Visit {
    pub(super) view: AppointmentView,
    pub(super) kept: Kept,
    settings: Settings,
    start: Instant,
    end: Instant,
}

impl Telehealth {
    /// The room of a video visit.
    ///
    /// # Errors
    /// When the caller has no part in it, or the appointment is no video visit.
    pub async fn room(&self, caller: &Caller, id: &str) -> Result<RoomView> {
        let side = side_of(caller)?;
        let visit = self.visit(caller, id).await?;
        Ok(self.shown(&visit, side))
    }

    /// Takes a seat: the clinician's, or the patient's in the waiting room.
    ///
    /// # Errors
    /// When the caller has no part in the visit, has not agreed, comes too early, or the visit is over.
    pub async fn join(&self, caller: &Caller, id: &str, joining: &Joining) -> Result<Ticket> {
        let side = side_of(caller)?;
        self.take_seat(caller, id, side, joining).await
    }

    /// Lets the patient in.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when nobody waits.
    pub async fn admit(&self, caller: &Caller, id: &str) -> Result<RoomView> {
        let mut visit = self.led(caller, id).await?;
        let before = visit.kept.room.state;
        visit.kept.room.admit(self.scheduling.now())?;
        if before == RoomState::Waiting {
            let tenant = caller.tenant();
            self.keep(tenant, &mut visit).await?;
            if let Some(encounter) = &visit.kept.room.encounter {
                self.begin(&with_all_rights(caller), encounter).await?;
            }
            self.step(caller, &visit.view, State::InProgress).await?;
        }
        Ok(self.shown(&visit, Side::Clinician))
    }

    /// Ends the visit. Its Encounter stays open until the clinician has written and closes it.
    ///
    /// # Errors
    /// When the caller has no part in it.
    pub async fn end(&self, caller: &Caller, id: &str) -> Result<RoomView> {
        let mut visit = self.led(caller, id).await?;
        let before = visit.kept.room.state;
        if before != RoomState::Ended {
            let tenant = caller.tenant();
            visit.kept.room.end(self.scheduling.now());
            self.keep(tenant, &mut visit).await?;
            if before == RoomState::InCall {
                self.step(caller, &visit.view, State::Checkout).await?;
            } else if let Some(encounter) = &visit.kept.room.encounter {
                self.call_off(&with_all_rights(caller), encounter).await?;
            }
            self.forget(tenant, visit.kept.key).await?;
        }
        Ok(self.shown(&visit, Side::Clinician))
    }

    /// A link to the waiting room for the patient.
    ///
    /// # Errors
    /// When the caller may not change the appointment, or it is over.
    pub async fn invite(&self, caller: &Caller, id: &str) -> Result<GuestLink> {
        let visit = self.visit(caller, id).await?;
        let expires = visit.end.plus_seconds(LATE);
        if visit.kept.room.state == RoomState::Ended || expires <= self.scheduling.now() {
            return Err(conflict("the video visit is over").into());
        }
        let seat = Seat {
            good: Good::Link,
            side: Side::Patient,
            appointment: id.to_owned(),
            expires: expires.0,
        };
        let token = self.token(caller.tenant(), &seat).await?;
        Ok(GuestLink {
            // A fragment reaches no log and no other site.
            url: format!("/app/portal/call#{token}"),
            expires: expires.to_fhir(),
        })
    }

    /// The room that a link leads to.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for whatever is no link of ours that still works.
    pub async fn guest_room(&self, link: &str) -> Result<RoomView> {
        let (caller, id) = self.guest(link).await?;
        let visit = self.visit(&caller, &id).await?;
        Ok(self.shown(&visit, Side::Patient))
    }

    /// Takes the patient's seat by a link.
    ///
    /// # Errors
    /// As [`Self::join`].
    pub async fn guest_join(&self, link: &str, joining: &Joining) -> Result<Ticket> {
        let (caller, id) = self.guest(link).await?;
        self.take_seat(&caller, &id, Side::Patient, joining).await
    }

    async fn guest(&self, link: &str) -> Result<(Caller, String)> {
        let (tenant, seat) = self.seated(link, Good::Link).await?;
        let caller = public_caller(tenant, "telehealth-guest", self.scheduling.now());
        Ok((caller, seat.appointment))
    }

    async fn take_seat(
        &self,
        caller: &Caller,
        id: &str,
        side: Side,
        joining: &Joining,
    ) -> Result<Ticket> {
        let mut visit = self.visit(caller, id).await?;
        let (tenant, now) = (caller.tenant(), self.scheduling.now());
        match side {
            Side::Patient => self.wait(caller, &mut visit, joining).await?,
            Side::Clinician if visit.kept.room.state == RoomState::Ended => {
                return Err(conflict("the video visit is over").into());
            }
            // A room is written when somebody comes, so that presence has a place.
            Side::Clinician if visit.kept.is_new() => self.keep(tenant, &mut visit).await?,
            Side::Clinician => {}
        }
        self.seen(tenant, &visit.kept, side).await?;
        let expires = now.plus_seconds(SEAT);
        let seat = Seat {
            good: Good::Seat,
            side,
            appointment: id.to_owned(),
            expires: expires.0,
        };
        let waits = side == Side::Patient && visit.kept.room.state != RoomState::InCall;
        let media = match waits {
            true => None,
            false => Some(self.media(&visit, side, expires).await?),
        };
        Ok(Ticket {
            token: self.token(tenant, &seat).await?,
            expires: expires.to_fhir(),
            after: self.last(tenant, visit.kept.key).await?,
            media,
            room: self.shown(&visit, side),
        })
    }

    async fn media(&self, visit: &Visit, side: Side, expires: Instant) -> Result<Media> {
        let room = format!("visit-{}", visit.kept.key.simple());
        let word = match side {
            Side::Clinician => "clinician",
            Side::Patient => "patient",
        };
        let identity = format!("{word}-{}", Uuid::new_v4().simple());
        let seating = Seating {
            room: &room,
            identity: &identity,
            side,
            now: self.scheduling.now(),
            // A relay outlives the seat: the call goes on while the page renews its seat.
            expires: expires.plus_seconds(LATE),
        };
        Ok(self.provider.ticket(seating).await?)
    }

    /// The patient comes to the waiting room.
    async fn wait(&self, caller: &Caller, visit: &mut Visit, joining: &Joining) -> Result<()> {
        let now = self.scheduling.now();
        if now < visit.start.plus_seconds(-EARLY) {
            let text = "the waiting room opens 30 minutes before the visit";
            return Err(conflict(text).into());
        }
        let before = visit.kept.room.state;
        visit.kept.room.wait(now)?;
        if before != RoomState::Scheduled {
            return Ok(());
        }
        if now > visit.end.plus_seconds(LATE) || visit.view.state.is_final() {
            return Err(conflict("the video visit is over").into());
        }
        if !joining.consent {
            let text = "the patient must agree to a video visit";
            return Err(SchedulingError::invalid(text, "consent"));
        }
        let tenant = caller.tenant();
        let system = with_all_rights(caller);
        let (encounter, consent) = self
            .open_chart(&system, &visit.view, visit.kept.key)
            .await?;
        visit.kept.room.encounter = Some(encounter);
        visit.kept.room.consent = Some(consent);
        self.keep(tenant, visit).await?;
        self.step(caller, &visit.view, State::Arrived).await
    }

    /// Takes the appointment to a state, where it is not there or further already.
    async fn step(&self, caller: &Caller, view: &AppointmentView, to: State) -> Result<()> {
        let step = Transition {
            to,
            reason: None,
            room: None,
        };
        let system = with_all_rights(caller);
        let moved = self.scheduling.transition(&system, &view.id, &step).await;
        match moved {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            other => other.map(drop),
        }
    }

    /// A visit whose clinician the caller is.
    async fn led(&self, caller: &Caller, id: &str) -> Result<Visit> {
        match side_of(caller)? {
            Side::Clinician => self.visit(caller, id).await,
            Side::Patient => Err(forbidden().into()),
        }
    }

    /// A video visit that the caller may read.
    pub(super) async fn visit(&self, caller: &Caller, id: &str) -> Result<Visit> {
        let view = self.scheduling.appointment(caller, id).await?;
        let (_, settings) = self.scheduling.settings(caller.tenant()).await?;
        let service = view.service.as_deref();
        let kind = service.and_then(|code| settings.service(code)?.kind.as_deref());
        if view.kind.as_deref().or(kind) != Some(KIND) {
            return Err(conflict("the appointment is no video visit").into());
        }
        let at = |text: &Option<String>| text.as_ref()?.parse().ok().map(instant);
        let times = at(&view.start).zip(at(&view.end));
        let (start, end) = times.ok_or_else(|| conflict("the appointment has no time"))?;
        Ok(Visit {
            kept: self.kept(caller.tenant(), id).await?,
            view,
            settings,
            start,
            end,
        })
    }

    pub(super) fn shown(&self, visit: &Visit, side: Side) -> RoomView {
        let (view, room) = (&visit.view, &visit.kept.room);
        let at = |time: Option<i64>| time.map(|time| Instant(time).to_fhir());
        let service = view.service.as_deref().map(|code| {
            let known = visit.settings.service(code);
            known.map_or(code, |known| known.name.as_str()).to_owned()
        });
        let clinician = view
            .actors
            .iter()
            .find(|one| one.reference.starts_with("Practitioner"));
        let other = match side {
            Side::Clinician => Side::Patient,
            Side::Patient => Side::Clinician,
        };
        RoomView {
            appointment: view.id.clone(),
            state: room.state,
            side,
            start: visit.start.to_fhir(),
            end: visit.end.to_fhir(),
            opens: visit.start.plus_seconds(-EARLY).to_fhir(),
            tz: visit.settings.time_zone.clone(),
            service,
            clinician: clinician.and_then(|one| one.display.clone()),
            patient: view.patient.clone().filter(|_| side == Side::Clinician),
            other_present: visit.kept.is_present(other, self.scheduling.now()),
            waiting: at(room.waiting),
            admitted: at(room.admitted),
            ended: at(room.ended),
            encounter: room.encounter.as_ref().map(|id| format!("Encounter/{id}")),
            consented: room.consent.is_some(),
            phone: visit.settings.telehealth.phone.clone(),
            provider: self.provider.name(),
        }
    }

    /// Encounter and Consent of a visit that begins; returns their ids.
    async fn open_chart(
        &self,
        caller: &Caller,
        view: &AppointmentView,
        room: Uuid,
    ) -> Result<(String, String)> {
        let now = self.scheduling.now();
        let patient = view.patient.as_ref();
        let patient = patient.ok_or_else(|| conflict("the appointment has no patient"))?;
        let ids = [b"encounter".as_slice(), b"consent"].map(|word| chart::id_of(room, word));
        let [encounter, consent] = &ids;
        let mut batch = mt_store::Batch::new();
        batch.push(chart::encounter(encounter, view, patient, now)?);
        batch.push(chart::consent(consent, view, patient, now)?);
        let records = self.scheduling.records(caller, Interaction::Update).await?;
        self.scheduling.store.commit(&records, batch).await?;
        let [encounter, consent] = ids;
        Ok((encounter, consent))
    }

    /// The clinician sees the patient.
    async fn begin(&self, caller: &Caller, encounter: &str) -> Result<()> {
        let clinician = caller.ctx.actor.fhir_user.clone();
        let change = chart::moved(encounter, "in-progress", self.scheduling.now(), clinician);
        let records = self.scheduling.records(caller, Interaction::Update).await?;
        self.scheduling.store.commit_one(&records, change).await?;
        Ok(())
    }

    /// The patient waited and was not seen.
    async fn call_off(&self, caller: &Caller, encounter: &str) -> Result<()> {
        let change = chart::moved(encounter, "cancelled", self.scheduling.now(), None);
        let records = self.scheduling.records(caller, Interaction::Update).await?;
        self.scheduling.store.commit_one(&records, change).await?;
        Ok(())
    }
}

/// Patients, and those who act for them, come as patients; of the staff those come in who write in charts.
fn side_of(caller: &Caller) -> Result<Side> {
    if is_patient(caller) {
        return Ok(Side::Patient);
    }
    let observation = ResourceType::from_name("Observation");
    let decided = observation.map(|kind| caller.who.grant.decide(kind, Interaction::Create));
    match decided {
        Some(Decision::Allowed(_)) => Ok(Side::Clinician),
        _ => Err(forbidden().into()),
    }
}

fn forbidden() -> Fault {
    Fault::new(
        ErrorKind::Forbidden,
        "a video visit is for the patient and for clinicians",
    )
}

/// The caller by name, for records that follow from a step that the caller may take.
fn with_all_rights(caller: &Caller) -> Caller {
    Caller {
        who: Arc::new(Authenticated {
            grant: Grant::system(),
            ..(*caller.who).clone()
        }),
        ctx: caller.ctx.clone(),
    }
}
