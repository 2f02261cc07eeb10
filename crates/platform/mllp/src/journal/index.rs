//! Which messages are stored, and where.

use std::collections::HashMap;

use crate::store::{Digest, MessageKey};
use crate::tls::sha256;

/// Where a message lies and what it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) digest: Digest,
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) length: usize,
}

/// Finds messages by key. Keys are kept as half a SHA-256, so that each costs the same.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<[u8; 16], Place>);

impl Index {
    pub(super) fn get(&self, key: &MessageKey) -> Option<Place> {
        self.0.get(&short(key)).copied()
    }

    /// Files a message; the first under a key stays.
    pub(super) fn insert(&mut self, key: &MessageKey, place: Place) {
        self.0.entry(short(key)).or_insert(place);
    }

    pub(super) fn remove(&mut self, key: &MessageKey) {
        self.0.remove(&short(key));
    }
}

/// The parts with their lengths, hashed, so that no two keys run into one another.
fn short(key: &MessageKey) -> [u8; 16] {
    let mut bytes = Vec::with_capacity(128);
    for part in [
        key.connection.as_bytes(),
        &key.sending_application,
        &key.sending_facility,
        &key.control_id,
    ] {
        bytes.extend_from_slice(&part.len().to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&sha256(&bytes)[..16]);
    short
}
