//! Judges that others wrote: npm's `twilio`, `@sendgrid/eventwebhook` and `http_ece`.
//!
//! They are installed into the user's cache folder from their registry. Without the tool, or when the registry
//! cannot be reached, the test says so and is skipped.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use mt_kernel::Secret;
use mt_notifications::{ReceiptKeys, SendGridKey, Transports};
use serde_json::{Value as Json, json};
use tokio::process::Command;

use crate::vendors::{Vendor, twilio, with_browsers};
use crate::world::{ANA, World};

/// No program is waited for any longer.
const LONGEST: Duration = Duration::from_secs(180);
const PACKAGES: [&str; 3] = [
    "twilio@6.2.0",
    "@sendgrid/eventwebhook@8.0.0",
    "http_ece@1.2.1",
];

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
    let folder = base.or(home)?.join("meditrack/test-clients/notifications");
    std::fs::create_dir_all(&folder).ok()?;
    let modules = folder.join("node_modules");
    let all = ["twilio", "@sendgrid/eventwebhook", "http_ece"];
    if all.iter().all(|name| modules.join(name).exists()) {
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

/// What the judges say of something.
async fn judged(folder: &Path, what: &str, described: &Json) -> Json {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/outside.mjs");
    let described = described.to_string();
    let arguments: [&OsStr; 4] = [
        script.as_ref(),
        folder.as_ref(),
        what.as_ref(),
        described.as_ref(),
    ];
    let output = run("node", &arguments)
        .await
        .expect("the judges end in time");
    let failed = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{failed}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_signs_what_we_take_once_and_a_late_word_changes_nothing() {
    let Some(folder) = installed().await else {
        return;
    };
    let vendor = Vendor::new().await;
    let base = vendor.url();
    let world = World::with(|guard, _| {
        let transports = Transports {
            sms: Some(Arc::new(twilio(guard, base))),
            ..Transports::default()
        };
        let keys = ReceiptKeys {
            twilio: Some(Secret::new("token-of-twilio".to_owned())),
            sendgrid: None,
        };
        (transports, keys)
    })
    .await;
    world.prefers(&json!({"sms": true})).await;
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let (_, page) = world
        .call(
            crate::world::ADMIN,
            ("GET", "/notification-deliveries"),
            &json!(null),
        )
        .await;
    let id = page["items"][0]["id"].as_str().unwrap();
    let path = format!("/notification-receipts/twilio/{}/{id}", world.tenant.0);
    let url = format!("https://ehr.example.org/api/v1{path}");
    let says = async |status: &str| {
        let described = json!({
            "token": "token-of-twilio", "url": url,
            "params": {"MessageSid": "SM1", "MessageStatus": status, "To": "+15551234567", "From": "+15550000000"},
        });
        let signed = judged(&folder, "twilio", &described).await;
        let text = |name: &str| signed[name].as_str().unwrap().to_owned();
        (text("signature"), text("body"))
    };
    let (signature, body) = says("delivered").await;
    let header = ("x-twilio-signature", signature.as_str());
    let forged = ("x-twilio-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_eq!(
        world.post(&path, &[forged], &body).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        world.post(&path, &[], &body).await,
        StatusCode::UNAUTHORIZED
    );
    let changed = body.replace("delivered", "failed");
    assert_eq!(
        world.post(&path, &[header], &changed).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(world.log().await[0].1, "sent");
    for _ in 0..2 {
        assert_eq!(
            world.post(&path, &[header], &body).await,
            StatusCode::NO_CONTENT
        );
    }
    let (signature, body) = says("sent").await;
    let late = ("x-twilio-signature", signature.as_str());
    assert_eq!(
        world.post(&path, &[late], &body).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.log().await[0].1, "delivered");
    let said: Vec<String> = world
        .said()
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        said,
        ["notification.requested.v1", "notification.delivered.v1"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sendgrid_signs_what_we_take_and_a_bounced_address_is_not_written_to_again() {
    let Some(folder) = installed().await else {
        return;
    };
    let world = World::new().await;
    let path = "/notification-receipts/sendgrid";
    // Without a key everything is refused.
    assert_eq!(world.post(path, &[], "[]").await, StatusCode::FORBIDDEN);
    let described = json!({"now": world.now().unix_seconds(), "events": []});
    let signed = judged(&folder, "sendgrid", &described).await;
    let text = |name: &str| signed[name].as_str().unwrap().to_owned();
    let key = SendGridKey::parse(&text("key")).unwrap();
    let shared = world.email.clone();
    let world = World::with(move |_, _| {
        let transports = Transports {
            email: Some(shared),
            ..Transports::default()
        };
        let keys = ReceiptKeys {
            twilio: None,
            sendgrid: Some(key),
        };
        (transports, keys)
    })
    .await;
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let (_, page) = world
        .call(
            crate::world::ADMIN,
            ("GET", "/notification-deliveries"),
            &json!(null),
        )
        .await;
    let described = json!({
        "now": world.now().unix_seconds(), "key": text("private"),
        "events": [{
            "event": "bounce", "type": "bounce", "sg_event_id": "e1", "email": "ana@example.org",
            "delivery": page["items"][0]["id"], "tenant": world.tenant.0.to_string(),
        }],
    });
    let signed = judged(&folder, "sendgrid", &described).await;
    let text = |name: &str| signed[name].as_str().unwrap().to_owned();
    let (signature, timestamp, body) = (text("signature"), text("timestamp"), text("body"));
    let headers = [
        ("x-twilio-email-event-webhook-signature", signature.as_str()),
        ("x-twilio-email-event-webhook-timestamp", timestamp.as_str()),
    ];
    assert_eq!(
        world.post(path, &headers, &format!("{body} ")).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        world.post(path, &headers, &body).await,
        StatusCode::NO_CONTENT
    );
    let log = world.log().await;
    assert_eq!(
        (log[0].1.as_str(), log[0].2.as_str()),
        ("failed", "bounced")
    );
    world.books().await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    assert_eq!(world.log().await[0].2, "suppressed");
    // It is no word of today any more.
    world.test.clock.advance_seconds(301);
    assert_eq!(
        world.post(path, &headers, &body).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_opens_what_we_seal_and_knows_who_sent_it() {
    let Some(folder) = installed().await else {
        return;
    };
    let browser = judged(&folder, "browser", &json!({})).await;
    let vendor = Vendor::new().await;
    let world = with_browsers().await;
    let registered = json!({
        "kind": "web", "endpoint": format!("{}/push/1", vendor.url()),
        "p256dh": browser["p256dh"], "auth": browser["auth"],
    });
    let (status, said) = world
        .call(ANA, ("POST", "/push-subscriptions"), &registered)
        .await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let got = vendor.take().remove(0);
    let octets: Vec<u8> = got.body.to_vec();
    let described = json!({
        "browser": browser, "body": octets, "authorization": got.header("authorization"),
        "audience": vendor.url(), "now": world.now().unix_seconds(),
    });
    let opened = judged(&folder, "open", &described).await;
    assert_eq!(
        opened,
        json!({
            "title": "Your appointment at North Clinic is booked",
            "body": "North Clinic: your appointment is booked. Sign in for the details: https://ehr.example.org/notifications",
            "url": "https://ehr.example.org/notifications",
        })
    );
}
