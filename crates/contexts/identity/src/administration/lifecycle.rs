//! The life of an organisation as the installation's owner governs it: suspension, deletion after a time to think
//! again.

use mt_access::Operation;
use mt_audit::EventCode;
use mt_kernel::{Instant, OpCtx, TenantId, TenantName};
use mt_store::{TenantInfo, TenantState};
use serde::Serialize;

use super::error::{AdministrationError, Result};
use super::roles::require;
use super::{Administration, Administrator};

/// Days between asking for a deletion and the deletion.
pub const COOLING_OFF_DAYS: i64 = 30;
const SHORTEST_REASON: usize = 10;

/// A deletion that waits or was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// The organisation's number.
    pub organisation: i32,
    /// When it was asked for, microseconds since the epoch.
    pub asked_at: i64,
    /// From when on it is done.
    pub due_at: i64,
}

impl Administration {
    /// Every organisation of the installation.
    ///
    /// # Errors
    /// Forbidden unless the installation is the caller's.
    pub async fn organisations(&self, by: Administrator<'_>) -> Result<Vec<TenantInfo>> {
        require(by, Operation::ManageTenants)?;
        Ok(self.store.tenants().list().await?)
    }

    /// Makes an organisation with keys of its own.
    ///
    /// # Errors
    /// Forbidden unless the installation is the caller's; conflict when the name is taken.
    pub async fn create_organisation(
        &self,
        by: Administrator<'_>,
        name: &str,
        reason: &str,
    ) -> Result<TenantId> {
        let name = TenantName::parse(name)
            .map_err(|_| AdministrationError::invalid("the name is none for an organisation"))?;
        self.govern(
            by,
            &format!("made {}", name.as_str()),
            by.ctx.tenant,
            reason,
        )?;
        Ok(self.store.tenants().create(&name).await?)
    }

    /// Stops serving an organisation; its records stay.
    ///
    /// # Errors
    /// Forbidden unless the installation is the caller's; when it is not active.
    pub async fn suspend(
        &self,
        by: Administrator<'_>,
        organisation: TenantId,
        reason: &str,
    ) -> Result<()> {
        self.not_own(by, organisation)?;
        self.govern(by, "suspended", organisation, reason)?;
        Ok(self.store.tenants().suspend(organisation).await?)
    }

    /// Serves a suspended organisation again; one that is to be deleted is not served.
    ///
    /// # Errors
    /// As [`Self::suspend`].
    pub async fn resume(
        &self,
        by: Administrator<'_>,
        organisation: TenantId,
        reason: &str,
    ) -> Result<()> {
        if self.closing(organisation).await?.is_some() {
            return Err(AdministrationError::conflict(
                "the organisation is to be deleted; cancel that first",
            ));
        }
        self.govern(by, "resumed", organisation, reason)?;
        Ok(self.store.tenants().resume(organisation).await?)
    }

    /// Asks for the deletion of a suspended organisation, after a time to think again.
    ///
    /// # Errors
    /// Forbidden unless the installation is the caller's; conflict unless it is suspended.
    pub async fn close_organisation(
        &self,
        by: Administrator<'_>,
        organisation: TenantId,
        days: i64,
        reason: &str,
    ) -> Result<Closing> {
        self.not_own(by, organisation)?;
        self.may_close(organisation, days).await?;
        self.govern(by, "asked for deletion", organisation, reason)?;
        self.set_closing(organisation, days).await
    }

    /// The same for whoever runs the installation and has no organisation in it.
    ///
    /// # Errors
    /// Conflict unless it is suspended.
    pub async fn close_by_operator(&self, organisation: TenantId, days: i64) -> Result<Closing> {
        self.may_close(organisation, days).await?;
        self.set_closing(organisation, days).await
    }

    async fn may_close(&self, organisation: TenantId, days: i64) -> Result<()> {
        if !(COOLING_OFF_DAYS..=365).contains(&days) {
            return Err(AdministrationError::invalid(
                "the time to think again is 30 to 365 days",
            ));
        }
        self.require_state(organisation, TenantState::Suspended)
            .await
    }

    async fn set_closing(&self, organisation: TenantId, days: i64) -> Result<Closing> {
        let asked_at = self.now();
        let due_at = asked_at.plus_seconds(days * 86_400);
        let sql = "insert into administration.organisation (organisation, closing_at, due_at) \
                   values ($1, $2, $3) on conflict (organisation) \
                   do update set closing_at = $2, due_at = $3";
        let tx = self.database().admin().await?;
        tx.execute(sql, &[&organisation.0, &asked_at.0, &due_at.0])
            .await?;
        tx.commit().await?;
        Ok(Closing {
            organisation: organisation.0,
            asked_at: asked_at.0,
            due_at: due_at.0,
        })
    }

    /// Thinks again.
    ///
    /// # Errors
    /// Not found when no deletion waits.
    pub async fn cancel_closing(
        &self,
        by: Administrator<'_>,
        organisation: TenantId,
        reason: &str,
    ) -> Result<()> {
        if self.closing(organisation).await?.is_none() {
            return Err(AdministrationError::not_found());
        }
        self.govern(by, "cancelled the deletion", organisation, reason)?;
        self.unset_closing(organisation).await
    }

    /// The same for whoever runs the installation and has no organisation in it.
    ///
    /// # Errors
    /// Not found when no deletion waits.
    pub async fn keep_by_operator(&self, organisation: TenantId) -> Result<()> {
        if self.closing(organisation).await?.is_none() {
            return Err(AdministrationError::not_found());
        }
        self.unset_closing(organisation).await
    }

    async fn unset_closing(&self, organisation: TenantId) -> Result<()> {
        let sql = "update administration.organisation set closing_at = null, due_at = null \
                   where organisation = $1 and closed_at is null";
        let tx = self.database().admin().await?;
        tx.execute(sql, &[&organisation.0]).await?;
        Ok(tx.commit().await?)
    }

    /// The deletion of an organisation that waits.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn closing(&self, organisation: TenantId) -> Result<Option<Closing>> {
        let all = self.closings().await?;
        Ok(all
            .into_iter()
            .find(|one| one.organisation == organisation.0))
    }

    /// Every deletion that waits.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn closings(&self) -> Result<Vec<Closing>> {
        let sql = "select organisation, closing_at, due_at from administration.organisation \
                   where closing_at is not null and closed_at is null order by due_at";
        let tx = self.database().admin().await?;
        let rows = tx.query(sql, &[]).await?;
        tx.rollback().await;
        let unreadable = |_| AdministrationError::Unreadable;
        let read = |row: &tokio_postgres::Row| {
            Ok(Closing {
                organisation: row.try_get(0).map_err(unreadable)?,
                asked_at: row.try_get(1).map_err(unreadable)?,
                due_at: row.try_get(2).map_err(unreadable)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The organisations whose time to think again is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn due(&self) -> Result<Vec<TenantId>> {
        let now = self.now();
        let all = self.closings().await?;
        let due = all.iter().filter(|one| Instant(one.due_at) <= now);
        Ok(due.map(|one| TenantId(one.organisation)).collect())
    }

    /// Deletes an organisation: destroys its keys, then removes its rows. Repeating it goes on where
    /// it stopped. Whether it is due, and whether its records must be kept, is the caller's to know.
    ///
    /// # Errors
    /// When it is active; when keys or rows cannot be removed: what is done stays done.
    pub async fn delete(&self, organisation: TenantId) -> Result<u64> {
        self.store.tenants().shred(organisation).await?;
        let removed = self.store.remove_shredded(organisation).await?;
        let sql = "update administration.organisation set closed_at = $2 where organisation = $1";
        let tx = self.database().admin().await?;
        tx.execute(sql, &[&organisation.0, &self.now().0]).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// An act on another organisation: open to the installation's owner alone, for a reason, and
    /// entered in the owner's own trail.
    pub(super) fn govern(
        &self,
        by: Administrator<'_>,
        act: &str,
        organisation: TenantId,
        reason: &str,
    ) -> Result<()> {
        require(by, Operation::ManageTenants)?;
        let reason = reason.trim();
        if !(SHORTEST_REASON..=500).contains(&reason.chars().count()) {
            return Err(AdministrationError::invalid(
                "the reason must have 10 to 500 characters",
            ));
        }
        let entry = format!("{act}: organisation {organisation}; {reason}");
        self.enter(by.ctx, EventCode::Configuration, &entry)
    }

    /// Nobody saws off the branch they sit on.
    fn not_own(&self, by: Administrator<'_>, organisation: TenantId) -> Result<()> {
        let ctx: &OpCtx = by.ctx;
        if ctx.tenant == organisation {
            return Err(AdministrationError::conflict(
                "your own organisation cannot be suspended or deleted by you",
            ));
        }
        Ok(())
    }

    async fn require_state(&self, organisation: TenantId, state: TenantState) -> Result<()> {
        let all = self.store.tenants().list().await?;
        let found = all.iter().find(|info| info.id == organisation);
        match found {
            None => Err(AdministrationError::not_found()),
            Some(info) if info.state == state => Ok(()),
            Some(_) => Err(AdministrationError::conflict(
                "the organisation must be suspended first",
            )),
        }
    }
}
