//! The account that the server process runs as.
//!
//! PostgreSQL refuses to run as root; when we are root it gets an account without rights.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::ClusterError;
use super::error::at;

/// An unprivileged account, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
    /// Whether we must change to it, because we are root.
    switch: bool,
}

impl Account {
    /// The account for the data in `pgdata`: its owner when it exists; else ourselves, or when we
    /// are root one of `meditrack-pg`, `postgres`, `nobody`.
    pub(crate) fn choose(pgdata: &Path) -> Result<Self, ClusterError> {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let ourselves = Self {
            uid,
            gid,
            switch: false,
        };
        match std::fs::metadata(pgdata) {
            Ok(meta) if uid != 0 && meta.uid() != uid => Err(ClusterError::ForeignOwner {
                path: pgdata.to_owned(),
                uid: meta.uid(),
            }),
            Ok(meta) if uid == 0 && meta.uid() != 0 => Ok(Self {
                uid: meta.uid(),
                gid: meta.gid(),
                switch: true,
            }),
            _ if uid != 0 => Ok(ourselves),
            _ => Self::unprivileged(),
        }
    }

    fn unprivileged() -> Result<Self, ClusterError> {
        let path = Path::new("/etc/passwd");
        let passwd = std::fs::read_to_string(path).map_err(at(path))?;
        ["meditrack-pg", "postgres", "nobody"]
            .iter()
            .find_map(|name| find(&passwd, name))
            .map(|(uid, gid)| Self {
                uid,
                gid,
                switch: true,
            })
            .ok_or(ClusterError::NoAccount)
    }

    /// A command that runs as this account, without our environment.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives `path` to this account.
    pub(crate) fn give(self, path: &Path) -> Result<(), ClusterError> {
        if self.switch {
            chown(path, Some(self.uid), Some(self.gid)).map_err(at(path))?;
        }
        Ok(())
    }

    /// Whether this account owns `path`.
    pub(crate) fn owns(self, path: &Path) -> bool {
        std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == self.uid)
    }

    /// Whether this account may pass through the folder `path` itself.
    fn may_enter(self, path: &Path) -> bool {
        if !self.switch {
            return true;
        }
        std::fs::metadata(path).is_ok_and(|meta| {
            let mode = meta.permissions().mode();
            (meta.uid() == self.uid && mode & 0o100 != 0)
                || (meta.uid() != self.uid && meta.gid() == self.gid && mode & 0o010 != 0)
                || (meta.uid() != self.uid && meta.gid() != self.gid && mode & 0o001 != 0)
        })
    }

    /// Whether this account can reach what lies in `folder` (an absolute path).
    pub(crate) fn can_reach(self, folder: &Path) -> bool {
        folder.ancestors().all(|ancestor| self.may_enter(ancestor))
    }
}

/// `(uid, gid)` of `name` in the text of `/etc/passwd`.
fn find(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let uid: u32 = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    (uid != 0).then_some((uid, gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_exact_name_and_never_root() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:7::/:/x\npostgres:x:101:104::/:/x\n\
                      nobody:x:0:0::/:/x\n";
        assert_eq!(find(passwd, "postgres"), Some((101, 104)));
        assert_eq!(find(passwd, "nobody"), None);
        assert_eq!(find(passwd, "meditrack-pg"), None);
    }
}
