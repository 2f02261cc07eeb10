//! `meditrack bench`: measures this machine; see `bin/bench`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Common, Outcome, say};
use crate::bench::{self, Plan};
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bundles to load
    #[arg(long, value_name = "PATH", default_value = "samples")]
    data: PathBuf,
    /// Rounds; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each load phase
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Resources to grow to for the searches
    #[arg(long, default_value_t = 100_000)]
    resources: u64,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let mut config = common.load()?;
    config.log.level = "error".to_owned();
    let most = std::num::NonZeroU32::MAX;
    (config.limits.client_per_second, config.limits.client_burst) = (most, most);
    (config.limits.tenant_per_second, config.limits.tenant_burst) = (most, most);
    let telemetry = telemetry::init(&config.log)?;
    let dir = common
        .data_dir()
        .join(format!("bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let Args {
        data,
        rounds,
        seconds,
        resources,
    } = args;
    let plan = Plan {
        data,
        rounds: rounds.max(1),
        seconds,
        resources,
        dir: dir.clone(),
    };
    let table = bench::run(&config, &telemetry, &plan).await;
    std::fs::remove_dir_all(&dir)?;
    say(table?);
    Ok(ExitCode::SUCCESS)
}
