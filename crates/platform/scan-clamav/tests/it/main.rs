//! Files before a real `clamd`, through the record store's one write path.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

mod daemon;
mod files;
