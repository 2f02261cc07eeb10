//! Why a private cluster cannot be had, and what to do about it.
//!
//! These errors are read by whoever installs the product, so each says the next step.

use std::path::{Path, PathBuf};

use mt_kernel::{ErrorKind, Fault};

/// Why the private cluster does not run.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No usable PostgreSQL server is installed.
    #[error(
        "no PostgreSQL server of version 15 or newer is installed{}; install it with: \
         apt-get install postgresql (Debian, Ubuntu), dnf install postgresql-server (Fedora) or \
         brew install postgresql (macOS), or set database.url to an existing server",
        found.map(|major| format!(" (found version {major})")).unwrap_or_default()
    )]
    NoServer {
        /// Newest major version found that is too old.
        found: Option<u32>,
    },
    /// The data directory belongs to another major version.
    #[error(
        "the data directory holds PostgreSQL {data} and the installed server is {server}; install \
         PostgreSQL {data} beside it, or move the data with pg_upgrade"
    )]
    WrongVersion {
        /// Major version of the data.
        data: u32,
        /// Newest installed major version.
        server: u32,
    },
    /// There is no account to run the server as.
    #[error(
        "PostgreSQL refuses to run as root and no account meditrack-pg, postgres or nobody exists; \
         create one with: useradd --system meditrack-pg"
    )]
    NoAccount,
    /// A file or folder cannot be used.
    #[error("{path}: {source}{}", advice(source))]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder exists, is not empty, and holds no database.
    #[error("{0} is not empty and is not a PostgreSQL data directory; choose another folder")]
    NotADataDirectory(PathBuf),
    /// The folder belongs to somebody else.
    #[error("{path} belongs to another user (uid {uid}); run as that user or as root")]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Who owns it.
        uid: u32,
    },
    /// `initdb` or another tool failed.
    #[error("{program} failed: {output}")]
    Tool {
        /// Name of the program.
        program: String,
        /// What it said, shortened.
        output: String,
    },
    /// The server process ended while starting.
    #[error("PostgreSQL did not start: {reason}")]
    Start {
        /// Last lines of its log with an advice where one is known.
        reason: String,
    },
    /// The server did not accept connections in time.
    #[error("PostgreSQL did not accept connections within {seconds} s: {last}")]
    Slow {
        /// How long was waited.
        seconds: u64,
        /// The last refusal.
        last: String,
    },
    /// A statement of the set-up failed.
    #[error(transparent)]
    Sql(#[from] crate::Error),
}

impl ClusterError {
    /// Every cluster error means that storage is unavailable.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }
}

impl From<ClusterError> for Fault {
    fn from(error: ClusterError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

/// Adds the path to an I/O error.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ClusterError + '_ {
    move |source| ClusterError::File {
        path: path.to_owned(),
        source,
    }
}

fn advice(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "; run as the user who owns it, or choose another data directory"
        }
        std::io::ErrorKind::StorageFull => "; free some space on this disk",
        std::io::ErrorKind::ReadOnlyFilesystem => "; choose a data directory that can be written",
        _ => "",
    }
}

/// Turns the tail of a server log into a reason with an advice.
pub(crate) fn explain_log(tail: &str) -> String {
    let known = [
        (
            "No space left on device",
            "the disk is full; free some space",
        ),
        (
            "has wrong ownership",
            "the data directory belongs to another user",
        ),
        (
            "invalid permissions",
            "the data directory must be private to its user (mode 0700)",
        ),
        (
            "Permission denied",
            "the server's account may not use the data directory",
        ),
        (
            "incompatible with server",
            "the data were written by another PostgreSQL version",
        ),
        (
            "database files are incompatible",
            "the data were written by another PostgreSQL build",
        ),
        (
            "another server might be running",
            "another PostgreSQL server uses the data directory",
        ),
        (
            "could not map anonymous shared memory",
            "the machine has too little free memory",
        ),
        (
            "could not locate a valid checkpoint",
            "the write-ahead log is damaged; restore a backup",
        ),
    ];
    let advice = known
        .iter()
        .find(|(sign, _)| tail.contains(sign))
        .map(|(_, advice)| format!("{advice}: "));
    let last: Vec<&str> = tail.lines().rev().take(4).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    format!("{}{}", advice.unwrap_or_default(), last.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_failure_in_the_log_comes_with_an_advice() {
        let full = explain_log("LOG: x\nFATAL: could not write: No space left on device\n");
        assert!(
            full.starts_with("the disk is full; free some space: LOG: x | FATAL"),
            "{full}"
        );
        assert_eq!(explain_log("FATAL: odd"), "FATAL: odd");
    }
}
