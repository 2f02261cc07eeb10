//! The command line. One file per command; each returns the exit code.
//!
//! Exit codes: 0 done; 1 done in part, or a check found something; 2 wrong arguments (clap);
//! 3 could not be done.

mod audit;
mod bench;
mod check;
mod config;
mod db;
mod demo;
mod doctor;
mod events;
mod export;
mod fhir;
mod files;
mod hl7;
mod import;
mod keys;
mod provider;
mod script;
mod serve;
mod tenant;
mod terminology;
mod token;
mod trail;
mod user;
mod x12;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Config, default_data_dir};

/// Result of a command.
pub(crate) type Outcome = anyhow::Result<ExitCode>;

/// MediTrack: a health-record platform in one binary.
#[derive(Debug, Parser)]
#[command(name = "meditrack", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Common {
    /// Where records, keys and logs live [default: the user's data folder]
    #[arg(long, global = true, env = "MEDITRACK_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration file (TOML)
    #[arg(long, global = true, env = "MEDITRACK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Common {
    /// The data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(default_data_dir)
    }

    /// The configuration.
    pub(crate) fn load(&self) -> anyhow::Result<Config> {
        Config::load(self.config.as_deref())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve
    Serve(serve::Args),
    /// Serve a demonstration with synthetic patients
    Demo(demo::Args),
    /// Load Bundles and NDJSON files
    Import(import::Args),
    /// Write a tenant's records as NDJSON files
    Export(export::Args),
    /// Create, list, suspend and delete tenants
    #[command(subcommand)]
    Tenant(tenant::Args),
    /// Sign a short-lived access token and print it
    Token(token::Args),
    /// Create, reset and list the accounts of people
    #[command(subcommand)]
    User(user::Args),
    /// Work with FHIR files
    #[command(subcommand)]
    Fhir(fhir::Args),
    /// Load licensed code systems
    #[command(subcommand)]
    Terminology(terminology::Args),
    /// Look after the database
    #[command(subcommand)]
    Db(db::Args),
    /// Look after keys
    #[command(subcommand)]
    Keys(keys::Args),
    /// Look after a tenant's authorization server and its clients
    Provider(provider::Args),
    /// Prove what was done
    Audit(audit::Args),
    /// Look after events: relay, consumers, dead letters
    #[command(subcommand)]
    Events(events::Args),
    /// Read, answer, send and receive HL7 v2 messages
    #[command(subcommand)]
    Hl7(hl7::Args),
    /// Check NCPDP SCRIPT messages
    #[command(subcommand)]
    Script(script::Args),
    /// Check, answer and print X12 files
    #[command(subcommand)]
    X12(x12::Args),
    /// Check the installation and say what to do
    Doctor,
    /// Print or check the configuration
    #[command(subcommand)]
    Config(config::Args),
    /// Measure this machine and print ratios
    Bench(bench::Args),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command and turns its end into an exit code.
pub(crate) fn run(cli: Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            say_error(&error);
            ExitCode::from(3)
        }
    }
}

fn dispatch(cli: Cli) -> Outcome {
    let common = cli.common;
    match cli.command {
        Command::Fhir(args) => return fhir::run(args),
        Command::X12(args) => return x12::run(args),
        Command::Script(args) => return script::run(args),
        Command::Config(args) => return config::run(&common, &args),
        Command::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(shell, &mut command, "meditrack", &mut std::io::stdout());
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(&common, args).await,
            Command::Demo(args) => demo::run(&common, args).await,
            Command::Import(args) => import::run(&common, args).await,
            Command::Export(args) => export::run(&common, args).await,
            Command::Tenant(args) => tenant::run(&common, args).await,
            Command::Token(args) => token::run(&common, args).await,
            Command::User(args) => user::run(&common, args).await,
            Command::Terminology(args) => terminology::run(&common, args).await,
            Command::Db(args) => db::run(&common, args).await,
            Command::Keys(args) => keys::run(&common, args).await,
            Command::Provider(args) => provider::run(&common, args).await,
            Command::Audit(args) => audit::run(&common, args).await,
            Command::Events(args) => events::run(&common, args).await,
            Command::Hl7(args) => hl7::run(args).await,
            Command::Bench(args) => bench::run(&common, args).await,
            Command::Doctor => doctor::run(&common).await,
            Command::Fhir(_)
            | Command::X12(_)
            | Command::Script(_)
            | Command::Config(_)
            | Command::Completions { .. } => Ok(ExitCode::SUCCESS),
        }
    })
}

#[expect(
    clippy::print_stderr,
    reason = "errors of a command belong on standard error"
)]
fn say_error(error: &anyhow::Error) {
    eprintln!("meditrack: {error:#}");
}

/// Prints a line of a command's result.
///
/// A reader that has seen enough, as in `meditrack x12 pretty FILE | head`, is no error, and ends
/// no work that is under way.
pub(crate) fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
