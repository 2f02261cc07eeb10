//! `meditrack tenant create|list|suspend|resume|delete|keep|delete-due`

use std::process::ExitCode;

use anyhow::{Context, bail};
use mt_audit::EventCode;
use mt_identity::administration::COOLING_OFF_DAYS;
use mt_kernel::{Instant, TenantName};
use mt_store::{TenantInfo, TenantState};

use super::trail::enter;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::telemetry;
use crate::wiring::deletion::{self, delete_due};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Make a tenant with keys of its own
    Create {
        /// Name: lower-case letters, digits, hyphens
        name: String,
    },
    /// Print every tenant
    List,
    /// Stop serving a tenant; its records stay
    Suspend {
        /// Name
        name: String,
    },
    /// Serve a suspended tenant again
    Resume {
        /// Name
        name: String,
    },
    /// Delete a suspended tenant after a time to think again: its keys, then its rows
    Delete {
        /// Name
        name: String,
        /// The name once more, to confirm
        #[arg(long, value_name = "NAME")]
        confirm: String,
        /// Days to think again: 30 to 365
        #[arg(long, default_value_t = COOLING_OFF_DAYS, value_name = "DAYS")]
        days: i64,
        /// Delete at once, such as in a restored copy: nothing can be recovered
        #[arg(long, conflicts_with = "days")]
        at_once: bool,
    },
    /// Keep a tenant that is to be deleted
    Keep {
        /// Name
        name: String,
    },
    /// Delete the tenants whose time to think again is over; a running server does so by itself
    DeleteDue,
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
    let tenants = installation.store.tenants();
    match args {
        Args::Create { name } => {
            let name = TenantName::parse(&name)?;
            let id = tenants.create(&name).await?;
            enter(
                installation,
                id,
                EventCode::Configuration,
                "the tenant was made",
            )
            .await?;
            say(format_args!("{name} has number {id}"));
        }
        Args::List => {
            let closings = installation.administration.closings().await?;
            for info in tenants.list().await? {
                let made = info.created_at.to_fhir();
                let closing = closings.iter().find(|one| one.organisation == info.id.0);
                let due = closing.map_or_else(String::new, |one| {
                    format!("  to be deleted {}", Instant(one.due_at).to_fhir())
                });
                say(format_args!(
                    "{:>6}  {:<40}  {:<10}  {made}{due}",
                    info.id,
                    info.name,
                    info.state.name()
                ));
            }
        }
        Args::DeleteDue => {
            let office = &installation.office;
            for id in delete_due(&installation.administration, &office.privacy).await? {
                say(format_args!("tenant {id} is deleted"));
            }
        }
        Args::Suspend { name } => {
            let info = existing(installation, &name).await?;
            if info.state == TenantState::Active {
                let reason = "the tenant was suspended";
                enter(installation, info.id, EventCode::Configuration, reason).await?;
            }
            tenants.suspend(info.id).await?;
        }
        Args::Resume { name } => {
            let info = existing(installation, &name).await?;
            if installation
                .administration
                .closing(info.id)
                .await?
                .is_some()
            {
                bail!("the tenant is to be deleted; cancel that first");
            }
            tenants.resume(info.id).await?;
            let reason = "the tenant was resumed";
            enter(installation, info.id, EventCode::Configuration, reason).await?;
        }
        Args::Keep { name } => {
            let info = existing(installation, &name).await?;
            installation
                .administration
                .keep_by_operator(info.id)
                .await?;
        }
        Args::Delete {
            name,
            confirm,
            days,
            at_once,
        } => {
            if name != confirm {
                bail!("--confirm must repeat the name");
            }
            let info = existing(installation, &name).await?;
            if info.state == TenantState::Active {
                bail!("the tenant is active; suspend it first");
            }
            let administration = &installation.administration;
            if !at_once {
                let closing = administration.close_by_operator(info.id, days).await?;
                let due = Instant(closing.due_at).to_fhir();
                say(format_args!(
                    "{name} is deleted on {due}, unless it is kept"
                ));
                return Ok(());
            }
            let privacy = &installation.office.privacy;
            let removed = deletion::delete(administration, privacy, info.id).await?;
            say(format_args!(
                "the keys of {name} are destroyed; {removed} rows are removed"
            ));
        }
    }
    Ok(())
}

/// The tenant of this name.
pub(super) async fn existing(
    installation: &Installation,
    name: &str,
) -> anyhow::Result<TenantInfo> {
    let name = TenantName::parse(name)?;
    let found = installation.store.tenants().find(&name).await?;
    found.with_context(|| format!("there is no tenant {name}"))
}
