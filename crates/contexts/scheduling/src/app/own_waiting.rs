//! The waitlist as a patient uses it: one joins, sees how many are ahead, answers an offer, leaves.
//!
//! A patient's own permission reaches neither status nor offers of an Appointment. So each step first reads what it
//! is about with the caller's own access, which shows nobody else's, and then does the one thing it is for, in the
//! caller's name.

use std::sync::Arc;

use mt_access::{Authenticated, Decision, Grant, Interaction, Reach};
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault};
use serde::{Deserialize, Serialize};

use super::view::AppointmentView;
use super::waitlist::{NewWaiting, Offer, WaitingView};
use super::{is_patient, public_caller};
use crate::Scheduling;
use crate::domain::Preference;
use crate::error::{Result, SchedulingError};
use crate::store::named;

/// What a patient would take. How urgent it is, the practice decides.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewOwnWaiting {
    /// Who waits: oneself, or somebody one acts for.
    pub patient: String,
    /// Code of a service that patients may book themselves.
    pub service: String,
    /// References to practitioners; anybody when empty.
    #[serde(default)]
    pub actors: Vec<String>,
    /// Days of the week; any when empty.
    #[serde(default)]
    pub days: Vec<crate::domain::Day>,
    /// No earlier in the day.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub earliest: Option<crate::domain::WallTime>,
    /// Over by this time of the day.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub latest: Option<crate::domain::WallTime>,
    /// Last day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<jiff::civil::Date>,
    /// How long ahead one must know.
    #[serde(default)]
    pub notice_minutes: u32,
}

/// An entry of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnWaiting {
    /// Id of the Appointment.
    pub id: String,
    /// Since when.
    pub since: String,
    /// How many others would be asked before for a time that suits both, as of now.
    pub ahead: u32,
    /// The offer that stands.
    pub offer: Option<Offer>,
    /// Code of the service.
    pub service: Option<String>,
    /// References to practitioners; anybody when empty.
    pub actors: Vec<String>,
    /// Days of the week; any when empty.
    pub days: Vec<crate::domain::Day>,
    /// No earlier in the day.
    #[schema(value_type = Option<String>)]
    pub earliest: Option<crate::domain::WallTime>,
    /// Over by this time of the day.
    #[schema(value_type = Option<String>)]
    pub latest: Option<crate::domain::WallTime>,
    /// Last day.
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<jiff::civil::Date>,
}

/// Entries of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OwnWaitlist {
    /// The entries, the oldest first.
    pub items: Vec<OwnWaiting>,
}

/// Entries that one patient may have.
const MOST: usize = 3;
/// Practitioners that one entry may name.
const NAMED: usize = 5;

impl Scheduling {
    /// What a patient within the caller's reach waits for.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] for staff, [`ErrorKind::NotFound`] for another patient.
    pub async fn own_waitlist(&self, caller: &Caller, patient: &str) -> Result<OwnWaitlist> {
        only_patients(caller)?;
        let records = self.records(caller, Interaction::Read).await?;
        let kind = ResourceType::PATIENT;
        self.store.read(&records, kind, patient).await?;
        let mut own = self.waiting_of(caller, patient).await?;
        own.sort_by(|one, other| one.since.cmp(&other.since));
        if own.is_empty() {
            return Ok(OwnWaitlist { items: Vec::new() });
        }
        let all = self.everybody(caller).await?;
        let items = own.into_iter().map(|one| self.own_view(one, &all));
        Ok(OwnWaitlist {
            items: items.collect(),
        })
    }

    /// Puts a patient within the caller's reach on the waitlist.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a service that patients do not book themselves, [`ErrorKind::Conflict`] when they
    /// wait for it already.
    pub async fn wait_oneself(&self, caller: &Caller, new: &NewOwnWaiting) -> Result<OwnWaiting> {
        only_patients(caller)?;
        let (kind, patient) = named(&new.patient, "patient")?;
        if kind != ResourceType::PATIENT {
            return Err(SchedulingError::invalid(
                "the patient is not a Patient",
                "patient",
            ));
        }
        // With the caller's own access: whoever is out of reach does not exist.
        self.patient_name(caller, patient).await?;
        acts_for(caller, &new.patient, Interaction::Create)?;
        let (_, settings) = self.settings(caller.tenant()).await?;
        if !settings.service(&new.service).is_some_and(|one| one.online) {
            let text = "patients do not book this service themselves";
            return Err(SchedulingError::invalid(text, "service"));
        }
        let practitioners = |one: &String| one.starts_with("Practitioner/");
        if new.actors.len() > NAMED || !new.actors.iter().all(practitioners) {
            let text = "at most five practitioners are named";
            return Err(SchedulingError::invalid(text, "actors"));
        }
        let own = self.waiting_of(caller, patient).await?;
        let same = |one: &WaitingView| one.preference.service.as_ref() == Some(&new.service);
        if own.iter().any(same) {
            return Err(SchedulingError::conflict(
                "you are on the waiting list for this already",
            ));
        }
        if own.len() >= MOST {
            return Err(SchedulingError::conflict(
                "you are on the waiting list for as much as is allowed",
            ));
        }
        let waiting = NewWaiting {
            patient: new.patient.clone(),
            preference: Preference {
                service: Some(new.service.clone()),
                actors: new.actors.clone(),
                days: new.days.clone(),
                earliest: new.earliest,
                latest: new.latest,
                from: None,
                until: new.until,
                notice_minutes: new.notice_minutes,
                priority: 0,
            },
        };
        let waiting = self.wait(&in_own_name(caller), &waiting).await?;
        let all = self.everybody(caller).await?;
        Ok(self.own_view(waiting, &all))
    }

    /// Takes an entry of one's own off the waitlist.
    ///
    /// # Errors
    /// When nobody within the caller's reach waits under this id.
    pub async fn leave_oneself(&self, caller: &Caller, id: &str) -> Result<()> {
        self.own_entry(caller, id).await?;
        self.leave(&in_own_name(caller), id).await
    }

    /// Books the time that was offered to an entry of one's own.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when no offer stands any more.
    pub async fn accept_oneself(&self, caller: &Caller, id: &str) -> Result<AppointmentView> {
        self.own_entry(caller, id).await?;
        self.accept(&in_own_name(caller), id).await
    }

    /// Turns down what was offered to an entry of one's own, which waits on.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when there is no offer.
    pub async fn decline_oneself(&self, caller: &Caller, id: &str) -> Result<OwnWaiting> {
        self.own_entry(caller, id).await?;
        let waiting = self.decline(&in_own_name(caller), id).await?;
        let all = self.everybody(caller).await?;
        Ok(self.own_view(waiting, &all))
    }

    /// An entry, read with the caller's own access, of somebody for whom the caller may change it.
    async fn own_entry(&self, caller: &Caller, id: &str) -> Result<WaitingView> {
        only_patients(caller)?;
        let entry = self.waiting(caller, id).await?;
        let patient = entry.patient.as_ref().map(|who| who.reference.as_str());
        acts_for(caller, patient.unwrap_or_default(), Interaction::Update)?;
        Ok(entry)
    }

    async fn waiting_of(&self, caller: &Caller, patient: &str) -> Result<Vec<WaitingView>> {
        let mut own = self.all_waiting(caller).await?;
        let reference = format!("Patient/{patient}");
        own.retain(|one| {
            one.patient
                .as_ref()
                .is_some_and(|who| who.reference == reference)
        });
        Ok(own)
    }

    /// All who wait; of them a patient is told a number.
    async fn everybody(&self, caller: &Caller) -> Result<Vec<WaitingView>> {
        let system = public_caller(caller.tenant(), "waitlist", self.now());
        self.all_waiting(&system).await
    }

    fn own_view(&self, waiting: WaitingView, all: &[WaitingView]) -> OwnWaiting {
        let now = self.now();
        let standing = |one: &WaitingView| {
            let since = one.since.parse().map_or(now, super::book::instant);
            (one.preference.standing(since, now), since)
        };
        let (own, since) = standing(&waiting);
        let ahead = all.iter().filter(|one| {
            let (theirs, earlier) = standing(one);
            one.id != waiting.id
                && one.preference.may_want_the_same(&waiting.preference)
                && (theirs > own || (theirs == own && earlier < since))
        });
        let ahead = u32::try_from(ahead.count()).unwrap_or(u32::MAX);
        let offer = waiting.offer.filter(|offer| self.stands(offer));
        let offer = offer.map(|offer| Offer {
            hold: None,
            ..offer
        });
        let preference = waiting.preference;
        OwnWaiting {
            id: waiting.id,
            since: waiting.since,
            ahead,
            offer,
            service: preference.service,
            actors: preference.actors,
            days: preference.days,
            earliest: preference.earliest,
            latest: preference.latest,
            until: preference.until,
        }
    }
}

fn only_patients(caller: &Caller) -> Result<()> {
    if is_patient(caller) {
        return Ok(());
    }
    let text = "this is for patients and those who act for them; the desk keeps the waiting list";
    Err(Fault::new(ErrorKind::Forbidden, text).into())
}

/// Refuses what the caller's own permission does not open for this very patient: whoever acts for several may do more
/// for one than for another, and to read somebody's record is not to act for them.
fn acts_for(caller: &Caller, patient: &str, interaction: Interaction) -> Result<()> {
    let decided = caller
        .who
        .grant
        .decide(ResourceType::APPOINTMENT, interaction);
    let covers = |reach: &Reach| {
        reach.compartments.as_ref().is_none_or(|all| {
            all.iter().any(|one| {
                one.resource_type == ResourceType::PATIENT
                    && patient.strip_prefix("Patient/") == Some(&*one.id)
            })
        })
    };
    match decided {
        Decision::Allowed(reaches) if reaches.iter().any(covers) => Ok(()),
        _ => {
            let text = "you may not do this for this patient";
            Err(Fault::new(ErrorKind::Forbidden, text).into())
        }
    }
}

/// The caller, by name in the record and the trail, with the rights of the use case.
fn in_own_name(caller: &Caller) -> Caller {
    let who = Authenticated {
        tenant: caller.who.tenant,
        actor: caller.who.actor.clone(),
        grant: Grant::system(),
        credential: caller.who.credential,
        client_key: caller.who.client_key,
    };
    Caller {
        who: Arc::new(who),
        ctx: caller.ctx.clone(),
    }
}
