//! A detail as bytes: a version, then fields in a fixed order. The second version added the network address.
//!
//! Compact because every commit and every read pays for it; a record costs about 20 bytes.

use std::net::IpAddr;

use mt_kernel::Actor;
use uuid::Uuid;

use super::{ACTOR_KINDS, ASSURANCES, Detail, Outcome, PURPOSES, Touched};

/// Version of the layout.
pub(crate) const VERSION: u8 = 2;
/// The layout without a network address.
pub(crate) const WITHOUT_ADDRESS: u8 = 1;
/// Marks an id that is the canonical text of a UUID.
pub(crate) const UUID_ID: u8 = 0;
/// Marks any other id.
pub(crate) const TEXT_ID: u8 = 1;

/// The bytes of `detail`.
pub(crate) fn encode(detail: &Detail) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + detail.resources.len() * 24);
    out.push(VERSION);
    actor(&mut out, &detail.actor);
    address(&mut out, detail.address);
    out.push(position(&PURPOSES, detail.purpose));
    out.push(detail.event.map_or(0, super::EventCode::number));
    number(
        &mut out,
        detail
            .resource_type
            .map_or(0, |found| u64::from(found.number()) + 1),
    );
    match &detail.outcome {
        Outcome::Success => number(&mut out, 0),
        Outcome::Refused { status, message } => {
            number(&mut out, u64::from(*status));
            text(&mut out, message);
        }
    }
    optional(&mut out, detail.query.as_deref());
    optional(&mut out, detail.reason.as_deref());
    number(&mut out, detail.resources.len() as u64);
    detail
        .resources
        .iter()
        .for_each(|touched| resource(&mut out, touched));
    out
}

fn actor(out: &mut Vec<u8>, actor: &Actor) {
    out.push(position(&ACTOR_KINDS, actor.kind));
    out.push(position(&ASSURANCES, actor.assurance));
    text(out, &actor.id);
    optional(out, actor.fhir_user.as_deref());
    optional(out, actor.client_id.as_deref());
    number(out, actor.roles.len() as u64);
    actor.roles.iter().for_each(|role| text(out, role));
}

/// The octets behind their number.
fn address(out: &mut Vec<u8>, address: Option<IpAddr>) {
    match address {
        None => out.push(0),
        Some(IpAddr::V4(address)) => {
            out.push(4);
            out.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            out.push(16);
            out.extend_from_slice(&address.octets());
        }
    }
}

fn resource(out: &mut Vec<u8>, touched: &Touched) {
    number(out, u64::from(touched.resource_type.number()));
    number(out, u64::from(touched.version));
    out.push(touched.effect as u8);
    match canonical_uuid(&touched.id) {
        Some(uuid) => {
            out.push(UUID_ID);
            out.extend_from_slice(uuid.as_bytes());
        }
        None => {
            out.push(TEXT_ID);
            text(out, &touched.id);
        }
    }
}

/// The UUID whose canonical text is exactly `id`.
fn canonical_uuid(id: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(id).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (uuid.hyphenated().encode_lower(&mut buffer) == id).then_some(uuid)
}

/// LEB128.
fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn text(out: &mut Vec<u8>, value: &str) {
    number(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

fn optional(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => {
            number(out, value.len() as u64 + 1);
            out.extend_from_slice(value.as_bytes());
        }
        None => number(out, 0),
    }
}

fn position<T: PartialEq>(all: &[T], value: T) -> u8 {
    let found = all
        .iter()
        .position(|candidate| *candidate == value)
        .unwrap_or(all.len());
    u8::try_from(found).unwrap_or(u8::MAX)
}
