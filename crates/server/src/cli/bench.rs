//! `meditrack bench`: measures this machine; see `bin/bench` and `bin/bench-events`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Common, Outcome, say};
use crate::bench::{self, Part, Plan};
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
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Resources to grow to for the searches; the most events and clients, where there would be more
    #[arg(long, default_value_t = 1_000_000)]
    resources: u64,
    /// Measure these parts only
    #[arg(long, value_name = "PART", value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Measure side by side with this program of Helios HFS instead
    #[arg(long, value_name = "PROGRAM")]
    peer: Option<PathBuf>,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let mut config = common.load()?;
    config.log.level = "error".to_owned();
    // The clients are one address and one tenant: their limits would be what is measured.
    let most = std::num::NonZeroU32::MAX;
    (config.limits.client_per_second, config.limits.client_burst) = (most, most);
    (config.limits.tenant_per_second, config.limits.tenant_burst) = (most, most);
    let _telemetry = telemetry::init(&config.log)?;
    let dir = common
        .data_dir()
        .join(format!("bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let plan = Plan {
        data: args.data,
        rounds: args.rounds.max(1),
        seconds: args.seconds,
        resources: args.resources,
        only: args.only,
        peer: args.peer,
        dir: dir.clone(),
    };
    let table = bench::run(&config, &plan).await;
    std::fs::remove_dir_all(&dir)?;
    say(table?);
    Ok(ExitCode::SUCCESS)
}
