#![doc = include_str!("../README.md")]

mod bus;
mod feed;
mod link;
mod message;
mod options;
mod subscription;
mod tags;
mod tls;
mod topology;

pub use bus::RabbitBus;
pub use options::{OptionsError, RabbitOptions};
