//! *Authorise → validate → decide* for one change, then everything that turns it into a row.
//!
//! Pure but for the hooks: a change that lost a race is prepared again on the new current version.

use std::sync::Arc;

use bytes::Bytes;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{ErrorKind, Instant};
use uuid::Uuid;

use super::encode::{EncodedRow, RowEncoder};
use super::files::brings_only;
use super::unit::{PreparedRow, RowAction, type_column, version_column};
use crate::body::{content_of, tombstone, write_canonical};
use crate::cache::SealedRow;
use crate::index::{AuxRow, IndexRow, index};
use crate::tenants::{Tenant, compile_param};
use crate::{
    Action, Binding, Caller, Committed, Content, Disclosure, DomainEvent, Effect, Hooks,
    Interaction, Patch, ProposedChange, Result, StoreError,
};

/// The current version of a resource, opened.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) version: u32,
    pub(crate) updated_at: Instant,
    pub(crate) deleted: bool,
    pub(crate) body: Bytes,
}

/// A change whose resource is known.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Position in the batch.
    pub(crate) entry: usize,
    pub(crate) resource_type: ResourceType,
    pub(crate) id: Uuid,
    pub(crate) literal: Arc<str>,
    /// The resource that `If-None-Exist` found, or the absence that a delete found.
    pub(crate) settled: Option<Committed>,
    /// The id is new: nothing needs to be read.
    pub(crate) fresh: bool,
}

/// What became of a change before it is written.
pub(crate) enum Prepared {
    /// A row to write.
    Row(Box<PreparedRow>),
    /// Nothing to write.
    Same(Committed),
}

/// Prepares changes of one operation.
pub(crate) struct Preparer<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) tenant: &'a Tenant,
    pub(crate) hooks: &'a Hooks,
    /// Document of the batch, for contents that are its nodes.
    pub(crate) bundle: Option<&'a Doc>,
    /// `meta.lastUpdated` of everything in the batch.
    pub(crate) at: Instant,
    /// What the policies said so far.
    pub(crate) events: Vec<DomainEvent>,
    /// What the policies bind the commit to.
    pub(crate) bindings: Vec<Binding>,
}

impl Preparer<'_> {
    /// Prepares one change against the current version.
    pub(crate) fn prepare(
        &mut self,
        planned: &Planned,
        action: &Action,
        current: Option<&Current>,
    ) -> Result<Prepared> {
        if let Some(settled) = &planned.settled {
            return Ok(Prepared::Same(settled.clone()));
        }
        self.disclose(planned, action, current)?;
        check_version(if_match(action), current)?;
        match action {
            Action::Create { content, .. } => {
                let node = typed_node(content, self.bundle, planned)?;
                self.write(planned, Interaction::Create, node, current)
            }
            Action::Update {
                content,
                upsert,
                target,
                ..
            } => {
                let live = current.is_some_and(|current| !current.deleted);
                let by_id = matches!(target, crate::Target::Id(_));
                if !live && by_id && !upsert {
                    return Err(missing(current));
                }
                let node = typed_node(content, self.bundle, planned)?;
                check_id(node, planned, by_id)?;
                let what = if live {
                    Interaction::Update
                } else {
                    Interaction::Create
                };
                self.write(planned, what, node, current)
            }
            Action::Patch { patch, .. } => self.patch(planned, patch.as_ref(), current),
            Action::Delete { .. } => self.delete(planned, current),
        }
    }

    /// Refuses, before anything else is said, a change to what the caller must not know of: it is
    /// refused as if it did not exist.
    fn disclose(
        &self,
        planned: &Planned,
        action: &Action,
        current: Option<&Current>,
    ) -> Result<()> {
        let (target, interaction) = match action {
            Action::Create { .. } => return Ok(()),
            Action::Update { target, .. } => (target, Interaction::Update),
            Action::Patch { target, .. } => (target, Interaction::Patch),
            Action::Delete { target, .. } => (target, Interaction::Delete),
        };
        let authority = &self.caller.authority;
        let kind = planned.resource_type;
        match authority.disclosure(interaction, kind) {
            Disclosure::Everything => return Ok(()),
            Disclosure::Nothing(refusal) => return Err(refusal.into()),
            Disclosure::WithinReach => {}
        }
        let Some(live) = current.filter(|current| !current.deleted) else {
            // An update that found nothing by its criteria is a creation, which tells nothing.
            let creates = current.is_none()
                && interaction == Interaction::Update
                && matches!(target, crate::Target::Criteria(_));
            return if creates {
                Ok(())
            } else {
                Err(StoreError::NotFound)
            };
        };
        let doc = parse_stored(&live.body)?;
        if authority.reaches(&self.caller.ctx, interaction, kind, doc.root()) {
            Ok(())
        } else {
            Err(StoreError::NotFound)
        }
    }

    fn patch(
        &mut self,
        planned: &Planned,
        patch: &dyn Patch,
        current: Option<&Current>,
    ) -> Result<Prepared> {
        let live = current.filter(|current| !current.deleted);
        let mut doc = parse_stored(&live.ok_or_else(|| missing(current))?.body)?;
        patch.apply(&mut doc)?;
        let node = doc.root();
        if node.resource_type() != Some(planned.resource_type.name()) {
            let message = "a patch cannot change the type of a resource";
            return Err(StoreError::refused(ErrorKind::Invalid, message));
        }
        if self.hooks.scanner.is_some() {
            let old = live
                .map(|current| parse_stored(&current.body))
                .transpose()?;
            brings_only(patch.files(), old.as_ref().map(Doc::root), node)?;
        }
        check_id(node, planned, true)?;
        self.write(planned, Interaction::Patch, node, current)
    }

    fn write(
        &mut self,
        planned: &Planned,
        interaction: Interaction,
        node: Node<'_>,
        current: Option<&Current>,
    ) -> Result<Prepared> {
        let completed = self.complete(planned, interaction, node, current)?;
        let node = completed.as_ref().map_or(node, Doc::root);
        self.agree(planned, interaction, Some(node), current)?;
        let (version, at) = self.next_version(current);
        let mut body = Vec::with_capacity(1024);
        let Planned {
            resource_type,
            id,
            literal,
            ..
        } = planned;
        write_canonical(node, *resource_type, literal, version, at, &mut body);
        let live = current.filter(|current| !current.deleted);
        if let Some(same) = live.filter(|current| content_of(&current.body) == content_of(&body)) {
            return Ok(Prepared::Same(unchanged(planned, same)));
        }
        let indexed = index(self.tenant, *resource_type, *id, node)?;
        let action = if current.is_some() {
            RowAction::Update
        } else {
            RowAction::Insert
        };
        let effect = if live.is_some() {
            Effect::Updated
        } else {
            Effect::Created
        };
        let sealed = self.tenant.seal(*resource_type, *id, version, &body)?;
        Ok(row(
            planned,
            (version, at),
            action,
            effect,
            body,
            sealed,
            &indexed,
        ))
    }

    fn delete(&mut self, planned: &Planned, current: Option<&Current>) -> Result<Prepared> {
        let Some(live) = current.filter(|current| !current.deleted) else {
            let version = current.map_or(0, |current| current.version);
            return Ok(Prepared::Same(absent(
                planned,
                version,
                self.caller.ctx.now,
            )));
        };
        self.agree(planned, Interaction::Delete, None, Some(live))?;
        let (version, at) = self.next_version(current);
        let Planned {
            resource_type,
            id,
            literal,
            ..
        } = planned;
        let body = tombstone(*resource_type, literal, version, at);
        let sealed = self.tenant.seal(*resource_type, *id, version, &body)?;
        let nothing = IndexRow::empty();
        Ok(row(
            planned,
            (version, at),
            RowAction::Delete,
            Effect::Deleted,
            body,
            sealed,
            &nothing,
        ))
    }

    /// A new resource with what the contexts add to it.
    fn complete(
        &self,
        planned: &Planned,
        interaction: Interaction,
        new: Node<'_>,
        current: Option<&Current>,
    ) -> Result<Option<Doc>> {
        if interaction != Interaction::Create {
            return Ok(None);
        }
        let change = ProposedChange {
            interaction,
            resource_type: planned.resource_type,
            id: &planned.literal,
            version: self.next_version(current).0,
            old: None,
            new: Some(new),
        };
        Ok(self.hooks.policies.complete(&self.caller.ctx, &change)?)
    }

    /// The three hooks, in order.
    fn agree(
        &mut self,
        planned: &Planned,
        interaction: Interaction,
        new: Option<Node<'_>>,
        current: Option<&Current>,
    ) -> Result<()> {
        let live = current.filter(|current| !current.deleted);
        let old = live
            .map(|current| parse_stored(&current.body))
            .transpose()?;
        let change = ProposedChange {
            interaction,
            resource_type: planned.resource_type,
            id: &planned.literal,
            version: self.next_version(current).0,
            old: old.as_ref().map(Doc::root),
            new,
        };
        self.caller.authority.authorise(&self.caller.ctx, &change)?;
        if let Some(new) = new {
            let checked = self.hooks.validator.validate(&self.caller.ctx, new);
            checked.map_err(|faults| StoreError::Refused { faults })?;
            if planned.resource_type == ResourceType::SEARCH_PARAMETER {
                compile_param(&self.tenant.params, new, mt_search::ParamId(u16::MAX))?;
            }
        }
        let (events, bindings) = (&mut self.events, &mut self.bindings);
        let policies = &self.hooks.policies;
        policies.decide(&self.caller.ctx, &change, events, bindings)?;
        Ok(())
    }

    /// The next version and the time of the commit.
    fn next_version(&self, current: Option<&Current>) -> (u32, Instant) {
        (current.map_or(1, |current| current.version + 1), self.at)
    }
}

/// The node that a content names, of the type that the change names.
fn typed_node<'a>(
    content: &'a Content,
    bundle: Option<&'a Doc>,
    planned: &Planned,
) -> Result<Node<'a>> {
    let node = content_node(content, bundle)?;
    if node.resource_type() == Some(planned.resource_type.name()) {
        return Ok(node);
    }
    let message = "the resource is not of the type that the request names";
    Err(mt_kernel::Fault::new(ErrorKind::Malformed, message)
        .at("resourceType")
        .into())
}

/// The node that a content names.
pub(crate) fn content_node<'a>(content: &'a Content, bundle: Option<&'a Doc>) -> Result<Node<'a>> {
    match (content, bundle) {
        (Content::Own(doc), _) => Ok(doc.root()),
        (Content::Entry(id), Some(bundle)) => Ok(bundle.node(*id)),
        (Content::Entry(_), None) => Err(StoreError::Damaged("a batch without its document")),
    }
}

/// Reads a body that this store wrote.
pub(crate) fn parse_stored(body: &[u8]) -> Result<Doc> {
    let limits = Limits {
        max_bytes: usize::MAX,
        ..Limits::default()
    };
    Doc::parse(body, &limits).map_err(|_| StoreError::Damaged("a stored body is not JSON"))
}

pub(crate) const fn if_match(action: &Action) -> Option<u32> {
    match action {
        Action::Create { .. } => None,
        Action::Update { if_match, .. }
        | Action::Patch { if_match, .. }
        | Action::Delete { if_match, .. } => *if_match,
    }
}

fn check_version(expected: Option<u32>, current: Option<&Current>) -> Result<()> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let current = current.map_or(0, |current| current.version);
    if current == expected {
        Ok(())
    } else {
        Err(StoreError::VersionMismatch { expected, current })
    }
}

fn check_id(node: Node<'_>, planned: &Planned, required: bool) -> Result<()> {
    match node.str("id") {
        Some(id) if id == &*planned.literal => Ok(()),
        None if !required => Ok(()),
        _ => {
            let message = "the id of the resource is not the id that the request names";
            Err(mt_kernel::Fault::new(ErrorKind::Malformed, message)
                .at("id")
                .into())
        }
    }
}

fn missing(current: Option<&Current>) -> StoreError {
    match current {
        Some(gone) => StoreError::Gone {
            version: gone.version,
            last_updated: gone.updated_at,
        },
        None => StoreError::NotFound,
    }
}

fn unchanged(planned: &Planned, current: &Current) -> Committed {
    Committed {
        resource_type: planned.resource_type,
        id: Arc::clone(&planned.literal),
        version: current.version,
        last_updated: current.updated_at,
        effect: Effect::Unchanged,
        body: current.body.clone(),
    }
}

/// The outcome of a delete that found nothing.
pub(crate) fn absent(planned: &Planned, version: u32, now: Instant) -> Committed {
    Committed {
        resource_type: planned.resource_type,
        id: Arc::clone(&planned.literal),
        version,
        last_updated: now,
        effect: Effect::Absent,
        body: Bytes::new(),
    }
}

fn row(
    planned: &Planned,
    (version, at): (u32, Instant),
    action: RowAction,
    effect: Effect,
    body: Vec<u8>,
    sealed: Vec<u8>,
    indexed: &IndexRow,
) -> Prepared {
    let stored = SealedRow {
        version,
        updated_at: at,
        deleted: action == RowAction::Delete,
        body: sealed.into(),
    };
    let encoded = encode_row(planned.resource_type, planned.id, &stored, indexed);
    let aux = |row: &AuxRow| encode_aux(planned.resource_type, planned.id, row);
    Prepared::Row(Box::new(PreparedRow {
        resource_type: planned.resource_type,
        id: planned.id,
        literal: Arc::clone(&planned.literal),
        version,
        at,
        action,
        effect,
        body: body.into(),
        sealed: stored.body,
        row: encoded,
        aux: indexed.aux.iter().map(aux).collect(),
    }))
}

/// A row of type `records.res_in`.
pub(crate) fn encode_row(
    resource_type: ResourceType,
    id: Uuid,
    stored: &SealedRow,
    indexed: &IndexRow,
) -> EncodedRow {
    RowEncoder::with_capacity(200 + stored.body.len() + indexed.keys.len() * 12)
        .int8(indexed.dlo)
        .int8(indexed.dhi)
        .int8(stored.updated_at.0)
        .optional_int8(indexed.pat)
        .optional_int8(indexed.k1)
        .int4(version_column(stored.version))
        .int2(type_column(resource_type))
        .bool(stored.deleted)
        .bool(indexed.recheck)
        .uuid(id)
        .int8_array(&indexed.keys)
        .bytea(&stored.body)
        .finish()
}

/// A row of type `records.aux_in`.
pub(crate) fn encode_aux(resource_type: ResourceType, id: Uuid, row: &AuxRow) -> EncodedRow {
    RowEncoder::with_capacity(100)
        .int8(row.h)
        .int8(row.lo)
        .int8(row.hi)
        .int2(type_column(resource_type))
        .uuid(id)
        .finish()
}
