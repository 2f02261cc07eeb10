//! The audit trail for those who review it: decisions about entries, and files to take away.

use std::collections::HashMap;

use mt_audit::{Cursor, Entry, EntryPage, Event, EventCode, Filter, audit_event};
use mt_kernel::OpCtx;

use super::Privacy;
use crate::store::reviews::{Review, ReviewState};
use crate::{PrivacyError, Result};

/// Columns of the export as a table.
const HEADER: &str = "number,time,login,user,address,roles,kind,event,purpose,outcome,records,reason,request,review\r\n";

impl Privacy {
    /// A page of the trail with what was decided about its entries.
    ///
    /// # Errors
    /// When the trail or the database does not answer.
    pub async fn entries(
        &self,
        ctx: &OpCtx,
        filter: &Filter,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(EntryPage, HashMap<i64, Review>)> {
        let page = self.audit.list(ctx, filter, limit, after).await?;
        let seqs: Vec<i64> = page.entries.iter().map(|entry| entry.seq).collect();
        let reviews = self.papers.reviews(ctx.tenant, &seqs).await?;
        Ok((page, reviews))
    }

    /// One entry with what was decided about it.
    ///
    /// # Errors
    /// [`PrivacyError::NotFound`].
    pub async fn entry(&self, ctx: &OpCtx, seq: i64) -> Result<(Entry, Option<Review>)> {
        let entry = self.audit.entry(ctx, seq).await?;
        let entry = entry.ok_or(PrivacyError::NotFound("audit entry"))?;
        let mut reviews = self.papers.reviews(ctx.tenant, &[seq]).await?;
        Ok((entry, reviews.remove(&seq)))
    }

    /// Entries about which somebody decided so, the highest number below `before` first, and the
    /// number to go on below.
    ///
    /// # Errors
    /// When the trail or the database does not answer.
    pub async fn decided(
        &self,
        ctx: &OpCtx,
        state: ReviewState,
        before: i64,
        limit: usize,
    ) -> Result<(Vec<(Entry, Review)>, Option<i64>)> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let papers = &self.papers;
        let seqs = papers.reviewed_as(ctx.tenant, state, before, most).await?;
        let mut reviews = papers.reviews(ctx.tenant, &seqs).await?;
        let mut found = Vec::new();
        for seq in &seqs {
            // Entries whose keys were destroyed are left out.
            let entry = self.audit.entry(ctx, *seq).await?;
            found.extend(entry.zip(reviews.remove(seq)));
        }
        let last = seqs.last().filter(|_| seqs.len() == limit).copied();
        Ok((found, last))
    }

    /// Decides about an entry.
    ///
    /// # Errors
    /// [`PrivacyError::NotFound`] when there is no such entry; [`PrivacyError::Refused`] when an
    /// escalation says nothing.
    pub async fn review(
        &self,
        ctx: &OpCtx,
        seq: i64,
        state: ReviewState,
        note: &str,
    ) -> Result<Review> {
        if state == ReviewState::Escalated && note.trim().is_empty() {
            return Err(PrivacyError::Refused("say why it is escalated"));
        }
        if self.audit.entry(ctx, seq).await?.is_none() {
            return Err(PrivacyError::NotFound("audit entry"));
        }
        let review = Review {
            state,
            note: note.to_owned(),
            by: ctx.actor.id.to_string(),
            at: ctx.now.0,
        };
        self.enter(
            ctx,
            EventCode::TrailUse,
            "an entry of the trail was reviewed",
        )?;
        self.papers.review(ctx, seq, &review).await?;
        Ok(review)
    }

    /// Enters that a part of the trail leaves the system.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] without a reason; when it cannot be entered: then nothing may leave.
    pub fn enter_export(&self, ctx: &OpCtx, reason: &str, filter: &Filter) -> Result<()> {
        if reason.trim().is_empty() {
            return Err(PrivacyError::Refused("say what the export is for"));
        }
        let query = format!("AuditEvent?{filter}");
        let event = Event {
            reason: Some(reason),
            query: Some(&query),
            ..Event::done(EventCode::Export)
        };
        Ok(self.audit.record(ctx, &event)?)
    }
}

/// Entries as lines of FHIR `AuditEvent` resources.
#[must_use]
pub fn as_ndjson(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        out.extend(audit_event(entry, "MediTrack"));
        out.push(b'\n');
    }
    out
}

/// The first line of a table.
#[must_use]
pub const fn csv_header() -> &'static str {
    HEADER
}

/// Entries as lines of a table (RFC 4180).
#[must_use]
pub fn as_csv(entries: &[Entry], reviews: &HashMap<i64, Review>) -> String {
    let mut out = String::new();
    for entry in entries {
        let detail = &entry.detail;
        let records: Vec<String> = detail
            .resources
            .iter()
            .map(|touched| format!("{}/{}", touched.resource_type, touched.id))
            .collect();
        let outcome = match &detail.outcome {
            mt_audit::Outcome::Success => "success".to_owned(),
            mt_audit::Outcome::Refused { status, .. } => format!("refused {status}"),
        };
        let roles: Vec<&str> = detail.actor.roles.iter().map(|role| &**role).collect();
        let review = reviews
            .get(&entry.seq)
            .map(|review| format!("{:?}", review.state));
        let address = detail.address.map(|address| address.to_string());
        let event = detail.event.map(|event| format!("{event:?}"));
        let cells = [
            entry.seq.to_string(),
            entry.at.to_fhir(),
            detail.actor.id.to_string(),
            detail
                .actor
                .fhir_user
                .as_deref()
                .unwrap_or_default()
                .to_owned(),
            address.unwrap_or_default(),
            roles.join(" "),
            format!("{:?}", entry.kind),
            event.unwrap_or_default(),
            detail.purpose.code().to_owned(),
            outcome,
            records.join(" "),
            detail.reason.clone().unwrap_or_default(),
            entry.correlation.to_string(),
            review.unwrap_or_else(|| "Open".to_owned()),
        ];
        let line: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        out.push_str(&line.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A cell that no spreadsheet takes for a formula: what begins like one is led by an apostrophe.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let lead = if formula { "'" } else { "" };
    format!("\"{lead}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_out_of_its_quotes() {
        for (cell, expected) in [
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@sum", "\"'@sum\""),
            ("\t=1", "\"'\t=1\""),
            ("a\",\"=b", "\"a\"\",\"\"=b\""),
            ("plain", "\"plain\""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
        assert_eq!(HEADER.split(',').count(), 14);
    }
}
