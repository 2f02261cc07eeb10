//! Events of what is no record: they go through the outbox like those of records.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::Instant;
use uuid::Uuid;

use super::events::seal_events;
use crate::{DomainEvent, Result, Store};

const SAY: &str = "insert into records.txlog \
    (tenant, at, correlation, types, actions, versions, ids, events) \
    values ($1, $2, $3, '{}', '{}', '{}', '{}', $4)";

impl Store {
    /// Says events of something that is no record, in the transaction that makes them true.
    ///
    /// # Errors
    /// When the tenant does not serve or the database refuses; the transaction must not be committed then.
    pub async fn say(
        &self,
        tx: &TenantTx,
        correlation: Uuid,
        at: Instant,
        events: &[DomainEvent],
    ) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let keys = self.tenants().keys(tx.tenant()).await?;
        say(tx, &keys, (correlation, at), events).await
    }
}

/// Says events as [`Store::say`] does, for what stands below the store or beside it and has the tenant's keys.
///
/// # Errors
/// When the keys do not seal or the database refuses; the transaction must not be committed then.
pub async fn say(
    tx: &TenantTx,
    keys: &TenantKeys,
    (correlation, at): (Uuid, Instant),
    events: &[DomainEvent],
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let sealed = seal_events(keys, at, correlation, events)?;
    tx.execute(SAY, &[&tx.tenant().0, &at.0, &correlation, &sealed])
        .await?;
    Ok(())
}
