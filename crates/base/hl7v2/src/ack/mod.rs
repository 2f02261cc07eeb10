//! Acknowledgements: when one is due, with which codes, and its bytes (chapter 2, 2.9 and 2.14).
//!
//! An answer names positions and codes of the standard; its free text is fixed at compile time,
//! so that no patient's data can come back in it.

mod code;
mod mode;
mod reply;

pub use code::{AckCode, AckCodeError, ErrorCode, Outcome, Severity};
pub use mode::{AckMode, Condition};
pub use reply::{Problem, Reply, header_of};
