//! The rows of `people.mail`.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use mt_mail::Letter;
use uuid::Uuid;

use crate::IdentityError;
use crate::people::sealed::{Place, open, seal};

/// A letter that this process has taken upon itself.
pub(super) struct Claimed {
    pub(super) id: Uuid,
    pub(super) attempts: i32,
    pub(super) letter: Letter,
}

pub(super) async fn insert(
    tx: &TenantTx,
    keys: &TenantKeys,
    letter: &Letter,
    now: Instant,
) -> Result<(), IdentityError> {
    let id = Uuid::now_v7();
    let sealed = seal(keys, Place::Mail, id.as_bytes(), letter)?;
    let sql = "insert into people.mail (tenant, id, due_at, sealed) values ($1, $2, $3, $4)";
    tx.execute(sql, &[&keys.tenant().0, &id, &now.0, &sealed])
        .await?;
    Ok(())
}

/// Takes the letter that is due longest and sets its next time, so that no other process sends it and
/// a process that dies does not lose it. Waits grow from one minute to about four hours.
pub(super) async fn claim(
    database: &Database,
    keys: &TenantKeys,
    now: Instant,
) -> Result<Option<Claimed>, IdentityError> {
    let sql = "update people.mail m set attempts = attempts + 1, \
               due_at = $2 + (60000000 * least(power(2, attempts), 240))::int8 \
               where tenant = $1 and id = (select id from people.mail where tenant = $1 \
               and due_at <= $2 order by due_at limit 1 for update skip locked) \
               returning id, attempts, sealed";
    let tx = database.tenant(keys.tenant()).await?;
    let row = tx.query_opt(sql, &[&keys.tenant().0, &now.0]).await?;
    tx.commit().await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let id: Uuid = row.get(0);
    Ok(Some(Claimed {
        id,
        attempts: row.get(1),
        letter: open(keys, Place::Mail, id.as_bytes(), row.get(2))?,
    }))
}

pub(super) async fn remove(
    database: &Database,
    tenant: TenantId,
    id: Uuid,
) -> Result<(), IdentityError> {
    let tx = database.tenant(tenant).await?;
    let sql = "delete from people.mail where tenant = $1 and id = $2";
    tx.execute(sql, &[&tenant.0, &id]).await?;
    Ok(tx.commit().await?)
}
