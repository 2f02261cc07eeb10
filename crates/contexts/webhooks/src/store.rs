//! The rows of `webhooks`.

use mt_crypto::{Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::app::EndpointState;
use crate::domain::Secret;
use crate::error::{Result, WebhookError};

const COLUMNS: &str =
    "id, state, version, created_at, failing_since, last_success, last_failure, sealed";

/// A secret and, when it is being replaced, the second at which it ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) secret: String,
    pub(crate) until: Option<i64>,
}

/// What of an endpoint is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Particulars {
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) events: Vec<String>,
    /// The newest first.
    pub(crate) secrets: Vec<Held>,
}

impl Particulars {
    /// The secrets in force.
    pub(crate) fn secrets_at(&self, now: Instant) -> Vec<Secret> {
        let in_force = |held: &&Held| held.until.is_none_or(|until| now.unix_seconds() < until);
        let held = self.secrets.iter().filter(in_force);
        held.filter_map(|held| Secret::parse(&held.secret).ok())
            .collect()
    }
}

/// An endpoint as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: Uuid,
    pub(crate) state: EndpointState,
    pub(crate) version: i32,
    pub(crate) created_at: Instant,
    pub(crate) failing_since: Option<Instant>,
    pub(crate) last_success: Option<Instant>,
    pub(crate) last_failure: Option<Instant>,
    pub(crate) particulars: Particulars,
}

fn place(id: Uuid) -> Vec<u8> {
    [b"webhook\0", &id.as_bytes()[..]].concat()
}

fn seal(keys: &TenantKeys, id: Uuid, particulars: &Particulars) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(particulars).map_err(|_| WebhookError::Unreadable)?;
    Ok(mt_crypto::seal(keys, Purpose::Webhook, &place(id), &plain)?)
}

fn kept(keys: &TenantKeys, row: &Row) -> Result<Kept> {
    let column = |error: tokio_postgres::Error| WebhookError::Database(error.into());
    let id: Uuid = row.try_get(0).map_err(column)?;
    let sealed: Vec<u8> = row.try_get(7).map_err(column)?;
    let plain = mt_crypto::open(keys, Purpose::Webhook, &place(id), &sealed)?;
    let instant = |at: usize| -> Result<Option<Instant>> {
        Ok(row
            .try_get::<_, Option<i64>>(at)
            .map_err(column)?
            .map(Instant))
    };
    Ok(Kept {
        id,
        state: EndpointState::of(row.try_get(1).map_err(column)?),
        version: row.try_get(2).map_err(column)?,
        created_at: Instant(row.try_get(3).map_err(column)?),
        failing_since: instant(4)?,
        last_success: instant(5)?,
        last_failure: instant(6)?,
        particulars: serde_json::from_slice(&plain).map_err(|_| WebhookError::Unreadable)?,
    })
}

pub(crate) async fn insert(
    tx: &TenantTx,
    keys: &TenantKeys,
    id: Uuid,
    particulars: &Particulars,
    now: Instant,
) -> Result<()> {
    let sealed = seal(keys, id, particulars)?;
    let sql =
        "insert into webhooks.endpoint (tenant, id, created_at, sealed) values ($1, $2, $3, $4)";
    tx.execute(sql, &[&keys.tenant().0, &id, &now.0, &sealed])
        .await?;
    Ok(())
}

/// Every endpoint of a tenant, the oldest first.
pub(crate) async fn list(database: &Database, keys: &TenantKeys) -> Result<Vec<Kept>> {
    let tenant = keys.tenant();
    let sql = format!(
        "select {COLUMNS} from webhooks.endpoint where tenant = $1 order by created_at, id"
    );
    let rows = database.readers().query(tenant, &sql, &[&tenant.0]).await?;
    rows.iter().map(|row| kept(keys, row)).collect()
}

/// Those to which events are sent, in the transaction of the event.
pub(crate) async fn active(tx: &TenantTx, keys: &TenantKeys) -> Result<Vec<Kept>> {
    let sql = format!("select {COLUMNS} from webhooks.endpoint where tenant = $1 and state = 1");
    let rows = tx.query(&sql, &[&keys.tenant().0]).await?;
    rows.iter().map(|row| kept(keys, row)).collect()
}

pub(crate) async fn find(database: &Database, keys: &TenantKeys, id: Uuid) -> Result<Option<Kept>> {
    let tenant = keys.tenant();
    let sql = format!("select {COLUMNS} from webhooks.endpoint where tenant = $1 and id = $2");
    let rows = database
        .readers()
        .query(tenant, &sql, &[&tenant.0, &id])
        .await?;
    rows.first().map(|row| kept(keys, row)).transpose()
}

/// Locks an endpoint for a change.
pub(crate) async fn lock(tx: &TenantTx, keys: &TenantKeys, id: Uuid) -> Result<Option<Kept>> {
    let sql =
        format!("select {COLUMNS} from webhooks.endpoint where tenant = $1 and id = $2 for update");
    let row = tx.query_opt(&sql, &[&keys.tenant().0, &id]).await?;
    row.map(|row| kept(keys, &row)).transpose()
}

/// Keeps what was changed of a locked endpoint, as its next version.
pub(crate) async fn update(tx: &TenantTx, keys: &TenantKeys, changed: &Kept) -> Result<()> {
    let sealed = seal(keys, changed.id, &changed.particulars)?;
    let failing = changed.failing_since.map(|at| at.0);
    let sql = "update webhooks.endpoint set state = $3, failing_since = $4, sealed = $5, version = version + 1 \
        where tenant = $1 and id = $2";
    tx.execute(
        sql,
        &[
            &keys.tenant().0,
            &changed.id,
            &changed.state.number(),
            &failing,
            &sealed,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn remove(tx: &TenantTx, id: Uuid) -> Result<u64> {
    let sql = "delete from webhooks.endpoint where tenant = $1 and id = $2";
    Ok(tx.execute(sql, &[&tx.tenant().0, &id]).await?)
}

/// Notes how an attempt went; the first failure of a row of them begins the count.
pub(crate) async fn note(
    database: &Database,
    tenant: TenantId,
    id: Uuid,
    (succeeded, disable): (bool, bool),
    now: Instant,
) -> Result<()> {
    let sql = if succeeded {
        "update webhooks.endpoint set failing_since = null, last_success = $3 where tenant = $1 and id = $2"
    } else {
        "update webhooks.endpoint set failing_since = coalesce(failing_since, $3), last_failure = $3 \
         where tenant = $1 and id = $2"
    };
    let tx = database.tenant(tenant).await?;
    tx.execute(sql, &[&tenant.0, &id, &now.0]).await?;
    if disable {
        let sql = "update webhooks.endpoint set state = 3, version = version + 1 \
            where tenant = $1 and id = $2 and state = 1";
        tx.execute(sql, &[&tenant.0, &id]).await?;
    }
    Ok(tx.commit().await?)
}

/// Takes an id of a sender; false when it was taken before.
pub(crate) async fn receive(
    tx: &TenantTx,
    source: &str,
    digest: &[u8],
    now: Instant,
) -> Result<bool> {
    let sql = "insert into webhooks.received (tenant, source, digest, at) values ($1, $2, $3, $4) on conflict do nothing";
    let count = tx
        .execute(sql, &[&tx.tenant().0, &source, &digest, &now.0])
        .await?;
    Ok(count == 1)
}

pub(crate) async fn tidy(database: &Database, before: Instant) -> Result<i64> {
    let tx = database.admin().await?;
    let row = tx
        .query_one("select webhooks.tidy($1, 10000)", &[&before.0])
        .await?;
    tx.commit().await?;
    row.try_get(0)
        .map_err(|error| WebhookError::Database(error.into()))
}
