#![doc = include_str!("../README.md")]

pub mod answer;
pub mod codes;
mod document;
mod error;
mod message;
pub mod model;
pub mod schema;
pub mod transaction;
pub mod validate;
mod version;
pub mod xml;

pub use document::Document;
pub use error::{Position, ReadError, ReadErrorReason};
pub use message::{BuildError, Message};
pub use transaction::{Body, Transaction};
pub use validate::{ErrorCode, Issue, Report, Severity, check, validate, validate_within};
pub use version::Version;
pub use xml::Limits;
