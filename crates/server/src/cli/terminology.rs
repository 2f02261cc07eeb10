//! `meditrack terminology load|list|remove`: licensed code systems, shared by all tenants.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use mt_database::{Database, Endpoint, Sizes};
use mt_terminology::load::{Licensed, Progress, read_release};
use mt_terminology::storage;

use super::{Common, Outcome, say};
use crate::assembly::Ground;
use crate::telemetry;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Load a release in place of the same version; running servers see it within seconds
    Load {
        /// Which system
        system: System,
        /// File, or folder of the unpacked release
        path: PathBuf,
        /// Version, where the files do not tell it
        #[arg(long)]
        version: Option<String>,
    },
    /// Print what is loaded
    List,
    /// Remove a system
    Remove {
        /// Which system
        system: System,
        /// Only this version
        #[arg(long)]
        version: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum System {
    /// SNOMED CT, release format 2
    Snomed,
    /// LOINC, Loinc.csv
    Loinc,
    /// RxNorm, rich release format
    Rxnorm,
    /// CPT, consolidated code list
    Cpt,
}

impl System {
    const fn licensed(self) -> Licensed {
        match self {
            Self::Snomed => Licensed::Snomed,
            Self::Loinc => Licensed::Loinc,
            Self::Rxnorm => Licensed::RxNorm,
            Self::Cpt => Licensed::Cpt,
        }
    }
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let config = common.load()?;
    let _telemetry = telemetry::init(&config.log)?;
    let ground = Ground::open(&config, &common.data_dir()).await?;
    let done = act(&ground, args).await;
    ground.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(ground: &Ground, args: Args) -> anyhow::Result<()> {
    ground.migrate().await?;
    let owner = || {
        ground
            .owner
            .as_ref()
            .context("database.owner_url is needed to change code systems")
    };
    match args {
        Args::Load {
            system,
            path,
            version,
        } => load(owner()?, system.licensed(), &path, version.as_deref()).await,
        Args::Remove { system, version } => {
            let url = system.licensed().url();
            let removed = storage::remove(owner()?, url, version.as_deref()).await?;
            say(format_args!("{removed} versions of {url} were removed"));
            Ok(())
        }
        Args::List => {
            let database = Database::open(&ground.app, Sizes::default()).await?;
            for stored in storage::list(&database).await? {
                say(format_args!(
                    "{} | {} | {} concepts",
                    stored.url, stored.version, stored.concepts
                ));
            }
            Ok(())
        }
    }
}

async fn load(
    owner: &Endpoint,
    system: Licensed,
    path: &Path,
    version: Option<&str>,
) -> anyhow::Result<()> {
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    )?);
    let mut report = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let read = read_release(system, path, version, &mut report)?;
    bar.finish_and_clear();
    storage::store(owner, &read).await?;
    let version = read.header.version.as_deref().unwrap_or("");
    say(format_args!(
        "{} {version}: {} concepts",
        system.url(),
        read.concepts.len()
    ));
    Ok(())
}
