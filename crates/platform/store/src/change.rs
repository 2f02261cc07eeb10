//! What callers ask to be written, and what was written.

use std::sync::Arc;

use bytes::Bytes;
use mt_fhir::json::NodeId;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{Fault, Instant};
use mt_search::Query;

/// One change to one resource (or, with criteria, to those that match).
#[derive(Clone, Debug)]
pub struct Change {
    /// Type of the resource.
    pub resource_type: ResourceType,
    /// `Bundle.entry.fullUrl`: what other entries of the batch call this resource.
    pub full_url: Option<String>,
    /// What is to happen.
    pub action: Action,
}

/// What is to happen (<http://hl7.org/fhir/R4/http.html>).
#[derive(Clone, Debug)]
pub enum Action {
    /// `POST [type]`: the server chooses the id.
    Create {
        /// The resource.
        content: Content,
        /// `If-None-Exist`: nothing is written when exactly one resource matches.
        if_none_exist: Option<Query>,
    },
    /// `PUT [type]/[id]` or `PUT [type]?[criteria]`.
    Update {
        /// Which resource.
        target: Target,
        /// The resource.
        content: Content,
        /// `If-Match`: the version that must be current.
        if_match: Option<u32>,
        /// Whether an id that does not exist is created.
        upsert: bool,
    },
    /// `PATCH [type]/[id]` or `PATCH [type]?[criteria]`.
    Patch {
        /// Which resource.
        target: Target,
        /// How it changes.
        patch: Arc<dyn Patch>,
        /// `If-Match`: the version that must be current.
        if_match: Option<u32>,
    },
    /// `DELETE [type]/[id]` or `DELETE [type]?[criteria]`.
    Delete {
        /// Which resource.
        target: Target,
        /// `If-Match`: the version that must be current.
        if_match: Option<u32>,
    },
}

/// Which resource a change means.
#[derive(Clone, Debug)]
pub enum Target {
    /// The one with this literal id.
    Id(String),
    /// The one that matches.
    Criteria(Box<Query>),
}

/// Where the new content of a resource stands.
#[derive(Clone, Debug)]
pub enum Content {
    /// The root of a document of its own.
    Own(Box<Doc>),
    /// A node of the batch's document.
    Entry(NodeId),
}

/// A change to a document: JSON Patch, FHIRPath Patch or a closure of a context.
pub trait Patch: Send + Sync + std::fmt::Debug {
    /// Changes the resource at the root of `doc`.
    ///
    /// # Errors
    /// A [`Fault`] when the patch does not fit the resource.
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault>;

    /// The files that it brings, in base64. Where files are looked at, a patch that brings another is refused.
    fn files(&self) -> &[String] {
        &[]
    }
}

/// Changes that take effect together or not at all.
///
/// References between entries (`urn:uuid:…`, `fullUrl`) and conditional references
/// (`Patient?identifier=…`) are resolved when the batch is committed. The order of the pushes does
/// not matter: entries are processed in FHIR's order (delete, create, update and patch).
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub(crate) doc: Option<Doc>,
    pub(crate) changes: Vec<Change>,
}

impl Batch {
    /// A batch whose contents have documents of their own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A batch whose contents are nodes of `doc`, a transaction Bundle.
    #[must_use]
    pub fn of_bundle(doc: Doc) -> Self {
        Self {
            doc: Some(doc),
            changes: Vec::new(),
        }
    }

    /// Adds a change; its position is how results and errors name it.
    pub fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// How many changes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there is no change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl From<Change> for Batch {
    fn from(change: Change) -> Self {
        Self {
            doc: None,
            changes: vec![change],
        }
    }
}

/// What became of one change.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Type of the resource.
    pub resource_type: ResourceType,
    /// Literal id.
    pub id: Arc<str>,
    /// The version that is now current.
    pub version: u32,
    /// `meta.lastUpdated`.
    pub last_updated: Instant,
    /// What happened.
    pub effect: Effect,
    /// The resource as it now reads; empty after a deletion.
    pub body: Bytes,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A resource came into being (also: again, after a deletion).
    Created,
    /// A new version.
    Updated,
    /// The content was the current one already: no new version.
    Unchanged,
    /// `If-None-Exist` matched: the resource is the existing one.
    Matched,
    /// The resource was deleted.
    Deleted,
    /// There was nothing to delete.
    Absent,
}
