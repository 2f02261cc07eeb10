//! What entries of the trail mean to others, as events.
//!
//! The sequencer takes every entry once, so what it says in the transaction of its leaves is said once, whichever process
//! made the entry and however it ended. Nothing is said on the way of a read.

use mt_kernel::Instant;
use mt_store::DomainEvent;
use uuid::Uuid;

use crate::{Detail, Kind};

/// Knows what an entry means. A context that owns the words provides it.
pub trait Announcer: Send + Sync {
    /// The events that follow from an entry; most often none or one. They hold no health information.
    fn events(&self, entry: &Announced<'_>) -> Vec<DomainEvent>;
}

/// An entry that has just become part of the log.
#[derive(Clone, Copy, Debug)]
pub struct Announced<'a> {
    /// Its form.
    pub kind: Kind,
    /// When it happened.
    pub at: Instant,
    /// The request that it belongs to.
    pub correlation: Uuid,
    /// What it says.
    pub detail: &'a Detail,
}
