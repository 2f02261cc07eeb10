//! What an authenticator says and signs: authenticator data (WebAuthn §6.1), and the attestation object
//! around it (§6.5.4).

use super::WebAuthnError;
use super::cbor::Value;
use super::cose::CredentialKey;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// Longest credential id (WebAuthn §4).
const LONGEST_ID: usize = 1_023;
const MALFORMED: WebAuthnError = WebAuthnError::Malformed("authenticator data");

/// Authenticator data, taken apart to the last byte.
#[derive(Debug)]
pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: [u8; 32],
    flags: u8,
    pub(super) sign_count: u32,
    pub(super) credential: Option<NewCredential<'a>>,
}

/// A credential that was just made.
#[derive(Debug)]
pub(super) struct NewCredential<'a> {
    /// Model of the authenticator; zero when it does not say.
    pub(super) aaguid: [u8; 16],
    pub(super) id: &'a [u8],
    /// The COSE_Key as it was sent.
    pub(super) key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, WebAuthnError> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or(MALFORMED)?;
        let (&[flags], rest) = rest.split_first_chunk::<1>().ok_or(MALFORMED)?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>().ok_or(MALFORMED)?;
        let mut credential = None;
        if flags & ATTESTED != 0 {
            let (made, after) = NewCredential::read(rest)?;
            (credential, rest) = (Some(made), after);
        }
        if flags & EXTENSIONS != 0 {
            let (extensions, after) = Value::first(rest)?;
            if !matches!(extensions, Value::Map(_)) {
                return Err(MALFORMED);
            }
            rest = after;
        }
        if !rest.is_empty() {
            return Err(MALFORMED);
        }
        Ok(Self {
            rp_id_hash: *rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*sign_count),
            credential,
        })
    }

    pub(super) const fn user_present(&self) -> bool {
        self.flags & USER_PRESENT != 0
    }

    pub(super) const fn user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    /// Whether the credential may be copied to other devices of its owner.
    pub(super) const fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    /// Whether it has been.
    pub(super) const fn backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl<'a> NewCredential<'a> {
    /// §6.5.2
    fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WebAuthnError> {
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(MALFORMED)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(MALFORMED)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if !(1..=LONGEST_ID).contains(&length) {
            return Err(MALFORMED);
        }
        let (id, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        let (key, after) = Value::first(rest)?;
        CredentialKey::of(&key)?;
        let key = &rest[..rest.len() - after.len()];
        let aaguid = *aaguid;
        Ok((Self { aaguid, id, key }, after))
    }
}

/// The authenticator data within an attestation object.
///
/// We ask for no attestation and believe none: a statement that comes all the same is not looked at, but
/// the object must have the shape of one.
pub(super) fn attested(object: &[u8]) -> Result<&[u8], WebAuthnError> {
    let bad = WebAuthnError::Malformed("attestation object");
    let object = Value::whole(object)?;
    let (Value::Map(members), Some(Value::Text(format)), Some(Value::Map(statement))) =
        (&object, object.named("fmt"), object.named("attStmt"))
    else {
        return Err(bad);
    };
    let empty_as_it_must_be = *format != "none" || statement.is_empty();
    let data = object.named("authData").and_then(Value::bytes);
    match data {
        Some(data) if members.len() == 3 && empty_as_it_must_be => Ok(data),
        _ => Err(bad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_read_to_the_last_byte() {
        let plain = |flags: u8, more: &[u8]| [&[7; 32][..], &[flags], &[0, 0, 1, 2], more].concat();
        let bytes = plain(0x1d, &[]);
        let data = AuthenticatorData::read(&bytes).unwrap();
        assert_eq!((data.rp_id_hash, data.sign_count), ([7; 32], 258));
        assert!(data.user_present() && data.user_verified());
        assert!(data.backup_eligible() && data.backed_up() && data.credential.is_none());
        let good = plain(0x81, &[0xa0]);
        assert!(AuthenticatorData::read(&good).is_ok());
        for bad in [
            plain(1, &[0]),
            plain(0x81, &[]),
            plain(0x81, &[0x80]),
            plain(0x41, &[0; 18]),
            plain(0x41, &[&[0; 16][..], &[0, 9], &[1; 4]].concat()),
            plain(1, &[])[..36].to_vec(),
        ] {
            assert!(AuthenticatorData::read(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_attestation_object_has_three_members() {
        // {"fmt": "none", "attStmt": {}, "authData": h'05'}
        let object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x41\x05";
        assert_eq!(attested(object).unwrap(), [5]);
        let stated = b"\xa3\x63fmt\x64none\x67attStmt\xa1\x61x\x01\x68authData\x41\x05";
        assert!(attested(stated).is_err());
        assert!(attested(b"\xa2\x63fmt\x64none\x68authData\x41\x05").is_err());
        assert!(attested(b"\xa0").is_err());
    }
}
