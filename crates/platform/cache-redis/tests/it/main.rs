//! The shared cache against a real Redis, and against what only claims to be one.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on says where, and one that is skipped says why"
)]

mod cluster;
mod hostile;
mod link;
mod server;
