#![doc = include_str!("../README.md")]

pub mod ack;
pub mod batch;
mod builder;
pub mod charset;
pub mod conformance;
mod content;
pub mod datatype;
mod delimiters;
mod error;
pub mod escape;
mod message;
pub mod mllp;
mod notice;
mod outline;
mod path;
mod version;
pub mod view;

pub use builder::Header;
pub use charset::Charset;
pub use content::{Content, ContentError};
pub use delimiters::{DelimiterFault, Delimiters, Syntax};
pub use error::{ParseError, ParseErrorReason, Position};
pub use message::{
    EditError, Level, Message, ParseOptions, Part, Parts, Presence, Segment, SegmentEnds,
};
pub use notice::{Notice, NoticeKind};
pub use outline::Outline;
pub use path::{MAX_INDEX, Path, PathError, SegmentName};
pub use version::{Version, VersionError};
