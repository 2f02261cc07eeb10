//! `meditrack doctor`: checks the installation and says what to do.

use std::process::ExitCode;
use std::sync::Arc;

use mt_crypto::FileKeyring;
use mt_database::cluster::Binaries;
use mt_database::{Database, Sizes, migrate, selfcheck};
use mt_kernel::SystemClock;

use super::{Common, Outcome, say};
use crate::assembly::{Ground, key_directory};
use crate::config::Config;
use crate::wiring::bus;
use crate::{catalog, telemetry};

/// What was found, and what to do about it.
struct Findings {
    bad: usize,
}

impl Findings {
    fn note<T, E: std::fmt::Display>(&mut self, what: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => {
                say(format_args!("ok    {what}"));
                Some(value)
            }
            Err(error) => {
                self.bad += 1;
                say(format_args!("FAIL  {what}: {error}"));
                None
            }
        }
    }
}

pub(super) async fn run(common: &Common) -> Outcome {
    let mut findings = Findings { bad: 0 };
    let Some(config) = findings.note("configuration", common.load().map_err(|e| format!("{e:#}")))
    else {
        return Ok(ExitCode::from(1));
    };
    let _telemetry = telemetry::init(&config.log)?;
    let data_dir = common.data_dir();
    say(format_args!("      data directory {}", data_dir.display()));
    if config.database.url.is_none() {
        findings.note("PostgreSQL programs", Binaries::find(None));
    }
    findings.note(
        "keyring",
        FileKeyring::open(key_directory(&config, &data_dir)),
    );
    let opened = Ground::open(&config, &data_dir)
        .await
        .map_err(|error| format!("{error:#}"));
    if let Some(ground) = findings.note("database starts", opened) {
        let schemas = catalog::schemas();
        let current = migrate::verify(&ground.app, &schemas).await;
        findings.note(
            "schemas (meditrack db migrate brings them up to date)",
            current,
        );
        match selfcheck::self_check(&ground.app).await {
            Ok(report) => {
                findings.note("isolation of tenants", report.enforce());
            }
            Err(error) => {
                findings.note::<(), _>("isolation of tenants", Err(error));
            }
        }
        let name = format!("events over the {} bus", config.events.bus.name());
        let answers = events(&config, &ground).await;
        findings.note(&name, answers.map_err(|error| format!("{error:#}")));
        ground.close().await;
    }
    Ok(if findings.bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Whether the bus answers.
async fn events(config: &Config, ground: &Ground) -> anyhow::Result<()> {
    let database = Database::open(&ground.app, Sizes::default()).await?;
    let bus = bus::open(&config.events, database, Arc::new(SystemClock), Vec::new())?;
    bus.groups().await?;
    Ok(())
}
