//! The waitlist: waiting patients, ranked offers that expire, a cancellation filled.
//!
//! A waiting patient is an Appointment of status `waitlist`. An offer is a hold of the slot, noted in it:
//! to accept is to book, and the hold is made good by the same commit.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::IntoParams;
use uuid::Uuid;

use super::book::{instant, named_with};
use super::change::overtaken;
use super::record::{SERVICE, create, edit, set_extension, set_value};
use super::view::{AppointmentView, Referred, parse};
use super::{Waitlisted, public_caller};
use crate::Scheduling;
use crate::domain::{Preference, State, Vacancy, Visit, extension, value, zone};
use crate::error::{Result, SchedulingError};
use crate::store::named;

/// Who is to wait for what.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewWaiting {
    /// Who waits.
    pub patient: String,
    /// What they would take.
    #[serde(flatten)]
    pub preference: Preference,
}

/// A slot that is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Offer {
    /// From when.
    pub start: String,
    /// Until when.
    pub end: String,
    /// Whose.
    pub actor: String,
    /// When the offer runs out.
    pub expires: String,
    /// The hold behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub(super) hold: Option<Uuid>,
}

/// A slot that is to be offered.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewOffer {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub start: jiff::Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub end: jiff::Timestamp,
    /// Whose.
    pub actor: String,
}

/// A waiting patient.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingView {
    /// Id of the Appointment.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Who waits.
    pub patient: Option<Referred>,
    /// Since when.
    pub since: String,
    /// How many offers were made.
    pub offers: u32,
    /// The offer that stands.
    pub offer: Option<Offer>,
    /// How well they fit the slot that was asked about, 0 to 1.
    pub score: Option<f64>,
    /// Why.
    pub why: Option<Vec<String>>,
    /// What they would take.
    #[serde(flatten)]
    pub preference: Preference,
}

/// Which waiting patients, for which slot.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WaitlistQuery {
    /// Code of the service.
    #[serde(default)]
    pub service: Option<String>,
    /// Reference to the practitioner.
    #[serde(default)]
    pub actor: Option<String>,
    /// From when the slot is that they are ranked for.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub start: Option<jiff::Timestamp>,
    /// Until when.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub end: Option<jiff::Timestamp>,
}

impl Scheduling {
    /// Those who wait; with a slot, those who would take it, the best first.
    ///
    /// # Errors
    /// When the question cannot be meant.
    pub async fn waitlist(&self, caller: &Caller, asked: &WaitlistQuery) -> Result<Waitlisted> {
        let (_, settings) = self.settings(caller.tenant()).await?;
        let zone = zone(&settings.time_zone)?;
        let mut items = self.all_waiting(caller).await?;
        let service = asked.service.as_deref();
        if let (Some(start), Some(end), Some(actor)) =
            (asked.start, asked.end, asked.actor.as_deref())
        {
            let slot = Vacancy {
                start: instant(start),
                end: instant(end),
                actor,
                service,
            };
            items.retain_mut(|one| rank(one, &slot, &zone, self.now()));
            items.sort_by(|one, other| {
                other
                    .score
                    .partial_cmp(&one.score)
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
        } else {
            items.retain(|one| {
                let own = &one.preference;
                service.is_none_or(|code| own.service.as_deref().is_none_or(|known| known == code))
                    && asked
                        .actor
                        .as_ref()
                        .is_none_or(|actor| own.actors.is_empty() || own.actors.contains(actor))
            });
        }
        Ok(Waitlisted { items })
    }

    /// Puts a patient on the waitlist.
    ///
    /// # Errors
    /// When the preference cannot be meant or the patient is not active.
    pub async fn wait(&self, caller: &Caller, new: &NewWaiting) -> Result<WaitingView> {
        let preference = &new.preference;
        preference.check()?;
        for actor in &preference.actors {
            self.actor_name(caller, actor).await?;
        }
        let (kind, patient) = named(&new.patient, "patient")?;
        if kind != ResourceType::PATIENT {
            return Err(SchedulingError::invalid(
                "the patient is not a Patient",
                "patient",
            ));
        }
        let display = self.patient_name(caller, patient).await?;
        let text = serde_json::to_string(preference).map_err(|_| SchedulingError::Unreadable)?;
        let mut resource = json!({
            "resourceType": "Appointment", "status": "waitlist", "created": self.now().to_fhir(),
            "priority": preference.priority,
            "participant": [{"actor": named_with(&new.patient, display), "required": "required", "status": "accepted"}],
            "extension": [{"url": extension::PREFERENCE, "valueString": text}]
        });
        if let Some(service) = &preference.service {
            resource["serviceType"] =
                json!([{"coding": [{"system": SERVICE, "code": service}], "text": service}]);
        }
        let records = self.records(caller, Interaction::Create).await?;
        let committed = self.store.commit_one(&records, create(&resource)?).await?;
        self.waiting(caller, &committed.id).await
    }

    /// Takes a patient off the waitlist.
    ///
    /// # Errors
    /// When nobody waits under this id.
    pub async fn leave(&self, caller: &Caller, id: &str) -> Result<()> {
        let waiting = self.waiting(caller, id).await?;
        let off = super::Transition {
            to: State::Cancelled,
            reason: Some("patient".to_owned()),
            room: None,
        };
        self.transition(caller, id, &off).await?;
        self.withdraw(caller.tenant(), waiting.offer.as_ref()).await
    }

    /// Offers a slot to a waiting patient: it is held until the offer runs out.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the slot is taken or an offer stands already.
    pub async fn offer(&self, caller: &Caller, id: &str, new: &NewOffer) -> Result<WaitingView> {
        let (_, settings) = self.settings(caller.tenant()).await?;
        let waiting = self.waiting(caller, id).await?;
        if waiting
            .offer
            .as_ref()
            .is_some_and(|offer| self.stands(offer))
        {
            return Err(SchedulingError::conflict("an offer stands already"));
        }
        let (start, end) = (instant(new.start), instant(new.end));
        let lasts = i64::from(settings.offer_minutes) * 60;
        // It can be accepted as long as it can be booked.
        let last = start.plus_seconds(-i64::from(settings.rules.lead_minutes) * 60);
        let expires = Instant(self.now().plus_seconds(lasts).0.min(last.0));
        if end <= start || expires <= self.now() {
            let text = "the slot is over, or so near that it cannot be booked any more";
            return Err(SchedulingError::invalid(text, "start"));
        }
        let tenant = caller.tenant();
        let actors = [new.actor.clone()];
        let hold = self
            .hold_time(tenant, Uuid::new_v4(), &actors, (start, end), expires)
            .await?;
        let offer = Offer {
            start: start.to_fhir(),
            end: end.to_fhir(),
            actor: new.actor.clone(),
            expires: expires.to_fhir(),
            hold: Some(hold),
        };
        let text = serde_json::to_string(&offer).map_err(|_| SchedulingError::Unreadable)?;
        let count = waiting.offers.saturating_add(1);
        let noted = edit(id, Some(waiting.version), move |doc| {
            note_offer(doc, Some(&text));
            let number = doc.new_number(&count.to_string());
            if let Some(number) = number {
                set_extension(doc, extension::OFFERS, "valueUnsignedInt", number);
            }
            Ok(())
        });
        let records = self.records(caller, Interaction::Update).await?;
        if let Err(error) = self.store.commit_one(&records, noted).await {
            self.release_hold(tenant, hold).await?;
            return Err(overtaken(error));
        }
        self.waiting(caller, id).await
    }

    /// Books the slot that was offered.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when no offer stands any more.
    pub async fn accept(&self, caller: &Caller, id: &str) -> Result<AppointmentView> {
        let waiting = self.waiting(caller, id).await?;
        let offer = waiting.offer.filter(|offer| self.stands(offer));
        let offer = offer.ok_or_else(|| SchedulingError::conflict("no offer stands any more"))?;
        let display = self.actor_name(caller, &offer.actor).await?;
        let participant = json!({"actor": named_with(&offer.actor, display), "required": "required", "status": "accepted"});
        let booked = edit(id, Some(waiting.version), move |doc| {
            let mut participants: Vec<Value> = Vec::new();
            for one in crate::domain::items(doc.root(), "participant") {
                let mut text = Vec::new();
                one.write_json(&mut text);
                let read = serde_json::from_slice(&text);
                participants.push(read.map_err(|_| {
                    Fault::new(ErrorKind::Internal, "a participant cannot be read")
                })?);
            }
            participants.push(participant.clone());
            set_value(doc, "participant", &participants.into())?;
            let root = doc.root().id();
            doc.set_string_field(root, "status", "booked");
            doc.set_string_field(root, "start", &offer.start);
            doc.set_string_field(root, "end", &offer.end);
            note_offer(doc, None);
            if let Some(hold) = offer.hold {
                let hold = doc.new_string(&hold.to_string());
                set_extension(doc, extension::HOLD, "valueString", hold);
            }
            Ok(())
        });
        let records = self.records(caller, Interaction::Update).await?;
        let committed = self.store.commit_one(&records, booked).await;
        AppointmentView::committed(&committed.map_err(overtaken)?)
    }

    /// Turns the offer down; the slot goes to the next who fits.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when there is no offer.
    pub async fn decline(&self, caller: &Caller, id: &str) -> Result<WaitingView> {
        let waiting = self.waiting(caller, id).await?;
        let offer = waiting.offer.clone();
        let offer = offer.ok_or_else(|| SchedulingError::conflict("there is no offer"))?;
        self.end_offer(caller, &waiting, &offer).await?;
        self.waiting(caller, id).await
    }

    async fn end_offer(&self, caller: &Caller, waiting: &WaitingView, offer: &Offer) -> Result<()> {
        let cleared = edit(&waiting.id, Some(waiting.version), |doc| {
            note_offer(doc, None);
            Ok(())
        });
        let records = self.records(caller, Interaction::Update).await?;
        let cleared = self.store.commit_one(&records, cleared).await;
        cleared.map_err(overtaken)?;
        self.withdraw(caller.tenant(), Some(offer)).await?;
        let at = |text: &str| text.parse::<jiff::Timestamp>().map(instant);
        if let (Ok(start), Ok(end)) = (at(&offer.start), at(&offer.end)) {
            let slot = Vacancy {
                start,
                end,
                actor: &offer.actor,
                service: None,
            };
            self.fill(caller.tenant(), &slot, Some(&waiting.id)).await?;
        }
        Ok(())
    }

    /// Offers a slot that has become free to the best match, if anybody would take it.
    pub(super) async fn fill(
        &self,
        tenant: TenantId,
        slot: &Vacancy<'_>,
        but: Option<&str>,
    ) -> Result<()> {
        let system = public_caller(tenant, "waitlist", self.now());
        let (_, settings) = self.settings(tenant).await?;
        let zone = zone(&settings.time_zone)?;
        let mut fitting = self.all_waiting(&system).await?;
        fitting.retain_mut(|one| {
            let free = one.offer.as_ref().is_none_or(|offer| !self.stands(offer));
            free && but != Some(one.id.as_str()) && rank(one, slot, &zone, self.now())
        });
        fitting.sort_by(|one, other| {
            other
                .score
                .partial_cmp(&one.score)
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let new = NewOffer {
            start: slot.start.timestamp(),
            end: slot.end.timestamp(),
            actor: slot.actor.to_owned(),
        };
        let Some(best) = fitting.first() else {
            return Ok(());
        };
        match self.offer(&system, &best.id, &new).await {
            // Somebody took the slot first: nothing is left to offer.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid) => {
                Ok(())
            }
            settled => settled.map(drop),
        }
    }

    /// What an organisation is due now and then: offers that have run out are passed on, and rooms of video visits
    /// that do not say whose they are learn it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn round(&self, tenant: TenantId) -> Result<()> {
        self.name_rooms(tenant).await?;
        self.expire(tenant).await
    }

    /// Passes offers that have run out on to the next, and removes holds that have.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expire(&self, tenant: TenantId) -> Result<()> {
        // Whether a hold was there says nothing of offers: whoever takes an actor's time removes what ran out.
        self.remove_expired_holds(tenant).await?;
        let system = public_caller(tenant, "waitlist", self.now());
        for waiting in self.all_waiting(&system).await? {
            let Some(offer) = waiting.offer.clone().filter(|offer| !self.stands(offer)) else {
                continue;
            };
            match Box::pin(self.end_offer(&system, &waiting, &offer)).await {
                // The patient answered at this very moment.
                Err(error)
                    if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Precondition) => {}
                settled => settled?,
            }
        }
        Ok(())
    }

    async fn withdraw(&self, tenant: TenantId, offer: Option<&Offer>) -> Result<()> {
        match offer.and_then(|offer| offer.hold) {
            Some(hold) => self.release_hold(tenant, hold).await,
            None => Ok(()),
        }
    }

    pub(super) fn stands(&self, offer: &Offer) -> bool {
        let expires = offer.expires.parse::<jiff::Timestamp>();
        expires.is_ok_and(|at| self.now() < instant(at))
    }

    pub(super) async fn waiting(&self, caller: &Caller, id: &str) -> Result<WaitingView> {
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self
            .store
            .read(&records, ResourceType::APPOINTMENT, id)
            .await?;
        let doc = parse(&stored)?;
        let view = AppointmentView::of(&stored)?;
        waiting_view(view, doc.root()).ok_or_else(SchedulingError::not_found)
    }

    pub(super) async fn all_waiting(&self, caller: &Caller) -> Result<Vec<WaitingView>> {
        let pairs = vec![("status".to_owned(), "waitlist".to_owned())];
        self.find_as(caller, pairs, |stored| {
            let doc = parse(stored).ok()?;
            waiting_view(AppointmentView::of(stored).ok()?, doc.root())
        })
        .await
    }
}

fn rank(
    one: &mut WaitingView,
    slot: &Vacancy<'_>,
    zone: &jiff::tz::TimeZone,
    now: Instant,
) -> bool {
    let since = one.since.parse::<jiff::Timestamp>().map_or(now, instant);
    let Some(fit) = one.preference.fit(slot, zone, since, now) else {
        return false;
    };
    one.score = Some(f64::from(fit.percent) / 100.0);
    one.why = Some(fit.why.into_iter().map(str::to_owned).collect());
    true
}

fn note_offer(doc: &mut Doc, text: Option<&str>) {
    if let Some(text) = text {
        let text = doc.new_string(text);
        set_extension(doc, extension::OFFER, "valueString", text);
        return;
    }
    let known = crate::domain::items(doc.root(), "extension")
        .find(|one| one.str("url") == Some(extension::OFFER));
    let all = doc.root().get("extension").map(Node::id);
    if let Some((known, all)) = known.map(Node::id).zip(all) {
        doc.remove_child(all, known);
    }
}

fn waiting_view(view: AppointmentView, node: Node<'_>) -> Option<WaitingView> {
    let visit = Visit::read(node)?;
    if visit.state != State::Waitlisted {
        return None;
    }
    let text = |url| value(node, url, "valueString").and_then(Node::as_str);
    let preference = text(extension::PREFERENCE).and_then(|text| serde_json::from_str(text).ok());
    let offers = value(node, extension::OFFERS, "valueUnsignedInt")
        .and_then(|count| count.number_text()?.parse().ok());
    Some(WaitingView {
        id: view.id,
        version: view.version,
        patient: view.patient,
        since: node.str("created").unwrap_or_default().to_owned(),
        offers: offers.unwrap_or(0),
        offer: text(extension::OFFER).and_then(|text| serde_json::from_str(text).ok()),
        score: None,
        why: None,
        preference: preference.unwrap_or_default(),
    })
}
