//! The server as a process of its own, so that its start and its memory are what is measured.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::config::Config;

/// Longest wait for a server to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process that listens on `port`.
pub(super) struct Process {
    child: Child,
    pub(super) port: u16,
    /// From the start of the process to its first good answer.
    pub(super) started_in: Duration,
}

impl Process {
    /// Starts `meditrack serve` on a data directory.
    pub(super) async fn serve(config: &Config, dir: &Path, name: &str) -> anyhow::Result<Self> {
        let file = dir.join(format!("{name}.toml"));
        std::fs::write(&file, toml::to_string(config)?)?;
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("serve")
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--data-dir")
            .arg(dir.join("data"))
            .arg("--config")
            .arg(&file);
        Self::start(command, port, "/readyz").await
    }

    /// Starts `command`, which answers `path` on `port` when it is ready.
    pub(super) async fn start(mut command: Command, port: u16, path: &str) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .context("the server cannot be started")?;
        let mut process = Self {
            child,
            port,
            started_in: Duration::ZERO,
        };
        let client = reqwest::Client::new();
        let url = format!("http://127.0.0.1:{port}{path}");
        loop {
            let answer = client.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                process.started_in = started.elapsed();
                return Ok(process);
            }
            if let Some(status) = process.child.try_wait()? {
                bail!("the server ended while it was starting: {status}");
            }
            ensure!(
                started.elapsed() < PATIENCE,
                "the server does not get ready"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Resident memory in MiB.
    pub(super) fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1024
    }

    /// Asks the process to stop and waits for it.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        tokio::task::block_in_place(|| self.child.wait())?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to do when it has been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on now.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
