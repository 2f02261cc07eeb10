//! Passwords of the cluster's roles, in a file that only we can read.
//!
//! The socket's folder already keeps other users out; the passwords keep out whoever gets past it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use mt_kernel::Secret;

use super::ClusterError;
use super::error::at;
use crate::digest::{hex, random_bytes};

/// One password per role.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) admin: Secret<String>,
    pub(crate) owner: Secret<String>,
    pub(crate) app: Secret<String>,
}

impl Credentials {
    /// Three new random passwords.
    pub(crate) fn generate() -> Self {
        let password = || Secret::new(hex(&random_bytes::<24>()));
        Self {
            admin: password(),
            owner: password(),
            app: password(),
        }
    }

    /// Reads the file, or `None` when there is none yet.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, ClusterError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(path)(error)),
        };
        let value = |name: &str| {
            text.lines()
                .filter_map(|line| line.split_once(' '))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| Secret::new(value.to_owned()))
                .ok_or_else(|| at(path)(std::io::Error::from(std::io::ErrorKind::InvalidData)))
        };
        Ok(Some(Self {
            admin: value("admin")?,
            owner: value("owner")?,
            app: value("app")?,
        }))
    }

    /// Writes the file at once and whole, readable by us alone.
    pub(crate) fn write(&self, path: &Path) -> Result<(), ClusterError> {
        let text = format!(
            "admin {}\nowner {}\napp {}\n",
            self.admin.expose(),
            self.owner.expose(),
            self.app.expose()
        );
        write_private(path, text.as_bytes())
    }
}

/// Replaces `path` by a file of mode 0600 with `content`, durably.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), ClusterError> {
    let draft = path.with_extension("new");
    let _ = std::fs::remove_file(&draft);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(at(&draft))?;
    file.write_all(content).map_err(at(&draft))?;
    file.sync_all().map_err(at(&draft))?;
    std::fs::rename(&draft, path).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn credentials_survive_the_file_and_only_we_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postgres.credentials");
        assert!(Credentials::read(&path).unwrap().is_none());
        let written = Credentials::generate();
        written.write(&path).unwrap();
        let read = Credentials::read(&path).unwrap().unwrap();
        assert_eq!(read.app.expose(), written.app.expose());
        assert_ne!(read.app.expose(), read.owner.expose());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postgres.credentials");
        std::fs::write(&path, "admin x\n").unwrap();
        assert!(Credentials::read(&path).is_err());
    }
}
