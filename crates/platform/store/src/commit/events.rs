//! Domain events and audit details as bytes, and the places they are sealed to.
//!
//! Relays and the audit trail read them back with [`open_events`] and [`open_audit_detail`].

use mt_crypto::{CryptoError, Purpose, TenantKeys};
use mt_kernel::Instant;
use uuid::Uuid;

use crate::DomainEvent;

/// A domain event read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Name with version.
    pub name: String,
    /// Events with one key stay in order.
    pub key: String,
    /// The event's body.
    pub payload: Vec<u8>,
}

/// Bytes from which on compression gains more than it costs.
const WORTH_PACKING: usize = 512;

/// Each event is three strings with their lengths (u32, big-endian).
fn encode_events(events: &[DomainEvent]) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events {
        for part in [event.name.as_bytes(), event.key.as_bytes(), &event.payload] {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(part);
        }
    }
    out
}

/// Seals the events of a transaction. They name their kinds and subjects again and again: packed, those of a Bundle
/// mostly fit into their row.
pub(crate) fn seal_events(
    keys: &TenantKeys,
    at: Instant,
    correlation: Uuid,
    events: &[DomainEvent],
) -> Result<Vec<u8>, CryptoError> {
    let plain = encode_events(events);
    let place = event_place(at, correlation);
    if (WORTH_PACKING..=mt_crypto::MAX_BODY).contains(&plain.len()) {
        mt_crypto::seal_packed(keys, Purpose::Event, &place, &plain)
    } else {
        mt_crypto::seal(keys, Purpose::Event, &place, &plain)
    }
}

/// Reads what a commit wrote as events; `None` when the bytes are damaged.
#[must_use]
pub fn decode_events(mut bytes: &[u8]) -> Option<Vec<StoredEvent>> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let name = String::from_utf8(part(&mut bytes)?.to_vec()).ok()?;
        let key = String::from_utf8(part(&mut bytes)?.to_vec()).ok()?;
        let payload = part(&mut bytes)?.to_vec();
        events.push(StoredEvent { name, key, payload });
    }
    Some(events)
}

fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (part, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}

/// Opens the events of a transaction (column `events` of `records.txlog`).
///
/// # Errors
/// As [`mt_crypto::open`]; [`CryptoError::Malformed`] when the content is damaged.
pub fn open_events(
    keys: &TenantKeys,
    at: Instant,
    correlation: Uuid,
    sealed: &[u8],
) -> Result<Vec<StoredEvent>, CryptoError> {
    let bytes = mt_crypto::open(keys, Purpose::Event, &event_place(at, correlation), sealed)?;
    decode_events(&bytes).ok_or(CryptoError::Malformed("events"))
}

/// Opens the detail of an audit row (column `detail` of `records.audit`).
///
/// # Errors
/// As [`mt_crypto::open`].
pub fn open_audit_detail(
    keys: &TenantKeys,
    at: Instant,
    correlation: Uuid,
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    mt_crypto::open(keys, Purpose::Audit, &audit_place(at, correlation), sealed)
}

fn event_place(at: Instant, correlation: Uuid) -> [u8; 24] {
    place(at, correlation)
}

pub(crate) fn audit_place(at: Instant, correlation: Uuid) -> [u8; 24] {
    place(at, correlation)
}

fn place(at: Instant, correlation: Uuid) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&at.0.to_be_bytes());
    bytes[8..].copy_from_slice(correlation.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_their_bytes_and_cut_bytes_are_refused() {
        let event = DomainEvent {
            name: "patient.created.v1",
            key: "p".to_owned(),
            payload: vec![0, 1, 2],
        };
        let bytes = encode_events(&[event.clone(), event]);
        let read = decode_events(&bytes).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(
            (read[1].name.as_str(), &read[1].payload),
            ("patient.created.v1", &vec![0, 1, 2])
        );
        assert!(decode_events(&bytes[..bytes.len() - 1]).is_none());
        assert_eq!(decode_events(&[]), Some(Vec::new()));
    }
}
