#![doc = include_str!("../README.md")]

mod bus;
mod feed;
mod held;
mod knock;
mod lag;
mod message;
mod options;
mod registry;
mod subscription;
mod topics;

pub use bus::KafkaBus;
pub use options::{KafkaOptions, OptionsError, RegistryOptions};
