//! The rows of `administration.standing`: what gives a subject standing, sealed.

use mt_crypto::{Purpose, TenantKeys};
use mt_database::TenantTx;
use mt_kernel::{Instant, OpCtx, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Administration;
use super::error::{AdministrationError, Result};
use super::roles::take_seat;
use crate::announce::{self, Whose};

/// What a row gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(super) enum What {
    #[serde(rename_all = "camelCase")]
    Role {
        role: String,
        #[serde(default)]
        locations: Vec<String>,
    },
    #[serde(rename_all = "camelCase")]
    Proxy {
        patient: String,
        basis: super::Basis,
        /// Pairs of records and letters; empty means all that the caregiver role opens.
        #[serde(default)]
        covers: Vec<super::RolePermission>,
    },
    #[serde(rename_all = "camelCase")]
    Glass {
        patient: String,
        reason: String,
        #[serde(default)]
        decided: Option<super::Decided>,
    },
}

impl What {
    const fn number(&self) -> i16 {
        match self {
            Self::Role { .. } => 1,
            Self::Proxy { .. } => 2,
            Self::Glass { .. } => 3,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    subject: String,
    by: String,
    what: What,
}

/// One row, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) subject: String,
    /// Who gave it.
    pub(super) by: String,
    pub(super) starts_at: Instant,
    pub(super) ends_at: Option<Instant>,
    pub(super) ended_at: Option<Instant>,
    pub(super) what: What,
}

impl Row {
    /// Whether the row gives anything at `now`.
    pub(super) fn holds_at(&self, now: Instant) -> bool {
        self.starts_at <= now
            && self.ends_at.is_none_or(|end| now < end)
            && self.ended_at.is_none_or(|end| now < end)
    }
}

pub(super) const COLUMNS: &str = "id, starts_at, ends_at, ended_at, sealed";

impl Administration {
    /// Every row of a subject, ended ones included.
    pub(super) async fn rows_of(&self, tenant: TenantId, subject: &str) -> Result<Vec<Row>> {
        let keys = self.store.tenants().keys(tenant).await?;
        let subject = subject_key(&keys, subject)?;
        let filter = "subject = $2 order by starts_at, id";
        self.select(tenant, filter, &[&tenant.0, &subject]).await
    }

    /// Rows of a kind that hold or await a decision, newest first.
    pub(super) async fn rows_awaiting_review(&self, tenant: TenantId) -> Result<Vec<Row>> {
        let filter = "open_review order by starts_at";
        self.select(tenant, filter, &[&tenant.0]).await
    }

    /// Every glass that was ever broken.
    pub(super) async fn glasses(&self, tenant: TenantId) -> Result<Vec<Row>> {
        let filter = "kind = 3 order by starts_at";
        self.select(tenant, filter, &[&tenant.0]).await
    }

    /// Every row that has not been ended.
    pub(super) async fn rows_standing(&self, tenant: TenantId) -> Result<Vec<Row>> {
        let now = self.now();
        let filter =
            "ended_at is null and (ends_at is null or ends_at > $2) order by starts_at, id";
        self.select(tenant, filter, &[&tenant.0, &now.0]).await
    }

    pub(super) async fn row(&self, tenant: TenantId, id: Uuid) -> Result<Row> {
        let keys = self.store.tenants().keys(tenant).await?;
        let sql =
            format!("select {COLUMNS} from administration.standing where tenant = $1 and id = $2");
        let readers = self.database().readers();
        let rows = readers.query(tenant, &sql, &[&tenant.0, &id]).await?;
        let row = rows.first().ok_or_else(AdministrationError::not_found)?;
        opened(&keys, row)
    }

    async fn select(
        &self,
        tenant: TenantId,
        filter: &str,
        params: mt_database::Params<'_>,
    ) -> Result<Vec<Row>> {
        let keys = self.store.tenants().keys(tenant).await?;
        let sql =
            format!("select {COLUMNS} from administration.standing where tenant = $1 and {filter}");
        let readers = self.database().readers();
        let rows = readers.query(tenant, &sql, params).await?;
        rows.iter().map(|row| opened(&keys, row)).collect()
    }

    /// Gives what a row says, and tells that it was given.
    pub(super) async fn insert_row(&self, ctx: &OpCtx, row: &Row) -> Result<()> {
        self.insert_row_unless(ctx, row, |_| false).await.map(drop)
    }

    /// The same unless another row of the subject `clashes`; two at once wait for each other. Whether it was given.
    pub(super) async fn insert_row_unless(
        &self,
        ctx: &OpCtx,
        row: &Row,
        clashes: impl Fn(&Row) -> bool,
    ) -> Result<bool> {
        let tenant = ctx.tenant;
        let keys = self.store.tenants().keys(tenant).await?;
        let subject = subject_key(&keys, &row.subject)?;
        let most = match row.what {
            What::Role { .. } => self.allowance(tenant).await?.users,
            _ => None,
        };
        let tx = self.database().tenant(tenant).await?;
        let (high, low) = subject.as_u64_pair();
        let lock = (high ^ low).cast_signed();
        tx.query("select pg_advisory_xact_lock($1)", &[&lock])
            .await?;
        let sql = format!(
            "select {COLUMNS} from administration.standing where tenant = $1 and subject = $2"
        );
        for other in tx.query(&sql, &[&tenant.0, &subject]).await? {
            if clashes(&opened(&keys, &other)?) {
                return Ok(false);
            }
        }
        if let Some(most) = most {
            take_seat(&tx, (tenant, subject), most, self.now()).await?;
        }
        let sql = "insert into administration.standing \
                   (tenant, id, kind, subject, starts_at, ends_at, open_review, sealed) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let (ends_at, sealed) = (row.ends_at.map(|end| end.0), sealed(&keys, row)?);
        let open_review = matches!(row.what, What::Glass { decided: None, .. });
        tx.execute(
            sql,
            &[
                &tenant.0,
                &row.id,
                &row.what.number(),
                &subject,
                &row.starts_at.0,
                &ends_at,
                &open_review,
                &sealed,
            ],
        )
        .await?;
        self.tell_of_change(&tx, ctx, Whose::Account(&row.subject))
            .await?;
        tx.commit().await?;
        self.standing_changed();
        Ok(true)
    }

    /// Ends a row now and tells of it; one that has ended stays as it is.
    pub(super) async fn end_row(&self, ctx: &OpCtx, row: &Row) -> Result<()> {
        let tenant = ctx.tenant;
        let sql = "update administration.standing set ended_at = $3 \
                   where tenant = $1 and id = $2 and ended_at is null";
        let tx = self.database().tenant(tenant).await?;
        let ended = tx
            .execute(sql, &[&tenant.0, &row.id, &self.now().0])
            .await?;
        if ended > 0 {
            self.tell_of_change(&tx, ctx, Whose::Account(&row.subject))
                .await?;
        }
        tx.commit().await?;
        self.standing_changed();
        Ok(())
    }

    /// Says in `tx` that permissions change.
    pub(super) async fn tell_of_change(
        &self,
        tx: &TenantTx,
        ctx: &OpCtx,
        whose: Whose<'_>,
    ) -> Result<()> {
        let event = [announce::permission_changed(whose, &ctx.actor.id)?];
        let said = self.store.say(tx, ctx.correlation_id, self.now(), &event);
        Ok(said.await?)
    }

    /// Stores the decision on a row; refused when there already is one.
    pub(super) async fn decide_row(&self, tenant: TenantId, row: &Row) -> Result<()> {
        let keys = self.store.tenants().keys(tenant).await?;
        let tx: TenantTx = self.database().tenant(tenant).await?;
        let sql = "update administration.standing set open_review = false, sealed = $3 \
                   where tenant = $1 and id = $2 and open_review";
        let done = tx
            .execute(sql, &[&tenant.0, &row.id, &sealed(&keys, row)?])
            .await?;
        if done == 0 {
            return Err(AdministrationError::conflict("it has been decided already"));
        }
        Ok(tx.commit().await?)
    }
}

/// The key under which the rows of a subject are found. It must outlive a new index of search, so
/// it is made like the keys of records and not like search tokens.
pub(super) fn subject_key(keys: &TenantKeys, subject: &str) -> Result<Uuid> {
    const SUBJECTS: u16 = u16::MAX;
    Ok(keys.resource_ids()?.key_of(SUBJECTS, subject))
}

fn place(id: Uuid) -> Vec<u8> {
    [b"administration\0".as_slice(), id.as_bytes()].concat()
}

pub(super) fn sealed(keys: &TenantKeys, row: &Row) -> Result<Vec<u8>> {
    let value = Sealed {
        subject: row.subject.clone(),
        by: row.by.clone(),
        what: row.what.clone(),
    };
    let plain = serde_json::to_vec(&value).map_err(|_| AdministrationError::Unreadable)?;
    Ok(mt_crypto::seal(
        keys,
        Purpose::Credential,
        &place(row.id),
        &plain,
    )?)
}

pub(super) fn opened(keys: &TenantKeys, row: &tokio_postgres::Row) -> Result<Row> {
    let unreadable = |_| AdministrationError::Unreadable;
    let id: Uuid = row.try_get(0).map_err(unreadable)?;
    let starts_at: i64 = row.try_get(1).map_err(unreadable)?;
    let ends_at: Option<i64> = row.try_get(2).map_err(unreadable)?;
    let ended_at: Option<i64> = row.try_get(3).map_err(unreadable)?;
    let bytes: &[u8] = row.try_get(4).map_err(unreadable)?;
    let plain = mt_crypto::open(keys, Purpose::Credential, &place(id), bytes)?;
    let Sealed { subject, by, what } =
        serde_json::from_slice(&plain).map_err(|_| AdministrationError::Unreadable)?;
    Ok(Row {
        id,
        subject,
        by,
        starts_at: Instant(starts_at),
        ends_at: ends_at.map(Instant),
        ended_at: ended_at.map(Instant),
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_begun_has_ended_or_was_revoked_gives_nothing() {
        let row = |starts: i64, ends: Option<i64>, ended: Option<i64>| Row {
            id: Uuid::nil(),
            subject: "s".into(),
            by: "a".into(),
            starts_at: Instant(starts),
            ends_at: ends.map(Instant),
            ended_at: ended.map(Instant),
            what: What::Role {
                role: "nurse".into(),
                locations: Vec::new(),
            },
        };
        let now = Instant(100);
        for (row, expected) in [
            (row(100, None, None), true),
            (row(101, None, None), false),
            (row(0, Some(101), None), true),
            (row(0, Some(100), None), false),
            (row(0, None, Some(100)), false),
            (row(0, Some(200), Some(50)), false),
        ] {
            assert_eq!(row.holds_at(now), expected, "{row:?}");
        }
    }
}
