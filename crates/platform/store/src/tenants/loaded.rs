//! One tenant in memory: what sealing, opening and indexing need.

use std::collections::HashMap;
use std::sync::Arc;

use mt_crypto::{
    BlindIndex, CryptoError, DateShift, Dictionaries, DictionaryId, KeyId, KeyService, KeyState,
    Purpose, ResourceIds, ShippedDictionaries, TenantKeys, WrappedKey, open_dictionary,
};
use mt_database::{Database, TenantTx};
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use mt_search::ParamRegistry;
use uuid::Uuid;

use crate::cache::SealedRow;
use crate::{Result, StoreError};

/// One tenant with its keys.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) keys: TenantKeys,
    pub(crate) dictionaries: Dictionaries,
    pub(crate) blind: BlindIndex,
    pub(crate) ids: ResourceIds,
    pub(crate) shift: DateShift,
    /// What records are indexed by.
    pub(crate) params: ParamRegistry,
    /// What they may be searched by: all of them are indexed by it.
    pub(crate) searching: ParamRegistry,
}

/// Serialises the making of keys for one tenant: the lock's first half.
const KEYS_LOCK: i32 = 0x6d74_6b01;

impl Tenant {
    /// Loads keys and dictionaries, making the keys that are missing.
    pub(crate) async fn load(
        database: &Database,
        service: &KeyService,
        shipped: &Arc<ShippedDictionaries>,
        id: TenantId,
        now: Instant,
    ) -> Result<Self> {
        let tx = database.tenant(id).await?;
        let mut rows = read_keys(&tx).await?;
        if service_lacks(&rows) {
            tx.query("select pg_advisory_xact_lock($1, $2)", &[&KEYS_LOCK, &id.0])
                .await?;
            rows = read_keys(&tx).await?;
            let made = service.complete(id, &rows).await?;
            write_keys(&tx, &made, now).await?;
            rows.extend(made);
        }
        let keys = service.load(id, &rows).await?;
        let dictionaries = Dictionaries::new(Arc::clone(shipped));
        load_dictionaries(&tx, &keys, &dictionaries).await?;
        let mut tenant = Self {
            id,
            blind: keys.blind_index()?,
            ids: keys.resource_ids()?,
            shift: keys.date_shift()?,
            keys,
            dictionaries,
            params: ParamRegistry::official(),
            searching: ParamRegistry::official(),
        };
        let own = super::params::read(&tx, &tenant).await?;
        (tenant.params, tenant.searching) = (own.indexing, own.searching);
        tx.commit().await?;
        Ok(tenant)
    }

    /// The plaintext of a stored version.
    pub(crate) fn open(
        &self,
        resource_type: ResourceType,
        id: Uuid,
        row: &SealedRow,
    ) -> Result<Vec<u8>> {
        self.open_version(resource_type, id, row.version, &row.body)
    }

    /// The plaintext of sealed bytes that stand at this place.
    pub(crate) fn open_version(
        &self,
        resource_type: ResourceType,
        id: Uuid,
        version: u32,
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        let place = mt_crypto::BodyAad {
            resource_type: resource_type.number(),
            id,
            version,
        };
        Ok(mt_crypto::open_body(
            &self.keys,
            &self.dictionaries,
            &place,
            sealed,
        )?)
    }

    /// Compresses and seals a body for its place.
    pub(crate) fn seal(
        &self,
        resource_type: ResourceType,
        id: Uuid,
        version: u32,
        body: &[u8],
    ) -> Result<Vec<u8>> {
        let place = mt_crypto::BodyAad {
            resource_type: resource_type.number(),
            id,
            version,
        };
        Ok(mt_crypto::seal_body(
            &self.keys,
            &self.dictionaries,
            &place,
            body,
        )?)
    }

    /// Whether new bodies of a type are sealed with a dictionary trained on the tenant's own records.
    pub(crate) fn has_own_dictionary(&self, resource_type: ResourceType) -> bool {
        self.dictionaries
            .for_type(resource_type.number())
            .is_some_and(|dictionary| dictionary.id().is_own())
    }

    /// The primary key of a literal id.
    pub(crate) fn key_of(&self, resource_type: ResourceType, literal: &str) -> Uuid {
        self.ids.key_of(resource_type.number(), literal)
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn service_lacks(rows: &[WrappedKey]) -> bool {
    let active = |purpose| {
        rows.iter()
            .any(|row| row.purpose == purpose && row.state == KeyState::Active)
    };
    !Purpose::ALL.into_iter().all(active)
}

/// The tenant's wrapped keys, oldest first.
pub(crate) async fn read_keys(tx: &TenantTx) -> Result<Vec<WrappedKey>> {
    let sql = "select purpose, id, state, wrapped from tenancy.keys where tenant = $1 \
               order by purpose, id";
    let rows = tx.query(sql, &[&tx.tenant().0]).await?;
    rows.iter()
        .map(|row| {
            let (purpose, id, state): (i16, i32, i16) =
                (column(row, 0)?, column(row, 1)?, column(row, 2)?);
            let damaged = StoreError::Damaged("wrapped key");
            Ok(WrappedKey {
                tenant: tx.tenant(),
                purpose: u8::try_from(purpose)
                    .ok()
                    .and_then(Purpose::from_code)
                    .ok_or(damaged.clone())?,
                id: KeyId(u32::try_from(id).map_err(|_| damaged.clone())?),
                state: u8::try_from(state)
                    .ok()
                    .and_then(KeyState::from_code)
                    .ok_or(damaged)?,
                wrapped: column(row, 3)?,
            })
        })
        .collect()
}

/// Stores wrapped keys: new ones, and known ones in a new state or wrapping.
pub(crate) async fn write_keys(tx: &TenantTx, keys: &[WrappedKey], now: Instant) -> Result<()> {
    let sql = "insert into tenancy.keys (tenant, purpose, id, state, wrapped, created_at) \
               values ($1, $2, $3, $4, $5, $6) on conflict (tenant, purpose, id) do update \
               set state = excluded.state, wrapped = excluded.wrapped";
    for key in keys {
        let id = i32::try_from(key.id.0).map_err(|_| StoreError::Damaged("key id"))?;
        let (purpose, state) = (i16::from(key.purpose.code()), i16::from(key.state.code()));
        tx.execute(
            sql,
            &[&key.tenant.0, &purpose, &id, &state, &key.wrapped, &now.0],
        )
        .await?;
    }
    Ok(())
}

async fn load_dictionaries(
    tx: &TenantTx,
    keys: &TenantKeys,
    dictionaries: &Dictionaries,
) -> Result<()> {
    let sql = "select type, id, active, sealed from tenancy.dictionaries where tenant = $1 \
               order by id";
    let mut active = HashMap::new();
    for row in tx.query(sql, &[&tx.tenant().0]).await? {
        let (number, id): (i16, i32) = (column(&row, 0)?, column(&row, 1)?);
        let id = u16::try_from(id).map_err(|_| StoreError::Damaged("dictionary id"))?;
        let sealed: Vec<u8> = column(&row, 3)?;
        let dictionary = Arc::new(open_dictionary(keys, DictionaryId(id), &sealed)?);
        dictionaries.load(Arc::clone(&dictionary))?;
        if column(&row, 2)? {
            active.insert(number.cast_unsigned(), dictionary);
        }
    }
    for (resource_type, dictionary) in active {
        dictionaries.activate(resource_type, dictionary)?;
    }
    Ok(())
}

/// A column of a row whose shape the statement fixes.
pub(crate) fn column<'r, T: postgres_types::FromSql<'r>>(
    row: &'r tokio_postgres::Row,
    index: usize,
) -> Result<T> {
    row.try_get(index)
        .map_err(|_| StoreError::Damaged("unexpected column"))
}

/// Whether keys or dictionaries have to be loaded again to open something.
pub(crate) fn needs_reload(error: &StoreError) -> bool {
    let StoreError::Crypto(error) = error else {
        return false;
    };
    matches!(
        **error,
        CryptoError::UnknownKey { .. } | CryptoError::UnknownDictionary(_)
    )
}
