//! The public booking widget: what an organisation offers to people it does not know.
//!
//! Nothing here says whether a person is known, whose appointments there are, or that an
//! organisation exists which has not opened its widget.

use jiff::civil::Date;
use mt_kernel::{Instant, TenantId, TenantName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::{Held, extend, instant, named_with};
use super::public_caller;
use super::record::{SERVICE, create};
use super::slots::{SlotPage, SlotQuery};
use super::view::Referred;
use crate::Scheduling;
use crate::domain::{Service, Settings, extension};
use crate::error::{Result, SchedulingError};

/// What the public may book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offering {
    /// Name of the organisation in URLs.
    pub organisation: String,
    /// Its time zone.
    pub time_zone: String,
    /// What can be booked.
    pub services: Vec<Service>,
    /// With whom.
    pub clinicians: Vec<Referred>,
}

/// A slot that somebody is about to ask for.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicHold {
    /// Code of the service.
    pub service: String,
    /// With whom.
    pub actor: String,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub start: jiff::Timestamp,
}

/// Name of a person.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonName {
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
}

/// Who asks for an appointment.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicRequest {
    /// The hold.
    pub hold: Uuid,
    /// Code of the service.
    pub service: String,
    /// Who.
    pub name: PersonName,
    /// When they were born.
    #[schema(value_type = String, format = Date)]
    pub birth_date: Date,
    /// Where they are reached.
    #[serde(default)]
    pub email: Option<String>,
    /// Where they are reached.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Fewest digits of a telephone number, as for patients who are registered.
const PHONE_DIGITS: usize = 10;

impl PublicRequest {
    /// Refuses a person that nobody could find out or call.
    fn check(&self, today: Date) -> Result<()> {
        let plain = |text: &str, most: usize| {
            let length = text.trim().chars().count();
            let foreign = |letter: char| letter.is_control() || "<>{}|\\^".contains(letter);
            (1..=most).contains(&length) && !text.contains(foreign)
        };
        if !plain(&self.name.given, 100) || !plain(&self.name.family, 100) {
            let text = "a given name and a family name are needed, without markup";
            return Err(SchedulingError::invalid(text, "name"));
        }
        // East of here it may be tomorrow already: born today is a day ago there.
        let first = today.saturating_sub(jiff::Span::new().years(150));
        if self.birth_date > today || self.birth_date < first {
            let text = "the birth date lies between yesterday and 150 years ago";
            return Err(SchedulingError::invalid(text, "birthDate"));
        }
        let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).count();
        if (self.phone.as_deref()).is_some_and(|one| !plain(one, 40) || digits(one) < PHONE_DIGITS)
        {
            let text = "a telephone number has at least ten digits";
            return Err(SchedulingError::invalid(text, "phone"));
        }
        let address = |text: &str| {
            let parts = text.trim().split_once('@');
            parts.is_some_and(|(who, host)| {
                !who.is_empty() && host.contains('.') && !host.contains('@')
            })
        };
        if (self.email.as_deref()).is_some_and(|one| !plain(one, 200) || !address(one)) {
            return Err(SchedulingError::invalid(
                "this is no address of e-mail",
                "email",
            ));
        }
        if self.phone.is_none() && self.email.is_none() {
            let text = "an e-mail address or a phone number is needed";
            return Err(SchedulingError::invalid(text, "phone"));
        }
        Ok(())
    }
}

/// An appointment was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Requested {
    /// Always `requested`: the desk confirms.
    pub status: &'static str,
    /// From when.
    pub start: String,
    /// Until when.
    pub end: String,
    /// Code of the service.
    pub service: String,
}

impl Scheduling {
    /// What an organisation offers to the public.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::NotFound`] when it offers nothing.
    pub async fn offering(&self, organisation: &str) -> Result<Offering> {
        let (tenant, settings) = self.open_widget(organisation).await?;
        let system = public_caller(tenant, "booking-widget", self.now());
        let mut clinicians = Vec::new();
        for calendar in self.open_calendars(tenant).await? {
            if calendar.actor.starts_with("Practitioner/") {
                let display = self.actor_name(&system, &calendar.actor).await?;
                clinicians.push(Referred {
                    reference: calendar.actor,
                    display,
                });
            }
        }
        Ok(Offering {
            organisation: organisation.to_owned(),
            time_zone: settings.time_zone.clone(),
            services: settings
                .services
                .into_iter()
                .filter(|one| one.online)
                .collect(),
            clinicians,
        })
    }

    /// The sites that may show the page of an organisation's public booking.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn embedders(&self, organisation: &str) -> Result<Vec<String>> {
        match self.open_widget(organisation).await {
            Ok((_, settings)) => Ok(settings.widget.origins),
            Err(error) if error.kind() == mt_kernel::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The slots of a service that the public may book.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::NotFound`] when the organisation or the service is not offered.
    pub async fn public_slots(&self, organisation: &str, query: &SlotQuery) -> Result<SlotPage> {
        let (tenant, settings) = self.open_widget(organisation).await?;
        online(&settings, query.service.as_deref().unwrap_or_default())?;
        let query = SlotQuery {
            with: None,
            minutes: None,
            limit: Some(query.limit.unwrap_or(500).min(1000)),
            ..query.clone()
        };
        let mut page = self.slots(tenant, &query).await?;
        page.slots
            .retain(|slot| slot.actor.starts_with("Practitioner/"));
        // How busy a clinician is, is nobody's business.
        for slot in &mut page.slots {
            (slot.free, slot.capacity) = (1, 1);
        }
        Ok(page)
    }

    /// Holds a slot that is offered.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::Conflict`] when it is not offered any more.
    pub async fn public_hold(&self, organisation: &str, new: &PublicHold) -> Result<Held> {
        let (tenant, settings) = self.open_widget(organisation).await?;
        let service = online(&settings, &new.service)?;
        let zone = crate::domain::zone(&settings.time_zone)?;
        let day = new.start.to_zoned(zone).date();
        let query = SlotQuery {
            actor: Some(new.actor.clone()),
            with: None,
            service: Some(new.service.clone()),
            location: None,
            from: day,
            to: day.tomorrow().unwrap_or(day),
            tz: None,
            minutes: None,
            limit: None,
        };
        let start = instant(new.start);
        let offered = self
            .public_slots(organisation, &query)
            .await?
            .slots
            .into_iter()
            .any(|slot| {
                let at = slot.start.parse::<jiff::Timestamp>();
                slot.actor == new.actor && at.is_ok_and(|at| instant(at) == start)
            });
        if !offered {
            return Err(SchedulingError::conflict(
                "the slot is not offered any more",
            ));
        }
        let end = start.plus_seconds(i64::from(service.minutes) * 60);
        let expires = self
            .now()
            .plus_seconds(i64::from(settings.hold_minutes) * 60);
        let actors = [new.actor.clone()];
        let id = self
            .hold_time(tenant, Uuid::new_v4(), &actors, (start, end), expires)
            .await?;
        Ok(Held {
            id,
            expires: expires.to_fhir(),
        })
    }

    /// Asks for an appointment; the desk finds out who the person is and confirms.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::Conflict`] when the hold has run out.
    pub async fn request(&self, organisation: &str, new: &PublicRequest) -> Result<Requested> {
        let (tenant, settings) = self.open_widget(organisation).await?;
        let service = online(&settings, &new.service)?.clone();
        let (actor, start, end) = self.held(tenant, new.hold).await?;
        if end.0 - start.0 != i64::from(service.minutes) * 60_000_000 {
            let text = "the slot was held for another service";
            return Err(SchedulingError::conflict(text));
        }
        let today = self.now().timestamp();
        new.check(today.to_zoned(jiff::tz::TimeZone::UTC).date())?;
        let system = public_caller(tenant, "booking-widget", self.now());
        let display = self.actor_name(&system, &actor).await?;
        let telecom = [("email", &new.email), ("phone", &new.phone)];
        let telecom: Vec<Value> = telecom
            .into_iter()
            .filter_map(|(system, value)| {
                Some(json!({"system": system, "value": value.as_ref()?.trim()}))
            })
            .collect();
        let (given, family) = (new.name.given.trim(), new.name.family.trim());
        let mut resource = json!({
            "resourceType": "Appointment", "status": "pending", "start": start.to_fhir(), "end": end.to_fhir(),
            "created": self.now().to_fhir(),
            "serviceType": [{"coding": [{"system": SERVICE, "code": service.code}], "text": service.name}],
            "contained": [{"resourceType": "Patient", "id": "requester", "birthDate": new.birth_date.to_string(),
                "name": [{"given": [given], "family": family}], "telecom": telecom}],
            "participant": [
                {"actor": {"reference": "#requester", "display": format!("{given} {family}")}, "required": "required", "status": "accepted"},
                {"actor": named_with(&actor, display), "required": "required", "status": "needs-action"}
            ]
        });
        extend(
            &mut resource,
            json!({"url": extension::HOLD, "valueString": new.hold.to_string()}),
        );
        let records = self
            .records(&system, mt_access::Interaction::Create)
            .await?;
        self.store.commit_one(&records, create(&resource)?).await?;
        Ok(Requested {
            status: "requested",
            start: start.to_fhir(),
            end: end.to_fhir(),
            service: service.code,
        })
    }

    /// Whose time a hold takes, and when.
    async fn held(&self, tenant: TenantId, hold: Uuid) -> Result<(String, Instant, Instant)> {
        let gone = || SchedulingError::conflict("the slot is not held any more");
        let claim = self.claim_of(tenant, hold).await?.ok_or_else(gone)?;
        let calendars = self.calendars(tenant).await?;
        let calendar = calendars.into_iter().find(|one| one.key == claim.actor);
        let calendar = calendar.ok_or_else(gone)?;
        let minutes = |number: u16| i64::from(number) * 60;
        // The claim has the buffers around it.
        let start = claim
            .busy
            .start
            .plus_seconds(minutes(calendar.availability.buffer_before));
        let end = claim
            .busy
            .end
            .plus_seconds(-minutes(calendar.availability.buffer_after));
        Ok((calendar.actor, start, end))
    }

    /// The organisation of this name, when its widget is open.
    pub(crate) async fn open_widget(&self, organisation: &str) -> Result<(TenantId, Settings)> {
        let name = TenantName::parse(organisation).map_err(|_| SchedulingError::not_found())?;
        let found = self.store.tenants().find(&name).await?;
        let found = found.filter(|one| one.state == mt_store::TenantState::Active);
        let tenant = found.ok_or_else(SchedulingError::not_found)?.id;
        let (_, settings) = self.settings(tenant).await?;
        if !settings.widget.enabled {
            return Err(SchedulingError::not_found());
        }
        Ok((tenant, settings))
    }
}

fn online<'s>(settings: &'s Settings, code: &str) -> Result<&'s Service> {
    let found = settings.service(code).filter(|service| service.online);
    found.ok_or_else(SchedulingError::not_found)
}
