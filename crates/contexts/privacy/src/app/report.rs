//! The access report: who looked at a patient's record, in plain words.

use mt_audit::{Cursor, Effect, Entry, EventCode, Filter, Kind};
use mt_kernel::{ActorKind, OpCtx, PurposeOfUse};
use serde::Serialize;
use utoipa::ToSchema;

use super::Privacy;
use crate::Result;

/// One line of an access report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessLine {
    /// When.
    pub at: String,
    /// Who: the person's FHIR resource when known, otherwise the login.
    pub who: String,
    /// From which network address, where the patient acted: to find out that somebody else used the
    /// patient's login. Where others work is not told.
    pub address: Option<String>,
    /// In which roles.
    pub roles: Vec<String>,
    /// What was done.
    pub what: &'static str,
    /// How many records, by type, such as `2 Observation`.
    pub records: Vec<String>,
    /// Why.
    pub why: &'static str,
    /// Whether the glass was broken.
    pub emergency: bool,
    /// Whether it was refused.
    pub refused: bool,
}

impl Privacy {
    /// Who looked at the record of `patient`, newest first, at most `limit` lines, and where to go on.
    /// What the report says is about this patient alone.
    ///
    /// # Errors
    /// When the trail does not answer.
    pub async fn access_report(
        &self,
        ctx: &OpCtx,
        patient: &str,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<AccessLine>, Option<Cursor>)> {
        let filter = Filter {
            within: Some(vec![patient.to_owned()]),
            ..Filter::default()
        };
        let page = self.audit.list(ctx, &filter, limit, after).await?;
        // MediTrack looks things up by itself; nobody sees what it finds.
        let by_people = |entry: &&Entry| {
            let looks = matches!(entry.kind, Kind::Read | Kind::History | Kind::Search);
            !(looks && entry.detail.actor.kind == ActorKind::System)
        };
        let lines = page.entries.iter().filter(by_people).map(line);
        Ok((lines.collect(), page.next))
    }
}

fn line(entry: &Entry) -> AccessLine {
    let detail = &entry.detail;
    let actor = &detail.actor;
    AccessLine {
        at: entry.at.to_fhir(),
        who: actor.fhir_user.as_deref().unwrap_or(&actor.id).to_owned(),
        address: detail.address.map(|address| address.to_string()),
        roles: actor.roles.iter().map(|role| role.to_string()).collect(),
        what: what(entry),
        records: records(entry),
        why: why(detail.purpose),
        emergency: detail.purpose == PurposeOfUse::Emergency
            || detail.event == Some(EventCode::BreakGlass),
        refused: detail.outcome.is_refusal(),
    }
}

fn what(entry: &Entry) -> &'static str {
    match (entry.kind, entry.detail.event) {
        (_, Some(EventCode::BreakGlass)) => "opened the record in an emergency",
        (_, Some(EventCode::Export)) => "exported",
        (_, Some(_)) => "used the system",
        (Kind::Read, _) => "viewed",
        (Kind::History, _) => "viewed earlier versions",
        (Kind::Search, _) => "found in a search",
        (Kind::RefusedWrite, _) => "tried to change",
        (Kind::Commit | Kind::Event, _) => changed(entry),
    }
}

fn changed(entry: &Entry) -> &'static str {
    let mut effects = entry.detail.resources.iter().map(|touched| touched.effect);
    match effects.next() {
        Some(Effect::Created) => "added",
        Some(Effect::Deleted) => "deleted",
        _ => "changed",
    }
}

fn records(entry: &Entry) -> Vec<String> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for touched in &entry.detail.resources {
        let name = touched.resource_type.name();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts
        .into_iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect()
}

const fn why(purpose: PurposeOfUse) -> &'static str {
    match purpose {
        PurposeOfUse::Treatment => "to care for you",
        PurposeOfUse::Payment => "for billing and insurance",
        PurposeOfUse::Operations => "to run the organisation",
        PurposeOfUse::PatientRequest => "because you asked",
        PurposeOfUse::Emergency => "in an emergency",
    }
}
