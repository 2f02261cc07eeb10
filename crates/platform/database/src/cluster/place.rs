//! Where the parts of a private cluster lie on disk.
//!
//! The server's account must be able to reach its data and the socket path is limited to 107
//! bytes; both can fail for a data directory that is otherwise fine, so both have a second place.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::at;
use super::{ClusterError, PORT};
use crate::digest::hex_digest;

/// Longest path of a unix socket, without the closing NUL.
const SOCKET_PATH_LIMIT: usize = 107;
/// Where a cluster started by root goes when its account cannot reach the data directory.
const SYSTEM_HOME: &str = "/var/lib/meditrack";

/// Paths of one private cluster.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Folder that the caller named.
    pub(crate) home: PathBuf,
    /// PostgreSQL's data directory.
    pub(crate) pgdata: PathBuf,
    /// Folder of the unix socket.
    pub(crate) socket: PathBuf,
    /// Account that the server runs as.
    pub(crate) account: Account,
}

impl Place {
    /// Finds or makes the places for the cluster of `home`.
    pub(crate) fn prepare(home: &Path) -> Result<Self, ClusterError> {
        let existed = home.exists();
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o755);
        builder.create(home).map_err(at(home))?;
        if !existed {
            set_mode(home, 0o700)?;
        }
        let home = home.canonicalize().map_err(at(home))?;
        let link = home.join("postgres");
        let account = Account::choose(&link)?;
        if !account.can_reach(&home) && home.parent().is_some_and(|up| account.can_reach(up)) {
            open_to_passers_by(&home)?;
        }
        let pgdata = if account.can_reach(&home) {
            link
        } else {
            elsewhere(&home, &link)?
        };
        let pgdata = pgdata.canonicalize().unwrap_or(pgdata);
        let socket = socket_folder(&pgdata, account)?;
        Ok(Self {
            home,
            pgdata,
            socket,
            account,
        })
    }

    /// File that the supervising process holds locked.
    pub(crate) fn owner_lock(&self) -> PathBuf {
        self.home.join("postgres.owner")
    }

    /// File that every joined process holds locked for sharing.
    pub(crate) fn guest_lock(&self) -> PathBuf {
        self.home.join("postgres.guests")
    }

    /// Passwords of the roles.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.home.join("postgres.credentials")
    }

    /// The server's log.
    pub(crate) fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<(), ClusterError> {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path))
}

/// Lets other accounts pass through `home` without listing it.
fn open_to_passers_by(home: &Path) -> Result<(), ClusterError> {
    let mode = std::fs::metadata(home)
        .map_err(at(home))?
        .permissions()
        .mode();
    set_mode(home, (mode & 0o7777) | 0o011)
}

/// A place under the system's own folder, with a link to it from the data directory.
fn elsewhere(home: &Path, link: &Path) -> Result<PathBuf, ClusterError> {
    if let Ok(target) = std::fs::read_link(link) {
        return Ok(target);
    }
    let unique = hex_digest(&[
        home.as_os_str().as_encoded_bytes(),
        &crate::digest::random_bytes::<16>(),
    ]);
    let folder = Path::new(SYSTEM_HOME).join(unique.get(..12).unwrap_or(&unique));
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o711);
    builder.create(&folder).map_err(at(&folder))?;
    let pgdata = folder.join("postgres");
    symlink(&pgdata, link).map_err(at(link))?;
    tracing::warn!(
        data = %pgdata.display(),
        "the data directory is closed to the account of PostgreSQL; its files are kept elsewhere"
    );
    Ok(pgdata)
}

/// Makes the socket's folder: beside the data, or somewhere short when that path is too long.
fn socket_folder(pgdata: &Path, account: Account) -> Result<PathBuf, ClusterError> {
    let beside = pgdata.with_file_name("postgres.run");
    let folder = if fits(&beside) {
        beside
    } else {
        let name = hex_digest(&[pgdata.as_os_str().as_encoded_bytes()]);
        let name = format!("meditrack-{}", name.get(..16).unwrap_or(&name));
        let root = rustix::process::geteuid().is_root();
        let base = if root { "/run" } else { "/tmp" };
        Path::new(base).join(name)
    };
    match DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => account.give(&folder)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            if !account.owns(&folder) {
                let foreign = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
                return Err(at(&folder)(foreign));
            }
            set_mode(&folder, 0o700)?;
        }
        Err(error) => return Err(at(&folder)(error)),
    }
    Ok(folder)
}

fn fits(folder: &Path) -> bool {
    let socket = folder.join(format!(".s.PGSQL.{PORT}"));
    socket.as_os_str().len() <= SOCKET_PATH_LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_path_gets_a_short_socket_folder() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("d".repeat(120));
        let place = Place::prepare(&home).unwrap();
        assert!(fits(&place.socket), "{}", place.socket.display());
        let again = Place::prepare(&home).unwrap();
        assert_eq!(again.socket, place.socket);
        std::fs::remove_dir(&place.socket).unwrap();
    }

    #[test]
    fn a_short_data_path_keeps_its_socket_beside_the_data() {
        let root = tempfile::tempdir().unwrap();
        let place = Place::prepare(&root.path().join("data")).unwrap();
        let parent = place.pgdata.parent().unwrap();
        assert!(place.account.can_reach(parent));
        assert_eq!(place.socket, parent.join("postgres.run"));
    }
}
