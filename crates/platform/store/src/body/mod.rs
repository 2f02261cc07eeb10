//! Bodies: the canonical bytes of a resource, sealed for storage.
//!
//! What is sealed is exactly what is served, so that reading never parses.

mod canonical;

pub(crate) use canonical::{content_of, literal_id, tombstone, write_canonical};
