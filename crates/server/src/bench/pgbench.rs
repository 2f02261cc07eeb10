//! References from `pgbench` on the same cluster.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use mt_database::roles;

use crate::assembly::Installation;

/// `pgbench -S -M prepared`: reads by key per second.
pub(super) fn reads(installation: &Installation, seconds: u64) -> anyhow::Result<f64> {
    let load = ["-S", "-M", "prepared", "-c", "32", "-j", "2"];
    run(installation, &load, seconds, None)
}

/// Single-row inserts, each committed, per second.
pub(super) fn inserts(
    installation: &Installation,
    dir: &Path,
    seconds: u64,
) -> anyhow::Result<f64> {
    let script = dir.join("insert.sql");
    std::fs::write(
        &script,
        "insert into bench.single (id, body) values (gen_random_uuid(), repeat('x', 250)::bytea);\n",
    )?;
    let load = ["-n", "-M", "prepared", "-c", "32", "-j", "2"];
    run(installation, &load, seconds, Some(&script))
}

/// Makes what the references need.
pub(super) async fn prepare(installation: &Installation) -> anyhow::Result<()> {
    let cluster = cluster(installation)?;
    let (client, driver) = cluster.admin()?.connect().await?;
    client
        .batch_execute(
            "create schema if not exists bench; \
             create table if not exists bench.single (id uuid primary key, body bytea not null)",
        )
        .await?;
    driver.abort();
    let status = command(installation)?
        .args(["-i", "-q", "-s", "10"])
        .status()?;
    ensure!(status.success(), "pgbench could not prepare its tables");
    Ok(())
}

fn run(
    installation: &Installation,
    load: &[&str],
    seconds: u64,
    script: Option<&Path>,
) -> anyhow::Result<f64> {
    let mut command = command(installation)?;
    command.args(load).args(["-T", &seconds.to_string()]);
    if let Some(script) = script {
        command.arg("-f").arg(script);
    }
    let output = command.output().context("pgbench cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.with_context(|| format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)))
}

fn command(installation: &Installation) -> anyhow::Result<Command> {
    let cluster = cluster(installation)?;
    let mut command = Command::new(cluster.binaries()?.program("pgbench"));
    command.envs(cluster.client_environment(roles::ADMIN)?);
    command
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    Ok(command)
}

fn cluster(installation: &Installation) -> anyhow::Result<&mt_database::Cluster> {
    installation
        .ground
        .cluster
        .as_ref()
        .context("the bench needs the private database")
}
