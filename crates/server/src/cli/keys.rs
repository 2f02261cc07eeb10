//! `meditrack keys status|rotate|destroy-old`

use std::process::ExitCode;

use mt_audit::EventCode;

use super::tenant::existing;
use super::trail::enter;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::telemetry;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Print the keys of a tenant and what they have sealed
    Status {
        /// Tenant
        #[arg(long)]
        tenant: String,
    },
    /// Destroy the keys that nothing stored needs any more: backups made before the last rotation are closed for good
    DestroyOld {
        /// Tenant
        #[arg(long)]
        tenant: String,
    },
    /// Give a tenant a new data key and seal its records anew
    Rotate {
        /// Tenant
        #[arg(long)]
        tenant: String,
    },
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let config = common.load()?;
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let done = act(&installation, args).await;
    installation.close().await;
    telemetry.flush();
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(installation: &Installation, args: Args) -> anyhow::Result<()> {
    match args {
        Args::Status { tenant } => {
            let id = existing(installation, &tenant).await?.id;
            for line in installation.store.key_status(id).await? {
                say(line);
            }
        }
        Args::DestroyOld { tenant } => {
            let id = existing(installation, &tenant).await?.id;
            enter(
                installation,
                id,
                EventCode::KeyLife,
                "old keys are destroyed",
            )
            .await?;
            let destroyed = installation.store.destroy_old_keys(id).await?;
            say(format_args!(
                "{destroyed} data keys are destroyed; backups made before the last rotation cannot be opened"
            ));
        }
        Args::Rotate { tenant } => {
            let id = existing(installation, &tenant).await?.id;
            enter(installation, id, EventCode::KeyUse, "a new data key").await?;
            let resealed = installation.store.rotate_body_key(id).await?;
            say(format_args!(
                "{resealed} versions are sealed with the new key"
            ));
        }
    }
    Ok(())
}
