//! What left and what became of it, for administrators; and a trial.

use mt_kernel::{OpCtx, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::{is_mail_address, number};
use super::{Notifications, Parcelled};
use crate::domain::{Channel, DeliveryState, Intent, LANGUAGES, Recipient, shipped};
use crate::error::{NotificationError, Result};
use crate::ports::Address;
use crate::store;
use crate::store::deliveries::{Kept, New, Sealed};

/// A trial is worth nothing after this many seconds.
const TRIAL_SECONDS: i64 = 3_600;

/// A delivery, without its words.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationDelivery)]
pub struct DeliveryView {
    /// Its id.
    pub id: Uuid,
    /// The message that it belongs to.
    pub message: Uuid,
    /// Why somebody is told.
    pub intent: Intent,
    /// By which way.
    pub channel: Channel,
    /// The person, as a reference.
    pub recipient: String,
    /// The address but for most of its letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed, or why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// Not before.
    pub due_at: String,
}

/// A trial of a way.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotificationTest)]
pub struct TestSend {
    /// `email` or `sms`.
    pub channel: Channel,
    /// Address or telephone number.
    pub to: String,
    /// `en` or `es`.
    #[serde(default)]
    pub language: Option<String>,
}

impl Notifications {
    /// Deliveries, the latest first, each with its place.
    pub(crate) async fn deliveries(
        &self,
        tenant: TenantId,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, DeliveryView)>> {
        let keys = self.keys(tenant).await?;
        let all = store::deliveries::list(self.database(), &keys, state, before, limit).await?;
        Ok(all
            .into_iter()
            .map(|kept| (kept.seq, shown(kept)))
            .collect())
    }

    /// Sends a test message, which anybody may get who can be reached.
    pub(crate) async fn test(&self, ctx: &OpCtx, test: &TestSend) -> Result<Uuid> {
        let address = match test.channel {
            Channel::Email if is_mail_address(&test.to) => Address::Email {
                address: test.to.trim().to_owned(),
            },
            Channel::Sms => {
                let refused =
                    || NotificationError::invalid("a number is written +15551234567", "to");
                let number = number(&test.to).ok_or_else(refused)?;
                Address::Sms { number }
            }
            Channel::Email => return Err(NotificationError::invalid("this is no address", "to")),
            Channel::Push => {
                let text = "a test goes by email or sms; push is tried by registering a device";
                return Err(NotificationError::invalid(text, "channel"));
            }
        };
        if self.parts.transports.to(&address).is_none() {
            let text = "nothing leaves by this way here; it is not configured";
            return Err(NotificationError::invalid(text, "channel"));
        }
        self.enter(ctx, "sent a test notification")?;
        let keys = self.keys(ctx.tenant).await?;
        let (id, recipient) = (Uuid::now_v7(), Recipient::account(&ctx.actor.id));
        let sealed = Sealed {
            recipient: recipient.to_string(),
            address: Some(address.clone()),
        };
        let new = New {
            id,
            message: id,
            person: store::person_token(&keys, &recipient)?,
            intent: Intent::Test,
            channel: test.channel,
            state: DeliveryState::Waiting,
            reason: None,
            due_at: ctx.now,
            sealed: &sealed,
        };
        let language = test.language.as_deref().unwrap_or(LANGUAGES[0]);
        let parcelled = Parcelled {
            recipient,
            address,
            intent: Intent::Test,
            language: language.to_owned(),
            wording: shipped(Intent::Test, language),
            organisation: self.parts.organisations.of(ctx.tenant).await?.name,
            count: 1,
            expires: ctx.now.plus_seconds(TRIAL_SECONDS).0,
            trial: true,
        };
        let tx = self.database().tenant(ctx.tenant).await?;
        store::deliveries::insert(&tx, &keys, &new, ctx.now).await?;
        self.queue(&tx, &keys, (id, id), &parcelled, ctx.now)
            .await?;
        tx.commit().await?;
        self.parts.queue.wake();
        Ok(id)
    }
}

fn shown(kept: Kept) -> DeliveryView {
    let address = kept.sealed.address.as_ref();
    DeliveryView {
        id: kept.id,
        message: kept.message,
        intent: kept.intent,
        channel: kept.channel,
        recipient: kept.sealed.recipient.clone(),
        address: address.and_then(masked),
        state: kept.state,
        attempts: kept.attempts,
        reason: kept.reason,
        created_at: kept.created_at.to_fhir(),
        updated_at: kept.updated_at.to_fhir(),
        due_at: kept.due_at.to_fhir(),
    }
}

/// Enough of an address to tell it from others of the same person.
fn masked(address: &Address) -> Option<String> {
    match address {
        Address::Email { address } => {
            let (name, host) = address.split_once('@')?;
            let first: String = name.chars().take(1).collect();
            Some(format!("{first}…@{host}"))
        }
        Address::Sms { number } => {
            let last = number.len().checked_sub(2)?;
            Some(format!("…{}", number.get(last..)?))
        }
        Address::Fcm { .. } | Address::Web { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_but_for_most_of_its_letters() {
        let email = Address::Email {
            address: "ana.perez@example.org".to_owned(),
        };
        let sms = Address::Sms {
            number: "+15551234567".to_owned(),
        };
        assert_eq!(masked(&email).as_deref(), Some("a…@example.org"));
        assert_eq!(masked(&sms).as_deref(), Some("…67"));
        assert_eq!(format!("{email:?}{sms:?}"), "Address(email)Address(sms)");
    }
}
