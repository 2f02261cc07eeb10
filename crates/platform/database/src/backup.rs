//! Base backups of a private cluster, and restoring them.
//!
//! A backup is verified when it is taken and again before it is restored: a backup that was never
//! checked is a hope. Passwords travel with it, sealed bodies stay sealed under keys kept elsewhere.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mt_kernel::{ErrorKind, Fault, Instant};

use crate::cluster::{self, Binaries, Cluster, ClusterError, Place, at};
use crate::roles;

/// Why a backup cannot be taken or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target exists and is not empty.
    #[error("{0} is not empty; a backup is only restored into a new data directory")]
    NotEmpty(PathBuf),
    /// The folder holds no backup of ours.
    #[error("{0} holds no backup")]
    NoBackup(PathBuf),
    /// A file or tool failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The task that ran the tools failed.
    #[error("the backup was interrupted")]
    Interrupted,
}

impl From<BackupError> for Fault {
    fn from(error: BackupError) -> Self {
        let kind = match &error {
            BackupError::NotEmpty(_) => ErrorKind::Conflict,
            BackupError::NoBackup(_) => ErrorKind::NotFound,
            BackupError::Cluster(error) => error.kind(),
            BackupError::Interrupted => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

/// How far a restored cluster rolls forward.
#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// Folder that [`crate::ClusterOptions::wal_archive`] named when the backup was taken. Without
    /// it the cluster is restored to the end of the backup.
    pub wal_archive: Option<PathBuf>,
    /// Moment to stop at; the end of the archive when `None`.
    pub until: Option<Instant>,
    /// Folder of the server programs; found by itself when `None`.
    pub binaries: Option<PathBuf>,
}

/// Takes a verified base backup with the write-ahead log it needs, while the server runs, into
/// the new or empty folder `into`.
///
/// # Errors
/// [`BackupError`]; a half-made backup lacks its manifest and is refused by [`restore`].
pub async fn backup(cluster: &Cluster, into: &Path) -> Result<(), BackupError> {
    refuse_occupied(into)?;
    make_private(into)?;
    let binaries = cluster.binaries()?;
    let environment = cluster.client_environment(roles::ADMIN)?;
    let credentials = cluster.credentials_file();
    let into = into.to_owned();
    let work = move || -> Result<(), BackupError> {
        let base = into.join("base");
        let mut command = Command::new(binaries.program("pg_basebackup"));
        command
            .arg("--pgdata")
            .arg(&base)
            .args(["--wal-method=stream", "--checkpoint=fast", "--no-password"])
            .args(["--manifest-checksums=SHA256", "--label=meditrack"])
            .envs(
                environment
                    .into_iter()
                    .filter(|(name, _)| *name != "PGDATABASE"),
            );
        cluster::run(&mut command, "pg_basebackup")?;
        verify(&binaries, &base)?;
        let copy = into.join("postgres.credentials");
        std::fs::copy(&credentials, &copy).map_err(at(&copy))?;
        Ok(())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| BackupError::Interrupted)?
}

/// Restores the backup in `from` as the cluster of the new or empty folder `data_dir`; the next
/// [`Cluster::start_or_join`] there recovers it.
///
/// # Errors
/// [`BackupError::NotEmpty`] when there is anything in `data_dir`, [`BackupError::NoBackup`] or a
/// tool's complaint when the backup is incomplete or damaged.
pub async fn restore(
    from: &Path,
    data_dir: &Path,
    options: RestoreOptions,
) -> Result<(), BackupError> {
    let (from, data_dir) = (from.to_owned(), data_dir.to_owned());
    let work = move || restore_files(&from, &data_dir, &options);
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| BackupError::Interrupted)?
}

fn restore_files(
    from: &Path,
    data_dir: &Path,
    options: &RestoreOptions,
) -> Result<(), BackupError> {
    refuse_occupied(data_dir)?;
    let base = from.join("base");
    let credentials = from.join("postgres.credentials");
    let major = cluster::initialise::data_version(&base).ok().flatten();
    let (Some(major), true) = (major, credentials.is_file()) else {
        return Err(BackupError::NoBackup(from.to_owned()));
    };
    let binaries = match &options.binaries {
        Some(folder) => Binaries::at(folder).ok_or(ClusterError::NoServer { found: None })?,
        None => Binaries::find(Some(major))?,
    };
    verify(&binaries, &base)?;
    let place = Place::prepare(data_dir)?;
    let draft = place.pgdata.with_file_name("postgres.draft");
    copy_tree(&base, &draft, &place)?;
    roll_forward(&draft, &place, options)?;
    std::fs::copy(&credentials, place.credentials()).map_err(at(&credentials))?;
    std::fs::rename(&draft, &place.pgdata).map_err(at(&place.pgdata))?;
    Ok(())
}

fn verify(binaries: &Binaries, base: &Path) -> Result<(), BackupError> {
    if !base.join("backup_manifest").is_file() {
        return Err(BackupError::NoBackup(base.to_owned()));
    }
    let mut command = Command::new(binaries.program("pg_verifybackup"));
    command.arg("--exit-on-error").arg(base);
    // It looks for pg_waldump beside itself and reads the log of the backup with it.
    cluster::run(&mut command, "pg_verifybackup")?;
    Ok(())
}

/// Tells the server where the log goes on and where to stop.
fn roll_forward(draft: &Path, place: &Place, options: &RestoreOptions) -> Result<(), BackupError> {
    let Some(archive) = &options.wal_archive else {
        return Ok(());
    };
    let archive = archive.canonicalize().map_err(at(archive))?;
    let shell = archive
        .to_string_lossy()
        .replace('%', "%%")
        .replace('\'', r"'\''");
    let command = format!("cp '{shell}'/%f %p").replace('\'', "''");
    // Without hot standby nobody can connect before recovery has ended, so the first start does
    // not report a database that is still read-only.
    let mut text = format!("\nrestore_command = '{command}'\nhot_standby = off\n");
    if let Some(until) = options.until {
        let moment = until.timestamp().strftime("%Y-%m-%d %H:%M:%S.%6f+00");
        text.push_str(&format!("recovery_target_time = '{moment}'\n"));
        text.push_str("recovery_target_action = 'promote'\n");
    }
    let path = draft.join("postgresql.auto.conf");
    let mut settings = std::fs::read_to_string(&path).unwrap_or_default();
    settings.push_str(&text);
    for (name, content) in [
        ("postgresql.auto.conf", settings),
        ("recovery.signal", String::new()),
    ] {
        let path = draft.join(name);
        std::fs::write(&path, content).map_err(at(&path))?;
        place.account.give(&path)?;
    }
    Ok(())
}

/// Copies a folder with everything in it and gives the copy to the server's account.
fn copy_tree(from: &Path, to: &Path, place: &Place) -> Result<(), BackupError> {
    DirBuilder::new().mode(0o700).create(to).map_err(at(to))?;
    place.account.give(to)?;
    for entry in std::fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(at(from))?.is_dir() {
            copy_tree(&entry.path(), &target, place)?;
        } else {
            std::fs::copy(entry.path(), &target).map_err(at(&target))?;
            place.account.give(&target)?;
        }
    }
    Ok(())
}

fn refuse_occupied(folder: &Path) -> Result<(), BackupError> {
    let occupied = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(at(folder)(error).into()),
    };
    if occupied {
        return Err(BackupError::NotEmpty(folder.to_owned()));
    }
    Ok(())
}

fn make_private(folder: &Path) -> Result<(), BackupError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    Ok(builder.create(folder).map_err(at(folder))?)
}
