//! A client that others wrote: npm's `socket.io-client`.
//!
//! It is installed into the user's cache folder from its registry. Without the tool, or when the registry
//! cannot be reached, the test says so and is skipped.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use mt_access::Role;
use mt_live::HubLimits;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::fixture::World;

/// No program is waited for any longer.
const LONGEST: Duration = Duration::from_secs(180);
const PACKAGE: &str = "socket.io-client@4.8.4";

async fn run<A: AsRef<OsStr>>(program: &str, arguments: &[A]) -> Option<Output> {
    let output = Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .output();
    tokio::time::timeout(LONGEST, output).await.ok()?.ok()
}

/// The folder with `node_modules`.
async fn installed() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let folder = base.or(home)?.join("meditrack/test-clients/socket-io");
    std::fs::create_dir_all(&folder).ok()?;
    if folder.join("node_modules/socket.io-client").exists() {
        return Some(folder);
    }
    let prefix = folder.to_str()?;
    let arguments = [
        "install",
        "--silent",
        "--no-save",
        "--prefix",
        prefix,
        PACKAGE,
    ];
    let output = run("npm", &arguments).await;
    if output.is_some_and(|output| output.status.success()) {
        return Some(folder);
    }
    println!("skipped: {PACKAGE} needs npm and its registry");
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stock_client_connects_subscribes_hears_and_is_told_of_the_end() {
    let Some(folder) = installed().await else {
        return;
    };
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("doctor", tenant, &[Role::Doctor], &[]);
    let own = world.register(tenant).await;
    let other = world.register(tenant).await;
    world.people.add("ann", tenant, &[Role::Patient], &[&own]);
    let process = world.process(HubLimits::default()).await;
    let described = json!({
        "url": format!("http://{}", process.address),
        "own": own,
        "other": other,
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/socket_io.mjs");
    let mut node = Command::new("node")
        .args([
            script.as_os_str(),
            folder.as_ref(),
            described.to_string().as_ref(),
        ])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    let talk = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            match line.as_str() {
                // The script is in its rooms: something happens, first to others.
                "listening" => {
                    world.touch(tenant, &other).await;
                    world.touch(tenant, &own).await;
                }
                "heard" => {
                    world.people.remove("ann");
                    world.people.remove("doctor");
                    process.hub.recheck_all().await;
                }
                _ => {}
            }
            said.push(line);
        }
    };
    tokio::time::timeout(LONGEST, talk)
        .await
        .expect("the client ends in time");
    assert_eq!(said, ["listening", "heard", "ok"]);
}
