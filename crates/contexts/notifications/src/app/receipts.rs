//! What vendors say of deliveries, noted once.

use axum::http::HeaderMap;
use mt_crypto::TenantKeys;
use mt_events::catalogue::Value;
use mt_kernel::TenantId;
use uuid::Uuid;

use super::Notifications;
use crate::domain::DeliveryState;
use crate::error::Result;
use crate::receipts::{Receipt, Refused, Told, callback};
use crate::store;
use crate::store::deliveries::Kept;

impl Notifications {
    /// Takes a status callback of Twilio about a delivery.
    pub(crate) async fn twilio_says(
        &self,
        place: (TenantId, Uuid),
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<()> {
        let url = callback(&self.parts.origin, place.0, place.1);
        let told = Told {
            url: &url,
            headers,
            body,
        };
        let receipt = told.read(self.parts.receipts.twilio.as_ref(), place);
        self.take(&receipt.map_err(mt_kernel::Fault::from)?).await
    }

    /// Takes a call of SendGrid's event webhook.
    pub(crate) async fn sendgrid_says(&self, headers: &HeaderMap, body: &[u8]) -> Result<()> {
        let key = self.parts.receipts.sendgrid.as_ref();
        let read = key.ok_or(Refused::NoKey);
        let read = read.and_then(|key| key.read(headers, body, self.now()));
        for receipt in read.map_err(mt_kernel::Fault::from)? {
            self.take(&receipt).await?;
        }
        Ok(())
    }

    /// Notes what a receipt says, in one transaction with its being taken. One about nothing that is known is let go.
    async fn take(&self, receipt: &Receipt) -> Result<()> {
        let Ok(keys) = self.keys(receipt.tenant).await else {
            return Ok(());
        };
        let found = store::deliveries::find(self.database(), &keys, receipt.delivery).await?;
        let Some(kept) = found else {
            return Ok(());
        };
        let digest = mt_crypto::sha256(format!("{}|{}", receipt.delivery, receipt.id).as_bytes());
        let tx = self.database().tenant(receipt.tenant).await?;
        if !store::deliveries::receive(&tx, &digest, self.now()).await? {
            return Ok(());
        }
        if receipt.gone {
            self.suppress(&tx, &keys, &kept, receipt.reason).await?;
        }
        if let Some(state) = receipt.state.filter(|state| kept.state.may_become(*state)) {
            let change = (kept.state, state);
            let (id, now) = (kept.id, self.now());
            let changed = store::deliveries::advance(&tx, id, change, receipt.reason, now).await?;
            if changed {
                self.say_end(&tx, &kept, state, receipt.reason).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn suppress(
        &self,
        tx: &mt_database::TenantTx,
        keys: &TenantKeys,
        kept: &Kept,
        reason: Option<&str>,
    ) -> Result<()> {
        let Some(address) = &kept.sealed.address else {
            return Ok(());
        };
        let gone = (kept.channel, address.name(), reason.unwrap_or("gone"));
        store::preferences::suppress(tx, keys, gone, self.now()).await
    }

    /// Says how a delivery ended.
    pub(crate) async fn say_end(
        &self,
        tx: &mt_database::TenantTx,
        kept: &Kept,
        state: DeliveryState,
        reason: Option<&str>,
    ) -> Result<()> {
        let channel = ("channel", Value::from(kept.channel.code()));
        if state == DeliveryState::Delivered {
            return self
                .say(tx, "notification.delivered.v1", kept.message, &[channel])
                .await;
        }
        let reason = reason.map(|reason| ("reason_code", Value::from(reason)));
        let more: Vec<_> = [Some(channel), reason].into_iter().flatten().collect();
        self.say(tx, "notification.failed.v1", kept.message, &more)
            .await
    }
}
