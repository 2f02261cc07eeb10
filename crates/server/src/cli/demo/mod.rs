//! `meditrack demo`: a server with synthetic patients and a clinic at work, ready to be tried.

mod clinic;
mod day;
mod seed;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use mt_identity::OperatorToken;
use mt_identity::people::{Held, Profile};
use mt_kernel::{TenantId, TenantName};

use super::check::self_test;
use super::trail::operator;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::config::Config;
use crate::import::{Import, files_of};
use crate::serve::{Server, WEB_BASE, asked_to_stop, web_is_built};
use crate::telemetry::{self, Telemetry};

/// The tenant of the demonstration.
const TENANT: &str = "demo";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Sample records to load
    #[arg(long, value_name = "PATH", default_value = "samples")]
    samples: PathBuf,
    /// Test the server through HTTP on a free port, then stop
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let mut config = common.load()?;
    config.server.listen = args.listen;
    let environment = config.server.environment.take();
    config.server.environment = Some(environment.unwrap_or_else(|| "Demonstration".to_owned()));
    if args.check {
        config.server.listen.set_port(0);
    }
    config.log.level = std::env::var("MEDITRACK__LOG__LEVEL").unwrap_or_else(|_| "warn".to_owned());
    let telemetry = telemetry::init(&config.log)?;
    let data_dir = common.data_dir();
    let installation = Installation::open(&config, &data_dir).await?;
    let outcome = present(&config, &data_dir, &installation, &telemetry, &args).await;
    installation.close().await;
    telemetry.flush();
    outcome
}

/// Loads what is missing, serves, and waits for the end.
async fn present(
    config: &Config,
    data_dir: &Path,
    installation: &Installation,
    telemetry: &Telemetry,
    args: &Args,
) -> Outcome {
    let tenant = tenant(installation).await?;
    let fresh = load(installation, tenant, data_dir, &args.samples).await?;
    let server = Server::start(config, installation, telemetry).await?;
    users(installation, tenant).await?;
    let token = token(installation, tenant).await?;
    let origin = format!("http://{}", server.address);
    seed::seed(&origin, installation, tenant).await?;
    let outcome = if args.check {
        self_test(&origin, &token, fresh).await
    } else {
        greet(&server, &token);
        asked_to_stop().await;
        Ok(ExitCode::SUCCESS)
    };
    server.stop().await;
    outcome
}

async fn tenant(installation: &Installation) -> anyhow::Result<TenantId> {
    let name = TenantName::parse(TENANT).context("the demo tenant has a bad name")?;
    let tenants = installation.store.tenants();
    match tenants.find(&name).await? {
        Some(info) => Ok(info.id),
        None => Ok(tenants.create(&name).await?),
    }
}

/// Loads the samples; what is there already is not loaded again. Returns whether anything was.
async fn load(
    installation: &Installation,
    tenant: TenantId,
    data_dir: &Path,
    samples: &Path,
) -> anyhow::Result<bool> {
    let files = files_of(&[samples.to_owned()])
        .with_context(|| format!("the samples in {} cannot be read", samples.display()))?;
    let import = Import {
        store: installation.store.clone(),
        tenant,
        clock: installation.clock.clone(),
        state_dir: data_dir.join("import"),
        progress: true,
    };
    let report = import.run(&files).await?;
    if let Some((place, outcome)) = report.failures.first() {
        let issue = outcome
            .issues
            .first()
            .map_or("refused", |issue| &issue.diagnostics);
        anyhow::bail!("{place}: {issue}");
    }
    if report.resources > 0 {
        let (n, rate) = (report.resources, report.rate());
        let seconds = report.elapsed.as_secs_f64();
        say(format_args!(
            "Loaded {n} resources in {seconds:.1} s ({rate:.0} resources/s)."
        ));
    } else {
        say("The sample records are there already.");
    }
    Ok(report.resources > 0)
}

/// The people of the demonstration: user name, role, own resource (`samples/clinic.ndjson`). Without one,
/// nobody may write in their own name: no note, no prescription.
const USERS: [(&str, &str, &str, Option<&str>); 6] = [
    (
        "doctor",
        "doctor",
        "Dr. Dana Doctor",
        Some("Practitioner/demo-doctor"),
    ),
    (
        "nurse",
        "nurse",
        "Noor Nurse",
        Some("Practitioner/demo-nurse"),
    ),
    (
        "reception",
        "receptionist",
        "Robin Reception",
        Some("Practitioner/demo-reception"),
    ),
    ("admin", "org_admin", "Alex Admin", None),
    ("operator", "super_admin", "Ola Operator", None),
    (
        "patient",
        "patient",
        "Pat Patient",
        Some("Patient/demo-patient"),
    ),
];
/// Everybody's password, in the demonstration only.
const PASSWORD: &str = "clinic-demo-only-2026-kettle";
/// Secret of everybody's authenticator app, in the demonstration only.
const APP_SECRET: [u8; 20] = *b"meditrack-demo-users";

/// Makes the people that are missing.
async fn users(installation: &Installation, tenant: TenantId) -> anyhow::Result<()> {
    let people = &installation.people;
    for (username, role, name, fhir_user) in USERS {
        if people.account_named(tenant, username).await?.is_some() {
            continue;
        }
        let ctx = operator(installation, tenant);
        let profile = Profile {
            username: username.to_owned(),
            email: None,
            name: Some(name.to_owned()),
            fhir_user: fhir_user.map(str::to_owned),
            roles: vec![Held::plain(role)],
        };
        let account = people.create(&ctx, profile, Some(PASSWORD)).await?;
        if account.must_have_second_factor() {
            people.enrol_app(&ctx, account.id, APP_SECRET).await?;
        }
    }
    Ok(())
}

async fn token(installation: &Installation, tenant: TenantId) -> anyhow::Result<String> {
    let token = OperatorToken {
        user: "demo".to_owned(),
        roles: vec!["doctor".to_owned(), "service".to_owned()],
        scope: "user/*.cruds".to_owned(),
        patient: None,
        fhir_user: None,
        step_up: false,
        seconds: OperatorToken::LONGEST,
    };
    Ok(installation.identity.operator_token(tenant, &token).await?)
}

fn greet(server: &Server, token: &str) {
    let address = server.address;
    let base = format!("http://{address}/fhir/R4");
    let web = if web_is_built() {
        format!("http://{address}{WEB_BASE}")
    } else {
        "not in this build (Node 20.19 or newer was missing)".to_owned()
    };
    say(format_args!(
        "\nMediTrack serves {base}\n\n  application  {web}\n  sign in      http://{address}/t/{TENANT}/sign-in\n  \
         people       doctor, nurse, reception, admin, patient; operator (all organisations)\n  password     {PASSWORD}\n  \
         app secret   NVSWI2LUOJQWG2ZNMRSW23ZNOVZWK4TT (all but patient)\n\n  tenant       {TENANT}\n  access token (8 hours, doctor)\n\n{token}\n\n\
         Try it:\n\n  export TOKEN='{token}'\n\
         \n  curl -H \"Authorization: Bearer $TOKEN\" '{base}/Patient?name=a&_sort=family&_count=3'\
         \n  curl -H \"Authorization: Bearer $TOKEN\" '{base}/Observation?code=http://loinc.org|8867-4&_sort=-date&_count=3'\
         \n  curl -H \"Authorization: Bearer $TOKEN\" '{base}/Condition?_include=Condition:subject&_count=2&_format=xml'\n\n\
         Stop with Ctrl-C.",
    ));
}
