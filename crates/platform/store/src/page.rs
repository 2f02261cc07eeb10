//! What reads hand out: bytes and where they came from.

use std::sync::Arc;

use bytes::Bytes;
use mt_fhir::ResourceType;
use mt_kernel::Instant;

/// One version of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Type of the resource.
    pub resource_type: ResourceType,
    /// Literal id.
    pub id: Arc<str>,
    /// `meta.versionId`.
    pub version: u32,
    /// `meta.lastUpdated`.
    pub last_updated: Instant,
    /// Whether this version deleted the resource.
    pub deleted: bool,
    /// The resource as minified JSON, ready to send; of a deletion, what names it.
    pub body: Bytes,
}

/// Why an entry is in a page of results (R4 `search-entry-mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryMode {
    /// It matches the query.
    Match,
    /// An `_include` or `_revinclude` brought it.
    Include,
}

/// One entry of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The resource.
    pub resource: Stored,
    /// Why it is here.
    pub mode: EntryMode,
}

/// How many resources match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Exactly so many.
    Accurate(u64),
    /// About so many.
    Estimate(u64),
}

/// One page of a search or of a history.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Matches in order, then what they include.
    pub entries: Vec<Entry>,
    /// How many match, when asked for.
    pub total: Option<Total>,
    /// Opaque cursor of the next page; `None` on the last.
    pub next: Option<String>,
}
