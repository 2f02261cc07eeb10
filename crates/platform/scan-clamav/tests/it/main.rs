//! Files before a real `clamd`, through the record store's one write path.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests stop at what they did not expect, and say when they are skipped"
)]

mod daemon;
mod files;
