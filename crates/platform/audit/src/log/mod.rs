//! The transparency log: rows become leaves, leaves become tiles and signed checkpoints.
//!
//! Everything here works on sealed rows; only the index of mentions opens them.

mod archive;
pub(crate) mod bundle;
pub(crate) mod integrate;
pub(crate) mod leaf;
pub(crate) mod mention;
pub(crate) mod note;
pub(crate) mod prove;
pub(crate) mod prune;
pub(crate) mod signer;
pub(crate) mod tiles;
pub(crate) mod witness;

pub use archive::{Archive, Archived, Folder};
pub use note::{Checkpoint, VerifierKey};
pub use prove::{ConsistencyProof, InclusionProof};
pub use prune::Pruned;
