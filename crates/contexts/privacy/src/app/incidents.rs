//! Incidents: listing, changing, and their clocks.

use mt_audit::EventCode;
use mt_kernel::OpCtx;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Privacy;
use crate::domain::clocks::{Deadline, Duty, deadlines};
use crate::domain::incident::{Assessment, Incident, IncidentState, Notices, Rule, Severity};
use crate::domain::rules::Settings;
use crate::store::{Kept, Wanted};
use crate::{PrivacyError, Result};

/// Patients that one incident names at most.
const MOST_AFFECTED: usize = 100_000;

/// What a person changes of an incident. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IncidentChange {
    /// Where it goes.
    pub state: Option<IncidentState>,
    /// Why it goes there.
    pub why: Option<String>,
    /// Who looks into it.
    pub assigned_to: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Affected patients, in place of those named so far.
    pub patients: Option<Vec<String>>,
    /// The risk assessment.
    pub assessment: Option<Assessment>,
    /// Notices given; those given before stay.
    pub notices: Option<Notices>,
}

impl Privacy {
    /// Incidents, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn incidents(&self, ctx: &OpCtx, wanted: &Wanted) -> Result<Vec<Kept<Incident>>> {
        self.enter(ctx, EventCode::TrailUse, "list of incidents")?;
        self.papers.list(ctx.tenant, wanted).await
    }

    /// One incident.
    ///
    /// # Errors
    /// [`PrivacyError::NotFound`].
    pub async fn incident(&self, ctx: &OpCtx, id: Uuid) -> Result<Kept<Incident>> {
        self.enter(ctx, EventCode::TrailUse, "an incident")?;
        self.papers.get(ctx.tenant, id).await
    }

    /// Opens an incident that a person reports; returns its id.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] without a description.
    pub async fn report_incident(
        &self,
        ctx: &OpCtx,
        what: &str,
        patients: Vec<String>,
    ) -> Result<Uuid> {
        if what.trim().is_empty() {
            return Err(PrivacyError::Refused("say what happened"));
        }
        let id = Uuid::now_v7();
        let incident = Incident {
            rule: Rule::Reported,
            severity: Severity::Medium,
            state: IncidentState::Open,
            actor: ctx.actor.id.to_string(),
            fhir_user: ctx.actor.fhir_user.as_deref().map(str::to_owned),
            summary: what.to_owned(),
            occurred: ctx.now.0,
            discovered: ctx.now.0,
            affected: patients.len() as u64,
            patients,
            evidence: Vec::new(),
            assigned_to: None,
            notes: Vec::new(),
            assessment: None,
            notices: Notices::default(),
        };
        self.enter(ctx, EventCode::TrailUse, "an incident was reported")?;
        let subject = self.subject(ctx, &incident.patients)?;
        self.papers
            .insert(ctx.tenant, (id, ctx.now), subject, &incident)
            .await?;
        Ok(id)
    }

    /// Changes an incident that is at `version`; returns it as it is then.
    ///
    /// # Errors
    /// [`PrivacyError::Stale`], and what [`Incident::become_state`] refuses.
    pub async fn change_incident(
        &self,
        ctx: &OpCtx,
        id: Uuid,
        version: u32,
        change: IncidentChange,
    ) -> Result<Kept<Incident>> {
        let mut kept: Kept<Incident> = self.papers.get(ctx.tenant, id).await?;
        if kept.version != version {
            return Err(PrivacyError::Stale);
        }
        apply(&mut kept.paper, ctx, change)?;
        self.enter(ctx, EventCode::TrailUse, "an incident was changed")?;
        kept.version = self.papers.replace(ctx.tenant, &kept).await?;
        Ok(kept)
    }

    /// The clocks of an incident. A breach is presumed, so they run from discovery until it is
    /// dismissed or everybody was told.
    #[must_use]
    pub fn clocks(incident: &Incident, settings: &Settings) -> Vec<Deadline> {
        if matches!(
            incident.state,
            IncidentState::Dismissed | IncidentState::Closed
        ) {
            return Vec::new();
        }
        let notices = &incident.notices;
        let all = deadlines(&incident.facts(), &settings.regimes, &settings.zone());
        let given = |deadline: &Deadline| match deadline.duty {
            Duty::Individuals => notices.individuals.is_some(),
            Duty::Authority => notices.authority.is_some(),
            Duty::Media => notices.media.is_some(),
        };
        all.into_iter()
            .filter(|deadline| !given(deadline))
            .collect()
    }

    /// The hash of the only patient; 0 when there are none or several.
    fn subject(&self, ctx: &OpCtx, patients: &[String]) -> Result<i64> {
        match patients {
            [only] => Ok(self.audit.patient_token(ctx.tenant, only)?),
            _ => Ok(0),
        }
    }
}

fn apply(incident: &mut Incident, ctx: &OpCtx, change: IncidentChange) -> Result<()> {
    if incident.state == IncidentState::Closed {
        return Err(PrivacyError::Refused("a closed incident does not change"));
    }
    if let Some(patients) = change.patients {
        if patients.len() > MOST_AFFECTED {
            return Err(PrivacyError::Refused("too many patients for one incident"));
        }
        incident.affected = patients.len() as u64;
        incident.patients = patients;
    }
    if let Some(assessment) = change.assessment {
        incident.assessment = Some(assessment);
        incident.write(ctx, "the risk was assessed");
    }
    if let Some(assigned) = change.assigned_to {
        incident.write(ctx, &format!("assigned to {assigned}"));
        incident.assigned_to = Some(assigned);
    }
    if let Some(notices) = change.notices {
        let kept = &mut incident.notices;
        kept.individuals = kept.individuals.or(notices.individuals);
        kept.authority = kept.authority.or(notices.authority);
        kept.media = kept.media.or(notices.media);
    }
    if let Some(note) = change.note.filter(|note| !note.trim().is_empty()) {
        incident.write(ctx, &note);
    }
    if let Some(state) = change.state {
        incident.become_state(ctx, state, change.why.as_deref().unwrap_or_default())?;
    }
    Ok(())
}
