//! The trail as a stream: entries in the order of the log, from a leaf on.
//!
//! A position in the log is a durable cursor: leaves never move, none appears before another that
//! was seen, and every row becomes exactly one of them.

use std::collections::BTreeSet;

use mt_kernel::TenantId;

use super::{Entry, entry};
use crate::log::leaf::seqs_of;
use crate::log::mention::Mentions;
use crate::{Audit, Result};

const BY_SEQ: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail \
    from unnest($2::int8[]) with ordinality k (seq, position) \
    join records.audit a on a.tenant = $1 and a.seq = k.seq order by k.position";

/// An entry at its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The entry.
    pub entry: Entry,
    /// Keyed hashes of the patients whose records it names ([`Audit::patient_token`]).
    pub patients: BTreeSet<i64>,
}

impl Audit {
    /// The entries from leaf `from` on, at most `limit` leaves, and the leaf to go on with. Entries
    /// that cannot be opened are passed over. This is for MediTrack's own rules: it is not entered.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn follow_log(
        &self,
        tenant: TenantId,
        from: u64,
        limit: u64,
    ) -> Result<(Vec<Logged>, u64)> {
        let keys = self.loaded_keys(tenant)?;
        let mentions = Mentions::new(&keys)?;
        let tx = self.snapshot(tenant).await?;
        let seqs = seqs_of(&tx, from, from.saturating_add(limit)).await?;
        let next = from.saturating_add(seqs.len() as u64);
        let rows = tx.query(BY_SEQ, &[&tenant.0, &seqs]).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            entries.extend(entry(tenant, &keys, row)?);
        }
        let details = entries.iter().map(|entry| &entry.detail);
        let located = mentions.patients(&tx, details).await?;
        let logged = |entry: Entry| Logged {
            patients: mentions.patients_of(&entry.detail, &located),
            entry,
        };
        Ok((entries.into_iter().map(logged).collect(), next))
    }

    /// How many leaves a tenant's log has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_size(&self, tenant: TenantId) -> Result<u64> {
        let sql = "select coalesce(max(size), 0) from audit.checkpoint where tenant = $1";
        let rows = self
            .database()
            .readers()
            .query(tenant, sql, &[&tenant.0])
            .await?;
        let size = rows
            .first()
            .map_or(Ok(0), |row| crate::log::signer::column::<i64>(row, 0))?;
        Ok(size.cast_unsigned())
    }

    /// The keyed hash by which the trail knows a patient.
    ///
    /// # Errors
    /// [`crate::AuditError::TenantInactive`].
    pub fn patient_token(&self, tenant: TenantId, patient: &str) -> Result<i64> {
        Ok(Mentions::new(&self.loaded_keys(tenant)?)?.patient(patient))
    }
}
