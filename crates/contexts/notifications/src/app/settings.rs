//! How a person wants to be told, and the browsers and devices that they registered.

use mt_api::Caller;
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Notifications;
use super::inbox::names;
use crate::domain::{Preferences, Recipient};
use crate::error::{NotificationError, Result};
use crate::ports::Address;
use crate::store;

/// Longest URL of a push service, and longest token.
const LONGEST: usize = 2_048;

/// A browser or device to be woken.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[schema(as = NewPushSubscription)]
pub enum NewPush {
    /// A browser, as its `PushSubscription` says of itself.
    Web {
        /// URL of the push service.
        endpoint: String,
        /// The browser's public key, base64url.
        p256dh: String,
        /// The browser's secret, base64url.
        auth: String,
    },
    /// A device with Firebase Cloud Messaging.
    Fcm {
        /// Registration token.
        token: String,
    },
}

/// A registered browser or device, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PushSubscription)]
pub struct PushView {
    /// Its id.
    pub id: Uuid,
    /// `web` or `fcm`.
    pub kind: &'static str,
    /// When it was registered.
    pub created_at: String,
}

/// The name under which a caller decides.
fn person(caller: &Caller) -> Recipient {
    let mut names = names(caller).into_iter();
    names
        .next()
        .unwrap_or_else(|| Recipient::account(&caller.ctx.actor.id))
}

impl Notifications {
    /// How the caller wants to be told, with its version; 0 when nothing was decided.
    pub(crate) async fn preferences(&self, caller: &Caller) -> Result<(u32, Preferences)> {
        let keys = self.keys(caller.tenant()).await?;
        store::preferences::find(self.database(), &keys, &person(caller)).await
    }

    /// Changes how the caller wants to be told, from version `seen`; returns the new version.
    pub(crate) async fn decide(
        &self,
        caller: &Caller,
        seen: u32,
        preferences: &Preferences,
    ) -> Result<u32> {
        preferences.check()?;
        let keys = self.keys(caller.tenant()).await?;
        let tx = self.database().tenant(caller.tenant()).await?;
        let change = (seen, preferences);
        let version =
            store::preferences::put(&tx, &keys, &person(caller), change, self.now()).await?;
        tx.commit().await?;
        Ok(version)
    }

    /// The caller's browsers and devices.
    pub(crate) async fn registered(&self, caller: &Caller) -> Result<Vec<PushView>> {
        let keys = self.keys(caller.tenant()).await?;
        let all = store::push::list(self.database(), &keys, &person(caller)).await?;
        let shown = all
            .iter()
            .map(|one| view(one.id, &one.address, one.created_at));
        Ok(shown.collect())
    }

    /// Registers a browser or device of the caller.
    pub(crate) async fn register(&self, caller: &Caller, new: NewPush) -> Result<PushView> {
        let address = checked(new)?;
        if self.parts.transports.to(&address).is_none() {
            let text = "nothing is sent to this kind of device here";
            return Err(NotificationError::invalid(text, "kind"));
        }
        if let Address::Web { endpoint, .. } = &address {
            let may = self.parts.guard.check(endpoint);
            may.map_err(|error| NotificationError::invalid(error.to_string(), "endpoint"))?;
        }
        let (id, now) = (Uuid::now_v7(), self.now());
        let keys = self.keys(caller.tenant()).await?;
        let tx = self.database().tenant(caller.tenant()).await?;
        store::push::put(&tx, &keys, (id, &person(caller), &address), now).await?;
        tx.commit().await?;
        Ok(view(id, &address, now))
    }

    /// Removes one of the caller's browsers or devices.
    pub(crate) async fn deregister(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let keys = self.keys(caller.tenant()).await?;
        let tx = self.database().tenant(caller.tenant()).await?;
        if !store::push::remove(&tx, &keys, &person(caller), id).await? {
            return Err(NotificationError::not_found());
        }
        Ok(tx.commit().await?)
    }
}

fn view(id: Uuid, address: &Address, at: Instant) -> PushView {
    PushView {
        id,
        kind: match address {
            Address::Web { .. } => "web",
            _ => "fcm",
        },
        created_at: at.to_fhir(),
    }
}

/// What the device says of itself, refused where no push service could mean it.
fn checked(new: NewPush) -> Result<Address> {
    let plain = |text: &str| {
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    let key = |text: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=');
        (16..=128).contains(&text.len()) && text.bytes().all(letter)
    };
    match new {
        NewPush::Web {
            endpoint,
            p256dh,
            auth,
        } => {
            if !plain(&endpoint) {
                return Err(NotificationError::invalid(
                    "the URL cannot be read",
                    "endpoint",
                ));
            }
            if !key(&p256dh) || !key(&auth) {
                return Err(NotificationError::invalid("keys are base64url", "p256dh"));
            }
            Ok(Address::Web {
                endpoint,
                p256dh,
                auth,
            })
        }
        NewPush::Fcm { token } if plain(&token) => Ok(Address::Fcm { token }),
        NewPush::Fcm { .. } => Err(NotificationError::invalid(
            "the token cannot be read",
            "token",
        )),
    }
}
