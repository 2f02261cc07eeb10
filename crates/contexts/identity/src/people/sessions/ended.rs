//! Sessions and accounts that ended, as an outbox: whoever ends one writes a row in the same transaction,
//! and the authorization server takes it when the clients have been told.

use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use mt_store::Store;
use uuid::Uuid;

use super::Sessions;
use crate::{IdentityError, announce};

/// Most ends that are taken at a time.
const BATCH: i64 = 100;

/// What ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// A session.
    Session(Uuid),
    /// An account: every token of it.
    Account(Uuid),
}

/// Ends that are held by a transaction; they are forgotten when it is told so.
pub(crate) struct Untold {
    tx: TenantTx,
    tenant: TenantId,
    pub(crate) ends: Vec<Ended>,
    ids: Vec<Uuid>,
}

impl Untold {
    /// Says that they ended, and forgets those that were told.
    pub(crate) async fn told(self, store: &Store, now: Instant) -> Result<(), IdentityError> {
        let event = |ended: &Ended| match *ended {
            Ended::Session(id) => announce::session_ended("Session", id),
            Ended::Account(id) => announce::session_ended("Account", id),
        };
        let events: Vec<_> = self.ends.iter().map(event).collect::<Result<_, _>>()?;
        store.say(&self.tx, Uuid::now_v7(), now, &events).await?;
        let sql = "delete from people.ended where tenant = $1 and id = any($2)";
        self.tx.execute(sql, &[&self.tenant.0, &self.ids]).await?;
        Ok(self.tx.commit().await?)
    }
}

impl Sessions {
    /// Waits until this process has ended something.
    pub(crate) async fn something_ended(&self) {
        self.ended.notified().await;
    }

    pub(super) fn has_ended(&self) {
        self.ended.notify_one();
    }

    /// Ends that nobody was told of yet, at most a hundred, held against other processes.
    pub(crate) async fn untold(&self, tenant: TenantId) -> Result<Option<Untold>, IdentityError> {
        let sql = "select id, account, whole from people.ended where tenant = $1 \
                   order by at limit $2 for update skip locked";
        let tx = self.database.tenant(tenant).await?;
        let rows = tx.query(sql, &[&tenant.0, &BATCH]).await?;
        if rows.is_empty() {
            tx.rollback().await;
            return Ok(None);
        }
        let ended = |row: &tokio_postgres::Row| {
            if row.get(2) {
                Ended::Account(row.get(1))
            } else {
                Ended::Session(row.get(0))
            }
        };
        Ok(Some(Untold {
            tx,
            tenant,
            ends: rows.iter().map(ended).collect(),
            ids: rows.iter().map(|row| row.get(0)).collect(),
        }))
    }

    /// Ends the sessions whose time is over; returns them with their accounts.
    pub(crate) async fn end_overdue(
        &self,
        tenant: TenantId,
    ) -> Result<Vec<(Uuid, Uuid)>, IdentityError> {
        let idle = "seen_at + idle_seconds::int8 * 1000000";
        let sql = format!(
            "with ended as (update people.session set ended_at = $2 where tenant = $1 \
             and ended_at is null and least(expires_at, {idle}) <= $2 returning id, account), \
             told as (insert into people.ended (tenant, id, account, whole, at) \
             select $1, id, account, false, $2 from ended) \
             select id, account from ended"
        );
        let now = self.clock.now();
        let tx = self.database.tenant(tenant).await?;
        let rows = tx.query(&sql, &[&tenant.0, &now.0]).await?;
        tx.commit().await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Ends an account: its sessions, and all tokens that clients hold.
    pub(crate) async fn end_account(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<(), IdentityError> {
        self.end_all(tenant, account, None).await?;
        let now = self.clock.now();
        put_account(&self.database, tenant, account, now).await?;
        self.has_ended();
        Ok(())
    }
}

async fn put_account(
    database: &Database,
    tenant: TenantId,
    account: Uuid,
    now: Instant,
) -> Result<(), IdentityError> {
    let sql = "insert into people.ended (tenant, id, account, whole, at) \
               values ($1, $2, $3, true, $4)";
    let tx = database.tenant(tenant).await?;
    tx.execute(sql, &[&tenant.0, &Uuid::now_v7(), &account, &now.0])
        .await?;
    Ok(tx.commit().await?)
}
