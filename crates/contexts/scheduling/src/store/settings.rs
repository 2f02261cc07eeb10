//! The settings of an organisation.

use mt_kernel::{ErrorKind, Fault, TenantId};

use super::column;
use crate::Scheduling;
use crate::domain::Settings;
use crate::error::{Result, SchedulingError};

impl Scheduling {
    /// The settings in force with their version; 0 when nothing was decided.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settings(&self, tenant: TenantId) -> Result<(u32, Settings)> {
        let sql = "select version, body from scheduling.setting where tenant = $1";
        let readers = self.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0]).await?;
        let Some(row) = rows.first() else {
            return Ok((0, Settings::default()));
        };
        let version: i32 = column(row, 0)?;
        let body: &str = column(row, 1)?;
        let settings = serde_json::from_str(body).map_err(|_| SchedulingError::Unreadable)?;
        Ok((version.unsigned_abs(), settings))
    }

    /// Changes the settings of version `current`; returns the new version.
    ///
    /// # Errors
    /// When they cannot be meant, or somebody else changed them first.
    pub async fn change_settings(
        &self,
        tenant: TenantId,
        current: u32,
        settings: &Settings,
    ) -> Result<u32> {
        settings.check()?;
        let body = serde_json::to_string(settings).map_err(|_| SchedulingError::Unreadable)?;
        let rules = &settings.rules;
        let minute = 60_000_000_i64;
        let lead = i64::from(rules.lead_minutes) * minute;
        let horizon = i64::from(rules.horizon_days) * 1440 * minute;
        let (grid, most) = (i32::from(rules.grid_minutes), i32::from(rules.max_active));
        let before = i32::try_from(current).unwrap_or(i32::MAX);
        let now = self.now().0;
        let sql = "insert into scheduling.setting \
             (tenant, version, body, time_zone, lead_us, grid_minutes, horizon_us, max_active, updated_at) \
             select $1, $2 + 1, $3, $4, $5, $6, $7, $8, $9 \
             where $2 = 0 or exists (select from scheduling.setting where tenant = $1) \
             on conflict (tenant) do update set version = excluded.version, body = excluded.body, \
               time_zone = excluded.time_zone, lead_us = excluded.lead_us, \
               grid_minutes = excluded.grid_minutes, horizon_us = excluded.horizon_us, \
               max_active = excluded.max_active, updated_at = excluded.updated_at \
             where setting.version = $2";
        let tx = self.database().tenant(tenant).await?;
        // The commit of an appointment reads the clock of this zone in the database.
        let known = "select exists (select from pg_timezone_names where lower(name) = lower($1))";
        let known: bool = column(&tx.query_one(known, &[&settings.time_zone]).await?, 0)?;
        if !known {
            let text = "the time zone is not known";
            return Err(SchedulingError::invalid(text, "timeZone"));
        }
        let done = tx
            .execute(
                sql,
                &[
                    &tenant.0,
                    &before,
                    &body,
                    &settings.time_zone,
                    &lead,
                    &grid,
                    &horizon,
                    &most,
                    &now,
                ],
            )
            .await?;
        if done == 0 {
            return Err(stale());
        }
        tx.commit().await?;
        Ok(current + 1)
    }
}

/// Somebody else came first.
pub(super) fn stale() -> SchedulingError {
    let text = "it has been changed since; read it again";
    SchedulingError::Refused(Fault::new(ErrorKind::Precondition, text))
}
