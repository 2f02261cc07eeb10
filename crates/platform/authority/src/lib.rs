#![doc = include_str!("../README.md")]

mod authority;
mod session;

pub use authority::forbidden;
pub use session::{Session, queries};
