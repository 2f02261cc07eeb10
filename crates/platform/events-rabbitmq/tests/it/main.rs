//! Events over a real RabbitMQ.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod broker;
mod contract;
mod messages;
mod outage;
mod security;
