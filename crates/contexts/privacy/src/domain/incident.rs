//! An incident: what a rule found, and what people made of it.

use mt_kernel::{Instant, OpCtx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::clocks::Facts;
use crate::{PrivacyError, Result};

/// Which rule found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Far more patients than usual, or than anybody should look at.
    MassAccess,
    /// A patient under special protection, by somebody outside of the care team.
    VipAccess,
    /// One's own record, through a staff account.
    OwnRecord,
    /// The record of a relative, by somebody outside of the care team.
    FamilyRecord,
    /// An export outside of working hours.
    OffHoursExport,
    /// Many failed sign-ins.
    LoginStorm,
    /// Patients who were never cared for where the user works.
    CrossLocation,
    /// An emergency access that nobody looked at in time.
    UnreviewedBreakGlass,
    /// A person reported it.
    Reported,
}

impl Rule {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MassAccess => "mass-access",
            Self::VipAccess => "vip-access",
            Self::OwnRecord => "own-record",
            Self::FamilyRecord => "family-record",
            Self::OffHoursExport => "off-hours-export",
            Self::LoginStorm => "login-storm",
            Self::CrossLocation => "cross-location",
            Self::UnreviewedBreakGlass => "unreviewed-break-glass",
            Self::Reported => "reported",
        }
    }
}

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// To be looked at.
    Low,
    /// To be looked at today.
    Medium,
    /// To be looked at now.
    High,
}

/// Where an incident stands. Numbers are stored: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[repr(i16)]
pub enum IncidentState {
    /// Found.
    Open = 1,
    /// Somebody looks into it.
    Triage = 2,
    /// It was a breach: the clocks run.
    Confirmed = 3,
    /// It was none.
    Dismissed = 4,
    /// Everybody was told.
    Notified = 5,
    /// Done.
    Closed = 6,
}

impl IncidentState {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Triage => "triage",
            Self::Confirmed => "confirmed",
            Self::Dismissed => "dismissed",
            Self::Notified => "notified",
            Self::Closed => "closed",
        }
    }

    const fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Triage],
            Self::Triage => &[Self::Confirmed, Self::Dismissed],
            Self::Confirmed => &[Self::Notified],
            // Somebody may have been wrong.
            Self::Dismissed => &[Self::Triage],
            Self::Notified => &[Self::Closed],
            Self::Closed => &[],
        }
    }
}

/// How much one factor speaks for harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Hardly.
    Low,
    /// Somewhat.
    Medium,
    /// Strongly.
    High,
}

/// One factor with the reasoning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Factor {
    /// How much it speaks for harm.
    pub level: Level,
    /// Why.
    pub reasoning: String,
}

/// The four factors of 45 CFR 164.402(2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// Nature and extent of the information, and how easily persons are identified.
    pub information: Factor,
    /// Who used it or got it.
    pub recipient: Factor,
    /// Whether it was in fact acquired or viewed.
    pub acquisition: Factor,
    /// How far the risk has been mitigated.
    pub mitigation: Factor,
}

impl Assessment {
    fn factors(&self) -> [&Factor; 4] {
        [
            &self.information,
            &self.recipient,
            &self.acquisition,
            &self.mitigation,
        ]
    }

    /// Whether there is a low probability that the information was compromised: only then is it no
    /// breach. The law presumes a breach, so every factor must be low and reasoned.
    #[must_use]
    pub fn is_low(&self) -> bool {
        let low =
            |factor: &&Factor| factor.level == Level::Low && !factor.reasoning.trim().is_empty();
        self.factors().iter().all(low)
    }

    /// Whether persons are at high risk (GDPR art. 34).
    #[must_use]
    pub fn is_high(&self) -> bool {
        self.factors()
            .iter()
            .any(|factor| factor.level == Level::High)
    }
}

/// What somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// When, microseconds since 1970.
    pub at: i64,
    /// Who.
    pub by: String,
    /// What.
    pub text: String,
}

/// When notices were given, microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notices {
    /// To the affected persons.
    pub individuals: Option<i64>,
    /// To the authority.
    pub authority: Option<i64>,
    /// To the media.
    pub media: Option<i64>,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Which rule found it.
    pub rule: Rule,
    /// How urgent it is.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
    /// Who acted: the login.
    pub actor: String,
    /// The FHIR resource of the person who acted.
    pub fhir_user: Option<String>,
    /// What was found, in a sentence.
    pub summary: String,
    /// When it happened, microseconds since 1970.
    pub occurred: i64,
    /// When it was discovered, microseconds since 1970: the clocks count from here.
    pub discovered: i64,
    /// Affected patients that are known by id.
    pub patients: Vec<String>,
    /// How many patients are affected, as counted.
    pub affected: u64,
    /// Numbers of entries in the audit trail.
    pub evidence: Vec<i64>,
    /// Who looks into it.
    pub assigned_to: Option<String>,
    /// What people wrote, oldest first; changes of state are among it.
    pub notes: Vec<Note>,
    /// The risk assessment.
    pub assessment: Option<Assessment>,
    /// Notices given.
    pub notices: Notices,
}

impl Incident {
    /// What the clocks need.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts {
            discovered: Instant(self.discovered),
            affected: self.affected.max(self.patients.len() as u64),
            high_risk: self.assessment.as_ref().is_some_and(Assessment::is_high),
        }
    }

    /// Writes a note.
    pub fn write(&mut self, ctx: &OpCtx, text: &str) {
        self.notes.push(Note {
            at: ctx.now.0,
            by: ctx.actor.id.to_string(),
            text: text.to_owned(),
        });
    }

    /// Moves the incident on.
    ///
    /// # Errors
    /// [`PrivacyError::Transition`]; [`PrivacyError::Refused`] when the step lacks what it needs: an
    /// assessment to confirm or dismiss, a low one to dismiss, the notices to go on.
    pub fn become_state(&mut self, ctx: &OpCtx, to: IncidentState, why: &str) -> Result<()> {
        if !self.state.next().contains(&to) {
            let (from, to) = (self.state.code(), to.code());
            return Err(PrivacyError::Transition { from, to });
        }
        if why.trim().is_empty() {
            return Err(PrivacyError::Refused("say why"));
        }
        let refusal = match (to, &self.assessment) {
            (IncidentState::Confirmed | IncidentState::Dismissed, None) => {
                Some("assess the four factors of risk first")
            }
            (IncidentState::Dismissed, Some(assessment)) if !assessment.is_low() => {
                Some("only a low probability of compromise, with reasons, dismisses an incident")
            }
            (IncidentState::Notified, _) if self.notices.individuals.is_none() => {
                Some("tell the affected persons first")
            }
            (IncidentState::Closed, _) if self.notices.authority.is_none() => {
                Some("tell the authority first")
            }
            (IncidentState::Closed, _)
                if self.facts().affected > 500 && self.notices.media.is_none() =>
            {
                Some("more than 500 persons are affected: tell the media first")
            }
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(PrivacyError::Refused(refusal));
        }
        let (from, code) = (self.state.code(), to.code());
        self.state = to;
        self.write(ctx, &format!("{from} → {code}: {why}"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mt_kernel::{Actor, PurposeOfUse, TenantId};
    use uuid::Uuid;

    use super::*;

    fn ctx() -> OpCtx {
        OpCtx {
            tenant: TenantId(1),
            actor: Actor::system("officer"),
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::nil(),
            now: Instant(7),
        }
    }

    fn incident() -> Incident {
        Incident {
            rule: Rule::MassAccess,
            severity: Severity::High,
            state: IncidentState::Open,
            actor: "anna".to_owned(),
            fhir_user: None,
            summary: "many".to_owned(),
            occurred: 1,
            discovered: 2,
            patients: Vec::new(),
            affected: 501,
            evidence: vec![1],
            assigned_to: None,
            notes: Vec::new(),
            assessment: None,
            notices: Notices::default(),
        }
    }

    fn assessment(level: Level) -> Assessment {
        let factor = |level| Factor {
            level,
            reasoning: "because".to_owned(),
        };
        Assessment {
            information: factor(level),
            recipient: factor(Level::Low),
            acquisition: factor(Level::Low),
            mitigation: factor(Level::Low),
        }
    }

    #[test]
    fn no_step_is_left_out_and_none_is_taken_twice() {
        let all = [
            IncidentState::Open,
            IncidentState::Triage,
            IncidentState::Confirmed,
            IncidentState::Dismissed,
            IncidentState::Notified,
            IncidentState::Closed,
        ];
        for from in all {
            for to in all {
                let mut one = Incident {
                    state: from,
                    ..incident()
                };
                one.assessment = Some(assessment(Level::Low));
                one.notices = Notices {
                    individuals: Some(1),
                    authority: Some(1),
                    media: Some(1),
                };
                let moved = one.become_state(&ctx(), to, "so");
                assert_eq!(moved.is_ok(), from.next().contains(&to), "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_breach_is_presumed_until_every_factor_is_low_and_reasoned() {
        let mut one = Incident {
            state: IncidentState::Triage,
            ..incident()
        };
        let dismiss = IncidentState::Dismissed;
        assert!(
            one.become_state(&ctx(), dismiss, "so").is_err(),
            "no assessment"
        );
        one.assessment = Some(assessment(Level::Medium));
        assert!(one.become_state(&ctx(), dismiss, "so").is_err(), "not low");
        let mut silent = assessment(Level::Low);
        silent.mitigation.reasoning.clear();
        one.assessment = Some(silent);
        assert!(
            one.become_state(&ctx(), dismiss, "so").is_err(),
            "not reasoned"
        );
        one.assessment = Some(assessment(Level::Low));
        assert!(one.become_state(&ctx(), dismiss, " ").is_err(), "no reason");
        assert!(
            one.become_state(&ctx(), dismiss, "a colleague on the team")
                .is_ok()
        );
        assert_eq!(one.notes.len(), 1);
    }

    #[test]
    fn an_incident_closes_only_when_everybody_was_told() {
        let mut one = Incident {
            state: IncidentState::Confirmed,
            ..incident()
        };
        assert!(
            one.become_state(&ctx(), IncidentState::Notified, "so")
                .is_err()
        );
        one.notices.individuals = Some(1);
        assert!(
            one.become_state(&ctx(), IncidentState::Notified, "so")
                .is_ok()
        );
        assert!(
            one.become_state(&ctx(), IncidentState::Closed, "so")
                .is_err()
        );
        one.notices.authority = Some(1);
        assert!(
            one.become_state(&ctx(), IncidentState::Closed, "so")
                .is_err(),
            "501 persons"
        );
        one.notices.media = Some(1);
        assert!(
            one.become_state(&ctx(), IncidentState::Closed, "so")
                .is_ok()
        );
    }
}
