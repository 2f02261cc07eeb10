//! What an organisation sets, what is overdue, and what is forgotten.

use mt_kernel::{Instant, TenantId};

use super::counters::{KEPT_HOURS, hour_of};
use super::{Paper, Papers, column};
use crate::app::Verification;
use crate::domain::hold::LegalHold;
use crate::domain::rules::Settings;
use crate::{PrivacyError, Result};

const HELD: &str = "select exists (select 1 from privacy.paper \
    where tenant = $1 and kind = $2 and state = 1)";
const FORGET: &str = "delete from privacy.seen where tenant = $1 and hour < $2";
const DUE: &str =
    "select seq from privacy.pending where tenant = $1 and due <= $2 order by due limit 100";
const SETTLE: &str = "delete from privacy.pending where tenant = $1 and seq = $2";

impl Papers {
    /// Forgets what is older than any rule looks back.
    pub(crate) async fn forget(&self, tenant: TenantId, now: Instant) -> Result<u64> {
        let tx = self.transaction(tenant).await?;
        let before = hour_of(now).saturating_sub(KEPT_HOURS);
        let gone = tx.execute(FORGET, &[&tenant.0, &before]).await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// Forgets what is kept about a patient whose record is gone, but not that it is gone.
    pub(crate) async fn forget_patient(&self, tenant: TenantId, subject: i64) -> Result<()> {
        let tx = self.transaction(tenant).await?;
        tx.query("select privacy.forget($1, $2)", &[&tenant.0, &subject])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Emergency accesses whose review is overdue.
    pub(crate) async fn overdue(&self, tenant: TenantId, now: Instant) -> Result<Vec<i64>> {
        let readers = self.database.readers();
        let rows = readers.query(tenant, DUE, &[&tenant.0, &now.0]).await?;
        rows.iter().map(|row| column(row, 0)).collect()
    }

    pub(crate) async fn settle(&self, tenant: TenantId, seq: i64) -> Result<()> {
        let tx = self.transaction(tenant).await?;
        tx.execute(SETTLE, &[&tenant.0, &seq]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether a legal hold stands.
    pub(crate) async fn is_held(&self, tenant: TenantId) -> Result<bool> {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&tenant.0, &LegalHold::KIND];
        let rows = self.database.readers().query(tenant, HELD, &params).await?;
        rows.first().map_or(Ok(false), |row| column(row, 0))
    }

    /// The thresholds of a tenant.
    pub(crate) async fn settings(&self, tenant: TenantId) -> Result<Settings> {
        let sql = "select content from privacy.settings where tenant = $1";
        let rows = self
            .database
            .readers()
            .query(tenant, sql, &[&tenant.0])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(Settings::default());
        };
        let text: String = column(row, 0)?;
        serde_json::from_str(&text).map_err(|_| PrivacyError::Damaged)
    }

    pub(crate) async fn change_settings(
        &self,
        tenant: TenantId,
        settings: &Settings,
    ) -> Result<()> {
        let text = serde_json::to_string(settings).map_err(|_| PrivacyError::Damaged)?;
        let tx = self.transaction(tenant).await?;
        let sql = "insert into privacy.settings (tenant, content) values ($1, $2) \
                   on conflict (tenant) do update set content = excluded.content";
        tx.execute(sql, &[&tenant.0, &text]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The last verification of a tenant's log.
    pub(crate) async fn verification(&self, tenant: TenantId) -> Result<Option<Verification>> {
        let sql = "select content from privacy.verification where tenant = $1";
        let readers = self.database.readers();
        let rows = readers.query(tenant, sql, &[&tenant.0]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let text: String = column(row, 0)?;
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| PrivacyError::Damaged)
    }

    pub(crate) async fn keep_verification(
        &self,
        tenant: TenantId,
        verification: &Verification,
    ) -> Result<()> {
        let text = serde_json::to_string(verification).map_err(|_| PrivacyError::Damaged)?;
        let tx = self.transaction(tenant).await?;
        let sql = "insert into privacy.verification (tenant, content) values ($1, $2) \
                   on conflict (tenant) do update set content = excluded.content";
        tx.execute(sql, &[&tenant.0, &text]).await?;
        tx.commit().await?;
        Ok(())
    }
}
