//! A tenant's own compression dictionaries: trained on its records, sealed like them.
//!
//! Bodies of one type repeat each other; a dictionary of their own makes them several times smaller.
//! New bodies use it from then on, old ones keep theirs.

use std::sync::Arc;

use mt_crypto::{CryptoError, DEFAULT_DICTIONARY, DictionaryId, seal_dictionary, train};
use mt_fhir::ResourceType;
use mt_kernel::TenantId;

use crate::commit::type_column;
use crate::read::sealed_row;
use crate::tenants::{Tenant, column};
use crate::{Result, Store, StoreError};

/// Newest bodies of a type that a dictionary is trained on.
const SAMPLES: i64 = 2_000;

const READ: &str = "select type, id, version, updated_at, deleted, body from records.res \
    where tenant = $1 and type = $2 and not deleted order by id desc limit $3";

impl Store {
    /// Trains a dictionary for each of `types` that has enough records and seals new bodies with it;
    /// returns the types for which there is one now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn train_dictionaries(
        &self,
        tenant: TenantId,
        types: &[ResourceType],
    ) -> Result<Vec<ResourceType>> {
        let loaded = self.tenants().load(tenant).await?;
        let mut trained = Vec::new();
        for resource_type in types {
            if self.train_dictionary(&loaded, *resource_type).await? {
                trained.push(*resource_type);
            }
        }
        self.tenants().load(tenant).await?;
        Ok(trained)
    }

    async fn train_dictionary(
        &self,
        tenant: &Arc<Tenant>,
        resource_type: ResourceType,
    ) -> Result<bool> {
        let number = type_column(resource_type);
        let rows = self
            .shared(tenant.id)
            .query(READ, &[&tenant.id.0, &number, &SAMPLES])
            .await?;
        let mut samples = Vec::with_capacity(rows.len());
        for row in &rows {
            let (_, id, sealed) = sealed_row(row)?;
            samples.push(tenant.open(resource_type, id, &sealed)?);
        }
        let tx = self.database().tenant(tenant.id).await?;
        // One training at a time: numbers are never used twice.
        tx.query(
            "select pg_advisory_xact_lock($1, $2)",
            &[&DICTIONARIES_LOCK, &tenant.id.0],
        )
        .await?;
        let sql = "select coalesce(max(id), $2) + 1 from tenancy.dictionaries where tenant = $1";
        let before = i32::from(DictionaryId::FIRST_OWN.0) - 1;
        let next: i32 = column(&tx.query_one(sql, &[&tenant.id.0, &before]).await?, 0)?;
        let id = u16::try_from(next)
            .map_err(|_| StoreError::Damaged("dictionary numbers are used up"))?;
        // Training takes most of a second of a processor, which the requests keep.
        let training = move || train(DictionaryId(id), &samples, DEFAULT_DICTIONARY);
        let dictionary = match tokio::task::spawn_blocking(training).await {
            Err(_) | Ok(Err(CryptoError::Untrainable)) => return Ok(false),
            Ok(other) => other?,
        };
        let sealed = seal_dictionary(&tenant.keys, &dictionary)?;
        let retire =
            "update tenancy.dictionaries set active = false where tenant = $1 and type = $2";
        tx.execute(retire, &[&tenant.id.0, &number]).await?;
        let insert = "insert into tenancy.dictionaries (tenant, type, id, active, sealed, created_at) \
                      values ($1, $2, $3, true, $4, $5)";
        let now = self.clock().now().0;
        tx.execute(insert, &[&tenant.id.0, &number, &next, &sealed, &now])
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Serialises the numbering of dictionaries for one tenant: the lock's first half.
const DICTIONARIES_LOCK: i32 = 0x6d74_6b02;
