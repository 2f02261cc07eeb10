//! Changing a resource by a patch document: JSON Patch (RFC 6902) and FHIRPath Patch (FHIR R4).
//!
//! Both are atomic: they work on a copy that takes the document's place only when every operation
//! has succeeded. XML Patch is not offered.

mod fhirpath;
mod json;
mod location;
mod pointer;

pub use fhirpath::apply as apply_fhirpath;
pub use json::apply as apply_json;

/// The most operations in one patch.
pub const MAX_OPERATIONS: usize = 1_000;

/// The most JSON values that the operations of one patch may add or copy together.
pub const MAX_ADDED_VALUES: usize = 1_000_000;

/// The most levels that a patched document may have: as many as the parser takes by default.
pub const MAX_DEPTH: usize = 64;

/// Why a patch was not applied, and which of its operations is to blame (counted from zero).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation}: {kind}")]
pub struct PatchError {
    /// Index of the operation.
    pub operation: usize,
    /// What is wrong.
    pub kind: PatchErrorKind,
}

/// The kinds of [`PatchError`]. Paths are those of the patch; values are never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchErrorKind {
    /// The document is no patch.
    #[error("the patch is not {0}")]
    NotAPatch(&'static str),
    /// A member or part that the operation needs is absent or of the wrong type.
    #[error("{0} is missing or invalid")]
    InvalidMember(&'static str),
    /// An operation that does not exist.
    #[error("unknown operation {0}")]
    UnknownOperation(Box<str>),
    /// A JSON pointer or FHIRPath that cannot be read.
    #[error("invalid path {0}")]
    InvalidPath(Box<str>),
    /// Nothing stands at the path.
    #[error("nothing found at {0}")]
    NotFound(Box<str>),
    /// The path gives several elements where one is needed.
    #[error("{count} elements found at {path}")]
    Ambiguous {
        /// The path.
        path: Box<str>,
        /// How many elements it gives.
        count: usize,
    },
    /// An index beyond the end of a list.
    #[error("index {0} is out of range")]
    IndexOutOfRange(i64),
    /// An `add` of a single element that is there already.
    #[error("{0} already exists")]
    AlreadyExists(Box<str>),
    /// The type has no such element, or not of that type.
    #[error("{0} is not an element here")]
    UnknownElement(Box<str>),
    /// A `test` operation found another value.
    #[error("the value at {0} is not the expected one")]
    TestFailed(Box<str>),
    /// A value cannot be moved into itself.
    #[error("a value cannot be moved into itself")]
    MovedIntoItself,
    /// More than [`MAX_OPERATIONS`], [`MAX_ADDED_VALUES`] or [`MAX_DEPTH`].
    #[error("the patch is too large")]
    TooLarge,
}

type Outcome<T> = Result<T, PatchErrorKind>;

/// How many values a tree holds, itself included, and on how many levels; counting stops a little
/// above `limit`.
fn measure(node: mt_fhir::json::Node<'_>, limit: usize) -> (usize, usize) {
    let mut pending = vec![(node, 1)];
    let (mut count, mut depth) = (0, 0);
    while let Some((node, level)) = pending.pop() {
        count += 1;
        depth = depth.max(level);
        if count > limit {
            break;
        }
        pending.extend(node.children().map(|child| (child, level + 1)));
    }
    (count, depth)
}
