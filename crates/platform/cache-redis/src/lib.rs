#![doc = include_str!("../README.md")]

mod cache;
mod link;
mod options;

pub use cache::RedisCache;
pub use options::{OptionsError, RedisOptions};
