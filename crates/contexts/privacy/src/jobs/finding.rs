//! What a rule finds, and what becomes of it: an incident whose id follows from what it is about.

use std::collections::{BTreeMap, BTreeSet};

use mt_audit::Logged;
use mt_crypto::BlindIndex;
use mt_fhir::ResourceType;
use mt_kernel::{Actor, Instant};
use uuid::Uuid;

use crate::domain::incident::{Incident, IncidentState, Notices, Rule, Severity};
use crate::domain::rules::is_staff_access;

/// Entries that an incident names at most.
pub(super) const EVIDENCE: usize = 200;
/// Patients that an incident names at most; the rest is counted.
const NAMED: usize = 1_000;

/// What a rule found.
pub(super) struct Finding {
    pub(super) rule: Rule,
    pub(super) severity: Severity,
    pub(super) actor: String,
    pub(super) fhir_user: Option<String>,
    /// Findings of a rule and an actor with the same key are one incident.
    pub(super) key: String,
    pub(super) summary: String,
    pub(super) occurred: Instant,
    pub(super) patients: Vec<String>,
    pub(super) affected: u64,
    pub(super) evidence: Vec<i64>,
}

/// What one user did in a batch.
pub(super) struct Doings<'e> {
    pub(super) actor: &'e Actor,
    pub(super) entries: Vec<&'e Logged>,
}

impl Doings<'_> {
    pub(super) fn latest(&self) -> Instant {
        Instant(
            self.entries
                .iter()
                .map(|one| one.entry.at.0)
                .max()
                .unwrap_or_default(),
        )
    }

    pub(super) fn evidence(&self) -> Vec<i64> {
        self.entries
            .iter()
            .map(|one| one.entry.seq)
            .take(EVIDENCE)
            .collect()
    }

    pub(super) fn evidence_about(&self, token: i64) -> Vec<i64> {
        let about = self
            .entries
            .iter()
            .filter(|one| one.patients.contains(&token));
        about.map(|one| one.entry.seq).take(EVIDENCE).collect()
    }

    pub(super) fn tokens(&self) -> BTreeSet<i64> {
        self.entries
            .iter()
            .flat_map(|one| one.patients.iter().copied())
            .collect()
    }

    /// Patients whose own resource was shown.
    pub(super) fn patients(&self) -> BTreeSet<String> {
        let touched = self
            .entries
            .iter()
            .flat_map(|one| &one.entry.detail.resources);
        let patients = touched.filter(|one| one.resource_type == ResourceType::PATIENT);
        patients.map(|one| one.id.to_string()).take(NAMED).collect()
    }
}

impl Finding {
    pub(super) fn incident(self, now: Instant) -> Incident {
        Incident {
            rule: self.rule,
            severity: self.severity,
            state: IncidentState::Open,
            actor: self.actor,
            fhir_user: self.fhir_user,
            summary: self.summary,
            occurred: self.occurred.0,
            discovered: now.0,
            patients: self.patients,
            affected: self.affected,
            evidence: self.evidence,
            assigned_to: None,
            notes: Vec::new(),
            assessment: None,
            notices: Notices::default(),
        }
    }
}

/// A finding about one entry, its particulars still to come.
pub(super) fn about(one: &Logged) -> Finding {
    let actor = &one.entry.detail.actor;
    Finding {
        rule: Rule::Reported,
        severity: Severity::Medium,
        actor: actor.id.to_string(),
        fhir_user: actor.fhir_user.as_deref().map(str::to_owned),
        key: String::new(),
        summary: String::new(),
        occurred: one.entry.at,
        patients: Vec::new(),
        affected: 0,
        evidence: vec![one.entry.seq],
    }
}

/// A finding about what one user did, its particulars still to come.
pub(super) fn by(doings: &Doings<'_>) -> Finding {
    Finding {
        rule: Rule::Reported,
        severity: Severity::Medium,
        actor: doings.actor.id.to_string(),
        fhir_user: doings.actor.fhir_user.as_deref().map(str::to_owned),
        key: String::new(),
        summary: String::new(),
        occurred: doings.latest(),
        patients: Vec::new(),
        affected: 0,
        evidence: Vec::new(),
    }
}

pub(super) fn by_user(entries: &[Logged]) -> Vec<Doings<'_>> {
    let mut users: BTreeMap<&str, Doings<'_>> = BTreeMap::new();
    for one in entries
        .iter()
        .filter(|one| is_staff_access(&one.entry) && !one.patients.is_empty())
    {
        let actor = &one.entry.detail.actor;
        let doings = users.entry(&actor.id).or_insert_with(|| Doings {
            actor,
            entries: Vec::new(),
        });
        doings.entries.push(one);
    }
    users.into_values().collect()
}

pub(super) fn who(blind: &BlindIndex, actor: &str) -> i64 {
    blind.scope(&["privacy", "who"]).token(&[actor])
}

pub(super) fn incident_id(blind: &BlindIndex, finding: &Finding) -> Uuid {
    let parts = [
        finding.rule.code(),
        finding.actor.as_str(),
        finding.key.as_str(),
    ];
    let half = |name: &str| {
        blind
            .scope(&["privacy", name])
            .token(&parts)
            .cast_unsigned()
    };
    Uuid::from_u64_pair(half("incident"), half("incident-low"))
}

/// Adds what is new; returns whether anything was.
pub(super) fn absorb(kept: &mut Incident, found: &Incident) -> bool {
    let before = kept.clone();
    kept.affected = kept.affected.max(found.affected);
    for seq in &found.evidence {
        if kept.evidence.len() < EVIDENCE && !kept.evidence.contains(seq) {
            kept.evidence.push(*seq);
        }
    }
    for id in &found.patients {
        if kept.patients.len() < NAMED && !kept.patients.contains(id) {
            kept.patients.push(id.clone());
        }
    }
    if found.affected > before.affected {
        kept.summary.clone_from(&found.summary);
    }
    *kept != before
}
