//! The two sides of the join, by patient. Content is sealed; ids and patients are hashes.

use mt_crypto::{CryptoError, Purpose, TenantKeys};
use mt_database::TenantTx;
use mt_events::HandlerError;
use mt_kernel::Instant;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::writing::derived_id;

/// Orders whose window is over that are looked at together.
const AT_ONCE: i64 = 100;

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    /// Its Task is made.
    Required,
    Cancelled,
}

impl State {
    const fn of(number: i16) -> Self {
        match number {
            1 => Self::Waiting,
            2 => Self::Required,
            _ => Self::Cancelled,
        }
    }
}

/// An order that needs an authorisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// Id of the ServiceRequest.
    pub(super) id: String,
    pub(super) patient: String,
    pub(super) priority: Option<String>,
}

fn token(keys: &TenantKeys, patient: &str) -> Result<i64, HandlerError> {
    patient_token(keys, patient).map_err(|_| HandlerError::Retry("keys"))
}

/// The keyed hash under which a patient's orders and coverages lie.
pub(crate) fn patient_token(keys: &TenantKeys, patient: &str) -> Result<i64, CryptoError> {
    let index = keys.blind_index()?;
    Ok(index
        .scope(&["preauthorization"])
        .token(&[patient.as_bytes()]))
}

fn place(row: Uuid) -> [u8; 24] {
    let mut place = *b"preauth\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    place[8..].copy_from_slice(row.as_bytes());
    place
}

fn seal<T: Serialize>(keys: &TenantKeys, row: Uuid, value: &T) -> Result<Vec<u8>, HandlerError> {
    let plain = serde_json::to_vec(value).map_err(|_| HandlerError::Poison("row"))?;
    let sealed = mt_crypto::seal(keys, Purpose::Event, &place(row), &plain);
    sealed.map_err(|_| HandlerError::Retry("keys"))
}

/// What a row (id, sealed) holds.
fn open<T: DeserializeOwned>(keys: &TenantKeys, row: &Row) -> Result<T, HandlerError> {
    let column = |error: tokio_postgres::Error| HandlerError::from(mt_database::Error::from(error));
    let id: Uuid = row.try_get(0).map_err(column)?;
    let sealed: Vec<u8> = row.try_get(1).map_err(column)?;
    let plain = mt_crypto::open(keys, Purpose::Event, &place(id), &sealed);
    let plain = plain.map_err(|_| HandlerError::Retry("keys"))?;
    serde_json::from_slice(&plain).map_err(|_| HandlerError::Poison("row"))
}

/// Nobody else joins what is this patient's until the transaction ends.
pub(super) async fn lock(
    tx: &TenantTx,
    keys: &TenantKeys,
    patient: &str,
) -> Result<(), HandlerError> {
    let token = token(keys, patient)?;
    tx.execute("select pg_advisory_xact_lock($1)", &[&token])
        .await?;
    Ok(())
}

/// Keeps an order that waits; how it stands, when it is known already.
pub(super) async fn add(
    tx: &TenantTx,
    keys: &TenantKeys,
    order: &Order,
    until: Instant,
) -> Result<State, HandlerError> {
    let id = derived_id(tx.tenant(), &order.id, "order");
    let sealed = seal(keys, id, order)?;
    // The update changes nothing: it makes the row that is there the answer.
    let sql = "insert into coordination.preauth_order as o (tenant, id, patient, until, state, sealed) values ($1, $2, $3, $4, 1, $5) \
        on conflict (tenant, id) do update set state = o.state returning state";
    let patient = token(keys, &order.patient)?;
    let row = tx
        .query_one(sql, &[&tx.tenant().0, &id, &patient, &until.0, &sealed])
        .await?;
    let state = row.try_get(0).map_err(mt_database::Error::from)?;
    Ok(State::of(state))
}

/// An order is cancelled, known or not: its creation may come by a replay.
pub(super) async fn cancel(
    tx: &TenantTx,
    keys: &TenantKeys,
    order: &Order,
) -> Result<(), HandlerError> {
    let id = derived_id(tx.tenant(), &order.id, "order");
    let sealed = seal(keys, id, order)?;
    let sql = "insert into coordination.preauth_order (tenant, id, patient, until, state, sealed) values ($1, $2, $3, 0, 3, $4) \
        on conflict (tenant, id) do update set state = 3";
    let patient = token(keys, &order.patient)?;
    tx.execute(sql, &[&tx.tenant().0, &id, &patient, &sealed])
        .await?;
    Ok(())
}

/// The Task of an order is made.
pub(super) async fn required(tx: &TenantTx, order: &str) -> Result<(), HandlerError> {
    let id = derived_id(tx.tenant(), order, "order");
    let sql = "update coordination.preauth_order set state = 2 where tenant = $1 and id = $2 and state = 1";
    tx.execute(sql, &[&tx.tenant().0, &id]).await?;
    Ok(())
}

/// A patient's orders that wait.
pub(super) async fn waiting(
    tx: &TenantTx,
    keys: &TenantKeys,
    patient: &str,
) -> Result<Vec<Order>, HandlerError> {
    let sql = "select id, sealed from coordination.preauth_order where tenant = $1 and patient = $2 and state = 1";
    let token = token(keys, patient)?;
    let rows = tx.query(sql, &[&tx.tenant().0, &token]).await?;
    let orders: Result<Vec<Order>, _> = rows.iter().map(|row| open(keys, row)).collect();
    // A hash may have a second meaning; what is sealed has not.
    Ok(orders?
        .into_iter()
        .filter(|order| order.patient == patient)
        .collect())
}

/// Orders that wait no longer, each for one worker.
pub(super) async fn due(
    tx: &TenantTx,
    keys: &TenantKeys,
    now: Instant,
) -> Result<Vec<Order>, HandlerError> {
    let sql = "select id, sealed from coordination.preauth_order where tenant = $1 and state = 1 and until <= $2 \
        order by until limit $3 for update skip locked";
    let rows = tx.query(sql, &[&tx.tenant().0, &now.0, &AT_ONCE]).await?;
    rows.iter().map(|row| open(keys, row)).collect()
}

/// Keeps a coverage while it is active.
pub(super) async fn cover(
    tx: &TenantTx,
    keys: &TenantKeys,
    patient: &str,
    coverage: &str,
    is_active: bool,
) -> Result<(), HandlerError> {
    let id = derived_id(tx.tenant(), coverage, "coverage");
    let tenant = tx.tenant().0;
    if !is_active {
        let sql = "delete from coordination.preauth_coverage where tenant = $1 and id = $2";
        tx.execute(sql, &[&tenant, &id]).await?;
        return Ok(());
    }
    let sealed = seal(keys, id, &coverage)?;
    let sql = "insert into coordination.preauth_coverage (tenant, id, patient, sealed) values ($1, $2, $3, $4) \
        on conflict (tenant, id) do update set patient = excluded.patient, sealed = excluded.sealed";
    let patient = token(keys, patient)?;
    tx.execute(sql, &[&tenant, &id, &patient, &sealed]).await?;
    Ok(())
}

/// Ids of a patient's coverages that may be in force.
pub(super) async fn coverages(
    tx: &TenantTx,
    keys: &TenantKeys,
    patient: &str,
) -> Result<Vec<String>, HandlerError> {
    let sql = "select id, sealed from coordination.preauth_coverage where tenant = $1 and patient = $2 order by id";
    let token = token(keys, patient)?;
    let rows = tx.query(sql, &[&tx.tenant().0, &token]).await?;
    rows.iter().map(|row| open(keys, row)).collect()
}
