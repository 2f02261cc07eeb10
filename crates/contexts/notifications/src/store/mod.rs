//! The rows of `notifications`: sealed but for times, kinds, states and keyed hashes.

pub(crate) mod deliveries;
pub(crate) mod messages;
pub(crate) mod preferences;
pub(crate) mod push;
pub(crate) mod reminders;
pub(crate) mod templates;

use mt_crypto::{Purpose, TenantKeys};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

use crate::domain::Recipient;
use crate::error::{NotificationError, Result};

/// What a sealed value is bound to: its table and its key there.
fn place(table: &str, key: &[u8]) -> Vec<u8> {
    [b"notifications.", table.as_bytes(), b"\0", key].concat()
}

fn seal<T: Serialize>(
    keys: &TenantKeys,
    (table, key): (&str, &[u8]),
    value: &T,
) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(value).map_err(|_| NotificationError::Unreadable)?;
    Ok(mt_crypto::seal(
        keys,
        Purpose::Message,
        &place(table, key),
        &plain,
    )?)
}

fn open<T: DeserializeOwned>(
    keys: &TenantKeys,
    (table, key): (&str, &[u8]),
    sealed: &[u8],
) -> Result<T> {
    let plain = mt_crypto::open(keys, Purpose::Message, &place(table, key), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| NotificationError::Unreadable)
}

fn column<T: FromSqlOwned>(row: &Row, at: usize) -> Result<T> {
    row.try_get(at)
        .map_err(|error| NotificationError::Database(error.into()))
}

/// The keyed hash under which things of a kind lie.
pub(crate) fn token(keys: &TenantKeys, kind: &str, value: &str) -> Result<i64> {
    let index = keys.blind_index()?;
    Ok(index.token(&["notifications", kind, value]))
}

/// The keyed hash of a person.
pub(crate) fn person_token(keys: &TenantKeys, person: &Recipient) -> Result<i64> {
    token(keys, "person", person.as_str())
}
