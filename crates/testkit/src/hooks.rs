//! Hooks that agree to everything: tests of the store replace the one they are about.

use mt_fhir::Node;
use mt_kernel::{Fault, OpCtx};
use mt_store::{AuditSink, Caller, Committed, ReadAccess, ResourceValidator};

/// Finds nothing wrong.
#[derive(Clone, Copy, Debug)]
pub struct NoRules;

impl ResourceValidator for NoRules {
    fn validate(&self, _: &OpCtx, _: Node<'_>) -> Result<(), Vec<Fault>> {
        Ok(())
    }
}

/// Describes commits by their correlation id and takes no note of reads.
#[derive(Clone, Copy, Debug)]
pub struct NoAudit;

impl AuditSink for NoAudit {
    fn describe_commit(&self, caller: &Caller, committed: &[Committed]) -> Vec<u8> {
        format!("{} {}", caller.ctx.correlation_id, committed.len()).into_bytes()
    }

    fn note(&self, _: &Caller, _: &ReadAccess<'_>) -> Result<(), Fault> {
        Ok(())
    }
}
