//! Behaviour of the MLLP transport on real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail like tests and say what they skip"
)]

mod client;
mod durability;
mod journal;
mod memory;
mod receiving;
mod server;
mod tls;
mod world;
