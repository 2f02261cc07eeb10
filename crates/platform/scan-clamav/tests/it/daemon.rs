//! A daemon of our own: one signature, one socket, nothing from the network.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mt_scan_clamav::{Address, ClamAv};

/// The harmless file by which scanners are tested (EICAR), in two parts so that no scanner takes this source for it.
pub(crate) fn eicar() -> String {
    let (head, tail) = (
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR",
        "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    );
    format!("{head}{tail}")
}

pub(crate) struct Daemon {
    child: Child,
    folder: tempfile::TempDir,
}

impl Daemon {
    /// `None` where ClamAV is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir(path("signatures")).unwrap();
        let hex: String = eicar().bytes().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(
            path("signatures/test.ndb"),
            format!("Test.Signature:0:0:{hex}\n"),
        )
        .unwrap();
        let settings = format!(
            "LocalSocket {}\nDatabaseDirectory {}\nForeground yes\nStreamMaxLength 1M\nOfficialDatabaseOnly no\n",
            path("clamd.ctl"),
            path("signatures")
        );
        std::fs::write(path("clamd.conf"), settings).unwrap();
        let started = Command::new("clamd")
            .env("PATH", search_path())
            .arg(format!("--config-file={}", path("clamd.conf")))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            println!("skipped: clamd of clamav-daemon is not installed");
            return None;
        };
        let daemon = Self { child, folder };
        for _ in 0..600 {
            if tokio::net::UnixStream::connect(daemon.socket())
                .await
                .is_ok()
            {
                return Some(daemon);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("clamd does not listen");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("clamd.ctl")
    }

    pub(crate) fn scanner(&self) -> ClamAv {
        ClamAv::new(Address::Unix(self.socket()))
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have been stopped by its test.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Daemons live where the search path of people seldom leads.
fn search_path() -> String {
    format!(
        "{}:/usr/sbin:/usr/local/sbin",
        std::env::var("PATH").unwrap_or_default()
    )
}
