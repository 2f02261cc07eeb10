//! The `meditrack` command: one binary for a laptop and for a cluster.

mod assembly;
mod backups;
mod bench;
mod catalog;
mod cli;
mod config;
mod import;
mod serve;
mod telemetry;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

// Many small, short-lived allocations on many threads: measured faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(cli::Cli::parse())
}
