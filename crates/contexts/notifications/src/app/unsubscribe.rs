//! Stopping mail by its own link (RFC 8058), without signing in.
//!
//! A link names the tenant in the clear and the rest under the tenant's seal, which nobody else can make. It stops mail of one
//! category to one person and can do nothing else.

use mt_crypto::{Purpose, TenantKeys};
use mt_kernel::TenantId;
use serde::{Deserialize, Serialize};

use super::Notifications;
use crate::domain::{Category, Recipient};
use crate::error::{NotificationError, Result};
use crate::store;

/// What a link is bound to.
const PLACE: &[u8] = b"notifications.unsubscribe";
/// How often it is tried again when the person changes something at the same time.
const ATTEMPTS: usize = 3;

#[derive(Serialize, Deserialize)]
struct Stop {
    recipient: String,
    category: Category,
}

impl Notifications {
    /// The link by which mail about `category` to a person is stopped.
    pub(crate) fn unsubscribe_link(
        &self,
        keys: &TenantKeys,
        recipient: &Recipient,
        category: Category,
    ) -> Result<String> {
        let stop = Stop {
            recipient: recipient.to_string(),
            category,
        };
        let plain = serde_json::to_vec(&stop).map_err(|_| NotificationError::Unreadable)?;
        let sealed = mt_crypto::seal(keys, Purpose::Message, PLACE, &plain)?;
        let token = format!("{}.{}", keys.tenant().0, hexadecimal(&sealed));
        let origin = &self.parts.origin;
        Ok(format!("{origin}/api/v1/notifications/unsubscribe/{token}"))
    }

    /// What a link stops.
    ///
    /// # Errors
    /// Not found when it is not ours.
    pub(crate) async fn stopped_by(&self, token: &str) -> Result<Category> {
        Ok(self.read_link(token).await?.2.category)
    }

    /// Stops what a link stops; doing so again changes nothing.
    ///
    /// # Errors
    /// Not found when the link is not ours.
    pub(crate) async fn stop(&self, token: &str) -> Result<Category> {
        let (keys, recipient, stop) = self.read_link(token).await?;
        for attempt in 1.. {
            let found = store::preferences::find(self.database(), &keys, &recipient).await?;
            let (version, mut preferences) = found;
            preferences.unsubscribe(stop.category);
            let tx = self.database().tenant(keys.tenant()).await?;
            let change = (version, &preferences);
            let put = store::preferences::put(&tx, &keys, &recipient, change, self.now()).await;
            match put {
                Ok(_) => {
                    tx.commit().await?;
                    break;
                }
                Err(NotificationError::Refused(_)) if attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
        Ok(stop.category)
    }

    async fn read_link(&self, token: &str) -> Result<(TenantKeys, Recipient, Stop)> {
        let unknown = NotificationError::not_found;
        let (tenant, sealed) = token.split_once('.').ok_or_else(unknown)?;
        let tenant: i32 = tenant.parse().map_err(|_| unknown())?;
        let sealed = bytes(sealed).ok_or_else(unknown)?;
        let keys = self.keys(TenantId(tenant)).await.map_err(|_| unknown())?;
        let plain = mt_crypto::open(&keys, Purpose::Message, PLACE, &sealed);
        let plain = plain.map_err(|_| unknown())?;
        let stop: Stop = serde_json::from_slice(&plain).map_err(|_| unknown())?;
        let recipient = Recipient::parse(&stop.recipient).ok_or_else(unknown)?;
        Ok((keys, recipient, stop))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2)
        || digits.len() > 2_048
        || !digits.iter().all(u8::is_ascii_hexdigit)
    {
        return None;
    }
    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
