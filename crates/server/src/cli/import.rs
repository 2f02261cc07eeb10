//! `meditrack import`

use std::path::PathBuf;
use std::process::ExitCode;

use mt_audit::EventCode;
use tokio_util::sync::CancellationToken;

use super::tenant::existing;
use super::trail::enter;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::import::{Import, Report, files_of};
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tenant to load into
    #[arg(long)]
    tenant: String,
    /// Bundles, NDJSON files (also .gz, .zst) or folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let config = common.load()?;
    let telemetry = telemetry::init(&config.log)?;
    let files = files_of(&args.paths)?;
    anyhow::ensure!(
        !files.is_empty(),
        "there is no .json or .ndjson file in what was named"
    );
    let installation = Installation::open(&config, &common.data_dir()).await?;
    // What is loaded must be indexed by parameters that are defined meanwhile.
    let params = tokio::spawn(installation.store.clone().follow_params());
    installation.limits.renew().await?;
    let limits = tokio::spawn(installation.limits.clone().follow(CancellationToken::new()));
    let report = load(common, &installation, &args, &files).await;
    params.abort();
    limits.abort();
    installation.close().await;
    telemetry.flush();
    let report = report?;
    let (n, rate) = (report.resources, report.rate());
    let seconds = report.elapsed.as_secs_f64();
    say(format_args!(
        "{n} resources from {} files in {seconds:.1} s ({rate:.0} resources/s)",
        files.len()
    ));
    if report.skipped > 0 {
        say(format_args!(
            "{} parts were loaded before and skipped",
            report.skipped
        ));
    }
    for (place, outcome) in &report.failures {
        say(format_args!(
            "{place}: {}",
            String::from_utf8_lossy(&outcome.to_json())
        ));
    }
    Ok(if report.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

async fn load(
    common: &Common,
    installation: &Installation,
    args: &Args,
    files: &[PathBuf],
) -> anyhow::Result<Report> {
    let tenant = existing(installation, &args.tenant).await?.id;
    let reason = "operator command: import";
    enter(installation, tenant, EventCode::Import, reason).await?;
    let import = Import {
        store: installation.store.clone(),
        tenant,
        clock: installation.clock.clone(),
        state_dir: common.data_dir().join("import"),
        progress: !args.quiet,
    };
    import.run(files).await
}
