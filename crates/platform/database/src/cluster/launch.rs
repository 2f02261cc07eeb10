//! Brings a cluster from whatever state its directory is in to a server that accepts connections.
//!
//! The states are: nothing, a half-made cluster, a stopped or crashed one, and one that an earlier
//! owner left running.

use std::fs::File;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::credentials::Credentials;
use super::error::at;
use super::postmaster::Postmaster;
use super::supervise::open_lock;
use super::{Binaries, ClusterError, ClusterOptions, PORT, Place, initialise};
use crate::{Endpoint, roles};

/// How long the remains of a killed server may block a new one.
const REMAINS_PATIENCE: Duration = Duration::from_secs(20);

/// Everything needed to start the server of one data directory.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) place: Place,
    options: ClusterOptions,
    binaries: OnceLock<Binaries>,
}

impl Launcher {
    pub(crate) fn new(place: Place, options: ClusterOptions) -> Self {
        Self {
            place,
            options,
            binaries: OnceLock::new(),
        }
    }

    /// Takes the owner lock when it is free.
    pub(crate) fn try_own(&self) -> Result<Option<File>, ClusterError> {
        let path = self.place.owner_lock();
        let file = open_lock(&path)?;
        match file.try_lock() {
            Ok(()) => {
                let _ = file.set_len(0);
                let note = format!("{}\n", std::process::id());
                std::io::Write::write_all(&mut &file, note.as_bytes()).map_err(at(&path))?;
                Ok(Some(file))
            }
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    /// Takes a guest's lock and checks that the server accepts connections.
    pub(crate) async fn join(&self) -> Result<File, ClusterError> {
        let path = self.place.guest_lock();
        let file = open_lock(&path)?;
        if file.try_lock_shared().is_err() {
            return Err(ClusterError::Start {
                reason: "its owner is stopping it".to_owned(),
            });
        }
        let app = self.endpoint(roles::APP, roles::DATABASE)?;
        app.connect().await?;
        Ok(file)
    }

    /// Whether no other process uses the server.
    pub(crate) fn no_guests(&self) -> bool {
        open_lock(&self.place.guest_lock()).is_ok_and(|file| file.try_lock().is_ok())
    }

    /// A running server: adopted when one runs with our settings, else started.
    pub(crate) async fn ensure_server(&self) -> Result<Postmaster, ClusterError> {
        if initialise::data_version(&self.place.pgdata)?.is_none() {
            initialise::create(&self.place, &self.binaries()?, &self.options)?;
        }
        let changed = initialise::write_settings(&self.place, &self.options)?;
        match self.adopt().await {
            Some(postmaster) if !changed => return Ok(postmaster),
            Some(postmaster) => postmaster.stop().await,
            None => {}
        }
        self.start_server().await
    }

    /// The server that an owner before us has left, for a guest: others use it, so it keeps the
    /// settings it has.
    pub(crate) async fn inherit_server(&self) -> Result<Postmaster, ClusterError> {
        match self.adopt().await {
            Some(postmaster) => Ok(postmaster),
            None => self.start_server().await,
        }
    }

    /// The running server of an earlier owner; one that does not answer is stopped.
    async fn adopt(&self) -> Option<Postmaster> {
        let mut postmaster = Postmaster::running(&self.place)?;
        tracing::info!("found the database server of an earlier run");
        let admin = self.admin().ok()?;
        let patience = self.options.patience;
        match postmaster.ready(&self.place, &admin, patience).await {
            Ok(()) => Some(postmaster),
            Err(error) => {
                tracing::warn!(%error, "the database server of an earlier run is of no use");
                postmaster.stop().await;
                None
            }
        }
    }

    /// Starts the server and waits until it is usable.
    pub(crate) async fn start_server(&self) -> Result<Postmaster, ClusterError> {
        let binaries = self.binaries()?;
        let admin = self.admin()?;
        let started = Instant::now();
        loop {
            let mut postmaster = Postmaster::spawn(&self.place, &binaries)?;
            match postmaster
                .ready(&self.place, &admin, self.options.patience)
                .await
            {
                Ok(()) => {
                    initialise::ensure_roles(&admin, &self.credentials()?).await?;
                    return Ok(postmaster);
                }
                Err(error) if has_remains(&error) && started.elapsed() < REMAINS_PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => {
                    postmaster.stop().await;
                    return Err(error);
                }
            }
        }
    }

    /// The server programs that fit the data.
    pub(crate) fn binaries(&self) -> Result<Binaries, ClusterError> {
        if let Some(binaries) = self.binaries.get() {
            return Ok(binaries.clone());
        }
        let data = initialise::data_version(&self.place.pgdata)?;
        let binaries = match &self.options.binaries {
            None => Binaries::find(data)?,
            Some(folder) => {
                let given = Binaries::at(folder).ok_or(ClusterError::NoServer { found: None })?;
                match data {
                    Some(data) if data != given.major => {
                        return Err(ClusterError::WrongVersion {
                            data,
                            server: given.major,
                        });
                    }
                    _ => given,
                }
            }
        };
        Ok(self.binaries.get_or_init(|| binaries).clone())
    }

    fn credentials(&self) -> Result<Credentials, ClusterError> {
        let path = self.place.credentials();
        Credentials::read(&path)?
            .ok_or_else(|| at(&path)(std::io::Error::from(std::io::ErrorKind::NotFound)))
    }

    fn admin(&self) -> Result<Endpoint, ClusterError> {
        self.endpoint(roles::ADMIN, "postgres")
    }

    /// How `role` reaches `database`.
    pub(crate) fn endpoint(&self, role: &str, database: &str) -> Result<Endpoint, ClusterError> {
        let password = self.password(role)?;
        Ok(Endpoint::socket(
            &self.place.socket,
            role,
            &password,
            database,
        ))
    }

    fn password(&self, role: &str) -> Result<String, ClusterError> {
        let credentials = self.credentials()?;
        let password = match role {
            roles::ADMIN => credentials.admin,
            roles::OWNER => credentials.owner,
            _ => credentials.app,
        };
        Ok(password.expose().clone())
    }

    pub(crate) fn client_environment(
        &self,
        role: &str,
    ) -> Result<Vec<(&'static str, String)>, ClusterError> {
        Ok(vec![
            ("PGHOST", self.place.socket.to_string_lossy().into_owned()),
            ("PGPORT", PORT.to_string()),
            ("PGUSER", role.to_owned()),
            ("PGDATABASE", roles::DATABASE.to_owned()),
            ("PGPASSWORD", self.password(role)?),
        ])
    }

    pub(crate) fn running_pid(&self) -> Option<i32> {
        let postmaster = Postmaster::running(&self.place)?;
        Some(postmaster.pid().as_raw_nonzero().get())
    }
}

/// Whether a start failed only because processes of a killed server are still ending.
fn has_remains(error: &ClusterError) -> bool {
    let signs = [
        "pre-existing shared memory block",
        "lock file \"postmaster.pid\"",
        ".lock\" already exists",
        "is already in use",
    ];
    matches!(error, ClusterError::Start { reason }
        if signs.iter().any(|sign| reason.contains(sign)))
}
