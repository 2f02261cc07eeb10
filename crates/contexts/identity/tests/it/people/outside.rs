//! A passkey of an authenticator that others wrote: soft-webauthn over fido2 (PyPI).

use std::process::Stdio;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::clinic::{Answer, Browser, Clinic, ORIGIN};
use super::passkeys::{answer, options};
use crate::oauth::clients::{python_with, script};

const PACKAGES: [&str; 3] = [
    "soft-webauthn==0.1.4",
    "fido2==1.2.0",
    "cryptography==44.0.3",
];

/// The authenticator, as a process that answers orders.
struct Device {
    _process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Device {
    /// `None` where it cannot be installed, which is said.
    async fn plugged_in() -> Option<Self> {
        let program = python_with("passkey-python", "soft_webauthn", &PACKAGES).await?;
        let mut process = Command::new(program)
            .arg(script("soft_passkey.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Some(Self {
            orders: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()).lines(),
            _process: process,
        })
    }

    async fn does(&mut self, act: &str, options: &Json, tamper: Option<&str>) -> Json {
        let order = json!({"act": act, "options": options, "origin": ORIGIN, "tamper": tamper});
        let line = format!("{order}\n");
        self.orders.write_all(line.as_bytes()).await.unwrap();
        let said = self.answers.next_line().await.unwrap();
        serde_json::from_str(&said.expect("the authenticator answers")).unwrap()
    }

    async fn signs_in(&mut self, browser: &mut Browser, tamper: Option<&str>) -> Answer {
        let (csrf, asked) = options(browser, "/t/harbour/sign-in", "sign-in").await;
        let signed = self.does("get", &asked, tamper).await;
        answer(browser, &csrf, "sign-in", &signed).await
    }
}

#[tokio::test]
async fn an_authenticator_that_others_wrote_registers_and_signs_in_and_is_refused_when_tampered_with()
 {
    let Some(mut device) = Device::plugged_in().await else {
        return;
    };
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    let mut browser = clinic.browser();
    clinic.enrol(&mut browser, "doc").await;
    let (csrf, asked) = options(&mut browser, "/t/harbour/account", "register").await;
    let made = device.does("create", &asked, None).await;
    let page = answer(&mut browser, &csrf, "register", &made).await;
    assert!(page.body.contains("The passkey is added."), "{}", page.body);

    let mut other = clinic.browser();
    let done = device.signs_in(&mut other, None).await;
    assert_eq!(done.location(), "/t/harbour/account");
    assert!(other.is_signed_in().await);
    for tamper in ["data", "signature", "unverified"] {
        let mut stranger = clinic.browser();
        let refused = device.signs_in(&mut stranger, Some(tamper)).await;
        assert_ne!(refused.status, StatusCode::SEE_OTHER, "{tamper}");
        assert!(!stranger.is_signed_in().await, "{tamper}");
    }
    let mut again = clinic.browser();
    assert_eq!(
        device.signs_in(&mut again, None).await.location(),
        "/t/harbour/account"
    );
}
