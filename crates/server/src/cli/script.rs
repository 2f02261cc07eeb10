//! `meditrack script validate`: NCPDP SCRIPT messages at a desk.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Outcome, files, say};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Check a message; exit code 1 when it breaks a rule
    Validate {
        /// XML file, `-` for standard input
        file: PathBuf,
    },
}

pub(super) fn run(args: Args) -> Outcome {
    let Args::Validate { file } = args;
    let report = mt_script::validate(&files::read(&file)?);
    say(&report);
    Ok(if report.is_valid() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
