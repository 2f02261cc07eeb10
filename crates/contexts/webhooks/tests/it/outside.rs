//! Judges that others wrote: npm's `standardwebhooks` and `stripe`.
//!
//! They are installed into the user's cache folder from their registry. Without the tool, or when the registry
//! cannot be reached, the test says so and is skipped.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use mt_kernel::{Clock as _, Instant, SystemClock};
use mt_webhooks::inbound::{Refused, Scheme, Verifier};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::world::{Receiver, World};

/// No program is waited for any longer.
const LONGEST: Duration = Duration::from_secs(180);
const PACKAGES: [&str; 2] = ["standardwebhooks@1.1.1", "stripe@23.1.0"];

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
    let folder = base.or(home)?.join("meditrack/test-clients/webhooks");
    std::fs::create_dir_all(&folder).ok()?;
    let modules = folder.join("node_modules");
    if modules.join("standardwebhooks").exists() && modules.join("stripe").exists() {
        return Some(folder);
    }
    let prefix = folder.to_str()?;
    let mut arguments = vec!["install", "--silent", "--no-save", "--prefix", prefix];
    arguments.extend(PACKAGES);
    let output = run("npm", &arguments).await;
    if output.is_some_and(|output| output.status.success()) {
        return Some(folder);
    }
    println!("skipped: {PACKAGES:?} need npm and its registry");
    None
}

fn headers(signed: &Value) -> HeaderMap {
    let pairs = signed["headers"].as_object().unwrap().iter();
    pairs
        .map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, value.as_str().unwrap().parse().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_senders_and_receivers_of_others_agree_with_ours() {
    let Some(folder) = installed().await else {
        return;
    };
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let created = world.endpoint(&receiver.url(), &["*"]).await;
    let rotated = world
        .webhooks
        .rotate(&world.ctx(), created.endpoint.id, 1)
        .await
        .unwrap();
    world.happens(&world.checked_in()).await;
    world.desk.carry_due().await.unwrap();
    let told = receiver.take().remove(0);
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let signed: Value = names
        .iter()
        .map(|name| (*name, told.header(name)))
        .collect();
    let described = json!({
        "body": std::str::from_utf8(&told.body).unwrap(),
        "headers": signed,
        "secrets": [created.secret, rotated.secret],
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/outside.mjs");
    let described = described.to_string();
    let arguments: [&OsStr; 3] = [script.as_ref(), folder.as_ref(), described.as_ref()];
    let output = run("node", &arguments)
        .await
        .expect("the judges end in time");
    let failed = String::from_utf8_lossy(&output.stderr);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{failed}"));
    let now = SystemClock.now();
    for (name, scheme) in [("standard", Scheme::Standard), ("stripe", Scheme::Stripe)] {
        let signed = &said[name];
        let secret = signed["secret"].as_str().unwrap().to_owned();
        let verifier = Verifier::new("test", scheme, vec![secret]);
        let body = signed["body"].as_str().unwrap().as_bytes();
        let verified = verifier.verify(&headers(signed), body, now).unwrap();
        assert_eq!(verified.id, signed["id"].as_str().unwrap());
        let late = Instant(now.0 + 400_000_000);
        let refused = verifier.verify(&headers(signed), body, late);
        assert_eq!(refused, Err(Refused::OutOfWindow));
        // An id is taken once, whatever else happens.
        for expected in [true, false] {
            let tx = world.database.tenant(world.tenant).await.unwrap();
            assert_eq!(
                verifier.take(&tx, &verified, now).await.unwrap(),
                expected,
                "{name}"
            );
            tx.commit().await.unwrap();
        }
    }
}
