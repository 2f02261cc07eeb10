//! An audit row as a leaf: the canonical entry, and the rows that leaves stand for.
//!
//! ```text
//! 0x01 | tenant i32 | seq i64 | at i64 | kind i16 | correlation 16 bytes | SHA-256(sealed detail)
//! ```
//! Big-endian, 71 bytes. The entry commits to the sealed detail, so the tree stays valid, and can be
//! verified, after the keys are destroyed.

use mt_database::TenantTx;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use super::signer::column;
use crate::Result;
use crate::tree::Hash;

/// Version of the layout.
const FORMAT: u8 = 1;

/// An audit row without its detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) tenant: TenantId,
    pub(crate) seq: i64,
    pub(crate) at: Instant,
    pub(crate) kind: i16,
    pub(crate) correlation: Uuid,
    pub(crate) detail_digest: [u8; 32],
}

impl Leaf {
    /// The canonical entry.
    pub(crate) fn entry(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(71);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.tenant.0.to_be_bytes());
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.at.0.to_be_bytes());
        bytes.extend_from_slice(&self.kind.to_be_bytes());
        bytes.extend_from_slice(self.correlation.as_bytes());
        bytes.extend_from_slice(&self.detail_digest);
        bytes
    }

    /// The number of the row in an entry.
    pub(crate) fn seq_of(entry: &[u8]) -> Option<i64> {
        let (_, rest) = entry.split_at_checked(1 + 4)?;
        rest.first_chunk().map(|seq| i64::from_be_bytes(*seq))
    }

    /// Its hash in the tree.
    pub(crate) fn hash(&self) -> Hash {
        Hash::of_leaf(&self.entry())
    }
}

/// The leaves of these rows, in this order; `None` for a row that is not there.
pub(crate) async fn leaves_of(tx: &TenantTx, seqs: &[i64]) -> Result<Vec<Option<Leaf>>> {
    let sql = "select a.seq, a.at, a.kind, a.correlation, sha256(a.detail) \
               from unnest($2::int8[]) with ordinality k (seq, position) \
               left join records.audit a on a.tenant = $1 and a.seq = k.seq order by k.position";
    let rows = tx.query(sql, &[&tx.tenant().0, &seqs]).await?;
    rows.iter()
        .map(|row| {
            let Some(seq) = column::<Option<i64>>(row, 0)? else {
                return Ok(None);
            };
            let digest: &[u8] = column(row, 4)?;
            Ok(Some(Leaf {
                tenant: tx.tenant(),
                seq,
                at: Instant(column(row, 1)?),
                kind: column(row, 2)?,
                correlation: column(row, 3)?,
                detail_digest: digest.try_into().unwrap_or_default(),
            }))
        })
        .collect()
}

/// The rows that leaves `from` to `until - 1` stand for.
pub(crate) async fn seqs_of(tx: &TenantTx, from: u64, until: u64) -> Result<Vec<i64>> {
    let (from, until) = (signed(from), signed(until));
    let sql = "select first, seqs from audit.checkpoint \
               where tenant = $1 and size > $2 and first < $3 order by size";
    let mut seqs = Vec::new();
    for row in tx.query(sql, &[&tx.tenant().0, &from, &until]).await? {
        let (first, batch): (i64, Vec<i64>) = (column(&row, 0)?, column(&row, 1)?);
        let inside = (first..)
            .zip(batch)
            .filter(|(leaf, _)| (from..until).contains(leaf));
        seqs.extend(inside.map(|(_, seq)| seq));
    }
    Ok(seqs)
}

/// A size or position as the database holds it.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
