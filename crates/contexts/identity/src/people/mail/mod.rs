//! E-mail to people: kept with the change that it tells of, sent by a worker, tried again for a day.

mod store;

use std::sync::Arc;
use std::time::Duration;

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{Clock, Instant, TenantId};
use mt_mail::{Letter, Smtp};
use mt_store::{TenantState, Tenants};
use tokio::sync::Notify;

use crate::IdentityError;

/// How often mail is looked for that another process left.
const SWEEP: Duration = Duration::from_secs(60);
/// Attempts before a letter is given up: about a day.
const ATTEMPTS: i32 = 12;

/// The mail of all tenants.
#[derive(Clone)]
pub(crate) struct Mail {
    database: Database,
    tenants: Tenants,
    smtp: Option<Smtp>,
    waiting: Arc<Notify>,
}

impl Mail {
    pub(crate) fn new(database: Database, tenants: Tenants, smtp: Option<Smtp>) -> Self {
        Self {
            database,
            tenants,
            smtp,
            waiting: Arc::default(),
        }
    }

    /// Keeps a letter in the transaction of what it tells of.
    pub(crate) async fn put_in(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        letter: &Letter,
        now: Instant,
    ) -> Result<(), IdentityError> {
        store::insert(tx, keys, letter, now).await
    }

    /// Tells the worker that a letter was committed.
    pub(crate) fn wake(&self) {
        self.waiting.notify_one();
    }

    /// Sends what is due, for as long as the process lives.
    pub(crate) async fn work(&self, clock: Arc<dyn Clock>) {
        loop {
            if let Err(error) = self.send_due(clock.now()).await {
                tracing::warn!(%error, "mail cannot be sent");
            }
            let _ = tokio::time::timeout(SWEEP, self.waiting.notified()).await;
        }
    }

    /// Sends what is due; returns how many letters left.
    pub(crate) async fn send_due(&self, now: Instant) -> Result<usize, IdentityError> {
        let Some(smtp) = &self.smtp else {
            return Ok(0);
        };
        let mut sent = 0;
        for tenant in self.tenants.list().await? {
            if tenant.state == TenantState::Active {
                sent += self.send_of(smtp, tenant.id, now).await?;
            }
        }
        Ok(sent)
    }

    async fn send_of(
        &self,
        smtp: &Smtp,
        tenant: TenantId,
        now: Instant,
    ) -> Result<usize, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let mut sent = 0;
        while let Some(claimed) = store::claim(&self.database, &keys, now).await? {
            match smtp.send(&claimed.letter).await {
                Ok(()) => {
                    store::remove(&self.database, tenant, claimed.id).await?;
                    sent += 1;
                }
                Err(error) if claimed.attempts >= ATTEMPTS => {
                    tracing::warn!(%error, "a letter is given up");
                    store::remove(&self.database, tenant, claimed.id).await?;
                }
                // Its next time was set when it was claimed.
                Err(error) => tracing::warn!(%error, "a letter waits for its next attempt"),
            }
        }
        Ok(sent)
    }
}
