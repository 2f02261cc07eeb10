//! Nobody writes the trail through the doors of the record store.
//!
//! `AuditEvent` resources are rendered from the log; a record of that type beside the log would be a
//! claim that nothing vouches for.

use mt_kernel::{ErrorKind, Fault, OpCtx};
use mt_store::{DomainEvent, Policy, ProposedChange};

/// The policy of the type `AuditEvent`: it refuses every change.
#[derive(Clone, Copy, Debug)]
pub struct TrailIsReadOnly;

impl Policy for TrailIsReadOnly {
    fn decide(&self, _: &OpCtx, _: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        Err(Fault::new(
            ErrorKind::Forbidden,
            "the audit trail is written by the server alone",
        ))
    }
}
