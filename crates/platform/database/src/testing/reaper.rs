//! Stops the test cluster some time after the last test process has ended.
//!
//! Test processes end without running destructors of statics, so a small detached shell watches the
//! lock files that the kernel frees for them.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// `$1` is the folder. One reaper at a time; it tries every 20 s and ends with the cluster.
const SCRIPT: &str = r#"
cd "$1" || exit 0
exec 7>postgres.reaper
flock -n 7 || exit 0
while sleep 20; do
  pid=$(head -n 1 postgres/postmaster.pid 2>/dev/null) || exit 0
  flock -n postgres.owner flock -n postgres.guests sh -c '
    kill -INT "$0"
    while kill -0 "$0" 2>/dev/null; do sleep 0.1; done' "$pid" && exit 0
done
"#;

/// Starts a reaper for the cluster in `folder`, unless one runs; without `flock(1)` the cluster
/// simply goes on and is found by the next test.
pub(super) fn watch(folder: &Path) {
    let spawned = Command::new("sh")
        .args(["-c", SCRIPT, "meditrack-test-reaper"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    if let Err(error) = spawned {
        tracing::debug!(%error, "no reaper for the test cluster");
    }
}
