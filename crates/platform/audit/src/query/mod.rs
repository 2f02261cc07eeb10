//! Reads the trail: who did what, when; who looked at this record.
//!
//! Keyed hashes find the entries, opening them decides. Every use of the trail is entered in it.

mod filter;

use std::fmt;
use std::str::FromStr;

use mt_crypto::TenantKeys;
use mt_kernel::{Instant, OpCtx, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

pub use filter::Filter;

use crate::log::integrate::open;
use crate::log::leaf::Leaf;
use crate::log::mention::Mentions;
use crate::log::signer::column;
use crate::{Audit, AuditError, Detail, Event, EventCode, Kind, Result};

/// Rows read at once.
const CHUNK: i64 = 200;
/// Rows that one page looks at most.
const SCANNED: usize = 5000;

const BY_TOKEN: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail \
    from unnest($2::int8[]) t (token) cross join lateral ( \
      select m.seq from audit.mention m where m.tenant = $1 and m.token = t.token \
        and m.at >= $3 and (m.at, m.seq) < ($4::int8, $5::int8) \
      order by m.at desc, m.seq desc limit $6) m \
    join records.audit a on a.tenant = $1 and a.seq = m.seq \
    order by a.at desc, a.seq desc limit $6";

const BY_TIME: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail from records.audit a \
    where a.tenant = $1 and a.at >= $2 and (a.at, a.seq) < ($3::int8, $4::int8) \
    order by a.at desc, a.seq desc limit $5";

const ONE: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail from records.audit a \
    where a.tenant = $1 and a.seq = $2";

/// One entry of the trail, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, unique in the database.
    pub seq: i64,
    /// When it happened.
    pub at: Instant,
    /// Its form.
    pub kind: Kind,
    /// The request it belongs to.
    pub correlation: Uuid,
    /// What it says.
    pub detail: Detail,
}

/// Where a page ends: entries before this one come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: i64,
    seq: i64,
}

/// Some entries, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where to go on; `None` at the end of the trail. A page may be short, even empty, and still
    /// have a next one, because the work for one page is bounded.
    pub next: Option<Cursor>,
}

impl Audit {
    /// Lists the entries of the caller's tenant that match `filter`, newest first, at most `limit`.
    /// Entries younger than about a second may be missing when the filter names a person or record.
    /// Entries whose keys have been destroyed are left out.
    ///
    /// # Errors
    /// [`AuditError::TenantInactive`]; when the database does not answer; when this use of the trail
    /// cannot be entered in it.
    pub async fn list(
        &self,
        ctx: &OpCtx,
        filter: &Filter,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<EntryPage> {
        let keys = self.loaded_keys(ctx.tenant)?;
        self.enter_use(ctx, &filter.to_string())?;
        let tokens = filter.tokens(&Mentions::new(&keys)?);
        let mut cursor = after.unwrap_or_else(|| filter.start());
        let mut entries = Vec::new();
        let mut scanned = 0;
        while scanned < SCANNED {
            let rows = self
                .rows(ctx.tenant, filter, tokens.as_deref(), cursor)
                .await?;
            scanned += rows.len();
            for row in &rows {
                cursor = Cursor {
                    at: column(row, 1)?,
                    seq: column(row, 0)?,
                };
                entries.extend(entry(ctx.tenant, &keys, row)?.filter(|entry| filter.admits(entry)));
                if entries.len() >= limit {
                    return Ok(EntryPage {
                        entries,
                        next: Some(cursor),
                    });
                }
            }
            if i64::try_from(rows.len()).unwrap_or(i64::MAX) < CHUNK {
                return Ok(EntryPage {
                    entries,
                    next: None,
                });
            }
        }
        Ok(EntryPage {
            entries,
            next: Some(cursor),
        })
    }

    /// The entry with this number; `None` when there is none or its keys have been destroyed.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn entry(&self, ctx: &OpCtx, seq: i64) -> Result<Option<Entry>> {
        let keys = self.loaded_keys(ctx.tenant)?;
        self.enter_use(ctx, &format!("_id={seq}"))?;
        let rows = self
            .database()
            .readers()
            .query(ctx.tenant, ONE, &[&ctx.tenant.0, &seq])
            .await?;
        rows.first()
            .map_or(Ok(None), |row| entry(ctx.tenant, &keys, row))
    }

    fn enter_use(&self, ctx: &OpCtx, query: &str) -> Result<()> {
        self.record(
            ctx,
            &Event {
                query: Some(query),
                ..Event::done(EventCode::TrailUse)
            },
        )
    }

    async fn rows(
        &self,
        tenant: TenantId,
        filter: &Filter,
        tokens: Option<&[i64]>,
        before: Cursor,
    ) -> Result<Vec<Row>> {
        let from = filter.from.map_or(i64::MIN, |from| from.0);
        let readers = self.database().readers();
        let rows = match tokens {
            Some(tokens) => {
                let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                    [&tenant.0, &tokens, &from, &before.at, &before.seq, &CHUNK];
                readers.query(tenant, BY_TOKEN, &params).await?
            }
            None => {
                let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                    [&tenant.0, &from, &before.at, &before.seq, &CHUNK];
                readers.query(tenant, BY_TIME, &params).await?
            }
        };
        Ok(rows)
    }
}

/// A row, opened; `None` when it cannot be.
fn entry(tenant: TenantId, keys: &TenantKeys, row: &Row) -> Result<Option<Entry>> {
    let sealed: &[u8] = column(row, 4)?;
    let leaf = Leaf {
        tenant,
        seq: column(row, 0)?,
        at: Instant(column(row, 1)?),
        kind: column(row, 2)?,
        correlation: column(row, 3)?,
        detail_digest: [0; 32],
    };
    let (Some(kind), Ok(detail)) = (Kind::from_number(leaf.kind), open(keys, &leaf, sealed)) else {
        return Ok(None);
    };
    let Leaf {
        seq,
        at,
        correlation,
        ..
    } = leaf;
    Ok(Some(Entry {
        seq,
        at,
        kind,
        correlation,
        detail,
    }))
}

impl Cursor {
    pub(crate) const fn before(at: i64) -> Self {
        Self { at, seq: i64::MIN }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = AuditError;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('.');
        let cursor = parts.and_then(|(at, seq)| {
            Some(Self {
                at: at.parse().ok()?,
                seq: seq.parse().ok()?,
            })
        });
        cursor.ok_or(AuditError::BadCursor)
    }
}
