//! Record numbers: how an organisation writes them, and another one at another facility.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::PatientView;
use crate::Patients;
use crate::document::{edit, push};
use crate::domain::items;
use crate::domain::number::{Format, is_ours, system_of};
use crate::error::{PatientsError, Result};
use crate::policy::record_number;

/// How an organisation writes its record numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NumberSettings {
    /// Text with `{date}`, `{year}`, `{hex}`, `{digits}` and `{check}`; `MRN-{date}-{hex}` by default.
    pub pattern: String,
}

/// The same with its version and a number that is written so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NumberSettingsView {
    /// Version; 0 when nothing was decided.
    pub version: u32,
    /// The pattern.
    pub pattern: String,
    /// A number that is written so.
    pub example: String,
}

impl Patients {
    /// How the organisation writes its numbers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn number_settings(&self, tenant: TenantId) -> Result<NumberSettingsView> {
        let (version, format) = self.format(tenant).await?;
        Ok(self.shown(version, &format))
    }

    /// Changes how the organisation writes new numbers, from version `current` on.
    ///
    /// # Errors
    /// When the pattern makes no numbers, or somebody else was faster.
    pub async fn change_number_settings(
        &self,
        tenant: TenantId,
        current: u32,
        settings: &NumberSettings,
    ) -> Result<NumberSettingsView> {
        let format = Format::parse(&settings.pattern)?;
        let body = serde_json::to_string(settings).map_err(|_| PatientsError::Unreadable)?;
        let sql = "insert into patients.setting (tenant, version, body, updated_at) \
             select $1, $2 + 1, $3, $4 \
             where $2 = 0 or exists (select from patients.setting where tenant = $1) \
             on conflict (tenant) do update set version = excluded.version, body = excluded.body, \
               updated_at = excluded.updated_at where setting.version = $2";
        let before = i32::try_from(current).unwrap_or(i32::MAX);
        let now = self.store.clock().now().0;
        let tx = self.store.database().tenant(tenant).await?;
        if tx.execute(sql, &[&tenant.0, &before, &body, &now]).await? == 0 {
            let message = "it has been changed since; read it again";
            return Err(Fault::new(ErrorKind::Precondition, message).into());
        }
        tx.commit().await?;
        self.numbering.set(tenant, format.clone());
        Ok(self.shown(current + 1, &format))
    }

    /// Reads what was decided here or by another process.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refresh(&self, tenant: TenantId) -> Result<()> {
        if let (1.., format) = self.format(tenant).await? {
            self.numbering.set(tenant, format);
        }
        Ok(())
    }

    /// A number that nobody has yet.
    pub(super) fn new_number(&self, caller: &Caller) -> String {
        let seed = mt_crypto::sha256(Uuid::new_v4().as_bytes());
        let now = caller.ctx.now.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        self.numbering.of(caller.tenant()).number(seed, now.date())
    }

    /// Gives a patient a number at a facility, where there is none yet.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when there is one.
    pub async fn add_number(
        &self,
        caller: &Caller,
        id: &str,
        facility: &str,
    ) -> Result<PatientView> {
        if facility
            .strip_prefix("Organization/")
            .is_none_or(str::is_empty)
        {
            return Err(PatientsError::invalid(
                "a facility is written Organization/1",
                "facility",
            ));
        }
        let records = self.records(caller, Interaction::Update).await?;
        let number = self.new_number(caller);
        let (system, item) = (
            system_of(Some(facility)),
            record_number(Some(facility), &number),
        );
        let change = edit((ResourceType::PATIENT, id), None, move |doc| {
            let here = |one: mt_fhir::Node<'_>| is_ours(one) && one.str("system") == Some(&system);
            if items(doc.root(), "identifier").any(here) {
                let message = "the patient has a record number at this facility";
                return Err(Fault::new(ErrorKind::Conflict, message));
            }
            push(doc, "identifier", &item)
        });
        PatientView::committed(&self.store.commit_one(&records, change).await?)
    }

    async fn format(&self, tenant: TenantId) -> Result<(u32, Format)> {
        let sql = "select version, body from patients.setting where tenant = $1";
        let readers = self.store.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0]).await?;
        let Some(row) = rows.first() else {
            return Ok((0, Format::default()));
        };
        let unreadable = |_| PatientsError::Unreadable;
        let version: i32 = row.try_get(0).map_err(unreadable)?;
        let body: &str = row.try_get(1).map_err(unreadable)?;
        let kept: NumberSettings =
            serde_json::from_str(body).map_err(|_| PatientsError::Unreadable)?;
        Ok((version.unsigned_abs(), Format::parse(&kept.pattern)?))
    }

    fn shown(&self, version: u32, format: &Format) -> NumberSettingsView {
        let today = self.store.clock().now().timestamp();
        let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
        NumberSettingsView {
            version,
            pattern: format.pattern().to_owned(),
            example: format.number([42; 32], today),
        }
    }
}
