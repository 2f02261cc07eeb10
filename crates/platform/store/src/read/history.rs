//! History: of one resource, of a type, of everything; newest first.
//!
//! One resource is read by its key. A type and the whole tenant are read from the transaction log,
//! which is in order of time; a page looks at a bounded number of transactions and may therefore be
//! short, with a cursor that goes on.

use std::collections::HashMap;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::Instant;
use mt_search::query::Range;
use uuid::Uuid;

use super::point::{sealed_row, stored};
use crate::cache::{RowKey, SealedRow};
use crate::commit::type_column;
use crate::cursor::{open_cursor, seal_cursor};
use crate::source::Source;
use crate::tenants::{Tenant, column};
use crate::{
    Caller, Entry, EntryMode, Interaction, Page, ReadAccess, Result, Store, StoreError, Stored,
};

/// Whose history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOf<'a> {
    /// Of every resource.
    System,
    /// Of the resources of a type.
    Type(ResourceType),
    /// Of the resource with this literal id.
    Instance(ResourceType, &'a str),
}

/// What of a history is asked for (<http://hl7.org/fhir/R4/http.html#history>).
#[derive(Clone, Copy, Debug)]
pub struct HistoryQuery<'a> {
    /// Whose history.
    pub of: HistoryOf<'a>,
    /// `_since`: versions made at or after this instant.
    pub since: Option<Instant>,
    /// `_at`: versions that were current at some time in this range of microseconds.
    pub at: Option<Range<i64>>,
    /// Entries in a page.
    pub count: usize,
    /// Cursor of the page before.
    pub cursor: Option<&'a str>,
}

/// Most entries in a page.
const MAX_COUNT: usize = 1000;
/// Transactions read at a time, and at most for one page.
const LOG_CHUNK: i64 = 200;
const LOG_BUDGET: i64 = 20_000;

const INSTANCE: &str = "select v.type, v.id, v.version, v.updated_at, v.deleted, v.body from ( \
      select type, id, version, updated_at, deleted, body from records.res \
      where tenant = $1 and type = $2 and id = $3 \
      union all select type, id, version, updated_at, deleted, body from records.res_h \
      where tenant = $1 and type = $2 and id = $3) v \
    where v.version < $4 and v.updated_at >= $5 and v.updated_at <= $6 \
    order by v.version desc limit $7";

const LOG: &str = "select at, seq, types, ids, versions from records.txlog \
    where tenant = $1 and (at, seq) <= ($2, $3) and at >= $4 order by at desc, seq desc limit $5";

const VERSIONS: &str = "select r.type, r.id, r.version, r.updated_at, r.deleted, r.body \
    from unnest($2::int2[], $3::uuid[], $4::int4[]) as k (type, id, version) \
    join records.res r on r.tenant = $1 and r.type = k.type and r.id = k.id and r.version = k.version \
    union all select r.type, r.id, r.version, r.updated_at, r.deleted, r.body \
    from unnest($2::int2[], $3::uuid[], $4::int4[]) as k (type, id, version) \
    join records.res_h r on r.tenant = $1 and r.type = k.type and r.id = k.id and r.version = k.version";

const NEXT_AT: &str = "select k.type, k.id, k.version, v.updated_at \
    from unnest($2::int2[], $3::uuid[], $4::int4[]) as k (type, id, version) \
    cross join lateral (select updated_at from records.res r where r.tenant = $1 and r.type = k.type \
        and r.id = k.id and r.version = k.version + 1 \
      union all select updated_at from records.res_h r where r.tenant = $1 and r.type = k.type \
        and r.id = k.id and r.version = k.version + 1) v";

/// One version by key.
type VersionKey = (ResourceType, Uuid, u32);

impl Store {
    /// A page of history, newest first; deletions are entries too.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the resource never was or the caller may not see it.
    pub async fn history(&self, caller: &Caller, query: &HistoryQuery<'_>) -> Result<Page> {
        let tenant = self.tenants().get(caller.ctx.tenant).await?;
        let page = match query.of {
            HistoryOf::Instance(resource_type, id) => {
                self.instance_history(caller, &tenant, query, resource_type, id)
                    .await
            }
            HistoryOf::Type(resource_type) => {
                self.log_history(caller, &tenant, query, Some(resource_type))
                    .await
            }
            HistoryOf::System => self.log_history(caller, &tenant, query, None).await,
        }?;
        self.note_history(caller, query, &page)?;
        Ok(page)
    }

    async fn instance_history(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        query: &HistoryQuery<'_>,
        resource_type: ResourceType,
        literal: &str,
    ) -> Result<Page> {
        if !caller.access.allows_some(resource_type) {
            return Err(StoreError::NotFound);
        }
        let id = tenant.key_of(resource_type, literal);
        let key = RowKey {
            tenant: tenant.id,
            resource_type,
            id,
        };
        let question = question(query);
        let below = match query.cursor {
            Some(cursor) => version_in(&open_cursor(tenant, &question, cursor)?)?,
            None => i32::MAX,
        };
        let limit = query.count.clamp(1, MAX_COUNT);
        let ceiling = query.at.map_or(i64::MAX, |at| at.hi);
        let since = query.since.map_or(i64::MIN, |since| since.0);
        let ask = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let params: [&(dyn postgres_types::ToSql + Sync); 7] = [
            &tenant.id.0,
            &type_column(resource_type),
            &id,
            &below,
            &since,
            &ceiling,
            &ask,
        ];
        let rows = self.shared(tenant.id).query(INSTANCE, &params).await?;
        if rows.is_empty() && query.cursor.is_none() {
            let row = self.current_row(tenant, &key).await?;
            row.ok_or(StoreError::NotFound)?;
        }
        let mut versions = Vec::with_capacity(rows.len());
        for row in &rows {
            let (_, _, sealed) = sealed_row(row)?;
            versions.push(self.open_row(tenant, &key, sealed).await?);
        }
        if versions
            .first()
            .is_some_and(|newest| *newest.id != *literal)
        {
            return Err(StoreError::NotFound);
        }
        let more = versions.len() > limit;
        versions.truncate(limit);
        let next = match versions.last().filter(|_| more) {
            Some(last) => Some(seal_cursor(tenant, &question, &last.version.to_be_bytes())?),
            None => None,
        };
        let keys: Vec<VersionKey> = versions
            .iter()
            .map(|v| (resource_type, id, v.version))
            .collect();
        let current_then = self.current_at(tenant, query, &keys).await?;
        let mut entries = Vec::with_capacity(versions.len());
        for (version, key) in versions.into_iter().zip(&keys) {
            if current_then(key) {
                self.push_visible(caller, tenant, version, &mut entries)
                    .await?;
            }
        }
        Ok(Page {
            entries,
            total: None,
            next,
        })
    }

    async fn log_history(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        query: &HistoryQuery<'_>,
        only: Option<ResourceType>,
    ) -> Result<Page> {
        let question = question(query);
        let mut place = match query.cursor {
            Some(cursor) => Place::from_bytes(&open_cursor(tenant, &question, cursor)?)?,
            None => Place {
                at: query.at.map_or(i64::MAX, |at| at.hi),
                seq: i64::MAX,
                offset: 0,
            },
        };
        let wanted =
            |t: ResourceType| only.is_none_or(|only| only == t) && caller.access.allows_some(t);
        let limit = query.count.clamp(1, MAX_COUNT);
        let mut found: Vec<VersionKey> = Vec::with_capacity(limit);
        let mut looked_at = 0;
        let finished = loop {
            let since = query.since.map_or(i64::MIN, |since| since.0);
            let params: [&(dyn postgres_types::ToSql + Sync); 5] =
                [&tenant.id.0, &place.at, &place.seq, &since, &LOG_CHUNK];
            let rows = self.shared(tenant.id).query(LOG, &params).await?;
            let last_chunk = i64::try_from(rows.len()).is_ok_and(|count| count < LOG_CHUNK);
            looked_at += LOG_CHUNK;
            let full = read_log(&rows, &mut place, limit, &wanted, &mut found)?;
            if full || last_chunk {
                break !full;
            }
            if looked_at >= LOG_BUDGET {
                break false;
            }
        };
        let next = match finished {
            true => None,
            false => Some(seal_cursor(tenant, &question, &place.to_bytes())?),
        };
        let current_then = self.current_at(tenant, query, &found).await?;
        found.retain(|key| current_then(key));
        let mut bodies = self
            .versions(self.shared(tenant.id), tenant, &found)
            .await?;
        let mut entries = Vec::with_capacity(found.len());
        for version in found.iter().filter_map(|key| bodies.remove(key)) {
            self.push_visible(caller, tenant, version, &mut entries)
                .await?;
        }
        Ok(Page {
            entries,
            total: None,
            next,
        })
    }

    /// With `_at`, which versions had not yet been superseded when the range began.
    async fn current_at(
        &self,
        tenant: &Tenant,
        query: &HistoryQuery<'_>,
        keys: &[VersionKey],
    ) -> Result<impl Fn(&VersionKey) -> bool + use<>> {
        let mut superseded: HashMap<VersionKey, i64> = HashMap::new();
        if query.at.is_some() {
            let (types, ids, versions) = columns(keys);
            let params: [&(dyn postgres_types::ToSql + Sync); 4] =
                [&tenant.id.0, &types, &ids, &versions];
            for row in &self.shared(tenant.id).query(NEXT_AT, &params).await? {
                let number: i16 = column(row, 0)?;
                let version: i32 = column(row, 2)?;
                if let Some(t) = ResourceType::from_number(number.cast_unsigned()) {
                    superseded.insert(
                        (t, column(row, 1)?, version.cast_unsigned()),
                        column(row, 3)?,
                    );
                }
            }
        }
        let begin = query.at.map_or(i64::MIN, |at| at.lo);
        Ok(move |key: &VersionKey| superseded.get(key).is_none_or(|end| *end > begin))
    }

    /// The versions with these keys, opened.
    async fn versions(
        &self,
        source: Source<'_>,
        tenant: &Arc<Tenant>,
        keys: &[VersionKey],
    ) -> Result<HashMap<VersionKey, Stored>> {
        let (types, ids, versions) = columns(keys);
        let params: [&(dyn postgres_types::ToSql + Sync); 4] =
            [&tenant.id.0, &types, &ids, &versions];
        let rows = source.query(VERSIONS, &params).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let (resource_type, id, sealed) = sealed_row(row)?;
            let key = RowKey {
                tenant: tenant.id,
                resource_type,
                id,
            };
            let version = self.open_version(tenant, &key, sealed).await?;
            found.insert((resource_type, id, version.version), version);
        }
        Ok(found)
    }

    async fn open_version(
        &self,
        tenant: &Arc<Tenant>,
        key: &RowKey,
        sealed: SealedRow,
    ) -> Result<Stored> {
        match stored(tenant, key, &sealed) {
            Ok(stored) => Ok(stored),
            Err(_) => self.open_row(tenant, key, sealed).await,
        }
    }

    async fn push_visible(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        version: Stored,
        entries: &mut Vec<Entry>,
    ) -> Result<()> {
        match self.check_visible(caller, tenant, &version).await {
            Ok(()) => entries.push(Entry {
                resource: version,
                mode: EntryMode::Match,
            }),
            Err(StoreError::NotFound) => {}
            Err(other) => return Err(other),
        }
        Ok(())
    }

    fn note_history(&self, caller: &Caller, query: &HistoryQuery<'_>, page: &Page) -> Result<()> {
        let resources: Vec<_> = page
            .entries
            .iter()
            .map(|entry| &entry.resource)
            .map(|stored| (stored.resource_type, Arc::clone(&stored.id), stored.version))
            .collect();
        let resource_type = match query.of {
            HistoryOf::System => None,
            HistoryOf::Type(resource_type) | HistoryOf::Instance(resource_type, _) => {
                Some(resource_type)
            }
        };
        let access = ReadAccess {
            interaction: Interaction::History,
            resource_type,
            resources: &resources,
            query: None,
            refusal: None,
        };
        Ok(self.hooks().audit.note(caller, &access)?)
    }
}

/// Collects wanted versions from rows of the log; `true` when the page is full. `place` moves to
/// where the next page begins.
fn read_log(
    rows: &[tokio_postgres::Row],
    place: &mut Place,
    limit: usize,
    wanted: &impl Fn(ResourceType) -> bool,
    found: &mut Vec<VersionKey>,
) -> Result<bool> {
    for row in rows {
        let (at, seq): (i64, i64) = (column(row, 0)?, column(row, 1)?);
        let (types, ids, versions): (Vec<i16>, Vec<Uuid>, Vec<i32>) =
            (column(row, 2)?, column(row, 3)?, column(row, 4)?);
        let resumed = (place.at, place.seq) == (at, seq);
        let skip = if resumed { place.offset } else { 0 };
        let all = types.into_iter().zip(ids).zip(versions).enumerate();
        for (offset, ((number, id), version)) in all.skip(skip) {
            let resource_type = ResourceType::from_number(number.cast_unsigned());
            let Some(resource_type) = resource_type.filter(|t| wanted(*t)) else {
                continue;
            };
            if found.len() == limit {
                *place = Place { at, seq, offset };
                return Ok(true);
            }
            found.push((resource_type, id, version.cast_unsigned()));
        }
        // Rows up to and with this one are done.
        *place = Place {
            at,
            seq: seq - 1,
            offset: 0,
        };
    }
    Ok(false)
}

fn columns(keys: &[VersionKey]) -> (Vec<i16>, Vec<Uuid>, Vec<i32>) {
    let types = keys.iter().map(|(t, ..)| type_column(*t)).collect();
    let ids = keys.iter().map(|(_, id, _)| *id).collect();
    let versions = keys
        .iter()
        .map(|(.., version)| version.cast_signed())
        .collect();
    (types, ids, versions)
}

/// Where in the log a page begins.
struct Place {
    at: i64,
    seq: i64,
    /// Position in the arrays of that transaction.
    offset: usize,
}

impl Place {
    fn to_bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.at.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.seq.to_be_bytes());
        bytes[16..].copy_from_slice(&(self.offset as u64).to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let word = |index: usize| -> Option<[u8; 8]> {
            bytes.get(index * 8..index * 8 + 8)?.try_into().ok()
        };
        let place = || {
            Some(Self {
                at: i64::from_be_bytes(word(0)?),
                seq: i64::from_be_bytes(word(1)?),
                offset: usize::try_from(u64::from_be_bytes(word(2)?)).ok()?,
            })
        };
        place().ok_or(StoreError::Damaged("history cursor"))
    }
}

fn version_in(bytes: &[u8]) -> Result<i32> {
    let bytes = bytes
        .try_into()
        .map_err(|_| StoreError::Damaged("history cursor"))?;
    Ok(u32::from_be_bytes(bytes).cast_signed())
}

/// What a cursor of this history is bound to.
fn question(query: &HistoryQuery<'_>) -> Vec<u8> {
    format!("history {:?} {:?} {:?}", query.of, query.since, query.at).into_bytes()
}
