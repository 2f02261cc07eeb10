//! Reminders to come, and tenants for which something is due.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use serde::{Deserialize, Serialize};

use super::{column, open, seal, token};
use crate::error::Result;

const TABLE: &str = "reminder";
const PUT: &str = "insert into notifications.reminder (tenant, appointment, minutes, due_at, sealed) \
    values ($1, $2, $3, $4, $5) on conflict (tenant, appointment, minutes) \
    do update set due_at = excluded.due_at, sealed = excluded.sealed";
const DUE: &str = "delete from notifications.reminder where tenant = $1 and ctid = any(array( \
      select ctid from notifications.reminder where tenant = $1 and due_at <= $2 \
      order by due_at limit 1 for update skip locked)) \
    returning appointment, minutes, sealed";

/// What a reminder is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reminded {
    pub(crate) appointment: String,
    pub(crate) patient: String,
    /// Microseconds since 1970.
    pub(crate) start: i64,
}

fn key(appointment: i64, minutes: i32) -> Vec<u8> {
    [&appointment.to_be_bytes()[..], &minutes.to_be_bytes()].concat()
}

/// Plans the reminders of an appointment in place of those that it had.
pub(crate) async fn plan(
    tx: &TenantTx,
    keys: &TenantKeys,
    reminded: &Reminded,
    due: &[(i32, Instant)],
) -> Result<()> {
    clear(tx, keys, &reminded.appointment).await?;
    let appointment = token(keys, "appointment", &reminded.appointment)?;
    for (minutes, at) in due {
        let sealed = seal(keys, (TABLE, &key(appointment, *minutes)), reminded)?;
        let params: mt_database::Params<'_> =
            &[&tx.tenant().0, &appointment, minutes, &at.0, &sealed];
        tx.execute(PUT, params).await?;
    }
    Ok(())
}

/// Forgets the reminders of an appointment.
pub(crate) async fn clear(tx: &TenantTx, keys: &TenantKeys, appointment: &str) -> Result<()> {
    let sql = "delete from notifications.reminder where tenant = $1 and appointment = $2";
    let appointment = token(keys, "appointment", appointment)?;
    tx.execute(sql, &[&tx.tenant().0, &appointment]).await?;
    Ok(())
}

/// Forgets the reminders of a patient; returns how many. They lie by appointment, and which are the patient's stands
/// in them: all are opened.
pub(crate) async fn forget(tx: &TenantTx, keys: &TenantKeys, patient: &str) -> Result<u64> {
    let sql = "select appointment, minutes, sealed from notifications.reminder where tenant = $1";
    let mut appointments = Vec::new();
    for row in tx.query(sql, &[&tx.tenant().0]).await? {
        let (appointment, minutes): (i64, i32) = (column(&row, 0)?, column(&row, 1)?);
        let sealed: Vec<u8> = column(&row, 2)?;
        let reminded: Reminded = open(keys, (TABLE, &key(appointment, minutes)), &sealed)?;
        if reminded.patient == patient {
            appointments.push(appointment);
        }
    }
    let sql = "delete from notifications.reminder where tenant = $1 and appointment = any($2)";
    Ok(tx.execute(sql, &[&tx.tenant().0, &appointments]).await?)
}

/// Takes the next reminder that is due, with its minutes, in the transaction of its effect; one that does not open
/// never will, and is taken all the same, since it would stand in the way of those that come after it.
pub(crate) async fn take(
    tx: &TenantTx,
    keys: &TenantKeys,
    now: Instant,
) -> Result<Option<(i32, Option<Reminded>)>> {
    let Some(row) = tx.query_opt(DUE, &[&tx.tenant().0, &now.0]).await? else {
        return Ok(None);
    };
    let (appointment, minutes): (i64, i32) = (column(&row, 0)?, column(&row, 1)?);
    let sealed: Vec<u8> = column(&row, 2)?;
    let reminded = open(keys, (TABLE, &key(appointment, minutes)), &sealed);
    Ok(Some((minutes, reminded.ok())))
}

/// Tenants with a reminder or a digest that is due.
pub(crate) async fn due_tenants(database: &Database, now: Instant) -> Result<Vec<TenantId>> {
    let sql = "select t from notifications.due_tenants($1) as t";
    let rows = database
        .readers()
        .query(TenantId(0), sql, &[&now.0])
        .await?;
    rows.iter()
        .map(|row| column(row, 0).map(TenantId))
        .collect()
}

/// Forgets messages that are over, and deliveries and receipts from before `before`.
pub(crate) async fn tidy(database: &Database, now: Instant, before: Instant) -> Result<i64> {
    let tx = database.admin().await?;
    let sql = "select notifications.tidy($1, $2, 10000)";
    let row = tx.query_one(sql, &[&now.0, &before.0]).await?;
    tx.commit().await?;
    column(&row, 0)
}
