//! Name, password, second factor.

use axum::http::{Method, StatusCode, header};
use mt_audit::{EventCode, Outcome};

use super::clinic::{Clinic, PASSWORD};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let clinic = Clinic::new().await;
    clinic.person("ada", "patient").await;
    let mut answers = Vec::new();
    for name in ["ada", "eve"] {
        let mut browser = clinic.browser_at(if name == "ada" {
            "192.0.2.1"
        } else {
            "192.0.2.2"
        });
        let answer = browser.sign_in(name, "not the right password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(browser.session().is_none());
        let token = answer.find(r#"name="csrf" value="([^"]+)""#);
        let nonce = answer.find(r#"nonce="([^"]+)""#);
        let told = answer.body.replace(&token, "").replace(&nonce, "");
        answers.push(told.replace(name, ""));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_patient_signs_in_with_a_password_and_a_clinician_does_not() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    clinic.person("doc", "doctor").await;
    let mut browser = clinic.browser();
    assert_eq!(
        browser.sign_in("PAT", PASSWORD).await.location(),
        "/t/harbour/account"
    );
    assert!(browser.is_signed_in().await);
    let mut browser = clinic.browser();
    let answer = browser.sign_in("doc", PASSWORD).await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/enrol");
    assert!(browser.session().is_none());
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn an_enrolled_clinician_needs_a_code_each_time_and_each_code_is_good_once() {
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    let mut first = clinic.browser();
    let enrolled = clinic.enrol(&mut first, "doc").await;
    assert!(first.is_signed_in().await);
    assert_eq!(enrolled.codes.len(), 10);

    let used = clinic.code(&enrolled.secret);
    let mut second = clinic.browser();
    let answer = second.sign_in("doc", PASSWORD).await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/code");
    // An app that is enrolled is not replaced by who knows the password only.
    let answer = second.get("/t/harbour/sign-in/enrol").await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/code");
    for wrong in [used.as_str(), "000000", "", "aaaaa-aaaaa"] {
        let answer = second
            .post("/t/harbour/sign-in/code", &[("code", wrong)])
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    clinic.clock.advance_seconds(60);
    let code = clinic.code(&enrolled.secret);
    let answer = second
        .post("/t/harbour/sign-in/code", &[("code", &code)])
        .await;
    assert_eq!(answer.location(), "/t/harbour/account");
    assert!(second.is_signed_in().await);
}

#[tokio::test]
async fn a_recovery_code_is_good_once() {
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    let enrolled = clinic.enrol(&mut clinic.browser(), "doc").await;
    let code = enrolled.codes[3].to_uppercase();
    for expected in [StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED] {
        let mut browser = clinic.browser();
        browser.sign_in("doc", PASSWORD).await;
        let answer = browser
            .post("/t/harbour/sign-in/code", &[("code", &code)])
            .await;
        assert_eq!(answer.status, expected);
    }
}

#[tokio::test]
async fn a_disabled_account_neither_signs_in_nor_stays() {
    let clinic = Clinic::new().await;
    let mut account = clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    account.enabled = false;
    clinic.people.update(&clinic.ctx(), &account).await.unwrap();
    assert!(!browser.is_signed_in().await);
    let answer = clinic.browser().sign_in("pat", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_way_on_never_leads_elsewhere() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    for (back, location) in [
        ("https://evil.example", "/t/harbour/account"),
        ("//evil.example", "/t/harbour/account"),
        ("/today", "/today"),
    ] {
        let mut browser = clinic.browser();
        let fields = [
            ("username", "pat"),
            ("password", PASSWORD),
            ("return", back),
        ];
        let answer = browser.post("/t/harbour/sign-in", &fields).await;
        assert_eq!(answer.location(), location);
    }
    // A chain that may end at an application's own address begins anew at a page.
    let back = "/t/harbour/oauth2/authorize?request=1";
    let fields = [
        ("username", "pat"),
        ("password", PASSWORD),
        ("return", back),
    ];
    let answer = clinic.browser().post("/t/harbour/sign-in", &fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(
        r#"http-equiv="refresh" content="0; url=/t/harbour/oauth2/authorize?request=1""#
    ));
}

#[tokio::test]
async fn every_end_of_a_sign_in_is_in_the_trail() {
    let clinic = Clinic::new().await;
    let account = clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", "not the right password").await;
    browser.sign_in("eve", "not the right password").await;
    browser.sign_in("pat", PASSWORD).await;
    let page = browser.get("/t/harbour/account").await;
    let token = page.find(r#"name="csrf" value="([^"]+)""#);
    browser.post_with("/t/harbour/sign-out", &token, &[]).await;
    assert!(!browser.is_signed_in().await);
    let trail = clinic.trail().await;
    let told: Vec<(EventCode, String, bool)> = trail
        .iter()
        .filter_map(|detail| {
            let event = detail.event?;
            let done = detail.outcome == Outcome::Success;
            matches!(event, EventCode::Login | EventCode::Logout)
                .then(|| (event, detail.actor.id.to_string(), done))
        })
        .collect();
    let id = account.id.to_string();
    assert_eq!(
        told,
        [
            (EventCode::Login, id.clone(), false),
            (EventCode::Login, "unknown".to_owned(), false),
            (EventCode::Login, id.clone(), true),
            (EventCode::Logout, id, true),
        ]
    );
}

#[tokio::test]
async fn the_database_shows_no_name() {
    let clinic = Clinic::new().await;
    clinic.person("zanzibarcanary", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("zanzibarcanary", PASSWORD).await;
    for table in [
        "account", "password", "session", "throttle", "device", "pending", "mail",
    ] {
        let sql = format!(
            "select string_agg(encode(convert_to(t::text, 'UTF8'), 'escape'), ' ') from people.{table} t"
        );
        let rows = clinic
            .database
            .readers()
            .query(clinic.tenant, &sql, &[])
            .await
            .unwrap();
        let text: Option<String> = rows[0].get(0);
        let text = text.unwrap_or_default().to_lowercase();
        let hex: String = b"zanzibarcanary"
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert!(
            !text.contains("zanzibarcanary") && !text.contains(&hex),
            "{table}"
        );
        assert_eq!(
            text.is_empty(),
            ["pending", "mail"].contains(&table),
            "{table}"
        );
    }
}

#[tokio::test]
async fn pages_carry_no_inline_script_and_strict_headers() {
    let clinic = Clinic::new().await;
    let page = clinic.browser().get("/t/harbour/sign-in").await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe") && !page.body.contains("<script>"));
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    for path in ["/t/nowhere/sign-in", "/t/7/sign-in", "/t/harbour/reset/x"] {
        assert_eq!(
            clinic.browser().get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let huge = format!("csrf=x&username=a&password={}", "a".repeat(100_000));
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let mut browser = clinic.browser();
    let answer = browser
        .send(Method::POST, "/t/harbour/sign-in", &kind, huge)
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
