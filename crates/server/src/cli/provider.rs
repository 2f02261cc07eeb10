//! `meditrack provider client|clients|registration|issuer|own-issuer|rotate`: a tenant's authorization server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use mt_identity::oauth::Provider;
use mt_identity::oauth::error::OAuthError;
use mt_kernel::TenantId;
use serde::de::DeserializeOwned;

use super::tenant::existing;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tenant
    #[arg(long, global = true, default_value = "demo")]
    tenant: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Register a client and print its id and secret, which are told this once
    Client {
        /// Its metadata as JSON (RFC 7591)
        file: PathBuf,
    },
    /// Print the clients
    Clients,
    /// Let everybody register clients that ask for consent, or administrators only
    Registration {
        /// Who
        who: Registrars,
    },
    /// Let people sign in with an issuer of the organisation's own
    Issuer {
        /// Issuer, audience and roles as JSON
        file: PathBuf,
    },
    /// Let people sign in with MediTrack again
    OwnIssuer,
    /// Make the next signing keys now
    Rotate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Registrars {
    /// Everybody
    Everybody,
    /// Administrators
    Administrators,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let mut config = common.load()?;
    // What a command prints is read by programs.
    config.log.level = "error".to_owned();
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let done = act(&installation, args).await;
    installation.close().await;
    telemetry.flush();
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(installation: &Installation, args: Args) -> anyhow::Result<()> {
    let tenant = existing(installation, &args.tenant).await?.id;
    let provider = &installation.provider;
    match args.action {
        Action::Client { file } => register(provider, tenant, &file).await?,
        Action::Clients => {
            for client in provider.clients(tenant).await? {
                let name = client.metadata.client_name.unwrap_or_default();
                say(format_args!(
                    "{}  {}  {name}",
                    client.id,
                    client.created_at.to_fhir()
                ));
            }
        }
        Action::Registration { who } => {
            let open = who == Registrars::Everybody;
            told(provider.set_open_registration(tenant, open).await)?;
        }
        Action::Issuer { file } => {
            let issuer = read(&file)?;
            told(provider.set_external_issuer(tenant, Some(&issuer)).await)?;
        }
        Action::OwnIssuer => told(provider.set_external_issuer(tenant, None).await)?,
        Action::Rotate => installation.identity.rotate_keys(tenant).await?,
    }
    Ok(())
}

async fn register(provider: &Provider, tenant: TenantId, file: &Path) -> anyhow::Result<()> {
    let registered = told(provider.register(tenant, read(file)?).await)?;
    say(format_args!("client_id      {}", registered.client.id));
    if let Some(secret) = &registered.secret {
        say(format_args!("client_secret  {}", secret.expose()));
    }
    Ok(())
}

fn read<T: DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not understood", file.display()))
}

fn told<T>(outcome: Result<T, OAuthError>) -> anyhow::Result<T> {
    outcome.map_err(|error| anyhow::anyhow!("{}: {}", error.code.word(), error.description))
}
