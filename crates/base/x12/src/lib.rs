#![doc = include_str!("../README.md")]

mod guide;
pub mod syntax;
pub mod validate;

pub use guide::{DataElement, DataType, Guide};
pub use syntax::{Delimiters, Interchange, Limits, ReadError, Segment, SegmentReader, Segments};
pub use validate::{Issue, Options, Report, Severity, validate};
