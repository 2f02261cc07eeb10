//! Finds the PostgreSQL server programs on this machine.
//!
//! The private cluster uses what the distribution installs, so that security fixes arrive with it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;

/// Oldest major version that has what MediTrack needs.
pub const OLDEST_MAJOR: u32 = 15;

/// A folder with `postgres`, `initdb` and the client tools of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder.
    pub directory: PathBuf,
    /// Major version, such as 15.
    pub major: u32,
}

impl Binaries {
    /// The newest usable installation, or the newest of exactly `major` when a data directory
    /// asks for it.
    ///
    /// # Errors
    /// [`ClusterError::NoServer`] when nothing usable is installed,
    /// [`ClusterError::WrongVersion`] when only other major versions are.
    pub fn find(major: Option<u32>) -> Result<Self, ClusterError> {
        let found: Vec<Self> = candidates()
            .iter()
            .filter_map(|folder| Self::at(folder))
            .collect();
        Self::choose(found, major)
    }

    /// The installation in `directory`, when there is one. Links are followed, because a folder of
    /// links often holds a few of the programs only.
    #[must_use]
    pub fn at(directory: &Path) -> Option<Self> {
        let server = directory.join("postgres").canonicalize().ok()?;
        let real = server.parent()?.to_owned();
        let directory = [real, directory.to_owned()]
            .into_iter()
            .find(|folder| folder.join("initdb").is_file())?;
        let output = Command::new(server).arg("--version").output().ok()?;
        let major = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { directory, major })
    }

    fn choose(found: Vec<Self>, wanted: Option<u32>) -> Result<Self, ClusterError> {
        let newest = |major: Option<u32>| {
            found
                .iter()
                .filter(|one| one.major >= OLDEST_MAJOR)
                .filter(|one| major.is_none_or(|wanted| one.major == wanted))
                .max_by_key(|one| one.major)
                .cloned()
        };
        match (newest(wanted), wanted) {
            (Some(binaries), _) => Ok(binaries),
            (None, Some(data)) if !found.is_empty() => Err(ClusterError::WrongVersion {
                data,
                server: found.iter().map(|one| one.major).max().unwrap_or_default(),
            }),
            (None, _) => Err(ClusterError::NoServer {
                found: found.iter().map(|one| one.major).max(),
            }),
        }
    }

    /// Path of a program of this installation.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Reads the major version from `postgres (PostgreSQL) 15.18 (Debian …)`.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.split(") ").nth(1)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn candidates() -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.insert(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        ));
    }
    for parent in [
        "/usr/lib/postgresql",
        "/usr/local/lib/postgresql",
        "/opt/homebrew/opt",
    ] {
        folders.extend(versioned(Path::new(parent)));
    }
    for parent in ["/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt", "/usr"] {
        folders.extend(versioned(Path::new(parent)));
    }
    folders.insert(PathBuf::from("/usr/local/pgsql/bin"));
    folders.retain(|folder| folder.join("postgres").is_file());
    folders
}

/// `bin` folders below `parent` that look like a PostgreSQL version: `15`, `pgsql-15`,
/// `postgresql@15`, `postgresql`.
fn versioned(parent: &Path) -> Vec<PathBuf> {
    let looks_right = |name: &OsStr| {
        let name = name.to_string_lossy();
        name.starts_with("postgres")
            || name.starts_with("pgsql")
            || name.chars().all(|c| c.is_ascii_digit())
    };
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| looks_right(&entry.file_name()))
        .map(|entry| entry.path().join("bin"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> Vec<Binaries> {
        let one = |major: &u32| Binaries {
            directory: PathBuf::from(format!("/opt/{major}")),
            major: *major,
        };
        majors.iter().map(one).collect()
    }

    #[test]
    fn the_major_version_is_read_from_the_banner() {
        for (banner, major) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
                Some(15),
            ),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres", None),
            ("", None),
        ] {
            assert_eq!(parse_version(banner), major, "{banner}");
        }
    }

    #[test]
    fn the_newest_installation_is_chosen_unless_the_data_ask_for_another() {
        let newest = Binaries::choose(installed(&[15, 17, 16]), None).unwrap();
        assert_eq!(newest.major, 17);
        let asked = Binaries::choose(installed(&[15, 17, 16]), Some(15)).unwrap();
        assert_eq!(asked.major, 15);
    }

    #[test]
    fn a_missing_or_old_server_is_refused_with_what_to_do() {
        let nothing = Binaries::choose(vec![], None).unwrap_err().to_string();
        assert!(nothing.contains("apt-get install postgresql"), "{nothing}");
        let old = Binaries::choose(installed(&[13]), None)
            .unwrap_err()
            .to_string();
        assert!(old.contains("13"), "{old}");
        let other = Binaries::choose(installed(&[17]), Some(15)).unwrap_err();
        assert!(matches!(
            other,
            ClusterError::WrongVersion {
                data: 15,
                server: 17
            }
        ));
    }
}
