//! One record of the journal: an audit row on its way to the database.
//!
//! ```text
//! length u32 | crc32 u32 | tenant i32 | at i64 | kind i16 | correlation 16 bytes | sealed detail
//! ```
//! Big-endian; length and check sum cover what follows them.

use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use crate::error::JournalError;

/// Bytes before what the check sum covers.
pub(super) const FRAME: usize = 8;
/// Tenant, time, kind and correlation id.
const HEADER: usize = 4 + 8 + 2 + 16;
/// Largest record: far above any page of search results.
pub(super) const MAX_RECORD: usize = 16 << 20;

/// An audit row on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) at: Instant,
    pub(crate) kind: i16,
    pub(crate) correlation: Uuid,
    pub(crate) detail: &'a [u8],
}

/// What stands at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framed<'a> {
    /// A record, and how many bytes it takes.
    Whole(Record<'a>, usize),
    /// The bytes end before the record does.
    Cut,
    /// The bytes are not a record.
    Damaged,
}

impl<'a> Record<'a> {
    /// The record with its frame.
    pub(super) fn framed(&self) -> Result<Vec<u8>, JournalError> {
        let length = HEADER + self.detail.len();
        let field = u32::try_from(length).ok().filter(|_| length <= MAX_RECORD);
        let field = field.ok_or(JournalError::TooLarge { bytes: length })?;
        let mut bytes = Vec::with_capacity(FRAME + length);
        bytes.extend_from_slice(&field.to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.tenant.0.to_be_bytes());
        bytes.extend_from_slice(&self.at.0.to_be_bytes());
        bytes.extend_from_slice(&self.kind.to_be_bytes());
        bytes.extend_from_slice(self.correlation.as_bytes());
        bytes.extend_from_slice(self.detail);
        let checksum = crc32fast::hash(&bytes[FRAME..]);
        bytes[4..FRAME].copy_from_slice(&checksum.to_be_bytes());
        Ok(bytes)
    }

    /// Reads what stands at the beginning of `bytes`.
    pub(super) fn read(bytes: &'a [u8]) -> Framed<'a> {
        let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
            return Framed::Cut;
        };
        let Some((checksum, rest)) = rest.split_first_chunk::<4>() else {
            return Framed::Cut;
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if !(HEADER..=MAX_RECORD).contains(&length) {
            return Framed::Damaged;
        }
        let Some(content) = rest.get(..length) else {
            return Framed::Cut;
        };
        if crc32fast::hash(content) != u32::from_be_bytes(*checksum) {
            return Framed::Damaged;
        }
        Self::content(content).map_or(Framed::Damaged, |record| {
            Framed::Whole(record, FRAME + length)
        })
    }

    fn content(bytes: &'a [u8]) -> Option<Self> {
        let (tenant, rest) = bytes.split_first_chunk::<4>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (kind, rest) = rest.split_first_chunk::<2>()?;
        let (correlation, detail) = rest.split_first_chunk::<16>()?;
        Some(Self {
            tenant: TenantId(i32::from_be_bytes(*tenant)),
            at: Instant(i64::from_be_bytes(*at)),
            kind: i16::from_be_bytes(*kind),
            correlation: Uuid::from_bytes(*correlation),
            detail,
        })
    }
}
