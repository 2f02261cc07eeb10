//! Whose notes need a co-signature: what an organisation decides.

use mt_access::Role;
use mt_api::Caller;
use mt_kernel::{ErrorKind, Fault, TenantId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ChartingError, Result};
use crate::{Charting, CosignRules};

/// What is decided.
pub type CosignSettings = CosignRules;

/// The same with its version, and what it means for who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CosignSettingsView {
    /// Version; 0 when nothing was decided.
    pub version: u32,
    /// The rules.
    #[serde(flatten)]
    pub rules: CosignRules,
    /// Whether notes of the caller need a co-signature.
    pub own_notes: bool,
}

/// Most people who are named.
const MOST: usize = 500;

impl Charting {
    /// Whose notes need a co-signature.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cosign_settings(&self, caller: &Caller) -> Result<CosignSettingsView> {
        let (version, rules) = self.decided(caller.tenant()).await?;
        Ok(shown(caller, version, rules))
    }

    /// Decides whose notes need one, from version `current` on.
    ///
    /// # Errors
    /// When a role is not clinical or a name no practitioner's, or somebody else was faster.
    pub async fn change_cosign_settings(
        &self,
        caller: &Caller,
        current: u32,
        rules: &CosignSettings,
    ) -> Result<CosignSettingsView> {
        check(rules)?;
        let tenant = caller.tenant();
        let body = serde_json::to_string(rules).map_err(|_| ChartingError::Unreadable)?;
        let sql = "insert into charting.setting (tenant, version, body, updated_at) \
             select $1, $2 + 1, $3, $4 \
             where $2 = 0 or exists (select from charting.setting where tenant = $1) \
             on conflict (tenant) do update set version = excluded.version, body = excluded.body, \
               updated_at = excluded.updated_at where setting.version = $2";
        let before = i32::try_from(current).unwrap_or(i32::MAX - 1);
        let now = self.store.clock().now().0;
        let tx = self.store.database().tenant(tenant).await?;
        if tx.execute(sql, &[&tenant.0, &before, &body, &now]).await? == 0 {
            let message = "it has been changed since; read it again";
            return Err(Fault::new(ErrorKind::Precondition, message).into());
        }
        tx.commit().await?;
        self.cosigning.set(tenant, rules.clone());
        Ok(shown(caller, current + 1, rules.clone()))
    }

    /// Reads what was decided here or by another process.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refresh(&self, tenant: TenantId) -> Result<()> {
        if let (1.., rules) = self.decided(tenant).await? {
            self.cosigning.set(tenant, rules);
        }
        Ok(())
    }

    async fn decided(&self, tenant: TenantId) -> Result<(u32, CosignRules)> {
        let sql = "select version, body from charting.setting where tenant = $1";
        let readers = self.store.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0]).await?;
        let Some(row) = rows.first() else {
            return Ok((0, CosignRules::default()));
        };
        let unreadable = |_| ChartingError::Unreadable;
        let version: i32 = row.try_get(0).map_err(unreadable)?;
        let body: &str = row.try_get(1).map_err(unreadable)?;
        let rules = serde_json::from_str(body).map_err(|_| ChartingError::Unreadable)?;
        Ok((version.unsigned_abs(), rules))
    }
}

fn shown(caller: &Caller, version: u32, rules: CosignRules) -> CosignSettingsView {
    CosignSettingsView {
        version,
        own_notes: rules.bind(&caller.ctx.actor),
        rules,
    }
}

fn check(rules: &CosignRules) -> Result<()> {
    let clinical = |code: &String| Role::from_code(code).is_some_and(Role::is_clinician);
    if !rules.roles.iter().all(clinical) {
        let message = "roles are doctor, nurse or clinical_staff";
        return Err(ChartingError::invalid(message, "roles"));
    }
    let person = |one: &String| {
        let id = one.strip_prefix("Practitioner/");
        id.is_some_and(|id| !id.is_empty() && !id.contains('/') && id.len() <= 64)
    };
    if rules.practitioners.len() > MOST || !rules.practitioners.iter().all(person) {
        let message = "people are written Practitioner/1, at most 500 of them";
        return Err(ChartingError::invalid(message, "practitioners"));
    }
    Ok(())
}
