//! `meditrack user create|reset|list`: the first administrator, and the way back in for the last one.

use std::process::ExitCode;

use anyhow::{Context, bail};
use mt_identity::people::{Held, Profile};

use super::tenant::existing;
use super::trail::operator;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::telemetry;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Make an account and print a password to be changed
    Create {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Name to sign in with
        name: String,
        /// Role; may be given several times
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
        /// The person's own resource, such as Practitioner/1
        #[arg(long, value_name = "REFERENCE")]
        fhir_user: Option<String>,
    },
    /// Print a new password and remove the second factors
    Reset {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Name to sign in with
        name: String,
    },
    /// Print every account
    List {
        /// Tenant
        #[arg(long)]
        tenant: String,
    },
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let mut config = common.load()?;
    // Only the result may come out.
    config.log.level = "error".to_owned();
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let done = act(&installation, args).await;
    installation.close().await;
    telemetry.flush();
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(installation: &Installation, args: Args) -> anyhow::Result<()> {
    let people = &installation.people;
    match args {
        Args::Create {
            tenant,
            name,
            roles,
            email,
            fhir_user,
        } => {
            for role in &roles {
                if mt_access::Role::from_code(role).is_none() {
                    bail!("there is no role {role}");
                }
            }
            let tenant = existing(installation, &tenant).await?.id;
            let profile = Profile {
                username: name,
                email,
                name: None,
                fhir_user,
                roles: roles.iter().map(|role| Held::plain(role)).collect(),
            };
            let password = password()?;
            let ctx = operator(installation, tenant);
            people.create(&ctx, profile, Some(&password)).await?;
            say(password);
        }
        Args::Reset { tenant, name } => {
            let tenant = existing(installation, &tenant).await?.id;
            let account = people.account_named(tenant, &name).await?;
            let account = account.with_context(|| format!("there is no account {name}"))?;
            let password = password()?;
            let ctx = operator(installation, tenant);
            people.set_password(&ctx, &account, &password, None).await?;
            people.reset_factors(&ctx, account.id).await?;
            say(password);
        }
        Args::List { tenant } => list(installation, &tenant).await?,
    }
    Ok(())
}

async fn list(installation: &Installation, tenant: &str) -> anyhow::Result<()> {
    let tenant = existing(installation, tenant).await?.id;
    let mut after = None;
    loop {
        let page = installation.people.accounts(tenant, after, 500).await?;
        for account in &page {
            let roles: Vec<&str> = account
                .profile
                .roles
                .iter()
                .map(|held| held.role.as_str())
                .collect();
            let state = if account.enabled {
                "enabled"
            } else {
                "disabled"
            };
            say(format_args!(
                "{}  {:<30}  {state:<8}  {}",
                account.id,
                account.profile.username,
                roles.join(", ")
            ));
        }
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id);
    }
}

/// A password that nobody guesses: 120 random bits.
fn password() -> anyhow::Result<String> {
    Ok(mt_crypto::random_token(15)?)
}
