//! The rows of `people.passkey`.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use mt_store::Tenants;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::IdentityError;
use crate::people::sealed::{Place, open, seal};
use crate::webauthn::{Credential, Use};

/// What is sealed in a row.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) name: String,
    pub(super) credential: Credential,
}

/// A passkey as stored.
pub(crate) struct Row {
    pub(super) id: Uuid,
    pub(super) account: Uuid,
    pub(super) content: Content,
    pub(super) last: Use,
    pub(super) created_at: Instant,
    pub(super) used_at: Option<Instant>,
}

/// The passkeys of all accounts.
#[derive(Clone)]
pub(crate) struct Passkeys {
    database: Database,
    tenants: Tenants,
}

const COLUMNS: &str = "id, account, sealed, sign_count, backed_up, created_at, used_at";

impl Passkeys {
    pub(crate) const fn new(database: Database, tenants: Tenants) -> Self {
        Self { database, tenants }
    }

    /// How many passkeys an account has.
    pub(crate) async fn count(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<u32, IdentityError> {
        let sql = "select count(*) from people.passkey where tenant = $1 and account = $2";
        let params: mt_database::Params<'_> = &[&tenant.0, &account];
        let rows = self.database.readers().query(tenant, sql, params).await?;
        let count: i64 = rows.first().map_or(0, |row| row.get(0));
        Ok(u32::try_from(count).unwrap_or_default())
    }

    /// The passkeys of an account, oldest first.
    pub(super) async fn of(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<Vec<Row>, IdentityError> {
        let sql = format!(
            "select {COLUMNS} from people.passkey where tenant = $1 and account = $2 order by id"
        );
        self.query(tenant, &sql, &[&tenant.0, &account]).await
    }

    /// The passkey with this credential id.
    pub(super) async fn by_credential(
        &self,
        tenant: TenantId,
        credential_id: &[u8],
    ) -> Result<Option<Row>, IdentityError> {
        let sql = format!("select {COLUMNS} from people.passkey where tenant = $1 and digest = $2");
        let digest = mt_crypto::sha256(credential_id);
        let found = self.query(tenant, &sql, &[&tenant.0, &&digest[..]]).await?;
        let same = |row: &Row| row.content.credential.id.0 == credential_id;
        Ok(found.into_iter().find(same))
    }

    async fn query(
        &self,
        tenant: TenantId,
        sql: &str,
        params: mt_database::Params<'_>,
    ) -> Result<Vec<Row>, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let rows = self.database.readers().query(tenant, sql, params).await?;
        rows.iter().map(|row| opened(&keys, row)).collect()
    }

    /// Keeps a passkey that was just made.
    pub(super) async fn insert(&self, tenant: TenantId, row: &Row) -> Result<(), IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let sealed = seal(&keys, Place::Passkey, row.id.as_bytes(), &row.content)?;
        let digest = mt_crypto::sha256(&row.content.credential.id.0);
        let sql = "insert into people.passkey (tenant, id, account, digest, sealed, sign_count, \
                   backed_up, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let params: mt_database::Params<'_> = &[
            &tenant.0,
            &row.id,
            &row.account,
            &&digest[..],
            &sealed,
            &i64::from(row.last.sign_count),
            &row.last.backed_up,
            &row.created_at.0,
        ];
        let tx = self.database.tenant(tenant).await?;
        tx.execute(sql, params).await.map_err(|error| match error {
            mt_database::Error::Unique { .. } => known(),
            other => other.into(),
        })?;
        Ok(tx.commit().await?)
    }

    /// Notes a use, unless another one came first; returns whether it did not.
    pub(super) async fn used(
        &self,
        tenant: TenantId,
        row: &Row,
        now_used: Use,
        now: Instant,
    ) -> Result<bool, IdentityError> {
        let sql = "update people.passkey set sign_count = $3, backed_up = $4, used_at = $5 \
                   where tenant = $1 and id = $2 and sign_count = $6";
        let params: mt_database::Params<'_> = &[
            &tenant.0,
            &row.id,
            &i64::from(now_used.sign_count),
            &now_used.backed_up,
            &now.0,
            &i64::from(row.last.sign_count),
        ];
        let tx = self.database.tenant(tenant).await?;
        let updated = tx.execute(sql, params).await?;
        tx.commit().await?;
        Ok(updated == 1)
    }

    /// Gives a passkey of an account another name; returns whether there is one.
    pub(super) async fn rename(
        &self,
        tenant: TenantId,
        (account, id): (Uuid, Uuid),
        name: &str,
    ) -> Result<bool, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let tx = self.database.tenant(tenant).await?;
        let sql = "select sealed from people.passkey \
                   where tenant = $1 and account = $2 and id = $3 for update";
        let Some(row) = tx.query_opt(sql, &[&tenant.0, &account, &id]).await? else {
            return Ok(false);
        };
        let content: Content = open(&keys, Place::Passkey, id.as_bytes(), row.get(0))?;
        let content = Content {
            name: name.to_owned(),
            ..content
        };
        let sealed = seal(&keys, Place::Passkey, id.as_bytes(), &content)?;
        let sql = "update people.passkey set sealed = $3 where tenant = $1 and id = $2";
        tx.execute(sql, &[&tenant.0, &id, &sealed]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a passkey of an account; returns whether there was one. With `but_not_the_last`, an
    /// account without an authenticator app keeps its last one.
    pub(super) async fn remove(
        &self,
        tenant: TenantId,
        (account, id): (Uuid, Uuid),
        but_not_the_last: bool,
    ) -> Result<bool, IdentityError> {
        let tx = self.database.tenant(tenant).await?;
        // Of two removals at once the second sees what the first left.
        hold(&tx, tenant, account).await?;
        let sql = "delete from people.passkey where tenant = $1 and account = $2 and id = $3";
        let removed = tx.execute(sql, &[&tenant.0, &account, &id]).await?;
        let left = "select exists (select from people.passkey where tenant = $1 and account = $2) \
                    or exists (select from people.totp where tenant = $1 and account = $2)";
        let row = tx.query_opt(left, &[&tenant.0, &account]).await?;
        let left = row.is_some_and(|row| row.get(0));
        if removed == 1 && but_not_the_last && !left {
            tx.rollback().await;
            let text =
                "this is your last second factor, and your role needs one; add another first";
            return Err(Fault::new(ErrorKind::Conflict, text).into());
        }
        tx.commit().await?;
        Ok(removed == 1)
    }
}

/// Holds the account's row until the transaction ends.
async fn hold(tx: &TenantTx, tenant: TenantId, account: Uuid) -> Result<(), IdentityError> {
    let sql = "select 1 from people.account where tenant = $1 and id = $2 for update";
    tx.query_opt(sql, &[&tenant.0, &account]).await?;
    Ok(())
}

fn known() -> IdentityError {
    Fault::new(ErrorKind::Conflict, "this passkey is registered already").into()
}

fn opened(keys: &TenantKeys, row: &tokio_postgres::Row) -> Result<Row, IdentityError> {
    let id: Uuid = row.get(0);
    let sign_count: i64 = row.get(3);
    let used_at: Option<i64> = row.get(6);
    Ok(Row {
        id,
        account: row.get(1),
        content: open(keys, Place::Passkey, id.as_bytes(), row.get(2))?,
        last: Use {
            sign_count: u32::try_from(sign_count).map_err(|_| IdentityError::Unreadable)?,
            backed_up: row.get(4),
        },
        created_at: Instant(row.get(5)),
        used_at: used_at.map(Instant),
    })
}
