//! One row of the outbox as events: what the contexts said, and that records changed.

use std::sync::Arc;

use mt_crypto::TenantKeys;
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use crate::catalogue::{EventType, Value, encode};
use crate::error::{EventError, Result};
use crate::event::Event;

/// Name of the event that every transaction has.
const COMMITTED: &str = "records.committed.v1";

/// The columns of a row, as [`super::outbox_row`] reads them.
pub(crate) const OUTBOX_COLUMNS: &str =
    "seq, at, tenant, correlation, types, actions, versions, ids, events, xid::text";

/// One transaction that changed records.
#[derive(Debug)]
pub(crate) struct OutboxRow {
    pub(super) seq: i64,
    pub(super) xid: String,
    pub(super) at: Instant,
    pub(super) tenant: TenantId,
    pub(super) correlation: Uuid,
    pub(super) types: Vec<i16>,
    pub(super) actions: Vec<i16>,
    pub(super) versions: Vec<i32>,
    pub(super) ids: Vec<Uuid>,
    pub(super) sealed: Option<Vec<u8>>,
}

impl OutboxRow {
    /// Where it stands among the rows of its tenant.
    pub(crate) fn place(&self) -> (i64, i64) {
        (self.at.0, self.seq)
    }

    /// Appends the events of the transaction: first which records it changed, where it did, then what it meant.
    pub(crate) fn events(&self, keys: &TenantKeys, out: &mut Vec<Event>) -> Result<()> {
        if !self.types.is_empty() {
            out.push(self.committed()?);
        }
        let Some(sealed) = &self.sealed else {
            return Ok(());
        };
        let said = mt_store::open_events(keys, self.at, self.correlation, sealed)?;
        for (ordinal, event) in (1..).zip(said) {
            // An event of a context that this version does not know would be lost without a trace.
            let kind = EventType::named(&event.name).ok_or(EventError::Damaged("name"))?;
            out.push(self.event(ordinal, kind, &event.key, event.payload));
        }
        Ok(())
    }

    fn committed(&self) -> Result<Event> {
        let kind = EventType::named(COMMITTED).ok_or(EventError::Damaged("name"))?;
        let name = |number: &i16| {
            let number = number.cast_unsigned();
            ResourceType::from_number(number).map_or("Resource", ResourceType::name)
        };
        let texts = |texts: Vec<String>| Value::Texts(texts);
        let action = |action: &i16| match action {
            1 => "create",
            2 => "update",
            _ => "delete",
        };
        let payload = encode(
            kind,
            &[
                ("subject_type", "Bundle".into()),
                ("subject_id", self.correlation.to_string().as_str().into()),
                ("subject_version", Value::Whole(1)),
                (
                    "types",
                    texts(self.types.iter().map(|t| name(t).to_owned()).collect()),
                ),
                (
                    "keys",
                    texts(self.ids.iter().map(Uuid::to_string).collect()),
                ),
                (
                    "versions",
                    Value::Wholes(self.versions.iter().copied().map(i64::from).collect()),
                ),
                (
                    "actions",
                    texts(self.actions.iter().map(|a| action(a).to_owned()).collect()),
                ),
            ],
        )?;
        Ok(self.event(0, kind, "", payload))
    }

    fn event(&self, ordinal: u32, kind: &'static EventType, key: &str, payload: Vec<u8>) -> Event {
        Event {
            id: event_id(self.at, self.seq, ordinal),
            kind,
            tenant: self.tenant,
            at: self.at,
            correlation: self.correlation,
            key: Arc::from(key),
            payload,
        }
    }
}

/// An id that follows from the place in the outbox, so that relaying again gives the same: a UUID of
/// version 8 (RFC 9562 §5.8) of 48 bits of milliseconds, 40 bits of `seq`, 22 bits of the ordinal.
fn event_id(at: Instant, seq: i64, ordinal: u32) -> Uuid {
    let millis = u128::from((at.0 / 1000).unsigned_abs()) & 0xffff_ffff_ffff;
    let seq = u128::from(seq.unsigned_abs()) & 0xff_ffff_ffff;
    let ordinal = u128::from(ordinal) & 0x3f_ffff;
    Uuid::from_u128(millis << 80 | 0x8 << 76 | 0b10 << 62 | seq << 22 | ordinal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_by_place_and_are_of_version_8() {
        let at = Instant(1_763_835_644_123_456);
        let ids = [
            event_id(at, 7, 0),
            event_id(at, 7, 1),
            event_id(at, 8, 0),
            event_id(Instant(at.0 + 1000), 7, 0),
        ];
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(id.get_version_num(), 8);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            assert!(!ids[place + 1..].contains(id));
        }
        assert_eq!(event_id(at, 7, 1), ids[1]);
    }
}
