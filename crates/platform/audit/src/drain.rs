//! Brings notes from the journals into `records.audit`, each exactly once.
//!
//! The rows of a chunk and the mark of how far the journal has arrived are one statement, so a chunk
//! that is sent again after a crash or a lost answer finds its mark and adds nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mt_database::{Database, Step};
use mt_kernel::TenantId;
use uuid::Uuid;

use crate::Result;
use crate::error::JournalError;
use crate::hot::Hot;
use crate::journal::{Chunk, Journal, Orphan, Position, Record, SegmentReader, Stop, orphans};

const MOVE: &str = "with mark as ( \
      select segment, upto from audit.drained where tenant = $1 and journal = $2), \
    moved as (insert into records.audit (tenant, at, kind, correlation, detail) \
      select $1, r.at, r.kind, r.correlation, r.detail \
      from unnest($4::int8[], $5::int8[], $6::int2[], $7::uuid[], $8::bytea[]) \
        as r (upto, at, kind, correlation, detail) \
      where not exists (select from mark where (mark.segment, mark.upto) >= ($3::int8, r.upto)) \
      order by r.upto) \
    insert into audit.drained as d (tenant, journal, segment, upto) \
    select $1, $2, $3::int8, max(upto) from unnest($4::int8[]) as r (upto) \
    on conflict (tenant, journal) do update set segment = excluded.segment, upto = excluded.upto \
      where (d.segment, d.upto) < (excluded.segment, excluded.upto)";

const FORGET: &str = "delete from audit.drained where tenant = $1 and journal = $2";

/// Moves notes to the database.
#[derive(Debug)]
pub(crate) struct Drain {
    database: Database,
    journal: Arc<Journal>,
    parent: PathBuf,
    hot: Arc<Hot>,
    reader: Option<SegmentReader>,
    arrived: Position,
}

impl Drain {
    pub(crate) fn new(
        database: Database,
        journal: Arc<Journal>,
        parent: PathBuf,
        hot: Arc<Hot>,
    ) -> Self {
        let arrived = Position {
            segment: 0,
            offset: 0,
        };
        Self {
            database,
            journal,
            parent,
            hot,
            reader: None,
            arrived,
        }
    }

    /// How many bytes of notes wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.journal.waiting()
    }

    /// Moves what this process has noted so far.
    pub(crate) async fn drain_own(&mut self) -> Result<()> {
        let end = self.journal.end();
        while self.arrived < end {
            let reader = match self.reader.take() {
                Some(reader) => reader,
                None => open(self.journal.directory(), self.arrived)?,
            };
            let limit = (self.arrived.segment == end.segment).then_some(end.offset);
            let (reader, chunk) = read(reader, limit).await?;
            if chunk.is_empty() && limit.is_none() && chunk.stop.is_none() {
                self.finish_segment()?;
                continue;
            }
            if chunk.is_empty() {
                let reason = format!("segment {} cannot be read back", self.arrived.segment);
                return Err(crate::AuditError::Damaged(reason));
            }
            let _turn = self.database.pace().turn().await;
            // Only a chunk that arrived is left behind: after a failure it is read again.
            self.send(self.journal.id(), self.arrived.segment, &chunk)
                .await?;
            self.journal.arrived(chunk.len());
            self.arrived.offset = chunk.end;
            self.reader = Some(reader);
        }
        Ok(())
    }

    fn finish_segment(&mut self) -> Result<()> {
        self.journal.discard(self.arrived.segment)?;
        self.arrived = Position {
            segment: self.arrived.segment + 1,
            offset: 0,
        };
        Ok(())
    }

    /// Moves what processes that ended without doing so have left; returns how many journals.
    pub(crate) async fn drain_orphans(&self) -> Result<usize> {
        let found = orphans(&self.parent)?;
        let count = found.len();
        for orphan in found {
            self.drain_orphan(orphan).await?;
        }
        Ok(count)
    }

    async fn drain_orphan(&self, orphan: Orphan) -> Result<()> {
        let mut tenants = Vec::new();
        for segment in orphan.segments()? {
            let mut reader = open(orphan.directory(), Position { segment, offset: 0 })?;
            loop {
                let (next, chunk) = read(reader, None).await?;
                reader = next;
                tenants.extend(self.send(orphan.id(), segment, &chunk).await?);
                match chunk.stop {
                    Some(Stop::TornTail) => {
                        tracing::info!(journal = %orphan.id(), segment, "the last note of a journal was not finished");
                    }
                    Some(Stop::Damage) => {
                        let kept = orphan.set_aside(segment)?;
                        metrics::counter!("audit_journal_damaged_segments").increment(1);
                        tracing::error!(journal = %orphan.id(), segment, offset = chunk.end, kept = %kept.display(), "a journal is damaged; what follows was not recovered");
                    }
                    None if chunk.is_empty() => {}
                    None => continue,
                }
                break;
            }
        }
        let journal = orphan.id();
        orphan.remove()?;
        tracing::info!(%journal, "recovered the notes of a process that had ended");
        tenants.sort_unstable();
        tenants.dedup();
        self.forget(journal, &tenants).await
    }

    /// Removes the marks of a journal that is no more.
    async fn forget(&self, journal: Uuid, tenants: &[TenantId]) -> Result<()> {
        for tenant in tenants {
            let step = Step {
                sql: FORGET,
                params: &[&tenant.0, &journal],
            };
            self.database.writers().commit(*tenant, &[step]).await?;
        }
        Ok(())
    }

    async fn send(&self, journal: Uuid, segment: u64, chunk: &Chunk) -> Result<Vec<TenantId>> {
        let mut by_tenant: BTreeMap<TenantId, Vec<(u64, Record<'_>)>> = BTreeMap::new();
        for (end, record) in chunk.records() {
            by_tenant
                .entry(record.tenant)
                .or_default()
                .push((end, record));
        }
        for (tenant, records) in &by_tenant {
            self.send_tenant(*tenant, journal, segment, records).await?;
            self.hot.touch(*tenant);
        }
        Ok(by_tenant.into_keys().collect())
    }

    async fn send_tenant(
        &self,
        tenant: TenantId,
        journal: Uuid,
        segment: u64,
        records: &[(u64, Record<'_>)],
    ) -> Result<()> {
        let segment = signed(segment);
        let ends: Vec<i64> = records.iter().map(|(end, _)| signed(*end)).collect();
        let times: Vec<i64> = records.iter().map(|(_, record)| record.at.0).collect();
        let kinds: Vec<i16> = records.iter().map(|(_, record)| record.kind).collect();
        let correlations: Vec<Uuid> = records
            .iter()
            .map(|(_, record)| record.correlation)
            .collect();
        let details: Vec<&[u8]> = records.iter().map(|(_, record)| record.detail).collect();
        let step = Step {
            sql: MOVE,
            params: &[
                &tenant.0,
                &journal,
                &segment,
                &ends,
                &times,
                &kinds,
                &correlations,
                &details,
            ],
        };
        self.database.writers().commit(tenant, &[step]).await?;
        metrics::counter!("audit_notes_drained").increment(records.len() as u64);
        Ok(())
    }

    /// Leaves nothing behind: moves the rest and removes the journal and its marks.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        self.drain_own().await?;
        self.journal.remove()?;
        Ok(())
    }
}

fn open(directory: &std::path::Path, at: Position) -> Result<SegmentReader> {
    let missing = || JournalError::Io {
        action: "read the journal",
        source: std::io::ErrorKind::NotFound.into(),
    };
    Ok(SegmentReader::open(directory, at.segment, at.offset)?.ok_or_else(missing)?)
}

/// Reads a chunk without holding up other tasks.
async fn read(mut reader: SegmentReader, limit: Option<u64>) -> Result<(SegmentReader, Chunk)> {
    let reading = tokio::task::spawn_blocking(move || {
        let chunk = reader.chunk(limit);
        chunk.map(|chunk| (reader, chunk))
    });
    let stopped = |_| JournalError::Io {
        action: "read the journal",
        source: std::io::ErrorKind::Interrupted.into(),
    };
    Ok(reading.await.map_err(stopped)??)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
