//! Which resource each change of a batch means.

use std::collections::HashSet;
use std::sync::Arc;

use mt_kernel::ErrorKind;
use uuid::Uuid;

use super::prepare::{Planned, content_node};
use super::references::{Criteria, Renames, criteria_in};
use crate::tenants::Tenant;
use crate::{Action, Batch, Change, Content, Result, StoreError, Target};

/// Whether the resource of a change is found by criteria.
pub(crate) fn has_criteria(change: &Change) -> bool {
    match &change.action {
        Action::Create { if_none_exist, .. } => if_none_exist.is_some(),
        Action::Update { target, .. }
        | Action::Patch { target, .. }
        | Action::Delete { target, .. } => matches!(target, Target::Criteria(_)),
    }
}

/// Plans changes without criteria.
pub(crate) fn plan_known(tenant: &Tenant, changes: &[Change]) -> Result<Vec<Planned>> {
    changes
        .iter()
        .enumerate()
        .map(|(entry, change)| match &change.action {
            Action::Create { .. } => Ok(plan_new(entry, change)),
            Action::Update {
                target: Target::Id(id),
                ..
            }
            | Action::Patch {
                target: Target::Id(id),
                ..
            }
            | Action::Delete {
                target: Target::Id(id),
                ..
            } => plan_id(tenant, entry, change, id),
            _ => Err(StoreError::Damaged("criteria outside a conditional commit")),
        })
        .collect()
}

/// Plans the creation of a resource under a new id.
pub(crate) fn plan_new(entry: usize, change: &Change) -> Planned {
    let id = Uuid::now_v7();
    Planned {
        entry,
        resource_type: change.resource_type,
        id,
        literal: Arc::from(id.hyphenated().to_string()),
        settled: None,
        fresh: true,
    }
}

/// Plans a change to the resource with a literal id.
pub(crate) fn plan_id(
    tenant: &Tenant,
    entry: usize,
    change: &Change,
    literal: &str,
) -> Result<Planned> {
    if !is_id(literal) {
        let message = "an id is 1 to 64 letters, digits, hyphens and dots";
        return Err(StoreError::refused(ErrorKind::Malformed, message).at(entry));
    }
    Ok(Planned {
        entry,
        resource_type: change.resource_type,
        id: tenant.key_of(change.resource_type, literal),
        literal: Arc::from(literal),
        settled: None,
        fresh: false,
    })
}

/// FHIR `id`: `[A-Za-z0-9\-\.]{1,64}`.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// Refuses a batch in which two changes mean the same resource.
pub(crate) fn refuse_overlap(planned: &[Planned]) -> Result<()> {
    let mut seen = HashSet::with_capacity(planned.len());
    for plan in planned.iter().filter(|plan| plan.settled.is_none()) {
        if !seen.insert((plan.resource_type, plan.id)) {
            let message = "two entries of the transaction change the same resource";
            return Err(StoreError::refused(ErrorKind::Invalid, message).at(plan.entry));
        }
    }
    Ok(())
}

/// The content of a change, if it has one.
pub(crate) fn content_of_change(change: &Change) -> Option<&Content> {
    match &change.action {
        Action::Create { content, .. } | Action::Update { content, .. } => Some(content),
        Action::Patch { .. } | Action::Delete { .. } => None,
    }
}

/// The references by criteria in a batch, each once, with the entry that has it first.
pub(crate) fn criteria_of(batch: &Batch) -> Result<Vec<Criteria>> {
    let mut found = Vec::new();
    let mut entries = Vec::new();
    for (entry, change) in batch.changes.iter().enumerate() {
        if let Some(content) = content_of_change(change) {
            criteria_in(content_node(content, batch.doc.as_ref())?, &mut found);
        }
        entries.resize(found.len(), entry);
    }
    let named = found.into_iter().zip(entries);
    Ok(named
        .map(|((resource_type, text), entry)| Criteria {
            entry,
            resource_type,
            text,
        })
        .collect())
}

/// Puts new names into every content of a batch.
pub(crate) fn apply_renames(batch: &mut Batch, renames: &Renames) {
    if renames.is_empty() {
        return;
    }
    let Batch { doc, changes } = batch;
    for change in changes {
        let content = match &mut change.action {
            Action::Create { content, .. } | Action::Update { content, .. } => content,
            Action::Patch { .. } | Action::Delete { .. } => continue,
        };
        match (content, doc.as_mut()) {
            (Content::Own(own), _) => {
                let root = own.root().id();
                renames.apply(own, root);
            }
            (Content::Entry(id), Some(bundle)) => renames.apply(bundle, *id),
            (Content::Entry(_), None) => {}
        }
    }
}
