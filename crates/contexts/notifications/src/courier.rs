//! Carries deliveries: asks once more whether they are wanted, fills the open words, gives them to their way out.

use std::time::Duration;

use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_outbound::{Carried, Courier, Parcel, Schedule};

use crate::app::{Notifications, Parcelled};
use crate::domain::{Channel, DeliveryState};
use crate::error::{NotificationError, Result};
use crate::ports::{Dispatch, Sent};
use crate::store;
use crate::store::deliveries::Attempt;

/// The name of the queue.
pub(crate) const COURIER: &str = "notifications";

/// About a day: what somebody should know is of little use later.
const PAUSES: Schedule = Schedule(&[
    Duration::from_secs(0),
    Duration::from_secs(5),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(1_800),
    Duration::from_secs(7_200),
    Duration::from_secs(21_600),
    Duration::from_secs(43_200),
]);

/// Carries the deliveries of all tenants.
#[derive(Clone, Debug)]
pub struct NotificationCourier {
    notifications: Notifications,
}

impl NotificationCourier {
    /// The courier of a context.
    #[must_use]
    pub const fn new(notifications: Notifications) -> Self {
        Self { notifications }
    }

    async fn attempt(&self, keys: &TenantKeys, parcel: &Parcel) -> Result<Sent> {
        let never = |reason| Sent::Never {
            reason,
            status: None,
        };
        let Ok(parcelled) = serde_json::from_slice::<Parcelled>(&parcel.body) else {
            return Ok(never("damaged"));
        };
        if parcelled.expires <= parcel.now.0 {
            return Ok(never("too-late"));
        }
        let wanted = parcelled.trial || self.is_wanted(keys, &parcelled).await?;
        if !wanted {
            return Ok(never("declined"));
        }
        let transports = &self.notifications.parts.transports;
        let Some(transport) = transports.to(&parcelled.address) else {
            return Ok(never("not-configured"));
        };
        let dispatch = self.dispatch(keys, parcel, &parcelled)?;
        let sent = transport.send(&dispatch).await;
        if let Sent::Gone { reason, .. } = sent {
            self.forget(keys, &parcelled, reason).await?;
        }
        Ok(sent)
    }

    /// Whether the person still agrees, and the address is still good: both may have changed since.
    async fn is_wanted(&self, keys: &TenantKeys, parcelled: &Parcelled) -> Result<bool> {
        let database = self.notifications.database();
        let (channel, address) = (parcelled.address.channel(), parcelled.address.name());
        let found = store::preferences::find(database, keys, &parcelled.recipient).await?;
        let suppressed =
            store::preferences::is_suppressed(database, keys, channel, address).await?;
        Ok(found.1.allows(parcelled.intent, channel) && !suppressed)
    }

    fn dispatch(
        &self,
        keys: &TenantKeys,
        parcel: &Parcel,
        parcelled: &Parcelled,
    ) -> Result<Dispatch> {
        let context = &self.notifications;
        let link = context.link();
        let words = parcelled.wording.open(&parcelled.values(link.clone()));
        let words = words.map_err(|_| NotificationError::Unreadable)?;
        let is_mail = parcelled.address.channel() == Channel::Email;
        // Who must be told is told: there is no link that stops what is urgent.
        let stops = is_mail && !parcelled.intent.is_urgent();
        let category = parcelled.intent.category();
        let unsubscribe = stops
            .then(|| context.unsubscribe_link(keys, &parcelled.recipient, category))
            .transpose()?;
        let left = (parcelled.expires - parcel.now.0).max(0).unsigned_abs();
        Ok(Dispatch {
            delivery: parcel.id,
            tenant: parcel.tenant,
            address: parcelled.address.clone(),
            subject: words.subject,
            text: words.short,
            link,
            unsubscribe,
            urgent: parcelled.intent.is_urgent(),
            lifetime: Duration::from_micros(left),
        })
    }

    /// Nothing is sent to this address again.
    async fn forget(&self, keys: &TenantKeys, parcelled: &Parcelled, reason: &str) -> Result<()> {
        let (address, now) = (&parcelled.address, self.notifications.now());
        let tx = self.notifications.database().tenant(keys.tenant()).await?;
        match address.channel() {
            Channel::Push => store::push::forget(&tx, keys, address).await?,
            channel => {
                let gone = (channel, address.name(), reason);
                store::preferences::suppress(&tx, keys, gone, now).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Notes what came of an attempt, and says it when it is the end.
    async fn note(&self, parcel: &Parcel, sent: Sent) -> Result<()> {
        let (state, reason) = match sent {
            Sent::Taken(_) => (DeliveryState::Sent, None),
            Sent::Later { reason, .. } => (DeliveryState::Waiting, Some(reason)),
            Sent::Never { reason, .. } if matches!(reason, "declined" | "too-late") => {
                (DeliveryState::Withheld, Some(reason))
            }
            Sent::Never { reason, .. } | Sent::Gone { reason, .. } => {
                (DeliveryState::Failed, Some(reason))
            }
        };
        let attempt = Attempt {
            state,
            reason,
            number: parcel.attempt,
        };
        let context = &self.notifications;
        let tx = context.database().tenant(parcel.tenant).await?;
        let changed = store::deliveries::settle(&tx, parcel.id, &attempt, parcel.now).await?;
        if changed && state == DeliveryState::Failed {
            let keys = context.keys(parcel.tenant).await?;
            let kept = store::deliveries::find(context.database(), &keys, parcel.id).await?;
            if let Some(kept) = kept {
                context.say_end(&tx, &kept, state, reason).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

impl Courier for NotificationCourier {
    fn name(&self) -> &'static str {
        COURIER
    }

    fn schedule(&self) -> Schedule {
        PAUSES
    }

    fn carry<'a>(&'a self, keys: &'a TenantKeys, parcel: &'a Parcel) -> BoxFuture<'a, Carried> {
        Box::pin(async move {
            let later = Sent::Later {
                reason: "unavailable",
                status: None,
                wish: None,
            };
            let sent = self.attempt(keys, parcel).await.unwrap_or(later);
            if let Err(error) = self.note(parcel, sent).await {
                tracing::warn!(%error, "what came of a delivery cannot be noted");
            }
            match sent {
                Sent::Taken(status) => Carried::Delivered(status),
                Sent::Later {
                    reason,
                    status,
                    wish,
                } => Carried::Later {
                    reason,
                    status,
                    wish,
                },
                Sent::Never { reason, status } | Sent::Gone { reason, status } => {
                    Carried::Never { reason, status }
                }
            }
        })
    }

    fn gave_up<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let never = Sent::Never {
                reason: "given-up",
                status: None,
            };
            // What was refused for good has its own reason already and keeps it.
            if let Err(error) = self.note(parcel, never).await {
                tracing::warn!(%error, "a delivery that was given up cannot be noted");
            }
        })
    }
}
