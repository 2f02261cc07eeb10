//! Kafka: the real one, and one as librdkafka plays it, which fails as it is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod broker;
mod mock;
mod outage;
mod real;
mod registry;
mod security;
