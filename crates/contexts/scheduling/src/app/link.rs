//! What is done by a link, without signing in: one thing each, sealed by us, for a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_access::Interaction;
use mt_api::Caller;
use mt_crypto::Purpose;
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use serde::{Deserialize, Serialize};

use super::change::{Moved, Transition};
use super::find::Wanted;
use super::public_caller;
use super::slots::{SlotPage, SlotQuery};
use super::view::AppointmentView;
use crate::Scheduling;
use crate::domain::{Settings, State, ics};
use crate::error::{Result, SchedulingError};
use crate::store::named;

/// What a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkPurpose {
    /// Calls an appointment off.
    Cancel,
    /// Moves an appointment.
    Reschedule,
    /// Shows the times of a calendar.
    Feed,
}

#[derive(Debug, Serialize, Deserialize)]
struct Link {
    purpose: LinkPurpose,
    /// Id of the Appointment, or reference to the actor of a feed.
    about: String,
    expires: i64,
}

/// The links of an appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Links {
    /// Calls it off.
    pub cancel: String,
    /// Moves it.
    pub reschedule: String,
    /// Until when they work.
    pub expires: String,
}

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Feed {
    /// Where calendars read it.
    pub url: String,
}

/// What a link is about; it names no patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Linked {
    /// What the link does.
    pub purpose: LinkPurpose,
    /// Where the appointment stands.
    pub state: State,
    /// From when.
    pub start: Option<String>,
    /// Until when.
    pub end: Option<String>,
    /// The organisation's time zone.
    pub tz: String,
    /// Code of the service.
    pub service: Option<String>,
}

/// A link, as its page sends it.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FollowedLink {
    /// What stands in the fragment of the link.
    pub token: String,
}

/// The days of which times are asked for by a link.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimesByLink {
    /// What stands in the fragment of the link.
    pub token: String,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub from: jiff::civil::Date,
    /// Day after the last.
    #[schema(value_type = String, format = Date)]
    pub to: jiff::civil::Date,
}

/// What is to be done by a link.
#[derive(Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ByLink {
    /// What stands in the fragment of the link.
    pub token: String,
    /// Why the appointment is called off.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it is to be instead.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<jiff::Timestamp>,
}

/// How long a feed can be read.
const FEED_DAYS: i64 = 366;
const PLACE: &[u8] = b"scheduling link";

impl Scheduling {
    /// Links by which the patient calls an appointment off or moves it.
    ///
    /// # Errors
    /// When there is no such appointment, or it is over.
    pub async fn links(&self, caller: &Caller, id: &str) -> Result<Links> {
        let view = self.appointment(caller, id).await?;
        let start = view.start.as_deref().and_then(|text| text.parse().ok());
        let start: jiff::Timestamp = start
            .filter(|_| view.state.is_ahead())
            .ok_or_else(|| SchedulingError::conflict("there is nothing left to move"))?;
        let expires = super::book::instant(start);
        let tenant = caller.tenant();
        let url = async |purpose| {
            let token = self.token(tenant, purpose, id, expires).await?;
            // A fragment is never sent: no log on the way holds the token.
            Ok::<_, SchedulingError>(format!("/app/portal/appointment#{token}"))
        };
        Ok(Links {
            cancel: url(LinkPurpose::Cancel).await?,
            reschedule: url(LinkPurpose::Reschedule).await?,
            expires: expires.to_fhir(),
        })
    }

    /// A feed of the times of an actor.
    ///
    /// # Errors
    /// When there is no such actor.
    pub async fn feed(&self, caller: &Caller, actor: &str) -> Result<Feed> {
        self.actor_name(caller, actor).await?;
        let expires = self.now().plus_seconds(FEED_DAYS * 86_400);
        let token = self
            .token(caller.tenant(), LinkPurpose::Feed, actor, expires)
            .await?;
        Ok(Feed {
            url: format!("/api/v1/public/feeds/{token}"),
        })
    }

    /// An appointment as a calendar file.
    ///
    /// # Errors
    /// When there is no such appointment, or it has no time.
    pub async fn invitation(&self, caller: &Caller, id: &str) -> Result<String> {
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self
            .store
            .read(&records, ResourceType::APPOINTMENT, id)
            .await?;
        let view = AppointmentView::of(&stored)?;
        let event = self
            .calendar_event(caller.tenant(), &view, stored.last_updated)
            .await?;
        let event =
            event.ok_or_else(|| SchedulingError::conflict("the appointment has no time"))?;
        let method = if event.cancelled {
            ics::Method::Cancel
        } else {
            ics::Method::Request
        };
        Ok(ics::calendar(method, &[event]))
    }

    /// The calendar file of a feed.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::NotFound`] for whatever is not a feed of ours.
    pub async fn read_feed(&self, token: &str) -> Result<String> {
        let (tenant, link) = self.opened(token).await?;
        if link.purpose != LinkPurpose::Feed {
            return Err(SchedulingError::not_found());
        }
        named(&link.about, "actor")?;
        let system = public_caller(tenant, "calendar-feed", self.now());
        let wanted = Wanted {
            from: Some(self.now().plus_seconds(-30 * 86_400).to_fhir()),
            to: Some(self.now().plus_seconds(183 * 86_400).to_fhir()),
            actor: Some(link.about),
            state: Some(
                "scheduled,confirmed,arrived,ready,roomed,in-progress,checkout,completed"
                    .to_owned(),
            ),
            limit: Some(1000),
            ..Wanted::default()
        };
        let mut events = Vec::new();
        for view in self.appointments(&system, &wanted).await?.items {
            events.extend(self.calendar_event(tenant, &view, self.now()).await?);
        }
        Ok(ics::calendar(ics::Method::Publish, &events))
    }

    /// What a link is about.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::NotFound`] for whatever is not a link of ours that still works.
    pub async fn linked(&self, token: &str) -> Result<Linked> {
        let (tenant, link) = self.opened(token).await?;
        if link.purpose == LinkPurpose::Feed {
            return Err(SchedulingError::not_found());
        }
        let system = public_caller(tenant, "appointment-link", self.now());
        let view = self.appointment(&system, &link.about).await?;
        self.shown(tenant, link.purpose, view).await
    }

    /// The times to which a link may move its appointment: of those whom it is with, as long as it is.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::NotFound`] for whatever is not a link of ours that moves an appointment.
    pub async fn times_by_link(&self, asked: &TimesByLink) -> Result<SlotPage> {
        let (tenant, link) = self.opened(&asked.token).await?;
        if link.purpose != LinkPurpose::Reschedule {
            return Err(SchedulingError::not_found());
        }
        let system = public_caller(tenant, "appointment-link", self.now());
        let view = self.appointment(&system, &link.about).await?;
        let (clinicians, others): (Vec<_>, Vec<_>) = view
            .actors
            .iter()
            .map(|actor| actor.reference.as_str())
            .partition(|reference| reference.starts_with("Practitioner"));
        let listed = |all: Vec<&str>| (!all.is_empty()).then(|| all.join(","));
        let query = SlotQuery {
            actor: listed(clinicians),
            with: listed(others),
            service: view.service,
            location: None,
            from: asked.from,
            to: asked.to,
            tz: None,
            minutes: view.minutes.and_then(|minutes| u16::try_from(minutes).ok()),
            limit: Some(1000),
        };
        let mut page = self.slots(tenant, &query).await?;
        // How busy a clinician is, is nobody's business.
        for slot in &mut page.slots {
            (slot.free, slot.capacity) = (1, 1);
        }
        Ok(page)
    }

    /// Does what a link is for.
    ///
    /// # Errors
    /// When the link does not work any more, or a rule forbids it.
    pub async fn follow(&self, by: &ByLink) -> Result<Linked> {
        let (tenant, link) = self.opened(&by.token).await?;
        let system = public_caller(tenant, "appointment-link", self.now());
        let view = match link.purpose {
            LinkPurpose::Feed => return Err(SchedulingError::not_found()),
            LinkPurpose::Cancel => {
                let off = Transition {
                    to: State::Cancelled,
                    reason: Some(by.reason.clone().unwrap_or_else(|| "patient".to_owned())),
                    room: None,
                };
                self.transition(&system, &link.about, &off).await?
            }
            LinkPurpose::Reschedule => {
                let start = by
                    .start
                    .ok_or_else(|| SchedulingError::invalid("a time is needed", "start"))?;
                let view = self.appointment(&system, &link.about).await?;
                self.check_move(tenant, &view, super::book::instant(start))
                    .await?;
                let moved = Moved {
                    start,
                    minutes: None,
                    actors: None,
                    hold: None,
                };
                self.reschedule(&system, &link.about, &moved).await?
            }
        };
        self.shown(tenant, link.purpose, view).await
    }

    /// By a link an appointment moves in good time and into hours, as by its patient.
    async fn check_move(
        &self,
        tenant: TenantId,
        view: &AppointmentView,
        to: Instant,
    ) -> Result<()> {
        let (_, settings) = self.settings(tenant).await?;
        let notice = i64::from(settings.rules.reschedule_hours) * 3600;
        let start = view
            .start
            .as_deref()
            .and_then(|text| text.parse().ok())
            .map(super::book::instant);
        if start.is_some_and(|start| start < self.now().plus_seconds(notice)) {
            let text = "it is too late to move the appointment; call the practice";
            return Err(SchedulingError::conflict(text));
        }
        let end = to.plus_seconds(view.minutes.unwrap_or(0) * 60);
        let actors = view.actors.iter().map(|one| one.reference.clone());
        let actors: Vec<String> = actors.collect();
        let service = view.service.as_deref();
        self.check_offered(tenant, &settings, &actors, service, (to, end))
            .await
    }

    /// Refuses a time that lies outside of the hours of an actor who has some, or too near or too far for them.
    pub(super) async fn check_offered(
        &self,
        tenant: TenantId,
        settings: &Settings,
        actors: &[String],
        service: Option<&str>,
        (start, end): (Instant, Instant),
    ) -> Result<()> {
        let minute = 60_000_000_i64;
        for actor in actors {
            let Some(calendar) = self.calendar(tenant, actor).await? else {
                continue;
            };
            let hours = &calendar.availability;
            let zone = crate::domain::zone(&hours.time_zone)?;
            let day = start.timestamp().to_zoned(zone.clone()).date();
            let days = (day, day.saturating_add(jiff::Span::new().days(2)));
            let ahead = start.0 - self.now().0;
            let near = ahead >= i64::from(hours.lead_minutes) * minute
                && ahead <= i64::from(hours.horizon_days) * 1440 * minute;
            let open = hours.openings(&zone, service, days, &settings.holidays);
            let open = open.iter().any(|one| one.start <= start && end <= one.end);
            if !near || !open {
                return Err(SchedulingError::conflict("the time is not offered"));
            }
        }
        Ok(())
    }

    async fn shown(
        &self,
        tenant: TenantId,
        purpose: LinkPurpose,
        view: AppointmentView,
    ) -> Result<Linked> {
        let (_, settings) = self.settings(tenant).await?;
        Ok(Linked {
            purpose,
            state: view.state,
            start: view.start,
            end: view.end,
            tz: settings.time_zone,
            service: view.service,
        })
    }

    async fn calendar_event(
        &self,
        tenant: TenantId,
        view: &AppointmentView,
        stamp: Instant,
    ) -> Result<Option<ics::Event>> {
        let at = |text: &Option<String>| text.as_ref()?.parse().ok().map(super::book::instant);
        let Some((start, end)) = at(&view.start).zip(at(&view.end)) else {
            return Ok(None);
        };
        let (_, settings) = self.settings(tenant).await?;
        let service = view.service.as_deref();
        let name = service.map(|code| {
            settings
                .service(code)
                .map_or(code, |known| known.name.as_str())
        });
        let place = view
            .actors
            .iter()
            .find(|one| one.reference.starts_with("Location/"));
        let organisation = self.store.tenants().name(tenant).await?;
        Ok(Some(ics::Event {
            uid: format!("{}@{}.meditrack", view.id, organisation.as_str()),
            sequence: view.version.saturating_sub(1),
            stamp,
            start,
            end,
            summary: name.unwrap_or("Appointment").to_owned(),
            location: place.and_then(|place| place.display.clone()),
            cancelled: view.state.is_final() && view.state != State::Completed,
            tentative: view.state == State::Scheduled,
        }))
    }

    /// The tenant's number, then the sealed link.
    async fn token(
        &self,
        tenant: TenantId,
        purpose: LinkPurpose,
        about: &str,
        expires: Instant,
    ) -> Result<String> {
        let keys = self.keys(tenant).await?;
        let link = Link {
            purpose,
            about: about.to_owned(),
            expires: expires.0,
        };
        let plain = serde_json::to_vec(&link).map_err(|_| SchedulingError::Unreadable)?;
        let sealed = mt_crypto::seal(&keys, Purpose::Cursor, PLACE, &plain)?;
        let bytes = [tenant.0.to_be_bytes().as_slice(), &sealed].concat();
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whatever is wrong with a token, there is no such link.
    async fn opened(&self, token: &str) -> Result<(TenantId, Link)> {
        let missing = SchedulingError::not_found;
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| missing())?;
        let (tenant, sealed) = bytes.split_first_chunk::<4>().ok_or_else(missing)?;
        let tenant = TenantId(i32::from_be_bytes(*tenant));
        let serving = self.store.tenants().is_active(tenant).await;
        if !serving.unwrap_or(false) {
            return Err(missing());
        }
        let keys = self.keys(tenant).await?;
        let plain =
            mt_crypto::open(&keys, Purpose::Cursor, PLACE, sealed).map_err(|_| missing())?;
        let link: Link = serde_json::from_slice(&plain).map_err(|_| missing())?;
        if link.expires <= self.now().0 {
            return Err(missing());
        }
        Ok((tenant, link))
    }
}
