//! Keeps the server running for as long as any process needs it.
//!
//! Exactly one process, the owner, holds the owner lock and watches the server. The others are
//! guests. When the owner leaves, a guest takes over; the last one to leave stops the server. Locks
//! belong to open files, so the kernel frees those of a process that was killed.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::error::at;
use super::postmaster::Postmaster;
use super::{ClusterError, Launcher};

/// How often a guest looks whether the owner is gone.
const GUEST_PERIOD: Duration = Duration::from_millis(200);
/// Longest pause between attempts to start a server that keeps failing.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Opens a lock file that only we can read.
pub(crate) fn open_lock(path: &Path) -> Result<File, ClusterError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))
}

/// What the supervising task shares with [`super::Cluster`].
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// Pid of the server that we own, or 0.
    pub(crate) owned_pid: AtomicI32,
    /// Whether this process is the owner.
    pub(crate) owner: AtomicBool,
    /// How often the server had to be started again.
    pub(crate) restarts: AtomicI32,
}

/// This process's part in the cluster.
pub(crate) enum Seat {
    /// Watches and stops the server.
    Owner { lock: File, postmaster: Postmaster },
    /// Uses it.
    Guest { lock: File },
}

/// Runs until `stop` is asked for, in whichever seat.
pub(crate) async fn supervise(
    launcher: Arc<Launcher>,
    status: Arc<Status>,
    mut seat: Seat,
    mut stop: oneshot::Receiver<()>,
) {
    loop {
        seat = match seat {
            Seat::Owner {
                lock,
                mut postmaster,
            } => {
                tokio::select! {
                    _ = &mut stop => {
                        return leave(&launcher, &status, lock, postmaster).await;
                    }
                    () = postmaster.ended() => {}
                }
                tracing::error!("the database server ended unexpectedly; starting it again");
                status.owned_pid.store(0, Ordering::SeqCst);
                tokio::select! {
                    _ = &mut stop => return,
                    postmaster = restart(&launcher) => {
                        status.restarts.fetch_add(1, Ordering::SeqCst);
                        own(&status, lock, postmaster)
                    }
                }
            }
            Seat::Guest { lock } => {
                tokio::select! {
                    _ = &mut stop => return,
                    () = sleep(GUEST_PERIOD) => {}
                }
                match take_over(&launcher).await {
                    Some((owner, postmaster)) => own(&status, owner, postmaster),
                    None => Seat::Guest { lock },
                }
            }
        };
    }
}

/// Records that we own the server.
pub(crate) fn own(status: &Status, lock: File, postmaster: Postmaster) -> Seat {
    let pid = postmaster.pid().as_raw_nonzero().get();
    status.owned_pid.store(pid, Ordering::SeqCst);
    status.owner.store(true, Ordering::SeqCst);
    Seat::Owner { lock, postmaster }
}

/// Stops the server, unless guests still use it: then one of them becomes the owner.
async fn leave(launcher: &Launcher, status: &Status, lock: File, postmaster: Postmaster) {
    status.owned_pid.store(0, Ordering::SeqCst);
    let guests = open_lock(&launcher.place.guest_lock());
    let alone = guests.as_ref().is_ok_and(|file| file.try_lock().is_ok());
    if alone {
        postmaster.stop().await;
    } else {
        tracing::info!("another process still uses the database; it takes the server over");
    }
    drop(guests);
    drop(lock);
}

async fn restart(launcher: &Launcher) -> Postmaster {
    let mut pause = Duration::from_millis(50);
    loop {
        match launcher.start_server().await {
            Ok(postmaster) => return postmaster,
            Err(error) => tracing::error!(%error, "the database server does not start"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Becomes the owner when there is none.
async fn take_over(launcher: &Launcher) -> Option<(File, Postmaster)> {
    let lock = launcher.try_own().ok()??;
    match launcher.inherit_server().await {
        Ok(postmaster) => Some((lock, postmaster)),
        Err(error) => {
            tracing::error!(%error, "cannot take the database server over");
            None
        }
    }
}
