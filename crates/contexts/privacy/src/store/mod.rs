//! SQL of the context: sealed papers, and the counters of the rules.

pub(crate) mod counters;
pub(crate) mod reviews;
mod upkeep;

use mt_crypto::{Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use mt_store::{DomainEvent, Tenants};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::disclosure::Disclosure;
use crate::domain::erasure::Erasure;
use crate::domain::hold::LegalHold;
use crate::domain::incident::Incident;
use crate::{PrivacyError, Result};

const INSERT: &str = "insert into privacy.paper (tenant, kind, id, at, subject, state, version, sealed) \
    values ($1, $2, $3, $4, $5, $6, 1, $7) on conflict (tenant, kind, id) do nothing";
const GET: &str = "select id, at, version, sealed from privacy.paper \
    where tenant = $1 and kind = $2 and id = $3";
const REPLACE: &str = "update privacy.paper set state = $4, version = version + 1, sealed = $5 \
    where tenant = $1 and kind = $2 and id = $3 and version = $6";
const LIST: &str = "select id, at, version, sealed from privacy.paper \
    where tenant = $1 and kind = $2 and ($3::int2 is null or state = $3) \
      and ($4::int8 is null or subject = $4) and at >= $5 and (at, id) < ($6, $7) \
    order by at desc, id desc limit $8";

/// What is kept as a paper.
pub(crate) trait Paper: Serialize + DeserializeOwned {
    /// Number of its kind.
    const KIND: i16;
    /// What a person calls it.
    const NAME: &'static str;
    /// Its state, for lists.
    fn state(&self) -> i16;
}

impl Paper for Incident {
    const KIND: i16 = 1;
    const NAME: &'static str = "incident";
    fn state(&self) -> i16 {
        self.state as i16
    }
}

impl Paper for Disclosure {
    const KIND: i16 = 2;
    const NAME: &'static str = "disclosure";
    fn state(&self) -> i16 {
        1
    }
}

impl Paper for LegalHold {
    const KIND: i16 = 3;
    const NAME: &'static str = "legal hold";
    fn state(&self) -> i16 {
        if self.released.is_some() { 2 } else { 1 }
    }
}

impl Paper for Erasure {
    const KIND: i16 = 4;
    const NAME: &'static str = "erasure";
    fn state(&self) -> i16 {
        if self.outcome.is_some() { 2 } else { 1 }
    }
}

/// A paper as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kept<T> {
    /// Its id.
    pub id: Uuid,
    /// How often it was written.
    pub version: u32,
    /// When it began, microseconds since 1970.
    pub at: i64,
    /// What it says.
    #[serde(flatten)]
    pub paper: T,
}

/// Which papers are wanted, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// In this state.
    pub state: Option<i16>,
    /// About the patient with this keyed hash.
    pub subject: Option<i64>,
    /// Not older.
    pub since: Instant,
    /// After the paper with this time and id.
    pub after: Option<(i64, Uuid)>,
    /// At most.
    pub limit: i64,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            state: None,
            subject: None,
            since: Instant(i64::MIN),
            after: None,
            limit: 50,
        }
    }
}

/// The papers of all tenants.
#[derive(Clone)]
pub(crate) struct Papers {
    pub(crate) database: Database,
    pub(crate) tenants: Tenants,
}

impl Papers {
    /// Keeps a new paper; `false` when there is one with this id already.
    pub(crate) async fn insert<T: Paper>(
        &self,
        tenant: TenantId,
        place: (Uuid, Instant),
        subject: i64,
        paper: &T,
    ) -> Result<bool> {
        self.insert_saying(tenant, place, subject, (paper, &[]))
            .await
    }

    /// Keeps a new paper and says events of it, once.
    pub(crate) async fn insert_saying<T: Paper>(
        &self,
        tenant: TenantId,
        (id, at): (Uuid, Instant),
        subject: i64,
        (paper, events): (&T, &[DomainEvent]),
    ) -> Result<bool> {
        let keys = self.tenants.keys(tenant).await?;
        let sealed = seal(&keys, T::KIND, id, 1, paper)?;
        let tx = self.database.tenant(tenant).await?;
        let state = paper.state();
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&tenant.0, &T::KIND, &id, &at.0, &subject, &state, &sealed];
        let added = tx.execute(INSERT, &params).await? == 1;
        if added {
            mt_store::say(&tx, &keys, (Uuid::now_v7(), at), events).await?;
        }
        tx.commit().await?;
        Ok(added)
    }

    /// The paper with this id.
    pub(crate) async fn get<T: Paper>(&self, tenant: TenantId, id: Uuid) -> Result<Kept<T>> {
        let keys = self.tenants.keys(tenant).await?;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&tenant.0, &T::KIND, &id];
        let rows = self.database.readers().query(tenant, GET, &params).await?;
        let row = rows.first().ok_or(PrivacyError::NotFound(T::NAME))?;
        open(&keys, row)
    }

    /// Writes a paper again, unless somebody else did since it was read.
    pub(crate) async fn replace<T: Paper>(&self, tenant: TenantId, kept: &Kept<T>) -> Result<u32> {
        let keys = self.tenants.keys(tenant).await?;
        let next = kept.version.saturating_add(1);
        let sealed = seal(&keys, T::KIND, kept.id, next, &kept.paper)?;
        let tx = self.database.tenant(tenant).await?;
        let (state, version) = (kept.paper.state(), kept.version.cast_signed());
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&tenant.0, &T::KIND, &kept.id, &state, &sealed, &version];
        if tx.execute(REPLACE, &params).await? == 0 {
            return Err(PrivacyError::Stale);
        }
        tx.commit().await?;
        Ok(next)
    }

    /// The papers that are wanted, newest first.
    pub(crate) async fn list<T: Paper>(
        &self,
        tenant: TenantId,
        wanted: &Wanted,
    ) -> Result<Vec<Kept<T>>> {
        let keys = self.tenants.keys(tenant).await?;
        let (at, id) = wanted.after.unwrap_or((i64::MAX, Uuid::max()));
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 8] = [
            &tenant.0,
            &T::KIND,
            &wanted.state,
            &wanted.subject,
            &wanted.since.0,
            &at,
            &id,
            &wanted.limit,
        ];
        let rows = self.database.readers().query(tenant, LIST, &params).await?;
        rows.iter().map(|row| open(&keys, row)).collect()
    }

    pub(crate) async fn transaction(&self, tenant: TenantId) -> Result<TenantTx> {
        Ok(self.database.tenant(tenant).await?)
    }
}

/// What a paper is sealed to: no paper passes for another, nor an old one for a new one.
fn place(kind: i16, id: Uuid, version: u32) -> [u8; 30] {
    let mut place = [0; 30];
    place[..8].copy_from_slice(b"privacy\0");
    place[8..10].copy_from_slice(&kind.to_be_bytes());
    place[10..26].copy_from_slice(id.as_bytes());
    place[26..].copy_from_slice(&version.to_be_bytes());
    place
}

pub(crate) fn seal<T: Serialize>(
    keys: &TenantKeys,
    kind: i16,
    id: Uuid,
    version: u32,
    paper: &T,
) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(paper).map_err(|_| PrivacyError::Damaged)?;
    Ok(mt_crypto::seal(
        keys,
        Purpose::Audit,
        &place(kind, id, version),
        &text,
    )?)
}

fn open<T: Paper>(keys: &TenantKeys, row: &Row) -> Result<Kept<T>> {
    let (id, version): (Uuid, i32) = (column(row, 0)?, column(row, 2)?);
    let version = u32::try_from(version).map_err(|_| PrivacyError::Damaged)?;
    let sealed: Vec<u8> = column(row, 3)?;
    Ok(Kept {
        id,
        version,
        at: column(row, 1)?,
        paper: unseal(keys, T::KIND, id, version, &sealed)?,
    })
}

pub(crate) fn unseal<T: DeserializeOwned>(
    keys: &TenantKeys,
    kind: i16,
    id: Uuid,
    version: u32,
    sealed: &[u8],
) -> Result<T> {
    let text = mt_crypto::open(keys, Purpose::Audit, &place(kind, id, version), sealed)?;
    serde_json::from_slice(&text).map_err(|_| PrivacyError::Damaged)
}

/// A column that a statement of this crate asked for.
pub(crate) fn column<T: FromSqlOwned>(row: &Row, at: usize) -> Result<T> {
    row.try_get(at).map_err(|_| PrivacyError::Damaged)
}
