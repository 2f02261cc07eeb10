//! What happens by itself: reminders, digests, and forgetting.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Value, encode};
use mt_fhir::ResourceType;
use mt_fhir::datetime::DateTime;
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_store::DomainEvent;
use uuid::Uuid;

use super::Notifications;
use super::letters::Letter;
use crate::domain::{Channel, Digest, Intent, Recipient};
use crate::error::{NotificationError, Result};
use crate::store;
use crate::store::reminders::Reminded;

/// Days for which deliveries are kept.
const KEPT_DAYS: i64 = 90;
/// A reminder that could not be given for this long is not given any more.
const LATEST_SECONDS: i64 = 3_600;

impl Notifications {
    /// Gives what is due in every organisation. Returns how much. What goes wrong in one keeps no other waiting.
    ///
    /// # Errors
    /// The last failure, when the others have been given theirs; when the database does not answer.
    pub async fn give_due(&self) -> Result<usize> {
        let (mut count, mut failed) = (0, None);
        for tenant in store::reminders::due_tenants(self.database(), self.now()).await? {
            // What belongs to a tenant that does not serve waits until it serves again.
            let Ok(keys) = self.keys(tenant).await else {
                continue;
            };
            for digests in [false, true] {
                match self.give_all(&keys, digests).await {
                    Ok(given) => count += given,
                    Err(error) => failed = Some(error),
                }
            }
        }
        failed.map_or(Ok(count), Err)
    }

    /// Gives the reminders, or the digests, of one organisation.
    async fn give_all(&self, keys: &TenantKeys, digests: bool) -> Result<usize> {
        let mut count = 0;
        loop {
            let given = if digests {
                self.send_digest(keys).await?
            } else {
                self.remind(keys).await?
            };
            if !given {
                return Ok(count);
            }
            count += 1;
        }
    }

    /// Forgets messages, deliveries and receipts that are over. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tidy(&self) -> Result<i64> {
        let now = self.now();
        let before = now.plus_seconds(-KEPT_DAYS * 86_400);
        store::reminders::tidy(self.database(), now, before).await
    }

    /// Plans the reminders of an appointment that starts at `start`, in place of those that it had.
    pub(crate) async fn plan(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        (appointment, patient): (&str, &str),
        start: Instant,
    ) -> Result<()> {
        let organisation = self.parts.organisations.of(keys.tenant()).await?;
        let now = self.now();
        let due: Vec<(i32, Instant)> = organisation
            .reminder_minutes
            .iter()
            .filter_map(|minutes| {
                let at = start.plus_seconds(-i64::from(*minutes) * 60);
                Some((i32::try_from(*minutes).ok()?, at))
            })
            .filter(|(_, at)| *at > now)
            .collect();
        let reminded = Reminded {
            appointment: appointment.to_owned(),
            patient: patient.to_owned(),
            start: start.0,
        };
        store::reminders::plan(tx, keys, &reminded, &due).await
    }

    /// Takes the next reminder that is due and says the event of it, unless the appointment is not to come any more.
    async fn remind(&self, keys: &TenantKeys) -> Result<bool> {
        let now = self.now();
        let tx = self.database().tenant(keys.tenant()).await?;
        let Some((minutes, reminded)) = store::reminders::take(&tx, keys, now).await? else {
            return Ok(false);
        };
        let Some(reminded) = reminded else {
            tracing::error!(tenant = %keys.tenant(), "a reminder does not open and is dropped");
            tx.commit().await?;
            return Ok(true);
        };
        let due = Instant(reminded.start).plus_seconds(-i64::from(minutes) * 60);
        let in_time = now < due.plus_seconds(LATEST_SECONDS) && now.0 < reminded.start;
        let correlation = Uuid::now_v7();
        if in_time && self.is_to_come(keys, &reminded, correlation).await? {
            let events = [reminder(&reminded, minutes)?];
            let store = &self.parts.store;
            store.say(&tx, correlation, now, &events).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Whether the appointment is booked for the very time that the reminder is for.
    async fn is_to_come(
        &self,
        keys: &TenantKeys,
        reminded: &Reminded,
        correlation: Uuid,
    ) -> Result<bool> {
        let id = &reminded.appointment;
        let record = self
            .record(keys, ResourceType::APPOINTMENT, id, correlation)
            .await?;
        Ok(record.is_some_and(|doc| {
            let root = doc.root();
            let start = root.str("start").and_then(DateTime::parse_date_time);
            root.str("status") == Some("booked")
                && start.is_some_and(|start| start.start() == reminded.start)
        }))
    }

    /// Sends the next digest that is due: one mail that says how much came.
    async fn send_digest(&self, keys: &TenantKeys) -> Result<bool> {
        let now = self.now();
        let tx = self.database().tenant(keys.tenant()).await?;
        let due = store::deliveries::due_digest(&tx, keys, now).await?;
        let Some((token, sealed, first)) = due else {
            return Ok(false);
        };
        let count = store::deliveries::take_gathered(&tx, token, now).await?;
        let recipient = Recipient::parse(&sealed.recipient).ok_or(NotificationError::Unreadable)?;
        let person = self.person(keys, &recipient, Uuid::now_v7()).await?;
        // Who wants no mail any more gets none, and who wants no digest any more was told meanwhile nowhere else.
        if person.preferences.allows(Intent::Digest, Channel::Email) {
            let (_, wording) = self.wording(keys, Intent::Digest, &person.language).await?;
            let letter = Letter {
                message: super::derived(first, "digest"),
                intent: Intent::Digest,
                channel: Channel::Email,
                expires: None,
                wording: &wording,
                count: u32::try_from(count).unwrap_or(u32::MAX),
            };
            let mut person = person;
            person.preferences.digest = Digest::Off;
            self.put(&tx, keys, &person, &letter).await?;
        }
        tx.commit().await?;
        self.parts.queue.wake();
        Ok(true)
    }
}

/// The event that a reminder is due.
fn reminder(reminded: &Reminded, minutes: i32) -> Result<DomainEvent> {
    let name = "appointment.reminder.v1";
    let unknown = || Fault::new(ErrorKind::Internal, "an event is not in the catalogue");
    let kind = EventType::named(name).ok_or_else(unknown)?;
    let values = [
        ("subject_type", Value::from("Appointment")),
        ("subject_id", reminded.appointment.as_str().into()),
        ("subject_version", Value::Whole(0)),
        ("patient_id", reminded.patient.as_str().into()),
        ("start", Value::Whole(reminded.start)),
        ("minutes_before", Value::Whole(minutes.into())),
    ];
    Ok(DomainEvent {
        name: kind.name,
        key: reminded.patient.clone(),
        payload: encode(kind, &values)?,
    })
}
