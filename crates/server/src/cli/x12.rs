//! `meditrack x12 validate|ack|pretty`: X12 files at a desk.

use std::path::PathBuf;
use std::process::ExitCode;

use mt_x12::ack::Stamp;
use mt_x12::{Options, acknowledge, pretty, validate};

use super::{Outcome, files, say};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Check a file against its implementation guides; exit code 1 when it breaks one
    Validate {
        /// X12 file, `-` for standard input
        file: PathBuf,
    },
    /// Print the TA1 and 999 that answer a file
    Ack {
        /// X12 file, `-` for standard input
        file: PathBuf,
        /// Control number of the first answer
        #[arg(long, default_value_t = 1)]
        control_number: u32,
    },
    /// Print a file one segment a line, indented by loop
    Pretty {
        /// X12 file, `-` for standard input
        file: PathBuf,
    },
}

pub(super) fn run(args: Args) -> Outcome {
    match args {
        Args::Validate { file } => {
            let report = validate(files::read(&file)?.as_slice(), Options::default())?;
            report.issues().for_each(say);
            Ok(if report.is_valid() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            })
        }
        Args::Ack {
            file,
            control_number,
        } => {
            let report = validate(files::read(&file)?.as_slice(), Options::default())?;
            let now = jiff::Timestamp::now();
            let (date, time) = (
                now.strftime("%Y%m%d").to_string(),
                now.strftime("%H%M").to_string(),
            );
            let stamp = Stamp {
                date,
                time,
                control_number,
            };
            acknowledge(&report, &stamp)?.into_iter().for_each(say);
            Ok(ExitCode::SUCCESS)
        }
        Args::Pretty { file } => {
            let bytes = files::read(&file)?;
            say(pretty(&String::from_utf8_lossy(&bytes))?);
            Ok(ExitCode::SUCCESS)
        }
    }
}
