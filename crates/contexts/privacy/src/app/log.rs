//! The tamper-evident log: where it stands, verification, proofs.

use mt_audit::{EventCode, InclusionProof};
use mt_kernel::OpCtx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Privacy;
use crate::{PrivacyError, Result};

/// Findings that are kept of a verification.
const KEPT: usize = 100;

/// What recomputing the log found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// When, microseconds since 1970.
    pub at: i64,
    /// Who asked for it.
    pub by: String,
    /// Whether everything is as it was written.
    pub sound: bool,
    /// Leaves verified.
    pub leaves: u64,
    /// Checkpoints verified.
    pub checkpoints: u64,
    /// Checkpoints kept outside the database that were compared.
    pub witnessed: u64,
    /// Rows that wait for integration.
    pub waiting: u64,
    /// Rows whose keys have been destroyed.
    pub unreadable: u64,
    /// What is wrong, the first hundred findings.
    pub findings: Vec<String>,
}

/// Where a log stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogStanding {
    /// Leaves in the log.
    pub size: u64,
    /// The key that verifies checkpoints; absent while the log is empty.
    pub key: Option<String>,
    /// The newest checkpoint, a signed note: keep it elsewhere to detect that the log was cut.
    pub checkpoint: Option<String>,
    /// The last verification.
    pub last_verification: Option<Verification>,
}

impl Privacy {
    /// Where the log of the caller's organisation stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_standing(&self, ctx: &OpCtx) -> Result<LogStanding> {
        let (audit, tenant) = (&self.audit, ctx.tenant);
        Ok(LogStanding {
            size: audit.log_size(tenant).await?,
            key: audit.verifier_key(tenant).await?.map(|key| key.to_string()),
            checkpoint: audit.checkpoint(tenant).await?,
            last_verification: self.papers.verification(tenant).await?,
        })
    }

    /// Recomputes the log from its rows; what is wrong is no error but stands in the answer.
    ///
    /// # Errors
    /// When the database or the witness cannot be read.
    pub async fn verify_log(&self, ctx: &OpCtx) -> Result<Verification> {
        self.enter(ctx, EventCode::TrailUse, "verification of the log")?;
        let report = self.audit.verify(ctx.tenant).await?;
        let findings = report.findings.iter().take(KEPT);
        let verification = Verification {
            at: ctx.now.0,
            by: ctx.actor.id.to_string(),
            sound: report.is_sound(),
            leaves: report.leaves,
            checkpoints: report.checkpoints,
            witnessed: report.witnessed,
            waiting: report.waiting,
            unreadable: report.unreadable,
            findings: findings.map(ToString::to_string).collect(),
        };
        if !verification.sound {
            self.enter(
                ctx,
                EventCode::TrailDamage,
                "the log is not as it was written",
            )?;
            tracing::error!(tenant = %ctx.tenant, "the audit log is not as it was written");
        }
        self.papers
            .keep_verification(ctx.tenant, &verification)
            .await?;
        Ok(verification)
    }

    /// Proves that an entry is in the log; with the key that verifies the checkpoint.
    ///
    /// # Errors
    /// [`mt_audit::AuditError::NoSuchEntry`] when it is not (yet).
    pub async fn prove(&self, ctx: &OpCtx, seq: i64) -> Result<(String, InclusionProof)> {
        self.enter(ctx, EventCode::TrailUse, "a proof of inclusion")?;
        let key = self.audit.verifier_key(ctx.tenant).await?;
        let key = key.ok_or(PrivacyError::NotFound("audit entry"))?;
        let proof = self.audit.prove(ctx.tenant, seq).await?;
        Ok((key.to_string(), proof))
    }
}
