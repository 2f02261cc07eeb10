//! The rules, running over the audit log.
//!
//! The log's leaves are the stream and a leaf number is the cursor. A batch that is judged again after
//! a crash counts nothing twice and finds the same incidents, because what it counts and what it
//! finds have names that follow from the entries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mt_audit::{Audit, Logged};
use mt_crypto::BlindIndex;
use mt_fhir::ResourceType;
use mt_kernel::{Clock, TenantId};
use mt_store::Store;

use super::finding::{Doings, EVIDENCE, Finding, about, absorb, by, by_user, incident_id, who};
use super::lookup::{Lookup, Memory, rules_caller};
use crate::domain::announce;
use crate::domain::incident::{Incident, IncidentState, Rule, Severity};
use crate::domain::rules::{Settings, is_break_glass, is_export, is_failed_login};
use crate::store::Papers;
use crate::store::counters::{Counters, EVERYBODY, Seen, Sighting, hour_of};
use crate::{PrivacyError, Result};

/// Leaves judged at once.
const BATCH: u64 = 1_000;

/// Runs the rules.
pub struct Watch {
    papers: Papers,
    audit: Arc<Audit>,
    store: Store,
    clock: Arc<dyn Clock>,
    memory: Memory,
}

impl Watch {
    pub(crate) fn new(
        papers: Papers,
        audit: Arc<Audit>,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            papers,
            audit,
            store,
            clock,
            memory: Memory::default(),
        }
    }

    /// Judges what is new in a tenant's log and what has become overdue; returns how many leaves.
    ///
    /// # Errors
    /// When the database or the trail does not answer; the next run begins where this one did.
    pub async fn run(&self, tenant: TenantId) -> Result<u64> {
        let settings = self.papers.settings(tenant).await?;
        let mut judged = 0;
        loop {
            let tx = self.papers.transaction(tenant).await?;
            let from = Counters { tx: &tx }.progress().await?;
            tx.rollback().await;
            let (entries, next) = self.audit.follow_log(tenant, from, BATCH).await?;
            if next == from {
                break;
            }
            self.judge(tenant, &settings, &entries).await?;
            let tx = self.papers.transaction(tenant).await?;
            Counters { tx: &tx }.advance(next).await?;
            tx.commit().await?;
            judged += next - from;
            metrics::counter!("privacy_entries_judged").increment(next - from);
        }
        self.overdue(tenant, &settings).await?;
        if judged > 0 {
            self.papers.forget(tenant, self.clock.now()).await?;
        }
        Ok(judged)
    }

    async fn judge(&self, tenant: TenantId, settings: &Settings, entries: &[Logged]) -> Result<()> {
        let keys = self.papers.tenants.keys(tenant).await?;
        let blind = keys.blind_index()?;
        let mut findings = self.exports(settings, entries);
        findings.extend(self.logins(tenant, settings, &blind, entries).await?);
        self.await_reviews(tenant, settings, entries).await?;
        for doings in by_user(entries) {
            findings.extend(self.mass(tenant, settings, &blind, &doings).await?);
            findings.extend(
                self.private_interest(tenant, settings, &blind, &doings)
                    .await?,
            );
        }
        for finding in findings {
            self.open_incident(tenant, &blind, finding).await?;
        }
        Ok(())
    }

    fn exports(&self, settings: &Settings, entries: &[Logged]) -> Vec<Finding> {
        let exports = entries.iter().filter(|one| is_export(&one.entry));
        let unusual = exports.filter(|one| settings.is_off_hours(one.entry.at));
        unusual
            .map(|one| Finding {
                rule: Rule::OffHoursExport,
                severity: Severity::Medium,
                key: one.entry.seq.to_string(),
                summary: "records were exported outside of working hours".to_owned(),
                affected: one.patients.len() as u64,
                ..about(one)
            })
            .collect()
    }

    async fn logins(
        &self,
        tenant: TenantId,
        settings: &Settings,
        blind: &BlindIndex,
        entries: &[Logged],
    ) -> Result<Vec<Finding>> {
        let failed: Vec<&Logged> = entries
            .iter()
            .filter(|one| is_failed_login(&one.entry))
            .collect();
        let Some(last) = failed.last() else {
            return Ok(Vec::new());
        };
        let mut seen: Vec<Sighting> = Vec::new();
        let mut tried: BTreeMap<(i64, i32), &Logged> = BTreeMap::new();
        for one in &failed {
            let (who, hour) = (
                who(blind, &one.entry.detail.actor.id),
                hour_of(one.entry.at),
            );
            seen.push((who, hour, one.entry.seq));
            tried.insert((who, hour), one);
        }
        let tx = self.papers.transaction(tenant).await?;
        let counters = Counters { tx: &tx };
        counters.add(Seen::FailedLogin, &seen).await?;
        let mut findings = Vec::new();
        for ((who, hour), one) in tried {
            let count = counters.distinct(Seen::FailedLogin, who, hour, 1).await?;
            if count >= settings.failed_logins {
                findings.push(Finding {
                    rule: Rule::LoginStorm,
                    key: hour.to_string(),
                    summary: format!("{count} failed sign-ins with one login within an hour"),
                    evidence: counters.subjects(Seen::FailedLogin, who, hour, 1).await?,
                    ..about(one)
                });
            }
        }
        let hour = hour_of(last.entry.at);
        let count = counters.everybodys(Seen::FailedLogin, hour).await?;
        if count >= settings.failed_logins_everywhere {
            findings.push(Finding {
                rule: Rule::LoginStorm,
                severity: Severity::High,
                actor: "everybody".to_owned(),
                fhir_user: None,
                key: format!("{EVERYBODY}.{hour}"),
                summary: format!("{count} failed sign-ins in the organisation within an hour"),
                evidence: failed
                    .iter()
                    .map(|one| one.entry.seq)
                    .take(EVIDENCE)
                    .collect(),
                ..about(last)
            });
        }
        tx.commit().await?;
        Ok(findings)
    }

    async fn await_reviews(
        &self,
        tenant: TenantId,
        settings: &Settings,
        entries: &[Logged],
    ) -> Result<()> {
        let broken: Vec<&Logged> = entries
            .iter()
            .filter(|one| is_break_glass(&one.entry))
            .collect();
        if broken.is_empty() {
            return Ok(());
        }
        let seqs: Vec<i64> = broken.iter().map(|one| one.entry.seq).collect();
        let decided = self.papers.reviews(tenant, &seqs).await?;
        let tx = self.papers.transaction(tenant).await?;
        for one in broken
            .iter()
            .filter(|one| !decided.contains_key(&one.entry.seq))
        {
            let due = one
                .entry
                .at
                .plus_seconds(i64::from(settings.review_hours) * 3600);
            Counters { tx: &tx }
                .wait_for_review(one.entry.seq, due)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn mass(
        &self,
        tenant: TenantId,
        settings: &Settings,
        blind: &BlindIndex,
        doings: &Doings<'_>,
    ) -> Result<Option<Finding>> {
        let who = who(blind, &doings.actor.id);
        let sightings = |one: &&Logged| {
            let hour = hour_of(one.entry.at);
            one.patients
                .iter()
                .map(move |token| (who, hour, *token))
                .collect::<Vec<_>>()
        };
        let seen: BTreeSet<Sighting> = doings.entries.iter().flat_map(sightings).collect();
        let seen: Vec<Sighting> = seen.into_iter().collect();
        let hour = hour_of(doings.latest());
        let tx = self.papers.transaction(tenant).await?;
        let counters = Counters { tx: &tx };
        counters.add(Seen::Patient, &seen).await?;
        let distinct = counters
            .distinct(Seen::Patient, who, hour, settings.window_hours)
            .await?;
        let usual = counters.habit(who, hour, settings).await?;
        tx.commit().await?;
        Ok(settings.is_mass(distinct, usual).then(|| Finding {
            rule: Rule::MassAccess,
            severity: Severity::High,
            key: (hour / 24).to_string(),
            summary: format!(
                "{distinct} patients within {} hours; usual are {:.0} a day",
                settings.window_hours, usual.per_day
            ),
            patients: doings.patients().into_iter().collect(),
            affected: distinct,
            evidence: doings.evidence(),
            ..by(doings)
        }))
    }

    /// Rules that ask who the user is to the patient.
    async fn private_interest(
        &self,
        tenant: TenantId,
        settings: &Settings,
        blind: &BlindIndex,
        doings: &Doings<'_>,
    ) -> Result<Vec<Finding>> {
        let Some(fhir_user) = doings.actor.fhir_user.as_deref() else {
            return Ok(Vec::new());
        };
        let now = self.clock.now();
        let lookup = Lookup {
            store: &self.store,
            audit: &self.audit,
            memory: &self.memory,
            tenant,
            now,
        };
        let day = hour_of(doings.latest()) / 24;
        let kin = lookup.kin(fhir_user).await?;
        let protected = lookup.protected().await?;
        let mut findings = Vec::new();
        for token in doings.tokens() {
            let found = if let Some(id) = kin.own.get(&token) {
                Some((
                    Rule::OwnRecord,
                    id,
                    "the user's own record, through a staff account",
                ))
            } else if let Some(id) = kin.family.get(&token) {
                Some((
                    Rule::FamilyRecord,
                    id,
                    "the record of a relative, outside of the care team",
                ))
            } else {
                let summary = "a protected record, outside of the care team";
                let id = protected.get(&token);
                id.map(|id| (Rule::VipAccess, id, summary))
            };
            let Some((rule, id, summary)) = found else {
                continue;
            };
            if rule != Rule::OwnRecord && lookup.cares_for(fhir_user, id).await? {
                continue;
            }
            findings.push(Finding {
                rule,
                severity: Severity::High,
                key: format!("{day}.{token}"),
                summary: summary.to_owned(),
                patients: vec![id.clone()],
                affected: 1,
                evidence: doings.evidence_about(token),
                ..by(doings)
            });
        }
        findings.extend(
            self.foreign(&lookup, settings, blind, doings, fhir_user)
                .await?,
        );
        Ok(findings)
    }

    /// Patients who were cared for, but never where the user works.
    async fn foreign(
        &self,
        lookup: &Lookup<'_>,
        settings: &Settings,
        blind: &BlindIndex,
        doings: &Doings<'_>,
        fhir_user: &str,
    ) -> Result<Option<Finding>> {
        let workplaces = lookup.workplaces(fhir_user).await?;
        if workplaces.is_empty() {
            return Ok(None);
        }
        let (who, hour) = (who(blind, &doings.actor.id), hour_of(doings.latest()));
        let mut strangers = Vec::new();
        let mut seen: Vec<Sighting> = Vec::new();
        for id in doings.patients() {
            let locations = lookup.locations_of(&id).await?;
            let foreign = !locations.is_empty() && locations.is_disjoint(&workplaces);
            if foreign && !lookup.cares_for(fhir_user, &id).await? {
                seen.push((who, hour, self.audit.patient_token(lookup.tenant, &id)?));
                strangers.push(id);
            }
        }
        if seen.is_empty() {
            return Ok(None);
        }
        let tx = self.papers.transaction(lookup.tenant).await?;
        let counters = Counters { tx: &tx };
        counters.add(Seen::ForeignPatient, &seen).await?;
        let count = counters
            .distinct(Seen::ForeignPatient, who, hour, settings.window_hours)
            .await?;
        tx.commit().await?;
        Ok((count >= settings.foreign_patients).then(|| Finding {
            rule: Rule::CrossLocation,
            severity: Severity::Medium,
            key: (hour / 24).to_string(),
            summary: format!("{count} patients who were never cared for where the user works"),
            patients: strangers,
            affected: count,
            evidence: doings.evidence(),
            ..by(doings)
        }))
    }

    async fn overdue(&self, tenant: TenantId, settings: &Settings) -> Result<()> {
        let now = self.clock.now();
        let due = self.papers.overdue(tenant, now).await?;
        if due.is_empty() {
            return Ok(());
        }
        let keys = self.papers.tenants.keys(tenant).await?;
        let blind = keys.blind_index()?;
        let caller = rules_caller(tenant, now);
        for seq in due {
            if let Some(entry) = self.audit.entry(&caller.ctx, seq).await? {
                let logged = Logged {
                    patients: BTreeSet::new(),
                    entry,
                };
                let named = logged.entry.detail.resources.iter();
                let patients = named.filter(|one| one.resource_type == ResourceType::PATIENT);
                let patients: Vec<String> = patients.map(|one| one.id.to_string()).collect();
                let finding = Finding {
                    rule: Rule::UnreviewedBreakGlass,
                    severity: Severity::High,
                    key: seq.to_string(),
                    summary: format!(
                        "nobody reviewed an emergency access within {} hours",
                        settings.review_hours
                    ),
                    affected: patients.len() as u64,
                    patients,
                    ..about(&logged)
                };
                self.open_incident(tenant, &blind, finding).await?;
            }
            self.papers.settle(tenant, seq).await?;
        }
        Ok(())
    }

    /// Opens an incident, or adds to the one that is about the same and still undecided.
    async fn open_incident(
        &self,
        tenant: TenantId,
        blind: &BlindIndex,
        finding: Finding,
    ) -> Result<()> {
        let id = incident_id(blind, &finding);
        let now = self.clock.now();
        let subject = match &finding.patients[..] {
            [only] => self.audit.patient_token(tenant, only)?,
            _ => 0,
        };
        let rule = finding.rule.code();
        let incident = finding.incident(now);
        let said = [announce::breach(id, &incident)?];
        if self
            .papers
            .insert_saying(tenant, (id, now), subject, (&incident, &said))
            .await?
        {
            metrics::counter!("privacy_incidents", "rule" => rule).increment(1);
            tracing::warn!(%tenant, incident = %id, rule, "a rule of the privacy office found something");
            return Ok(());
        }
        for _ in 0..3 {
            let mut kept = self.papers.get::<Incident>(tenant, id).await?;
            let undecided = matches!(
                kept.paper.state,
                IncidentState::Open | IncidentState::Triage
            );
            if !undecided || !absorb(&mut kept.paper, &incident) {
                return Ok(());
            }
            match self.papers.replace(tenant, &kept).await {
                Err(PrivacyError::Stale) => {}
                settled => return settled.map(drop),
            }
        }
        Ok(())
    }
}
