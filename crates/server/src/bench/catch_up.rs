//! What a server has to do after a large load that was made without one: relay its events and feed every consumer.
//!
//! The requests that are measured next are those of a server at rest; how long that takes is a row of its own.

use std::time::{Duration, Instant};

use anyhow::ensure;
use mt_events::{EventBus, Operations};

use super::Bench;
use super::row::Row;
use crate::assembly::Installation;
use crate::wiring::events::{bus, keys};

/// Between two looks at where relay and consumers stand.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A server that takes longer is broken, not slow.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Lets a server catch up with everything that the load said.
pub(super) async fn measure(
    bench: &Bench<'_>,
    installation: &Installation,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let operations = Operations::new(installation.database.clone(), keys(installation));
    let bus = bus(bench.config, installation)?;
    let server = bench.serve("catching-up", None).await?;
    let started = Instant::now();
    let mut most = server.resident();
    while !is_done(bus.as_ref(), &operations).await? {
        ensure!(started.elapsed() < PATIENCE, "the server does not catch up");
        most = most.max(server.resident());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let idle = server.resident();
    server.stop()?;
    rows.push(Row::bound(
        "events of the load, relayed and taken by every consumer of a server that starts after it",
        format!("{seconds:.0} s, memory at most {most} MiB, {idle} MiB after"),
        "≤ 250 MiB",
        most <= 250,
    ));
    Ok(())
}

async fn is_done(bus: &dyn EventBus, operations: &Operations) -> anyhow::Result<bool> {
    let relay = operations.relay().await?;
    let groups = bus.groups().await?;
    Ok(relay.waiting == 0 && groups.iter().all(|group| group.behind == 0))
}
