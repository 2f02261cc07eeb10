//! The editor of availability: what is stored, what it would mean, whom it leaves outside.

use mt_api::Caller;
use mt_kernel::{ErrorKind, Fault};
use serde::Serialize;
use uuid::Uuid;

use super::find::Wanted;
use super::slots::{SlotPage, SlotQuery};
use super::view::AppointmentView;
use crate::Scheduling;
use crate::domain::{Availability, Exception, Settings, zone};
use crate::error::{Result, SchedulingError};
use crate::store::{Calendar, named, row_key};

/// The availability of an actor with its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AvailabilityView {
    /// Whose.
    pub actor: String,
    /// The name of whose, in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// Its version.
    pub version: u32,
    /// The hours.
    #[serde(flatten)]
    pub availability: Availability,
}

/// What a change of availability leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AffectedBy {
    /// The availability, when it was stored.
    pub availability: Option<AvailabilityView>,
    /// The slots that it offers, when they were asked for.
    pub slots: Option<SlotPage>,
    /// Appointments to come that lie outside of the hours; they are left as they are.
    pub affected: Vec<AppointmentView>,
}

impl From<Calendar> for AvailabilityView {
    fn from(calendar: Calendar) -> Self {
        Self {
            actor: calendar.actor,
            display: None,
            version: calendar.version,
            availability: calendar.availability,
        }
    }
}

impl Scheduling {
    /// The availability of everybody and everything that has hours.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn availabilities(&self, caller: &Caller) -> Result<Vec<AvailabilityView>> {
        let mut views = Vec::new();
        for calendar in self.calendars(caller.tenant()).await? {
            let display = match self.actor_name(caller, &calendar.actor).await {
                Ok(name) => name,
                // Who is gone or closed to the caller still has hours.
                Err(error) if is_closed(error.kind()) => None,
                Err(error) => return Err(error),
            };
            views.push(AvailabilityView {
                display,
                ..AvailabilityView::from(calendar)
            });
        }
        Ok(views)
    }

    /// The availability of one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when no hours are defined.
    pub async fn availability(&self, caller: &Caller, actor: &str) -> Result<AvailabilityView> {
        let found = self.calendar(caller.tenant(), actor).await?;
        found
            .map(AvailabilityView::from)
            .ok_or_else(SchedulingError::not_found)
    }

    /// Stores hours in place of version `current` (`None`: there are none yet).
    ///
    /// # Errors
    /// [`ErrorKind::Precondition`] when somebody else changed them first.
    pub async fn set_availability(
        &self,
        caller: &Caller,
        actor: &str,
        current: Option<u32>,
        availability: Availability,
    ) -> Result<AffectedBy> {
        availability.check()?;
        self.actor_name(caller, actor).await?;
        let tenant = caller.tenant();
        if current.is_none() && self.calendar(tenant, actor).await?.is_some() {
            let text = "hours are defined already; name their version in If-Match";
            return Err(Fault::new(ErrorKind::Precondition, text).into());
        }
        let current = current.unwrap_or(0);
        let version = self
            .store_calendar(tenant, actor, current, &availability)
            .await?;
        let (_, settings) = self.settings(tenant).await?;
        let affected = self
            .affected(caller, actor, &availability, &settings)
            .await?;
        Ok(AffectedBy {
            availability: Some(AvailabilityView {
                actor: actor.to_owned(),
                display: None,
                version,
                availability,
            }),
            slots: None,
            affected,
        })
    }

    /// What hours would mean, without storing them.
    ///
    /// # Errors
    /// When they cannot be meant.
    pub async fn preview(
        &self,
        caller: &Caller,
        actor: &str,
        availability: Availability,
        query: &SlotQuery,
    ) -> Result<AffectedBy> {
        availability.check()?;
        let tenant = caller.tenant();
        let (_, settings) = self.settings(tenant).await?;
        let affected = self
            .affected(caller, actor, &availability, &settings)
            .await?;
        let (kind, id) = named(actor, "actor")?;
        let calendar = Calendar {
            key: row_key(&self.keys(tenant).await?, kind, id)?,
            actor: actor.to_owned(),
            version: 0,
            availability,
        };
        let slots = self
            .slots_of(tenant, &settings, query, &[calendar], &[])
            .await?;
        Ok(AffectedBy {
            availability: None,
            slots: Some(slots),
            affected,
        })
    }

    /// Adds an exception.
    ///
    /// # Errors
    /// When no hours are defined, or somebody else changes them at the same time.
    pub async fn add_exception(
        &self,
        caller: &Caller,
        actor: &str,
        exception: Exception,
    ) -> Result<AffectedBy> {
        let AvailabilityView {
            version,
            mut availability,
            ..
        } = self.availability(caller, actor).await?;
        availability.exceptions.push(Exception {
            id: Uuid::now_v7(),
            ..exception
        });
        self.set_availability(caller, actor, Some(version), availability)
            .await
    }

    /// Takes an exception back.
    ///
    /// # Errors
    /// When there is none of this name.
    pub async fn remove_exception(
        &self,
        caller: &Caller,
        actor: &str,
        exception: Uuid,
    ) -> Result<AffectedBy> {
        let AvailabilityView {
            version,
            mut availability,
            ..
        } = self.availability(caller, actor).await?;
        let before = availability.exceptions.len();
        availability.exceptions.retain(|one| one.id != exception);
        if availability.exceptions.len() == before {
            return Err(SchedulingError::not_found());
        }
        self.set_availability(caller, actor, Some(version), availability)
            .await
    }

    /// The appointments to come of an actor that lie outside of hours.
    async fn affected(
        &self,
        caller: &Caller,
        actor: &str,
        hours: &Availability,
        settings: &Settings,
    ) -> Result<Vec<AppointmentView>> {
        let zone = zone(&hours.time_zone)?;
        let wanted = Wanted {
            from: Some(self.now().to_fhir()),
            actor: Some(actor.to_owned()),
            state: Some("scheduled,confirmed".to_owned()),
            limit: Some(1000),
            ..Wanted::default()
        };
        let mut outside = Vec::new();
        for one in self.appointments(caller, &wanted).await?.items {
            let at = |text: &Option<String>| text.as_ref()?.parse::<jiff::Timestamp>().ok();
            let Some((start, end)) = at(&one.start).zip(at(&one.end)) else {
                continue;
            };
            let (start, end) = (super::book::instant(start), super::book::instant(end));
            let day = start.timestamp().to_zoned(zone.clone()).date();
            let days = (day, day.saturating_add(jiff::Span::new().days(2)));
            let mut open = hours
                .openings(&zone, None, days, &settings.holidays)
                .into_iter();
            if !open.any(|opening| opening.start <= start && end <= opening.end) {
                outside.push(one);
            }
        }
        Ok(outside)
    }
}

fn is_closed(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Forbidden
    )
}
