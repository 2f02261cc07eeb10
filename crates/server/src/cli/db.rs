//! `meditrack db status|migrate|shell|backup|restore`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use mt_database::{Database, Sizes, backup, migrate, roles, selfcheck};
use mt_kernel::{Clock, SystemClock};

use super::{Common, Outcome, say};
use crate::assembly::Ground;
use crate::{backups, catalog, telemetry};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Say how the database is; exit code 1 when something is wrong
    Status,
    /// Bring the schemas up to date
    Migrate,
    /// Print the statements that prepare a database of your own
    Grants {
        /// Name of the database
        #[arg(long, default_value = "meditrack")]
        database: String,
        /// User that migrates
        #[arg(long, value_name = "USER")]
        owner: String,
        /// User that serves
        #[arg(long, value_name = "USER")]
        app: String,
    },
    /// Open psql on the private database as the role that owns the schemas
    Shell,
    /// Write a verified base backup of the private database
    Backup {
        /// New folder
        into: PathBuf,
    },
    /// Restore a backup into an empty data directory
    Restore {
        /// Folder of the backup
        from: PathBuf,
    },
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let config = common.load()?;
    let _telemetry = telemetry::init(&config.log)?;
    match args {
        Args::Grants {
            database,
            owner,
            app,
        } => {
            say(mt_database::external::grants_sql(&database, &owner, &app)?);
            return Ok(ExitCode::SUCCESS);
        }
        Args::Restore { from } => {
            backup::restore(&from, &common.data_dir(), backup::RestoreOptions::default()).await?;
            say(format_args!(
                "restored into {}",
                common.data_dir().display()
            ));
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let ground = Ground::open(&config, &common.data_dir()).await?;
    let outcome = with_ground(&ground, &common.data_dir(), args).await;
    ground.close().await;
    outcome
}

async fn with_ground(ground: &Ground, data_dir: &Path, args: Args) -> Outcome {
    match args {
        Args::Status => status(ground).await,
        Args::Migrate => {
            let n = ground.migrate().await?;
            say(format_args!("{n} migrations were applied"));
            Ok(ExitCode::SUCCESS)
        }
        Args::Shell => shell(ground),
        Args::Backup { into } => {
            let cluster = ground
                .cluster
                .as_ref()
                .context("back up a database of your own with its own tools")?;
            backup::backup(cluster, &into).await?;
            backups::note(data_dir, SystemClock.now()).context("the backup cannot be noted")?;
            say(format_args!(
                "written to {} and verified; keep the keys folder with equal care, elsewhere",
                into.display()
            ));
            Ok(ExitCode::SUCCESS)
        }
        Args::Grants { .. } | Args::Restore { .. } => Ok(ExitCode::SUCCESS),
    }
}

async fn status(ground: &Ground) -> Outcome {
    match &ground.cluster {
        Some(cluster) => say(format_args!(
            "private database in {}",
            cluster.pgdata().display()
        )),
        None => say("database of your own"),
    }
    let current = migrate::verify(&ground.app, &catalog::schemas()).await;
    match &current {
        Ok(()) => say("schemas are up to date"),
        Err(error) => say(format_args!("schemas: {error}")),
    }
    let report = selfcheck::self_check(&ground.app).await?.enforce();
    match &report {
        Ok(warnings) => warnings
            .iter()
            .for_each(|warning| say(format_args!("note: {warning}"))),
        Err(error) => say(format_args!("isolation: {error}")),
    }
    let database = Database::open(&ground.app, Sizes::default()).await?;
    say(format_args!("{:?}", database.health().await?));
    let good = current.is_ok() && report.is_ok();
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn shell(ground: &Ground) -> Outcome {
    let cluster = ground
        .cluster
        .as_ref()
        .context("use psql with the URL of your own database")?;
    let psql = cluster.binaries()?.program("psql");
    let status = std::process::Command::new(psql)
        .envs(cluster.client_environment(roles::OWNER)?)
        .status()
        .context("psql cannot be started")?;
    Ok(ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(3),
    ))
}
