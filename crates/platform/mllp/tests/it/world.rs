//! Clients that others wrote: python-hl7's `mllp_send` and npm's `node-hl7-client`.
//!
//! They are installed into the user's cache folder from their registries. Without the tool, or
//! when the registry cannot be reached, the test says so and is skipped.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use tokio::process::Command;

use mt_mllp::Profile;

use crate::receiving::running;

const PYTHON_PACKAGE: &str = "hl7==0.4.5";
/// No program is waited for any longer.
const LONGEST: Duration = Duration::from_secs(120);
const NODE_PACKAGE: &str = "node-hl7-client@4.0.0";

fn cache(name: &str) -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let folder = base.or(home)?.join("meditrack/test-clients").join(name);
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder)
}

async fn run<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[A]) -> Option<Output> {
    let output = Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .output();
    tokio::time::timeout(LONGEST, output).await.ok()?.ok()
}

async fn succeeds<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[A]) -> bool {
    let output = run(program, arguments).await;
    output.is_some_and(|output| output.status.success())
}

fn skip(what: &str, why: &str) -> Option<PathBuf> {
    println!("skipped: {what} {why}");
    None
}

/// The path of `mllp_send`.
async fn python_client() -> Option<PathBuf> {
    let folder = cache("python-hl7")?;
    let program = folder.join("bin/mllp_send");
    if program.exists() {
        return Some(program);
    }
    if !succeeds(
        "python3",
        &[OsStr::new("-m"), "venv".as_ref(), folder.as_ref()],
    )
    .await
    {
        return skip(PYTHON_PACKAGE, "needs python3 with venv");
    }
    if !succeeds(
        folder.join("bin/pip"),
        &["install", "--quiet", PYTHON_PACKAGE],
    )
    .await
    {
        return skip(
            PYTHON_PACKAGE,
            "cannot be installed: is the package registry reachable?",
        );
    }
    Some(program)
}

/// The folder with `node_modules`.
async fn node_client() -> Option<PathBuf> {
    let folder = cache("node-hl7-client")?;
    if folder.join("node_modules/node-hl7-client").exists() {
        return Some(folder);
    }
    if !succeeds("npm", &["--version"]).await {
        return skip(NODE_PACKAGE, "needs node with npm");
    }
    let prefix = folder.to_str()?;
    let arguments = [
        "install",
        "--silent",
        "--no-save",
        "--prefix",
        prefix,
        NODE_PACKAGE,
    ];
    if !succeeds("npm", &arguments).await {
        return skip(
            NODE_PACKAGE,
            "cannot be installed: is the package registry reachable?",
        );
    }
    Some(folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn python_s_mllp_send_delivers_its_messages() {
    let Some(program) = python_client().await else {
        return;
    };
    let server = running(Profile::new("python")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messages.hl7");
    let message = |id: u32| {
        format!("MSH|^~\\&|PY|CLIENT|EHR|CLINIC|20260419||ADT^A01|PY-{id}|P|2.3\nPID|1||7\n")
    };
    std::fs::write(&file, (1..=20).map(message).collect::<String>()).unwrap();
    let port = server.address.port().to_string();
    let file = file.to_str().unwrap();
    let arguments = ["--loose", "--port", &port, "--file", file, "127.0.0.1"];
    let output = run(&program, &arguments).await.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected: Vec<String> = (1..=20).map(|id| format!("PY-{id}")).collect();
    assert_eq!(server.store.control_ids(), expected);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed.matches("MSA|AA|PY-").count(), 20, "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn node_hl7_client_delivers_its_messages() {
    let Some(folder) = node_client().await else {
        return;
    };
    let server = running(Profile::new("node")).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node_hl7_client.mjs");
    let port = server.address.port().to_string();
    let arguments = [script.as_os_str(), folder.as_ref(), port.as_ref()];
    let output = run("node", &arguments).await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(printed, "MSA|AA|NODE-1\nMSA|AA|NODE-2\n", "{failed}");
    assert_eq!(server.store.control_ids(), ["NODE-1", "NODE-2"]);
}
