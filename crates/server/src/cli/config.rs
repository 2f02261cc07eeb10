//! `meditrack config print|check`

use std::process::ExitCode;

use super::{Common, Outcome, say};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Print the configuration as it takes effect; secrets are hidden
    Print,
    /// Check the configuration and say nothing when it is good
    Check,
}

pub(super) fn run(common: &Common, args: &Args) -> Outcome {
    let config = common.load()?;
    if matches!(args, Args::Print) {
        say(format_args!(
            "# data directory: {}\n",
            common.data_dir().display()
        ));
        say(toml::to_string_pretty(&config)?);
    }
    Ok(ExitCode::SUCCESS)
}
