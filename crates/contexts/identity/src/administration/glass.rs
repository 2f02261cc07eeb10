//! Breaking the glass: access in an emergency, for a reason, for a while, under review.

use mt_access::Operation;
use mt_audit::EventCode;
use mt_fhir::ResourceType;
use mt_kernel::Assurance;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{AdministrationError, Result};
use super::roles::require;
use super::rows::{Row, What};
use super::{Administration, Administrator};

/// Shortest reason that says something.
const SHORTEST_REASON: usize = 10;
const LONGEST_REASON: usize = 500;
/// Minutes.
const LONGEST: i64 = 240;

/// A glass to be broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BreakGlass {
    /// Id of the Patient.
    pub patient: String,
    /// Why.
    pub reason: String,
    /// For how long; an hour when absent.
    #[serde(default)]
    pub minutes: Option<i64>,
}

/// A decision on emergency access after the fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decided {
    /// Whether the access was called for.
    pub justified: bool,
    /// Why it was or was not.
    pub note: String,
    /// Who decided; set by the server.
    #[serde(default)]
    pub by: String,
}

/// A broken glass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// Id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// Who broke it.
    pub subject: String,
    /// Id of the Patient.
    pub patient: String,
    /// Why.
    pub reason: String,
    /// From when, microseconds since the epoch.
    pub starts_at: i64,
    /// Until when.
    pub ends_at: Option<i64>,
    /// What was decided.
    pub decided: Option<Decided>,
}

impl Broken {
    fn of(row: Row) -> Option<Self> {
        let What::Glass {
            patient,
            reason,
            decided,
        } = row.what
        else {
            return None;
        };
        Some(Self {
            id: row.id,
            subject: row.subject,
            patient,
            reason,
            starts_at: row.starts_at.0,
            ends_at: row.ends_at.map(|end| end.0),
            decided,
        })
    }
}

impl Administration {
    /// Breaks the glass over a patient's record for the caller.
    ///
    /// The order is: entry in the audit trail, notice to the privacy officer, access. What comes
    /// first is there even when what comes after fails.
    ///
    /// # Errors
    /// Forbidden unless the operation is open to the caller and the caller has stepped up; invalid
    /// without a reason; not found when there is no such patient.
    pub async fn break_glass(&self, by: Administrator<'_>, glass: BreakGlass) -> Result<Broken> {
        require(by, Operation::BreakGlass)?;
        if by.ctx.actor.assurance != Assurance::StepUp {
            return Err(AdministrationError::forbidden(
                "breaking the glass needs a fresh proof of who you are (acr step-up)",
            ));
        }
        let reason = glass.reason.trim();
        if !(SHORTEST_REASON..=LONGEST_REASON).contains(&reason.chars().count()) {
            return Err(AdministrationError::invalid(
                "the reason must have 10 to 500 characters",
            ));
        }
        let minutes = glass.minutes.unwrap_or(60);
        if !(1..=LONGEST).contains(&minutes) {
            return Err(AdministrationError::invalid(
                "emergency access lasts 1 to 240 minutes",
            ));
        }
        let tenant = by.ctx.tenant;
        let caller = self.system(tenant, "emergency access");
        self.store
            .read(&caller, ResourceType::PATIENT, &glass.patient)
            .await?;
        let now = self.now();
        let row = Row {
            id: Uuid::now_v7(),
            subject: by.ctx.actor.id.to_string(),
            by: by.ctx.actor.id.to_string(),
            starts_at: now,
            ends_at: Some(now.plus_seconds(minutes * 60)),
            ended_at: None,
            what: What::Glass {
                patient: glass.patient.clone(),
                reason: reason.to_owned(),
                decided: None,
            },
        };
        self.enter_about(by.ctx, EventCode::BreakGlass, &glass.patient, reason)?;
        self.notify_privacy_officer(tenant, by, &row, now).await?;
        self.insert_row(by.ctx, &row).await?;
        Broken::of(row).ok_or(AdministrationError::Unreadable)
    }

    /// Gives emergency access back before its time.
    ///
    /// # Errors
    /// Not found unless the caller broke it.
    pub async fn mend_glass(&self, by: Administrator<'_>, id: Uuid) -> Result<()> {
        let row = self.row(by.ctx.tenant, id).await?;
        let own = matches!(row.what, What::Glass { .. }) && row.subject == *by.ctx.actor.id;
        if !own {
            return Err(AdministrationError::not_found());
        }
        self.end_row(by.ctx, &row).await
    }

    /// Emergency access that awaits a decision, oldest first.
    ///
    /// # Errors
    /// Forbidden unless the reviewer may decide.
    pub async fn reviews(&self, by: Administrator<'_>) -> Result<Vec<Broken>> {
        require(by, Operation::ReviewAccess)?;
        let rows = self.rows_awaiting_review(by.ctx.tenant).await?;
        Ok(rows.into_iter().filter_map(Broken::of).collect())
    }

    /// Decides on emergency access.
    ///
    /// # Errors
    /// Forbidden to whoever broke the glass; conflict when it has been decided.
    pub async fn decide_review(
        &self,
        by: Administrator<'_>,
        id: Uuid,
        decision: Decided,
    ) -> Result<Broken> {
        require(by, Operation::ReviewAccess)?;
        if decision.note.trim().is_empty() || decision.note.chars().count() > LONGEST_REASON {
            return Err(AdministrationError::invalid(
                "a decision needs a note of at most 500 characters",
            ));
        }
        let mut row = self.row(by.ctx.tenant, id).await?;
        if row.subject == *by.ctx.actor.id {
            return Err(AdministrationError::forbidden(
                "nobody decides on their own access",
            ));
        }
        let What::Glass {
            patient, decided, ..
        } = &mut row.what
        else {
            return Err(AdministrationError::not_found());
        };
        if let Some(decided) = decided {
            // Whoever decided may have been cut off before the Task was closed.
            self.close_review(by.ctx.tenant, id, decided.justified)
                .await?;
            return Err(AdministrationError::conflict("it has been decided already"));
        }
        *decided = Some(Decided {
            by: by.ctx.actor.id.to_string(),
            ..decision.clone()
        });
        let word = if decision.justified {
            "found justified"
        } else {
            "found unjustified"
        };
        let patient = patient.clone();
        self.enter_about(by.ctx, EventCode::EmergencyReview, &patient, word)?;
        self.decide_row(by.ctx.tenant, &row).await?;
        self.close_review(by.ctx.tenant, id, decision.justified)
            .await?;
        Broken::of(row).ok_or(AdministrationError::Unreadable)
    }
}
