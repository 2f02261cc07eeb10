//! What an organisation may use, and what it uses.

use mt_access::Operation;
use mt_kernel::TenantId;
use serde::{Deserialize, Serialize};

use super::error::{AdministrationError, Result};
use super::roles::require;
use super::{Administration, Administrator};

/// What an organisation may use; `None` is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allowance {
    /// People with a role.
    pub users: Option<i32>,
    /// Records and attachments, MiB.
    pub storage_mib: Option<i64>,
    /// Requests per second.
    pub per_second: Option<i32>,
}

impl Allowance {
    fn read(row: &tokio_postgres::Row, first: usize) -> Result<Self> {
        let unreadable = |_| AdministrationError::Unreadable;
        Ok(Self {
            users: row.try_get(first).map_err(unreadable)?,
            storage_mib: row.try_get(first + 1).map_err(unreadable)?,
            per_second: row.try_get(first + 2).map_err(unreadable)?,
        })
    }

    /// Bytes that records may take; `None` is unlimited.
    #[must_use]
    pub fn storage_bytes(&self) -> Option<i64> {
        self.storage_mib.map(|mib| mib.saturating_mul(1 << 20))
    }
}

/// What an organisation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Used {
    /// People with a role.
    pub users: i64,
    /// Bytes of its records and attachments with their history, compressed and sealed as they are stored.
    pub storage_bytes: i64,
    /// When that was measured, microseconds since the epoch.
    pub measured_at: i64,
}

impl Administration {
    /// What an organisation may use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn allowance(&self, organisation: TenantId) -> Result<Allowance> {
        let sql = "select users, storage_mib, per_second from administration.organisation \
                   where organisation = $1";
        let tx = self.database().admin().await?;
        let rows = tx.query(sql, &[&organisation.0]).await?;
        tx.rollback().await;
        rows.first()
            .map_or(Ok(Allowance::default()), |row| Allowance::read(row, 0))
    }

    /// Sets what an organisation may use.
    ///
    /// # Errors
    /// Forbidden unless the installation is the caller's; invalid when a limit is not positive.
    pub async fn set_allowance(
        &self,
        by: Administrator<'_>,
        organisation: TenantId,
        allowance: Allowance,
        reason: &str,
    ) -> Result<()> {
        let positive = allowance.users.is_none_or(|n| n > 0)
            && allowance.storage_mib.is_none_or(|n| n > 0)
            && allowance.per_second.is_none_or(|n| n > 0);
        if !positive {
            return Err(AdministrationError::invalid("a limit must be positive"));
        }
        self.govern(by, "set limits", organisation, reason)?;
        let sql = "insert into administration.organisation (organisation, users, storage_mib, per_second) \
                   values ($1, $2, $3, $4) on conflict (organisation) \
                   do update set users = $2, storage_mib = $3, per_second = $4";
        let Allowance {
            users,
            storage_mib,
            per_second,
        } = allowance;
        let tx = self.database().admin().await?;
        tx.execute(sql, &[&organisation.0, &users, &storage_mib, &per_second])
            .await?;
        Ok(tx.commit().await?)
    }

    /// The organisations whose storage or requests have a limit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn limited(&self) -> Result<Vec<(TenantId, Allowance)>> {
        let sql = "select organisation, users, storage_mib, per_second from administration.organisation \
                   where (storage_mib is not null or per_second is not null) and closed_at is null \
                   order by organisation";
        let tx = self.database().admin().await?;
        let rows = tx.query(sql, &[]).await?;
        tx.rollback().await;
        let read = |row: &tokio_postgres::Row| {
            let organisation = row.try_get(0).map_err(|_| AdministrationError::Unreadable);
            Ok((TenantId(organisation?), Allowance::read(row, 1)?))
        };
        rows.iter().map(read).collect()
    }

    /// What an organisation uses now.
    ///
    /// # Errors
    /// Forbidden unless the installation, or as its administrator the organisation, is the caller's; not found when
    /// there is no such organisation.
    pub async fn used(&self, by: Administrator<'_>, organisation: TenantId) -> Result<Used> {
        if by.ctx.tenant == organisation {
            require(by, Operation::ManageTenant)
                .or_else(|_| require(by, Operation::ManageTenants))?;
        } else {
            require(by, Operation::ManageTenants)?;
            let all = self.store.tenants().list().await?;
            if !all.iter().any(|info| info.id == organisation) {
                return Err(AdministrationError::not_found());
            }
        }
        let usage = self.store.measure(organisation).await?;
        let users = self.holders(organisation).await?.len();
        Ok(Used {
            users: i64::try_from(users).unwrap_or(i64::MAX),
            storage_bytes: usage.bytes,
            measured_at: usage.measured_at.0,
        })
    }
}
