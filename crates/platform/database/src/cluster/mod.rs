//! A private PostgreSQL server, started and watched by this process.
//!
//! It makes one command enough on a laptop or a single node, with nothing to install or configure
//! beyond the distribution's server package.

mod account;
mod binaries;
mod credentials;
mod error;
pub(crate) mod initialise;
mod launch;
mod place;
mod postmaster;
mod settings;
mod supervise;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use binaries::{Binaries, OLDEST_MAJOR};
pub use error::ClusterError;
pub(crate) use error::at;
pub(crate) use initialise::run;
use launch::Launcher;
pub(crate) use place::Place;
use supervise::{Seat, Status};

use crate::{Endpoint, roles};

/// Port number in the name of the unix socket.
pub(crate) const PORT: u16 = 5432;

/// How a private cluster is made and run.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Folder of the server programs; found by itself when `None`.
    pub binaries: Option<PathBuf>,
    /// Whether commits survive a crash; `false` is for tests only.
    pub durable: bool,
    /// Folder for completed write-ahead log files, for restoring to a point in time. The account
    /// of the server must be able to write there.
    pub wal_archive: Option<PathBuf>,
    /// Further lines of `postgresql.conf`, as (name, value).
    pub settings: Vec<(String, String)>,
    /// How long to wait for the server, crash recovery included.
    pub patience: Duration,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            binaries: None,
            durable: true,
            wal_archive: None,
            settings: Vec::new(),
            patience: Duration::from_secs(600),
        }
    }
}

/// A running private cluster, as owner or as guest.
///
/// Call [`Cluster::stop`] before the process ends; a cluster that is only dropped asks the server
/// to stop and does not wait.
#[derive(Debug)]
pub struct Cluster {
    launcher: Arc<Launcher>,
    status: Arc<Status>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Cluster {
    /// Starts the cluster of `data_dir`, making it first when there is none, or joins it when
    /// another process runs it already.
    ///
    /// # Errors
    /// [`ClusterError`], each variant with what to do about it.
    pub async fn start_or_join(
        data_dir: &Path,
        options: ClusterOptions,
    ) -> Result<Self, ClusterError> {
        let patience = options.patience;
        let place = Place::prepare(data_dir)?;
        let launcher = Arc::new(Launcher::new(place, options));
        let status = Arc::new(Status::default());
        let started = Instant::now();
        let seat = loop {
            if let Some(lock) = launcher.try_own()? {
                let postmaster = launcher.ensure_server().await?;
                break supervise::own(&status, lock, postmaster);
            }
            match launcher.join().await {
                Ok(lock) => break Seat::Guest { lock },
                Err(error) if started.elapsed() > patience || is_final(&error) => {
                    return Err(error);
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        let (stop, stopped) = oneshot::channel();
        let task = supervise::supervise(Arc::clone(&launcher), Arc::clone(&status), seat, stopped);
        Ok(Self {
            launcher,
            status,
            stop: Some(stop),
            task: Some(tokio::spawn(task)),
        })
    }

    /// Whether this process watches the server and will stop it.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.status.owner.load(Ordering::SeqCst)
    }

    /// How often the server died and was started again by this process.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.status.restarts.load(Ordering::SeqCst).unsigned_abs()
    }

    /// Process id of the server.
    #[must_use]
    pub fn server_pid(&self) -> Option<i32> {
        self.launcher.running_pid()
    }

    /// The application role: for serving requests.
    ///
    /// # Errors
    /// [`ClusterError::File`] when the passwords cannot be read.
    pub fn app(&self) -> Result<Endpoint, ClusterError> {
        self.launcher.endpoint(roles::APP, roles::DATABASE)
    }

    /// The owner of schemas and tables: for migrations.
    ///
    /// # Errors
    /// [`ClusterError::File`] when the passwords cannot be read.
    pub fn owner(&self) -> Result<Endpoint, ClusterError> {
        self.launcher.endpoint(roles::OWNER, roles::DATABASE)
    }

    /// The superuser: for backups and operators.
    ///
    /// # Errors
    /// [`ClusterError::File`] when the passwords cannot be read.
    pub fn admin(&self) -> Result<Endpoint, ClusterError> {
        self.launcher.endpoint(roles::ADMIN, roles::DATABASE)
    }

    /// Passwords and socket for a client program such as `psql`: environment variables by name.
    ///
    /// # Errors
    /// [`ClusterError::File`] when the passwords cannot be read.
    pub fn client_environment(
        &self,
        role: &str,
    ) -> Result<Vec<(&'static str, String)>, ClusterError> {
        self.launcher.client_environment(role)
    }

    /// The server programs in use.
    ///
    /// # Errors
    /// [`ClusterError::NoServer`] or [`ClusterError::WrongVersion`].
    pub fn binaries(&self) -> Result<Binaries, ClusterError> {
        self.launcher.binaries()
    }

    /// The file with the passwords of the roles.
    pub(crate) fn credentials_file(&self) -> PathBuf {
        self.launcher.place.credentials()
    }

    /// Where the server keeps its files.
    #[must_use]
    pub fn pgdata(&self) -> &Path {
        &self.launcher.place.pgdata
    }

    /// Leaves the cluster. The owner stops the server and waits for it, unless other processes use
    /// it: then one of those becomes the owner.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(task) = self.task.take()
            && task.await.is_err()
        {
            tracing::error!("the task that watches the database server failed");
        }
    }
}

/// Whether waiting for the owner cannot help: its files are closed to us.
fn is_final(error: &ClusterError) -> bool {
    matches!(error, ClusterError::File { source, .. }
        if source.kind() == std::io::ErrorKind::PermissionDenied)
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let pid = self.status.owned_pid.load(Ordering::SeqCst);
            if pid != 0 && self.launcher.no_guests() {
                postmaster::ask_to_stop(pid);
            }
        }
    }
}
