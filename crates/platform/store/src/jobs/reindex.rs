//! Reindex: for search parameters that a tenant has added, and for other indexing rules.
//!
//! Searches go on meanwhile with what is indexed; the rows keep their versions.

use std::sync::Arc;

use mt_database::Step;
use mt_fhir::ResourceType;
use mt_kernel::TenantId;

use super::CHUNK;
use super::reseal::Place;
use crate::commit::{
    EncodedRow, REPLACE_AUX, RowArray, encode_aux, encode_row, parse_stored, type_column,
};
use crate::index::index;
use crate::read::sealed_row;
use crate::tenants::Tenant;
use crate::{Claim, Result, Store};

const READ: &str = "select type, id, version, updated_at, deleted, body from records.res \
    where tenant = $1 and type = $2 and id > $3 order by id limit $4";

const WRITE: &str = "update records.res r set dlo = n.dlo, dhi = n.dhi, pat = n.pat, k1 = n.k1, \
      recheck = n.recheck, keys = n.keys \
    from unnest($2::records.res_in[]) n \
    where r.tenant = $1 and r.type = n.type and r.id = n.id and r.version = n.version";

/// Where a reindex notes how far it has come.
#[derive(Clone, Copy)]
enum Meter<'a> {
    /// In the named job of the tenant.
    Job(&'a str),
    /// In the job of a worker, after so many rows of other types.
    Claim(&'a Claim, u64),
}

impl Store {
    /// Indexes every resource of `types` again by the tenant's present search parameters; returns how
    /// many. [`Store::jobs`] tells how far it has come.
    ///
    /// # Errors
    /// When the database does not answer; calling it again goes on.
    pub async fn reindex(&self, tenant: TenantId, types: &[ResourceType]) -> Result<u64> {
        let tenant = self.tenants().load(tenant).await?;
        let mut count = 0;
        for resource_type in types {
            count += self.reindex_type(&tenant, *resource_type).await?;
        }
        Ok(count)
    }

    async fn reindex_type(&self, tenant: &Arc<Tenant>, resource_type: ResourceType) -> Result<u64> {
        let job = format!("reindex {resource_type}");
        let total = self.rows_of(tenant.id, "records.res").await?;
        let place = Place::from_bytes(self.begin_job(tenant.id, &job, total).await?);
        self.reindex_from(tenant, resource_type, place, Meter::Job(&job))
            .await
    }

    /// The same for new search parameters, always from the beginning: an earlier run that was
    /// interrupted did not know them. Returns how many rows are done, those `before` included.
    pub(crate) async fn reindex_claimed(
        &self,
        claim: &Claim,
        resource_type: ResourceType,
        before: u64,
    ) -> Result<u64> {
        let tenant = self.tenants().get(claim.tenant).await?;
        let place = Place::from_bytes(None);
        let meter = Meter::Claim(claim, before);
        let count = self
            .reindex_from(&tenant, resource_type, place, meter)
            .await?;
        Ok(before + count)
    }

    async fn reindex_from(
        &self,
        tenant: &Arc<Tenant>,
        resource_type: ResourceType,
        mut place: Place,
        meter: Meter<'_>,
    ) -> Result<u64> {
        let number = type_column(resource_type);
        let mut count = 0;
        loop {
            let rows = self
                .shared(tenant.id)
                .query(READ, &[&tenant.id.0, &number, &place.id, &CHUNK])
                .await?;
            let (mut encoded, mut aux) = (Vec::new(), Vec::new());
            let (mut types, mut ids) = (Vec::new(), Vec::new());
            for row in &rows {
                let (_, id, sealed) = sealed_row(row)?;
                place = Place {
                    resource_type: number,
                    id,
                    version: 0,
                };
                if sealed.deleted {
                    continue;
                }
                let doc = parse_stored(&tenant.open(resource_type, id, &sealed)?)?;
                let indexed = index(tenant, resource_type, id, doc.root())?;
                encoded.push(encode_row(resource_type, id, &sealed, &indexed));
                aux.extend(
                    indexed
                        .aux
                        .iter()
                        .map(|row| encode_aux(resource_type, id, row)),
                );
                types.push(number);
                ids.push(id);
            }
            count += ids.len() as u64;
            self.write_index(tenant, &encoded, &aux, &types, &ids)
                .await?;
            let finished = i64::try_from(rows.len()).is_ok_and(|read| read < CHUNK);
            let bytes = place.to_bytes();
            let next = (!finished).then_some(&bytes[..]);
            match meter {
                Meter::Job(job) => self.note_job(tenant.id, job, rows.len(), next).await?,
                Meter::Claim(claim, before) => claim.report(self, before + count, 0).await?,
            }
            if finished {
                return Ok(count);
            }
        }
    }

    async fn write_index(
        &self,
        tenant: &Tenant,
        rows: &[EncodedRow],
        aux: &[EncodedRow],
        types: &[i16],
        ids: &[uuid::Uuid],
    ) -> Result<()> {
        let (rows, aux) = (RowArray::new(rows), RowArray::new(aux));
        let main: [&(dyn postgres_types::ToSql + Sync); 2] = [&tenant.id.0, &rows];
        let side: [&(dyn postgres_types::ToSql + Sync); 4] = [&tenant.id.0, &aux, &types, &ids];
        let steps = [
            Step {
                sql: WRITE,
                params: &main,
            },
            Step {
                sql: REPLACE_AUX,
                params: &side,
            },
        ];
        self.database().writers().commit(tenant.id, &steps).await?;
        self.merge_soon(ids.len());
        Ok(())
    }
}
