//! Telling somebody something: in the application always, outside by preference and consent.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Value, encode};
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_store::DomainEvent;
use uuid::Uuid;

use super::people::Person;
use super::{Notifications, derived};
use crate::domain::{Intent, PrivateValues, Recipient, Wording, shipped, written};
use crate::error::{NotificationError, Result};
use crate::store;
use crate::store::messages::Content;

/// Something that somebody is to be told.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    /// What caused it: telling it again for the same cause does nothing.
    pub(crate) cause: Uuid,
    pub(crate) correlation: Uuid,
    pub(crate) intent: Intent,
    pub(crate) recipient: Recipient,
    /// The record that it is about.
    pub(crate) subject: Option<(String, String)>,
    pub(crate) patient: Option<String>,
    /// What it says, but for the time, which is written in the recipient's words.
    pub(crate) values: PrivateValues,
    pub(crate) when: Option<Instant>,
    /// From when on it is worth nothing outside.
    pub(crate) expires: Option<Instant>,
    /// Whether it is told in the application alone.
    pub(crate) inside_only: bool,
}

impl Notifications {
    /// Tells somebody something, in the transaction of what caused it. Returns the id of the message.
    pub(crate) async fn tell(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        telling: &Telling,
    ) -> Result<Uuid> {
        let Telling {
            intent, recipient, ..
        } = telling;
        let now = self.now();
        let id = derived(telling.cause, &format!("{}|{recipient}", intent.code()));
        let person = self.person(keys, recipient, telling.correlation).await?;
        let (version, wording) = self.wording(keys, *intent, &person.language).await?;
        let mut values = telling.values.clone();
        values.organisation = Some(person.organisation.name.clone());
        let when = telling.when;
        values.when = when.map(|at| written(at, &person.zone, &person.language));
        // What was kept passed its check.
        let words = wording
            .private(&values)
            .map_err(|_| NotificationError::Unreadable)?;
        let content = Content {
            recipient: recipient.to_string(),
            title: words.title,
            body: words.body,
            language: person.language.clone(),
            wording: version,
            subject: telling.subject.clone(),
            patient: telling.patient.clone(),
        };
        let token = store::person_token(keys, recipient)?;
        let is_new = store::messages::insert(tx, keys, (id, token, *intent), &content, now).await?;
        if !is_new {
            return Ok(id);
        }
        metrics::counter!("notifications_told", "intent" => intent.code()).increment(1);
        if !telling.inside_only {
            self.send_out(tx, keys, (id, telling), &person, &wording)
                .await?;
        }
        self.announce(tx, telling, id, now).await?;
        Ok(id)
    }

    /// The wording in force, and its version: the organisation's own, or else the shipped one (version 0).
    pub(crate) async fn wording(
        &self,
        keys: &TenantKeys,
        intent: Intent,
        language: &str,
    ) -> Result<(i32, Wording)> {
        let own = store::templates::find(self.database(), keys.tenant(), intent, language).await?;
        let own = own.and_then(|own| Some((own.version, own.wording?)));
        Ok(own.unwrap_or_else(|| (0, shipped(intent, language))))
    }

    async fn send_out(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        (message, telling): (Uuid, &Telling),
        person: &Person,
        wording: &Wording,
    ) -> Result<()> {
        for channel in person.preferences.channels(telling.intent) {
            if self.parts.transports.has(channel) {
                let letter = super::letters::Letter {
                    message,
                    intent: telling.intent,
                    channel,
                    expires: telling.expires,
                    wording,
                    count: 1,
                };
                self.put(tx, keys, person, &letter).await?;
            }
        }
        Ok(())
    }

    /// Says that somebody was told something: to their own room of the live hub, and to whoever takes events.
    async fn announce(
        &self,
        tx: &TenantTx,
        telling: &Telling,
        id: Uuid,
        now: Instant,
    ) -> Result<()> {
        let more = [
            ("intent", Value::from(telling.intent.code())),
            ("recipient_id", telling.recipient.as_str().into()),
        ];
        let events = [event("notification.requested.v1", id, &more)?];
        let store = &self.parts.store;
        Ok(store.say(tx, telling.correlation, now, &events).await?)
    }

    /// Says what became of a message.
    pub(crate) async fn say(
        &self,
        tx: &TenantTx,
        name: &'static str,
        message: Uuid,
        more: &[(&'static str, Value)],
    ) -> Result<()> {
        let events = [event(name, message, more)?];
        let (store, now) = (&self.parts.store, self.now());
        Ok(store.say(tx, Uuid::now_v7(), now, &events).await?)
    }
}

/// An event about a message.
fn event(name: &'static str, id: Uuid, more: &[(&'static str, Value)]) -> Result<DomainEvent> {
    let unknown = || Fault::new(ErrorKind::Internal, "an event is not in the catalogue");
    let kind = EventType::named(name).ok_or_else(unknown)?;
    let mut values = vec![
        ("subject_type", Value::from("Notification")),
        ("subject_id", id.to_string().as_str().into()),
        ("subject_version", Value::Whole(1)),
    ];
    values.extend(more.iter().cloned());
    Ok(DomainEvent {
        name: kind.name,
        key: id.to_string(),
        payload: encode(kind, &values)?,
    })
}
