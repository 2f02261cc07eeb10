//! Accounting of disclosures, and legal holds.

use mt_audit::EventCode;
use mt_kernel::{OpCtx, TenantId};
use uuid::Uuid;

use super::Privacy;
use crate::domain::disclosure::Disclosure;
use crate::domain::hold::{LegalHold, Release};
use crate::store::{Kept, Wanted};
use crate::{PrivacyError, Result};

impl Privacy {
    /// Records a disclosure; returns its id.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] when it lacks what an accounting must say.
    pub async fn record_disclosure(&self, ctx: &OpCtx, disclosure: Disclosure) -> Result<Uuid> {
        if let Some(refusal) = disclosure.lacks() {
            return Err(PrivacyError::Refused(refusal));
        }
        if disclosure.disclosed_at > ctx.now.0 {
            return Err(PrivacyError::Refused("a disclosure lies in the past"));
        }
        let id = Uuid::now_v7();
        let at = mt_kernel::Instant(disclosure.disclosed_at);
        let subject = self.audit.patient_token(ctx.tenant, &disclosure.patient)?;
        self.enter(ctx, EventCode::TrailUse, "a disclosure was recorded")?;
        self.papers
            .insert(ctx.tenant, (id, at), subject, &disclosure)
            .await?;
        Ok(id)
    }

    /// The accounting of a patient's disclosures: the last six years, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn disclosures(&self, ctx: &OpCtx, patient: &str) -> Result<Vec<Kept<Disclosure>>> {
        self.enter(ctx, EventCode::TrailUse, "accounting of disclosures")?;
        let wanted = Wanted {
            subject: Some(self.audit.patient_token(ctx.tenant, patient)?),
            since: Disclosure::covered_since(ctx.now),
            limit: 1_000,
            ..Wanted::default()
        };
        self.papers.list(ctx.tenant, &wanted).await
    }

    /// Places a legal hold; returns its id.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] without a matter.
    pub async fn place_hold(
        &self,
        ctx: &OpCtx,
        patient: Option<String>,
        matter: &str,
    ) -> Result<Uuid> {
        if matter.trim().is_empty() {
            return Err(PrivacyError::Refused("a hold names its matter"));
        }
        let subject = match &patient {
            Some(patient) => self.audit.patient_token(ctx.tenant, patient)?,
            None => 0,
        };
        let hold = LegalHold {
            patient,
            matter: matter.to_owned(),
            placed_by: ctx.actor.id.to_string(),
            released: None,
        };
        let id = Uuid::now_v7();
        self.enter(ctx, EventCode::Configuration, "a legal hold was placed")?;
        self.papers
            .insert(ctx.tenant, (id, ctx.now), subject, &hold)
            .await?;
        Ok(id)
    }

    /// Releases a hold.
    ///
    /// # Errors
    /// [`PrivacyError::NotFound`]; [`PrivacyError::Refused`] when it was released before.
    pub async fn release_hold(&self, ctx: &OpCtx, id: Uuid) -> Result<()> {
        let mut kept: Kept<LegalHold> = self.papers.get(ctx.tenant, id).await?;
        if kept.paper.released.is_some() {
            return Err(PrivacyError::Refused("the hold was released before"));
        }
        self.enter(ctx, EventCode::Configuration, "a legal hold was released")?;
        kept.paper.released = Some(Release {
            by: ctx.actor.id.to_string(),
            at: ctx.now.0,
        });
        self.papers.replace(ctx.tenant, &kept).await.map(drop)
    }

    /// The holds, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn holds(&self, ctx: &OpCtx, wanted: &Wanted) -> Result<Vec<Kept<LegalHold>>> {
        self.enter(ctx, EventCode::TrailUse, "list of legal holds")?;
        self.papers.list(ctx.tenant, wanted).await
    }

    /// Whether any hold of the organisation stands. Its keys are not needed: it may be suspended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_held(&self, tenant: TenantId) -> Result<bool> {
        self.papers.is_held(tenant).await
    }

    /// Refuses when a hold forbids to destroy the records of a patient, or (`None`) of everybody.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] while a hold stands.
    pub async fn check_destruction(&self, ctx: &OpCtx, patient: Option<&str>) -> Result<()> {
        let mut after = None;
        loop {
            let wanted = Wanted {
                state: Some(1),
                after,
                limit: 200,
                ..Wanted::default()
            };
            let holds: Vec<Kept<LegalHold>> = self.papers.list(ctx.tenant, &wanted).await?;
            if holds.iter().any(|kept| kept.paper.forbids(patient)) {
                return Err(PrivacyError::Refused(
                    "a legal hold forbids to destroy these records",
                ));
            }
            let Some(last) = holds.last() else {
                return Ok(());
            };
            after = Some((last.at, last.id));
        }
    }
}
