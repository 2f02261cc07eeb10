//! `meditrack x12 validate|ack|pretty`: X12 files of any size at a desk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use mt_x12::ack::Stamp;
use mt_x12::{Options, Report, acknowledge, pretty, validate};

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
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=999_999_999))]
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
        Args::Validate { file } => check(&file),
        Args::Ack {
            file,
            control_number,
        } => answer(&file, control_number),
        Args::Pretty { file } => {
            let mut empty = true;
            for line in pretty(files::open(&file)?) {
                say(line.with_context(|| files::name(&file))?);
                empty = false;
            }
            if empty {
                anyhow::bail!("{} is empty", files::name(&file));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(file: &Path) -> Outcome {
    let report = match validate(files::open(file)?, Options::default()) {
        Ok(report) => report,
        Err(mt_x12::ReadError::Io(error)) => return Err(error).with_context(|| files::name(file)),
        Err(error) => {
            say(format_args!(
                "{}: not readable as X12: {error}",
                files::name(file)
            ));
            return Ok(ExitCode::from(1));
        }
    };
    if report.interchanges.is_empty() {
        anyhow::bail!("{} is empty", files::name(file));
    }
    report.issues().for_each(say);
    summarise(&report);
    Ok(if report.is_valid() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// One line on what was there, so that silence is never taken for a verdict.
fn summarise(report: &Report) {
    let groups = report.interchanges.iter().map(|found| found.groups.len());
    let answers = report
        .interchanges
        .iter()
        .map(|found| found.acknowledgments);
    let refused = report.sets().filter(|set| !set.is_valid()).count();
    let unguided = report.sets().filter(|set| set.guide.is_none()).count();
    let more: u64 = report.sets().map(|set| set.dropped).sum();
    if more > 0 {
        say(format_args!("{more} more issues are not shown"));
    }
    say(format_args!(
        "{}: {} interchanges, {} groups, {} transaction sets ({refused} refused, {unguided} without a guide here: only envelopes checked), {} TA1",
        if report.is_valid() {
            "valid"
        } else {
            "refused"
        },
        report.interchanges.len(),
        groups.sum::<usize>(),
        report.sets().count(),
        answers.sum::<u64>(),
    ));
}

fn answer(file: &Path, control_number: u32) -> Outcome {
    let report =
        validate(files::open(file)?, Options::default()).with_context(|| files::name(file))?;
    let now = jiff::Timestamp::now();
    let stamp = Stamp {
        date: now.strftime("%Y%m%d").to_string(),
        time: now.strftime("%H%M").to_string(),
        control_number,
    };
    let answers = acknowledge(&report, &stamp)?;
    if answers.is_empty() {
        anyhow::bail!("{} holds nothing to acknowledge", files::name(file));
    }
    answers.into_iter().for_each(say);
    Ok(ExitCode::SUCCESS)
}
