//! Reads the trail: who did what, when; who looked at this record.
//!
//! Keyed hashes find the entries, opening them decides. Every use of the trail is entered in it.

mod filter;
mod follow;
mod within;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use mt_crypto::TenantKeys;
use mt_kernel::{Instant, OpCtx, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

pub use filter::Filter;
pub use follow::Logged;

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
    from (select distinct m.at, m.seq from unnest($2::int8[]) t (token) cross join lateral ( \
      select m.at, m.seq from audit.mention m where m.tenant = $1 and m.token = t.token \
        and m.at >= $3 and (m.at, m.seq) < ($4::int8, $5::int8) \
      order by m.at desc, m.seq desc limit $6) m) m \
    join records.audit a on a.tenant = $1 and a.seq = m.seq \
    order by a.at desc, a.seq desc limit $6";

const BY_TOKEN_OLDEST: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail \
    from (select distinct m.at, m.seq from unnest($2::int8[]) t (token) cross join lateral ( \
      select m.at, m.seq from audit.mention m where m.tenant = $1 and m.token = t.token \
        and m.at < $3 and (m.at, m.seq) > ($4::int8, $5::int8) \
      order by m.at, m.seq limit $6) m) m \
    join records.audit a on a.tenant = $1 and a.seq = m.seq \
    order by a.at, a.seq limit $6";

const BY_TIME: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail from records.audit a \
    where a.tenant = $1 and a.at >= $2 and (a.at, a.seq) < ($3::int8, $4::int8) \
    order by a.at desc, a.seq desc limit $5";

const BY_TIME_OLDEST: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail \
    from records.audit a \
    where a.tenant = $1 and a.at < $2 and (a.at, a.seq) > ($3::int8, $4::int8) \
    order by a.at, a.seq limit $5";

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
    /// Patients whom it is known to be about, because they were asked for.
    pub about: Vec<Arc<str>>,
}

/// Where a page ends: entries before this one come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: i64,
    seq: i64,
}

/// Some entries, in the order that the filter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where to go on; `None` at the end of the trail. A page may be short, even empty, and still
    /// have a next one, because the work for one page is bounded.
    pub next: Option<Cursor>,
}

impl Audit {
    /// Lists the entries of the caller's tenant that match `filter`, at most `limit`.
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
        self.enter_use(ctx, &filter.to_string())?;
        self.list_unentered(ctx.tenant, filter, limit, after).await
    }

    /// [`Self::list`] for a use of the trail that has been entered already.
    pub(crate) async fn list_unentered(
        &self,
        tenant: TenantId,
        filter: &Filter,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<EntryPage> {
        let keys = self.loaded_keys(tenant)?;
        let mentions = Mentions::new(&keys)?;
        let tokens = filter.tokens(&mentions);
        let mut page = EntryPage {
            entries: Vec::new(),
            next: Some(after.unwrap_or_else(|| filter.start())),
        };
        let mut scanned = 0;
        while let Some(cursor) = page.next.filter(|_| scanned < SCANNED) {
            let rows = self.rows(tenant, filter, tokens.as_deref(), cursor).await?;
            scanned += rows.len();
            if !collect(tenant, &keys, filter, &rows, (limit, &mut page))?
                && i64::try_from(rows.len()).unwrap_or(i64::MAX) < CHUNK
            {
                page.next = None;
            }
            if page.entries.len() >= limit {
                break;
            }
        }
        if filter.within.is_some() {
            self.cut_down(tenant, &mentions, filter, &mut page.entries)
                .await?;
            // Found by the hash of the only patient, though the record is no longer there.
            if let [only] = filter.patients()[..] {
                for entry in &mut page.entries {
                    entry.about = vec![Arc::from(only)];
                }
            }
        } else if let Some(patient) = &filter.patient {
            let about: Vec<Arc<str>> = vec![Arc::from(patient.as_str())];
            for entry in &mut page.entries {
                entry.about.clone_from(&about);
            }
        }
        Ok(page)
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

    /// [`Self::entry`] for a reader who may see the trail of some patients only: `None` when it is about
    /// none of them, and otherwise cut down to what is.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn entry_within(
        &self,
        ctx: &OpCtx,
        seq: i64,
        patients: &[String],
    ) -> Result<Option<Entry>> {
        let Some(entry) = self.entry(ctx, seq).await? else {
            return Ok(None);
        };
        let keys = self.loaded_keys(ctx.tenant)?;
        let filter = Filter {
            within: Some(patients.to_vec()),
            ..Filter::default()
        };
        let mut entries = vec![entry];
        self.cut_down(ctx.tenant, &Mentions::new(&keys)?, &filter, &mut entries)
            .await?;
        Ok(entries.pop().filter(|entry| !entry.about.is_empty()))
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
        at: Cursor,
    ) -> Result<Vec<Row>> {
        let (bound, by_token, by_time) = if filter.oldest_first {
            let until = filter.until.map_or(i64::MAX, |until| until.0);
            (until, BY_TOKEN_OLDEST, BY_TIME_OLDEST)
        } else {
            (
                filter.from.map_or(i64::MIN, |from| from.0),
                BY_TOKEN,
                BY_TIME,
            )
        };
        let readers = self.database().readers();
        let rows = match tokens {
            Some(tokens) => {
                let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                    [&tenant.0, &tokens, &bound, &at.at, &at.seq, &CHUNK];
                readers.query(tenant, by_token, &params).await?
            }
            None => {
                let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                    [&tenant.0, &bound, &at.at, &at.seq, &CHUNK];
                readers.query(tenant, by_time, &params).await?
            }
        };
        Ok(rows)
    }
}

/// Adds the rows that are asked for to a page; returns whether the page became full.
fn collect(
    tenant: TenantId,
    keys: &TenantKeys,
    filter: &Filter,
    rows: &[Row],
    (limit, page): (usize, &mut EntryPage),
) -> Result<bool> {
    for row in rows {
        page.next = Some(Cursor {
            at: column(row, 1)?,
            seq: column(row, 0)?,
        });
        let opened = entry(tenant, keys, row)?;
        page.entries
            .extend(opened.filter(|entry| filter.admits(entry)));
        if page.entries.len() >= limit {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A row, opened; `None` when it cannot be.
pub(super) fn entry(tenant: TenantId, keys: &TenantKeys, row: &Row) -> Result<Option<Entry>> {
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
        about: Vec::new(),
    }))
}

impl Entry {
    /// Where a page that ends with this entry ends.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor {
            at: self.at.0,
            seq: self.seq,
        }
    }
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
