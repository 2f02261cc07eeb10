#![doc = include_str!("../README.md")]

mod cache;
mod link;
mod options;
mod tls;

pub use cache::RedisCache;
pub use options::{OptionsError, RedisOptions};
