//! `meditrack serve`

use std::net::SocketAddr;
use std::process::ExitCode;

use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::serve::{Server, asked_to_stop};
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let mut config = common.load()?;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let server = Server::start(&config, &installation, &telemetry).await?;
    say(format_args!(
        "MediTrack serves http://{}/fhir/R4",
        server.address
    ));
    asked_to_stop().await;
    tracing::info!("stopping");
    server.stop().await;
    installation.close().await;
    telemetry.flush();
    Ok(ExitCode::SUCCESS)
}
