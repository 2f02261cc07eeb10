//! The syntax layer: delimiters, segments, streaming and in-memory splitting.
//!
//! Nothing here knows a transaction set. Everything above reads segments through these types, so
//! that the rules "the ISA decides the delimiters" and "no input is too long to refuse" live once.

mod delimiters;
mod interchange;
mod reader;
mod segment;

pub use delimiters::{Delimiters, HEADER_LENGTH, HeaderError};
pub use interchange::{Group, Interchange, Segments, TransactionSet};
pub use reader::{Limits, ReadError, SegmentReader};
pub use segment::{Element, Segment};
