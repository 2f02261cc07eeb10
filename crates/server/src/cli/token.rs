//! `meditrack token`: prints a short-lived access token and nothing else.

use std::process::ExitCode;

use mt_audit::EventCode;
use mt_identity::OperatorToken;

use super::tenant::existing;
use super::trail::enter;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tenant
    #[arg(long)]
    tenant: String,
    /// Who the token acts for
    #[arg(long)]
    user: String,
    /// Role; may be given several times
    #[arg(long = "role", required = true)]
    roles: Vec<String>,
    /// SMART scopes, separated by spaces
    #[arg(long, default_value = "user/*.cruds")]
    scope: String,
    /// Id of the Patient in context
    #[arg(long, value_name = "ID")]
    patient: Option<String>,
    /// The actor's own resource, such as Practitioner/1
    #[arg(long, value_name = "REFERENCE")]
    fhir_user: Option<String>,
    /// Vouch for a fresh proof of two factors, as emergency access asks for: it is fresh for five minutes, however long the token lives
    #[arg(long)]
    step_up: bool,
    /// Lifetime in seconds
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    seconds: i64,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let mut config = common.load()?;
    // Only the token may come out.
    config.log.level = "error".to_owned();
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let token = sign(&installation, args).await;
    installation.close().await;
    telemetry.flush();
    say(token?);
    Ok(ExitCode::SUCCESS)
}

async fn sign(installation: &Installation, args: Args) -> anyhow::Result<String> {
    let tenant = existing(installation, &args.tenant).await?;
    let reason = format!("an operator vouched for {}", args.user);
    enter(installation, tenant.id, EventCode::Token, &reason).await?;
    let token = OperatorToken {
        user: args.user,
        roles: args.roles,
        scope: args.scope,
        patient: args.patient,
        fhir_user: args.fhir_user,
        step_up: args.step_up,
        seconds: args.seconds,
    };
    let identity = &installation.identity;
    Ok(identity.operator_token(tenant.id, &token).await?)
}
