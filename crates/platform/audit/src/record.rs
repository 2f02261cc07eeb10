//! How an entry gets into the trail: sealed, then journalled.

use std::sync::Arc;

use mt_crypto::Purpose;
use mt_fhir::ResourceType;
use mt_kernel::{Fault, OpCtx};

use crate::detail::{Detail, Effect, EventCode, Kind, Outcome, Touched, encode};
use crate::journal::Record;
use crate::{Audit, Result, place};

/// Something besides access to records that the trail must hold.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What happened.
    pub code: EventCode,
    /// Why it was refused; `None` when it was done.
    pub refusal: Option<&'a Fault>,
    /// Records that it concerns, as `(type, literal id)`.
    pub resources: &'a [(ResourceType, Arc<str>)],
    /// A search or export criterion: health information, sealed.
    pub query: Option<&'a str>,
    /// The reason that a person gave.
    pub reason: Option<&'a str>,
}

impl Event<'_> {
    /// Something that was done, without further particulars.
    #[must_use]
    pub const fn done(code: EventCode) -> Self {
        Self {
            code,
            refusal: None,
            resources: &[],
            query: None,
            reason: None,
        }
    }
}

impl Audit {
    /// Records an event. When this returns, the event survives the end of the process.
    ///
    /// # Errors
    /// [`crate::AuditError::TenantInactive`] when the tenant's keys are not in memory,
    /// [`crate::AuditError::Journal`] when the journal cannot be written: what was about to be done
    /// must then not be done.
    pub fn record(&self, ctx: &OpCtx, event: &Event<'_>) -> Result<()> {
        let touched = |(resource_type, id): &(ResourceType, Arc<str>)| Touched {
            resource_type: *resource_type,
            id: Arc::clone(id),
            version: 0,
            effect: Effect::Shown,
        };
        let detail = Detail {
            event: Some(event.code),
            resources: event.resources.iter().map(touched).collect(),
            query: event.query.map(str::to_owned),
            outcome: Outcome::of(event.refusal),
            reason: event.reason.map(str::to_owned),
            ..Detail::new(ctx)
        };
        self.enter(ctx, Kind::Event, &detail)
    }

    /// Enters a detail. When this returns, it survives the end of the process.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn enter(&self, ctx: &OpCtx, kind: Kind, detail: &Detail) -> Result<()> {
        let keys = self.loaded_keys(ctx.tenant)?;
        let place = place(ctx.now, ctx.correlation_id);
        let sealed = mt_crypto::seal(&keys, Purpose::Audit, &place, &encode(detail))?;
        let record = Record {
            tenant: ctx.tenant,
            at: ctx.now,
            kind: kind.number(),
            correlation: ctx.correlation_id,
            detail: &sealed,
        };
        self.journal().append(&record)?;
        Ok(())
    }
}
