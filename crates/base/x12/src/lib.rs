#![doc = include_str!("../README.md")]

pub mod ack;
mod guide;
pub mod model;
mod pretty;
pub mod syntax;
mod tree;
pub mod validate;
pub mod write;

pub use ack::acknowledge;
pub use guide::{DataElement, DataType, Guide};
pub use model::{Document, build};
pub use pretty::pretty;
pub use syntax::{Delimiters, Interchange, Limits, ReadError, Segment, SegmentReader, Segments};
pub use tree::Loop;
pub use validate::{Issue, Options, Report, Severity, validate};
