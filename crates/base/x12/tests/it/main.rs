//! Integration tests: the public interface against real files, generated faults and outside tools.

#![allow(clippy::print_stdout, reason = "a test that cannot run here says so")]

mod documents;
mod hostile;
mod laws;
#[cfg(target_os = "linux")]
mod memory;
mod mutants;
mod oracles;
mod outcomes;
mod round_trip;
mod samples;
