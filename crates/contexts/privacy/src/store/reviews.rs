//! What people decided about entries of the audit trail. The trail itself does not change.

use std::collections::HashMap;

use mt_kernel::{OpCtx, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Papers, column, seal, unseal};
use crate::Result;

/// How reviews are sealed: after the kinds of papers.
const KIND: i16 = 100;

const PUT: &str = "insert into privacy.review (tenant, seq, at, state, sealed) values ($1, $2, $3, $4, $5) \
    on conflict (tenant, seq) do update set at = excluded.at, state = excluded.state, sealed = excluded.sealed";
const GET: &str = "select seq, state, sealed from privacy.review \
    where tenant = $1 and seq = any($2::int8[])";
const IN_STATE: &str = "select seq from privacy.review where tenant = $1 and state = $2 \
    and seq < $3 order by seq desc limit $4";

/// Where an entry stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[repr(i16)]
pub enum ReviewState {
    /// Nobody decided yet.
    #[default]
    Open = 1,
    /// Looked at, and fine.
    Reviewed = 2,
    /// Looked at, and handed on.
    Escalated = 3,
}

/// A decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The decision.
    pub state: ReviewState,
    /// Why.
    pub note: String,
    /// Who decided.
    pub by: String,
    /// When, microseconds since 1970.
    pub at: i64,
}

impl Papers {
    /// Keeps a decision about an entry; an earlier one gives way.
    pub(crate) async fn review(&self, ctx: &OpCtx, seq: i64, review: &Review) -> Result<()> {
        let keys = self.tenants.keys(ctx.tenant).await?;
        let sealed = seal(&keys, KIND, place(seq), 1, review)?;
        let tx = self.transaction(ctx.tenant).await?;
        let state = review.state as i16;
        tx.execute(PUT, &[&ctx.tenant.0, &seq, &review.at, &state, &sealed])
            .await?;
        let settled = "delete from privacy.pending where tenant = $1 and seq = $2";
        if review.state != ReviewState::Open {
            tx.execute(settled, &[&ctx.tenant.0, &seq]).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The decisions about these entries.
    pub(crate) async fn reviews(
        &self,
        tenant: TenantId,
        seqs: &[i64],
    ) -> Result<HashMap<i64, Review>> {
        let keys = self.tenants.keys(tenant).await?;
        let readers = self.database.readers();
        let rows = readers.query(tenant, GET, &[&tenant.0, &seqs]).await?;
        rows.iter()
            .map(|row| {
                let (seq, sealed): (i64, Vec<u8>) = (column(row, 0)?, column(row, 2)?);
                Ok((seq, unseal(&keys, KIND, place(seq), 1, &sealed)?))
            })
            .collect()
    }

    /// Entries that were decided so, newest first.
    pub(crate) async fn reviewed_as(
        &self,
        tenant: TenantId,
        state: ReviewState,
        before: i64,
        limit: i64,
    ) -> Result<Vec<i64>> {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&tenant.0, &(state as i16), &before, &limit];
        let rows = self
            .database
            .readers()
            .query(tenant, IN_STATE, &params)
            .await?;
        rows.iter().map(|row| column(row, 0)).collect()
    }
}

fn place(seq: i64) -> Uuid {
    Uuid::from_u64_pair(0, seq.cast_unsigned())
}
