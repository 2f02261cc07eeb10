//! What an organisation may use, and what it uses.

use std::fmt;

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

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said =
            |limit: Option<i64>| limit.map_or_else(|| "any".to_owned(), |limit| limit.to_string());
        write!(
            f,
            "users {}, storage {} MiB, requests {} a second",
            said(self.users.map(i64::from)),
            said(self.storage_mib),
            said(self.per_second.map(i64::from))
        )
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
        Ok(self.limits(organisation).await?.1)
    }

    /// The same with its version; 0 when nobody has set limits.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn limits(&self, organisation: TenantId) -> Result<(u32, Allowance)> {
        let sql = "select users, storage_mib, per_second, limits_version from administration.organisation \
                   where organisation = $1";
        let tx = self.database().admin().await?;
        let rows = tx.query(sql, &[&organisation.0]).await?;
        tx.rollback().await;
        let Some(row) = rows.first() else {
            return Ok((0, Allowance::default()));
        };
        let version: i32 = row
            .try_get(3)
            .map_err(|_| AdministrationError::Unreadable)?;
        Ok((version.unsigned_abs(), Allowance::read(row, 0)?))
    }

    /// Sets what an organisation may use, over version `seen` of it when one is named.
    ///
    /// # Errors
    /// Forbidden unless the installation is the caller's; invalid when a limit is not positive; not found when there is
    /// no such organisation; a failed precondition when somebody else has set them since.
    pub async fn set_allowance(
        &self,
        by: Administrator<'_>,
        organisation: TenantId,
        (seen, allowance): (Option<u32>, Allowance),
        reason: &str,
    ) -> Result<()> {
        let positive = allowance.users.is_none_or(|n| n > 0)
            && allowance.storage_mib.is_none_or(|n| n > 0)
            && allowance.per_second.is_none_or(|n| n > 0);
        if !positive {
            return Err(AdministrationError::invalid("a limit must be positive"));
        }
        require(by, Operation::ManageTenants)?;
        self.known(organisation).await?;
        if let Some(seen) = seen
            && self.limits(organisation).await?.0 != seen
        {
            return Err(stale());
        }
        self.govern(
            by,
            &format!("set limits ({allowance})"),
            organisation,
            reason,
        )?;
        let sql = "insert into administration.organisation as known \
                     (organisation, users, storage_mib, per_second, limits_version) \
                   values ($1, $2, $3, $4, 1) on conflict (organisation) \
                   do update set users = $2, storage_mib = $3, per_second = $4, \
                     limits_version = known.limits_version + 1 \
                   where $5::int4 is null or known.limits_version = $5";
        let Allowance {
            users,
            storage_mib,
            per_second,
        } = allowance;
        let seen = seen.map(|seen| i32::try_from(seen).unwrap_or(i32::MAX));
        let tx = self.database().admin().await?;
        let set = tx
            .execute(
                sql,
                &[&organisation.0, &users, &storage_mib, &per_second, &seen],
            )
            .await?;
        if set == 0 {
            return Err(stale());
        }
        Ok(tx.commit().await?)
    }

    /// Refuses what is no organisation of the installation.
    async fn known(&self, organisation: TenantId) -> Result<()> {
        let all = self.store.tenants().list().await?;
        let known = all.iter().any(|info| info.id == organisation);
        known
            .then_some(())
            .ok_or_else(AdministrationError::not_found)
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
            self.known(organisation).await?;
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

fn stale() -> AdministrationError {
    AdministrationError::precondition("somebody else has set them since; read them again")
}
