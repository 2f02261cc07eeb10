//! The audit trail of a running server: its journal, its background work, its life.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant as Monotonic};

use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Fault, Instant, TenantId};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::announce::Announcer;
use crate::drain::Drain;
use crate::hot::Hot;
use crate::journal::Journal;
use crate::log::integrate::Sequencer;
use crate::log::witness::Witness;
use crate::{AuditError, Result};

/// Longest time for which a note is on this machine's disk but not synchronised.
const SYNC_EVERY: Duration = Duration::from_millis(40);
/// How often notes are brought to the database.
const DRAIN_EVERY: Duration = Duration::from_millis(50);
/// Pause after the database did not take notes.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often journals of ended processes are looked for.
const ORPHANS_EVERY: Duration = Duration::from_secs(30);
/// How often the logs of tenants with recent rows are extended.
const EXTEND_EVERY: Duration = Duration::from_millis(200);
/// How often the logs of all tenants are, for rows that other processes wrote.
const EXTEND_ALL_EVERY: Duration = Duration::from_secs(30);

/// Where the trail gets the tenants and their keys from.
pub trait Keyring: Send + Sync {
    /// The keys of a tenant that is in memory, at once.
    fn loaded(&self, tenant: TenantId) -> Option<TenantKeys>;

    /// The keys of an active tenant.
    fn keys(&self, tenant: TenantId) -> BoxFuture<'_, Result<TenantKeys, Fault>>;

    /// The active tenants.
    fn active(&self) -> BoxFuture<'_, Result<Vec<TenantId>, Fault>>;
}

/// The audit trail. Share it behind an [`Arc`].
pub struct Audit {
    database: Database,
    directory: PathBuf,
    journal: Arc<Journal>,
    hot: Arc<Hot>,
    keyring: OnceLock<Arc<dyn Keyring>>,
    announcer: OnceLock<Arc<dyn Announcer>>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Audit {
    /// Opens the trail under `directory` and begins to bring notes to the database, those of
    /// processes that were killed first. The schemas must be migrated.
    ///
    /// # Errors
    /// [`AuditError::Journal`] when the directory cannot be used.
    pub async fn open(directory: &Path, database: Database) -> Result<Self> {
        let parent = directory.join("journal");
        std::fs::create_dir_all(&parent).map_err(AuditError::file("make the audit directory"))?;
        let journal = Arc::new(Journal::create(&parent)?);
        let hot = Arc::new(Hot::default());
        let (stop, stopped) = watch::channel(false);
        let drain = Drain::new(
            database.clone(),
            Arc::clone(&journal),
            parent,
            Arc::clone(&hot),
        );
        let tasks = vec![
            tokio::spawn(sync(Arc::clone(&journal), stopped.clone())),
            tokio::spawn(drain_until(drain, stopped)),
        ];
        Ok(Self {
            database,
            directory: directory.to_owned(),
            journal,
            hot,
            keyring: OnceLock::new(),
            announcer: OnceLock::new(),
            stop,
            tasks: Mutex::new(tasks),
        })
    }

    /// Lets `announcer` say what entries mean, from the moment on at which logs are extended; call it before that.
    pub fn announce_by(&self, announcer: Arc<dyn Announcer>) {
        // A second announcer would say everything twice.
        let _ = self.announcer.set(announcer);
    }

    /// Takes tenants and keys from `keyring` and begins to extend the tenants' logs. Until this is
    /// called, nothing can be noted; a second call changes nothing.
    pub fn follow_keyring(self: &Arc<Self>, keyring: Arc<dyn Keyring>) {
        if !self.lend_keys(Arc::clone(&keyring)) {
            return;
        }
        let witness = Witness::under(&self.directory);
        let announcer = self.announcer.get().cloned();
        let sequencer = Sequencer::new(
            self.database.clone(),
            Arc::clone(&keyring),
            witness,
            announcer,
        );
        let (hot, stopped) = (Arc::clone(&self.hot), self.stop.subscribe());
        let task = tokio::spawn(extend_until(sequencer, keyring, hot, stopped));
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    /// Takes keys from `keyring` and leaves the logs to another process: for commands that enter or
    /// read entries and end. Returns whether this was the first call.
    pub fn lend_keys(&self, keyring: Arc<dyn Keyring>) -> bool {
        self.keyring.set(keyring).is_ok()
    }

    /// Brings the last notes to the database and ends the background work.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        let tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the audit trail failed");
            }
        }
    }

    /// The directory of the trail's files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn keyring(&self) -> Option<&Arc<dyn Keyring>> {
        self.keyring.get()
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn hot(&self) -> &Hot {
        &self.hot
    }

    /// The keys of a tenant that is in memory, which it is whenever the store serves it.
    pub(crate) fn loaded_keys(&self, tenant: TenantId) -> Result<TenantKeys> {
        let keyring = self.keyring.get().ok_or(AuditError::TenantInactive)?;
        keyring.loaded(tenant).ok_or(AuditError::TenantInactive)
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// What an audit detail is sealed to, the same for rows of commits and rows from the journal.
pub(crate) fn place(at: Instant, correlation: Uuid) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&at.0.to_be_bytes());
    bytes[8..].copy_from_slice(correlation.as_bytes());
    bytes
}

/// Waits; returns whether the end has come.
async fn pause(stopped: &mut watch::Receiver<bool>, length: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(length) => false,
        _ = stopped.wait_for(|stop| *stop) => true,
    }
}

async fn sync(journal: Arc<Journal>, mut stopped: watch::Receiver<bool>) {
    while !pause(&mut stopped, SYNC_EVERY).await {
        let journal = Arc::clone(&journal);
        let synced = tokio::task::spawn_blocking(move || journal.sync()).await;
        if let Ok(Err(error)) = synced {
            tracing::error!(%error, "the audit journal cannot be synchronised");
        }
    }
}

async fn drain_until(mut drain: Drain, mut stopped: watch::Receiver<bool>) {
    let mut orphans_at: Option<Monotonic> = None;
    let mut wait = Duration::ZERO;
    while !pause(&mut stopped, wait).await {
        wait = DRAIN_EVERY;
        if orphans_at.is_none_or(|at| at.elapsed() >= ORPHANS_EVERY) {
            orphans_at = Some(Monotonic::now());
            if let Err(error) = drain.drain_orphans().await {
                tracing::error!(%error, "notes of ended processes cannot be recovered");
            }
        }
        metrics::gauge!("audit_journal_waiting_bytes").set(drain.waiting() as f64);
        if let Err(error) = drain.drain_own().await {
            tracing::error!(%error, "notes cannot be brought to the database");
            wait = RETRY_AFTER;
        }
    }
    if let Err(error) = drain.finish().await {
        tracing::error!(%error, "notes stay in the journal for the next start");
    }
}

async fn extend_until(
    mut sequencer: Sequencer,
    keyring: Arc<dyn Keyring>,
    hot: Arc<Hot>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut all_at: Option<Monotonic> = None;
    let mut stuck = HashSet::new();
    while !pause(&mut stopped, EXTEND_EVERY).await {
        let mut tenants = hot.tenants();
        if all_at.is_none_or(|at| at.elapsed() >= EXTEND_ALL_EVERY) {
            all_at = Some(Monotonic::now());
            match keyring.active().await {
                Ok(active) => tenants = active,
                Err(error) => tracing::warn!(%error, "the tenants cannot be listed"),
            }
        }
        for tenant in tenants {
            extend(&mut sequencer, tenant, &mut stuck).await;
        }
        metrics::gauge!("audit_logs_stuck").set(stuck.len() as f64);
    }
}

/// Extends a log; says once that it is stuck, and once that it is not any more.
async fn extend(sequencer: &mut Sequencer, tenant: TenantId, stuck: &mut HashSet<TenantId>) {
    match sequencer.extend(tenant).await {
        Ok(_) | Err(AuditError::TenantInactive) => {
            if stuck.remove(&tenant) {
                tracing::info!(%tenant, "the audit log is extended again");
            }
        }
        Err(error) => {
            if stuck.insert(tenant) {
                tracing::error!(%tenant, %error, "the audit log is not extended");
            }
        }
    }
}
