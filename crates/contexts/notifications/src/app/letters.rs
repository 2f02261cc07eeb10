//! What leaves: one delivery for each address, queued in the transaction of what caused it.

use std::time::Duration;

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::Instant;
use mt_outbound::NewParcel;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::people::Person;
use super::{Notifications, derived};
use crate::courier::COURIER;
use crate::domain::{
    Channel, DeliveryState, Intent, OpenValues, Recipient, Wording, next_morning, not_before,
};
use crate::error::{NotificationError, Result};
use crate::ports::Address;
use crate::store;
use crate::store::deliveries::{New, Sealed};

/// What is worth anything for longer is given up after this time all the same.
const LONGEST: Duration = Duration::from_secs(3 * 86_400);

/// Something that leaves by one way.
pub(super) struct Letter<'a> {
    pub(super) message: Uuid,
    pub(super) intent: Intent,
    pub(super) channel: Channel,
    pub(super) expires: Option<Instant>,
    pub(super) wording: &'a Wording,
    pub(super) count: u32,
}

/// What the courier finds in its parcel. The words were filled before: it holds nothing to fill them with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parcelled {
    pub(crate) recipient: Recipient,
    pub(crate) address: Address,
    pub(crate) intent: Intent,
    pub(crate) language: String,
    pub(crate) wording: Wording,
    pub(crate) organisation: String,
    pub(crate) count: u32,
    /// Microseconds since 1970.
    pub(crate) expires: i64,
    /// Whether it is sent although the person did not choose it: a trial of an administrator.
    pub(crate) trial: bool,
}

impl Parcelled {
    /// What the words of this parcel may say besides themselves.
    pub(crate) fn values(&self, link: String) -> OpenValues {
        OpenValues {
            organisation: self.organisation.clone(),
            link,
            count: self.count,
        }
    }
}

impl Notifications {
    /// Notes the deliveries of a letter and queues them, each when the person may be disturbed.
    pub(super) async fn put(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        person: &Person,
        letter: &Letter<'_>,
    ) -> Result<()> {
        let addresses = self.addresses(keys, person, letter.channel).await?;
        if addresses.is_empty() {
            // Of what is urgent somebody must be able to see that it went nowhere.
            if letter.intent.is_urgent() {
                self.note(tx, keys, person, letter, None, Some("no-address"))
                    .await?;
            }
            return Ok(());
        }
        for address in &addresses {
            let name = address.name();
            let database = self.database();
            let suppressed =
                store::preferences::is_suppressed(database, keys, letter.channel, name).await?;
            let reason = suppressed.then_some("suppressed");
            self.note(tx, keys, person, letter, Some(address), reason)
                .await?;
        }
        Ok(())
    }

    /// Where somebody is reached by a way.
    async fn addresses(
        &self,
        keys: &TenantKeys,
        person: &Person,
        channel: Channel,
    ) -> Result<Vec<Address>> {
        Ok(match channel {
            Channel::Email => {
                let address = person.email.clone();
                address
                    .map(|address| Address::Email { address })
                    .into_iter()
                    .collect()
            }
            Channel::Sms => {
                let number = person.mobile.clone();
                number
                    .map(|number| Address::Sms { number })
                    .into_iter()
                    .collect()
            }
            Channel::Push => {
                let all = store::push::list(self.database(), keys, &person.recipient).await?;
                let all = all.into_iter().map(|one| one.address);
                all.filter(|address| self.parts.transports.to(address).is_some())
                    .collect()
            }
        })
    }

    /// Notes one delivery; with a reason it is withheld.
    async fn note(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        person: &Person,
        letter: &Letter<'_>,
        address: Option<&Address>,
        withheld: Option<&'static str>,
    ) -> Result<()> {
        let (now, intent, channel) = (self.now(), letter.intent, letter.channel);
        let name = address.map_or("", Address::name);
        let id = derived(letter.message, &format!("{}|{name}", channel.code()));
        let preferences = &person.preferences;
        let (state, due_at) = if withheld.is_some() {
            (DeliveryState::Withheld, now)
        } else if preferences.gathers(intent, channel) {
            (DeliveryState::Gathered, next_morning(now, &person.zone))
        } else {
            let quiet = preferences.quiet_hours.filter(|_| !intent.is_urgent());
            (DeliveryState::Waiting, not_before(now, &person.zone, quiet))
        };
        let sealed = Sealed {
            recipient: person.recipient.to_string(),
            address: address.cloned(),
        };
        let new = New {
            id,
            message: letter.message,
            person: store::person_token(keys, &person.recipient)?,
            intent,
            channel,
            state,
            reason: withheld,
            due_at,
            sealed: &sealed,
        };
        let is_new = store::deliveries::insert(tx, keys, &new, now).await?;
        if let (true, DeliveryState::Waiting, Some(address)) = (is_new, state, address) {
            let parcelled = parcelled(person, letter, address, now);
            self.queue(tx, keys, (id, letter.message), &parcelled, due_at)
                .await?;
        }
        Ok(())
    }

    /// Queues a delivery.
    pub(super) async fn queue(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        (id, message): (Uuid, Uuid),
        parcelled: &Parcelled,
        due_at: Instant,
    ) -> Result<()> {
        let body = serde_json::to_vec(parcelled).map_err(|_| NotificationError::Unreadable)?;
        let parcel = NewParcel {
            id,
            target: message,
            body,
            due_at,
        };
        let queue = &self.parts.queue;
        queue.put(tx, keys, COURIER, &parcel, self.now()).await?;
        // The commit comes after this; who is woken too early looks again soon.
        queue.wake();
        Ok(())
    }
}

fn parcelled(person: &Person, letter: &Letter<'_>, address: &Address, now: Instant) -> Parcelled {
    let longest = i64::try_from(LONGEST.as_secs()).unwrap_or(i64::MAX);
    let end = now.plus_seconds(longest);
    Parcelled {
        recipient: person.recipient.clone(),
        address: address.clone(),
        intent: letter.intent,
        language: person.language.clone(),
        wording: letter.wording.clone(),
        organisation: person.organisation.name.clone(),
        count: letter.count,
        expires: letter.expires.map_or(end, |expires| expires.min(end)).0,
        trial: false,
    }
}
