//! Values of people as they are stored: JSON, sealed under the tenant's keys at a named place.

use mt_crypto::{Purpose, TenantKeys};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::IdentityError;

/// Which column a sealed value belongs to; what is moved elsewhere does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Place {
    Account = 1,
    Password = 2,
    Totp = 3,
    Session = 4,
    Pending = 5,
    Mail = 6,
    Passkey = 7,
}

/// Seals `value` for the row that `key` names.
pub(crate) fn seal<T: Serialize>(
    keys: &TenantKeys,
    place: Place,
    key: &[u8],
    value: &T,
) -> Result<Vec<u8>, IdentityError> {
    let plain = serde_json::to_vec(value).map_err(|_| IdentityError::Unreadable)?;
    Ok(mt_crypto::seal(
        keys,
        Purpose::Credential,
        &aad(place, key),
        &plain,
    )?)
}

/// Opens what [`seal`] sealed.
pub(crate) fn open<T: DeserializeOwned>(
    keys: &TenantKeys,
    place: Place,
    key: &[u8],
    sealed: &[u8],
) -> Result<T, IdentityError> {
    let plain = mt_crypto::open(keys, Purpose::Credential, &aad(place, key), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| IdentityError::Unreadable)
}

fn aad(place: Place, key: &[u8]) -> Vec<u8> {
    // The prefix keeps these apart from other contexts' values of the same purpose.
    [b"people\0", &[place as u8][..], key].concat()
}
