//! Clients that others wrote: openid-client, oauth4webapi, oidc-client-ts, fhirclient (npm), authlib (PyPI), openidconnect (Rust).
//!
//! They are installed into the user's cache folder from their registries, the last one is built there. Without the
//! tool, or when the registry cannot be reached, the test says so and is skipped.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::browser::{CALLBACK, app};
use super::jwt::Key;
use super::world::World;

/// No program is waited for any longer.
const LONGEST: Duration = Duration::from_secs(180);
/// Two minutes on one core, once.
const LONGEST_BUILD: Duration = Duration::from_secs(1_200);
const NODE_PACKAGES: [&str; 5] = [
    "openid-client@6.8.9",
    "oauth4webapi@3.8.8",
    "oidc-client-ts@3.5.0",
    "fhirclient@2.6.3",
    "oidc-provider@9.13.3",
];
const PYTHON_PACKAGES: [&str; 2] = ["authlib==1.9.6", "requests"];

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

/// The folder with `node_modules`, installed once.
pub(crate) async fn node() -> Option<PathBuf> {
    static ONCE: tokio::sync::OnceCell<Option<PathBuf>> = tokio::sync::OnceCell::const_new();
    ONCE.get_or_init(install_node).await.clone()
}

async fn install_node() -> Option<PathBuf> {
    let folder = cache("oauth-node")?;
    if NODE_PACKAGES.iter().all(|package| {
        let name = package.split('@').next().unwrap_or_default();
        folder.join("node_modules").join(name).exists()
    }) {
        return Some(folder);
    }
    let prefix = folder.to_str()?;
    let mut arguments = vec!["install", "--silent", "--no-save", "--prefix", prefix];
    arguments.extend(NODE_PACKAGES);
    if succeeds("npm", &arguments).await {
        return Some(folder);
    }
    println!("skipped: {NODE_PACKAGES:?} need npm and its registry");
    None
}

async fn python() -> Option<PathBuf> {
    python_with("oauth-python", "authlib, requests", &PYTHON_PACKAGES).await
}

/// A Python that can import `modules`, with `packages` installed in a folder of this name.
pub(crate) async fn python_with(name: &str, modules: &str, packages: &[&str]) -> Option<PathBuf> {
    let folder = cache(name)?;
    let program = folder.join("bin/python");
    if succeeds(&program, &["-c", &format!("import {modules}")]).await {
        return Some(program);
    }
    let venv = [OsStr::new("-m"), "venv".as_ref(), folder.as_ref()];
    let mut install = vec!["install", "--quiet"];
    install.extend(packages);
    if succeeds("python3", &venv).await && succeeds(folder.join("bin/pip"), &install).await {
        return Some(program);
    }
    println!("skipped: {packages:?} need python3 with venv and its registry");
    None
}

/// The client of the crate openidconnect. It is no member of the workspace, because it depends on rsa 0.9.
async fn rust() -> Option<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tools/openidconnect-client/Cargo.toml");
    let folder = cache("oauth-rust")?;
    let cargo = || {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.env("CARGO_TARGET_DIR", &folder).kill_on_drop(true);
        command
    };
    let with = [OsStr::new("--locked"), "--manifest-path".as_ref()];
    let mut fetch = cargo();
    let fetched = fetch.arg("fetch").args(with).arg(&manifest).output();
    let fetched = tokio::time::timeout(LONGEST, fetched).await.ok()?.ok();
    if !fetched.is_some_and(|output| output.status.success()) {
        println!("skipped: the crate openidconnect needs cargo and its registry");
        return None;
    }
    let mut build = cargo();
    let build = build.args(["build", "--quiet", "--jobs", "1"]).args(with);
    let built = tokio::time::timeout(LONGEST_BUILD, build.arg(&manifest).output()).await;
    let built = built.expect("the build ends in time").unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    Some(folder.join("debug/openidconnect-client"))
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(name)
}

/// Runs a script with the world as its only argument; it prints `ok` when the client is content.
async fn content(program: &Path, name: &str, arguments: &[&OsStr], world: &Value) {
    let script = script(name);
    let world = world.to_string();
    let mut all: Vec<&OsStr> = vec![script.as_os_str()];
    all.extend(arguments);
    all.push(world.as_ref());
    let output = run(program, &all).await.expect("the client ends in time");
    let printed = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(printed.trim_end(), "ok", "{name}: {failed}");
}

/// Clients of all kinds, and somebody signed in, as JSON.
async fn described(world: &World) -> Value {
    world.patient("ann", "p1");
    let public = world.client(app()).await;
    let mut confidential = app();
    confidential["token_endpoint_auth_method"] = "client_secret_basic".into();
    confidential["grant_types"] = json!(["authorization_code", "client_credentials"]);
    confidential["scope"] =
        format!("{} system/*.rs", confidential["scope"].as_str().unwrap()).into();
    let confidential = world.client(confidential).await;
    let key = Key::es384();
    let mut signing = app();
    signing["token_endpoint_auth_method"] = "private_key_jwt".into();
    signing["jwks"] = key.set();
    signing["grant_types"] = json!(["authorization_code", "client_credentials"]);
    signing["scope"] = format!("{} system/*.rs", signing["scope"].as_str().unwrap()).into();
    let signing = world.client(signing).await;
    json!({
        "issuer": world.issuer(),
        "fhir": world.fhir_base(),
        "callback": CALLBACK,
        "cookie": "who=ann",
        "public": public.client.id,
        "confidential": confidential.client.id,
        "secret": confidential.secret.unwrap().expose(),
        "signing": signing.client.id,
        "pkcs8": key.pkcs8(),
    })
}

async fn node_client(name: &str) {
    let Some(folder) = node().await else {
        return;
    };
    let world = World::new().await;
    let described = described(&world).await;
    content("node".as_ref(), name, &[folder.as_ref()], &described).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_is_content() {
    node_client("openid_client.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth4webapi_is_content() {
    node_client("oauth4webapi.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_client_ts_is_content() {
    node_client("oidc_client_ts.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fhirclient_is_content() {
    node_client("fhirclient.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_is_content() {
    let Some(program) = python().await else {
        return;
    };
    let world = World::new().await;
    let described = described(&world).await;
    content(&program, "authlib_client.py", &[], &described).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openidconnect_is_content() {
    let Some(program) = rust().await else {
        return;
    };
    let world = World::new().await;
    let described = described(&world).await;
    let mut client = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    let described = described.to_string();
    input.write_all(described.as_bytes()).await.unwrap();
    drop(input);
    let output = tokio::time::timeout(LONGEST, client.wait_with_output()).await;
    let output = output.expect("the client ends in time").unwrap();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.stdout, b"ok\n", "{failed}");
}
