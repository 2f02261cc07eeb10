//! One running server process: start it, adopt it, wait for it, stop it.
//!
//! The process outlives us when we are killed, so it is known by its pid file as well as by being
//! our child.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::error::{at, explain_log};
use super::{Binaries, ClusterError, Place};
use crate::Endpoint;

/// How long a clean stop may take before it is made a fast crash, and that before a kill.
const STOP_PATIENCE: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(60)),
    (Signal::QUIT, Duration::from_secs(10)),
    (Signal::KILL, Duration::from_secs(5)),
];
/// Log files above this size are set aside at start.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;

/// A server process.
#[derive(Debug)]
pub(crate) enum Postmaster {
    /// Started by this process.
    Child(Child, Pid),
    /// Started by an earlier owner that was killed.
    Adopted(Pid),
}

impl Postmaster {
    /// Starts the server; it does not accept connections yet.
    pub(crate) fn spawn(place: &Place, binaries: &Binaries) -> Result<Self, ClusterError> {
        let log = open_log(&place.log())?;
        let errors = log.try_clone().map_err(at(&place.log()))?;
        let program = binaries.program("postgres");
        let mut command = place.account.command(&program);
        command
            .arg("-D")
            .arg(&place.pgdata)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        let child = Command::from(command).spawn().map_err(at(&program))?;
        let pid = child
            .id()
            .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
            .ok_or_else(|| ClusterError::Start {
                reason: "the process ended at once".to_owned(),
            })?;
        Ok(Self::Child(child, pid))
    }

    /// The server that runs on this data directory already, if any.
    pub(crate) fn running(place: &Place) -> Option<Self> {
        let text = std::fs::read_to_string(place.pgdata.join("postmaster.pid")).ok()?;
        let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?)?;
        (alive(pid) && works_in(pid, &place.pgdata)).then_some(Self::Adopted(pid))
    }

    /// Its process id.
    pub(crate) const fn pid(&self) -> Pid {
        match self {
            Self::Child(_, pid) | Self::Adopted(pid) => *pid,
        }
    }

    /// Whether the process has ended.
    fn has_ended(&mut self) -> bool {
        match self {
            Self::Child(child, _) => !matches!(child.try_wait(), Ok(None)),
            Self::Adopted(pid) => !alive(*pid),
        }
    }

    /// Waits until the process has ended.
    pub(crate) async fn ended(&mut self) {
        match self {
            Self::Child(child, _) => {
                if let Err(error) = child.wait().await {
                    tracing::warn!(%error, "cannot wait for the database server");
                }
            }
            Self::Adopted(pid) => {
                while alive(*pid) {
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Waits until `admin` can connect.
    pub(crate) async fn ready(
        &mut self,
        place: &Place,
        admin: &Endpoint,
        patience: Duration,
    ) -> Result<(), ClusterError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(2);
        loop {
            let refusal = match admin.connect().await {
                Ok(_) => return Ok(()),
                Err(refusal) => refusal,
            };
            if self.has_ended() {
                return Err(ClusterError::Start {
                    reason: explain_log(&tail(&place.log())),
                });
            }
            if started.elapsed() > patience {
                return Err(ClusterError::Slow {
                    seconds: patience.as_secs(),
                    last: refusal.to_string(),
                });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_millis(40));
        }
    }

    /// Stops the server: running transactions are rolled back, a checkpoint is written.
    pub(crate) async fn stop(mut self) {
        for (signal, patience) in STOP_PATIENCE {
            if kill_process(self.pid(), signal).is_err() {
                break;
            }
            if tokio::time::timeout(patience, self.ended()).await.is_ok() {
                return;
            }
            tracing::warn!(?signal, "the database server does not stop");
        }
    }
}

/// Asks the server to stop, without waiting; for the moment when nobody can wait.
pub(crate) fn ask_to_stop(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, Signal::INT);
    }
}

/// Whether the process exists and is not merely waiting to be collected.
fn alive(pid: Pid) -> bool {
    let exists = match test_kill_process(pid) {
        Ok(()) => true,
        Err(error) => error == rustix::io::Errno::PERM,
    };
    exists && !is_zombie(pid)
}

fn is_zombie(pid: Pid) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())) else {
        return false;
    };
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| rest.starts_with('Z'))
}

/// Whether the process works in `pgdata`, as a postmaster does; a reused pid does not.
fn works_in(pid: Pid, pgdata: &Path) -> bool {
    let link = format!("/proc/{}/cwd", pid.as_raw_nonzero());
    match std::fs::read_link(link) {
        Ok(folder) => folder == pgdata,
        Err(_) => !Path::new("/proc/self/cwd").exists(),
    }
}

fn open_log(path: &Path) -> Result<File, ClusterError> {
    if std::fs::metadata(path).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
        std::fs::rename(path, path.with_extension("log.old")).map_err(at(path))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))
}

fn tail(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let start = text.len().saturating_sub(2000);
    String::from_utf8_lossy(text.get(start..).unwrap_or_default()).into_owned()
}
