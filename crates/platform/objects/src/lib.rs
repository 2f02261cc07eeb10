#![doc = include_str!("../README.md")]

mod bucket;
mod error;
mod signature;

pub use bucket::{Bucket, BucketConfig, Held};
pub use error::{ObjectError, Result};
