//! Passkeys: registered at the page of the account, then used, and everything that is refused.

use axum::http::{Method, StatusCode, header};
use mt_audit::EventCode;
use serde_json::{Value as Json, json};

use super::authenticator::{Authenticator, PRESENT};
use super::clinic::{Answer, Browser, Clinic, Enrolled, PASSWORD};

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

/// The token that stands in the form with this intent, at this page.
async fn token(browser: &mut Browser, path: &str, intent: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}");
    assert!(
        page.body
            .contains(&format!(r#"name="intent" value="{intent}""#)),
        "{}",
        page.body
    );
    page.find(r#"name="csrf" value="([^"]+)""#)
}

/// Sends the form that the script sends.
async fn send(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let body = form.extend_pairs(fields).finish();
    browser.send(Method::POST, path, &FORM, body).await
}

pub(super) async fn options(browser: &mut Browser, path: &str, intent: &str) -> (String, Json) {
    let csrf = token(browser, path, intent).await;
    let fields = [("csrf", csrf.as_str()), ("intent", intent)];
    let answer = send(browser, "/t/harbour/passkey/options", &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    (csrf, answer.json())
}

pub(super) async fn answer(
    browser: &mut Browser,
    csrf: &str,
    intent: &str,
    answer: &Json,
) -> Answer {
    let answer = answer.to_string();
    let fields = [
        ("csrf", csrf),
        ("intent", intent),
        ("answer", &answer),
        ("name", "Laptop"),
    ];
    send(browser, "/t/harbour/passkey", &fields).await
}

/// Adds a passkey to the account of who is signed in.
async fn add(browser: &mut Browser) -> Authenticator {
    let mut authenticator = Authenticator::new();
    let (csrf, options) = options(browser, "/t/harbour/account", "register").await;
    let made = authenticator.create(&options);
    let page = answer(browser, &csrf, "register", &made).await;
    assert!(page.body.contains("The passkey is added."), "{}", page.body);
    authenticator
}

/// Signs in by a passkey alone.
async fn sign_in(browser: &mut Browser, authenticator: &mut Authenticator) -> Answer {
    let (csrf, options) = options(browser, "/t/harbour/sign-in", "sign-in").await;
    let signed = authenticator.get(&options);
    answer(browser, &csrf, "sign-in", &signed).await
}

async fn doctor(clinic: &Clinic) -> (Browser, Enrolled, Authenticator) {
    clinic.person("doc", "doctor").await;
    let mut browser = clinic.browser();
    let enrolled = clinic.enrol(&mut browser, "doc").await;
    let authenticator = add(&mut browser).await;
    (browser, enrolled, authenticator)
}

#[tokio::test]
async fn a_passkey_signs_in_without_name_and_password_and_counts_as_two_factors() {
    let clinic = Clinic::new().await;
    let (_, _, mut authenticator) = doctor(&clinic).await;
    let mut browser = clinic.browser();
    let (csrf, options) = options(&mut browser, "/t/harbour/sign-in", "sign-in").await;
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(options["userVerification"], "required");
    let signed = authenticator.get(&options);
    let done = answer(&mut browser, &csrf, "sign-in", &signed).await;
    assert_eq!(done.location(), "/t/harbour/account");
    let session = browser.get("/api/v1/session").await.json();
    assert_eq!(
        (&session["username"], &session["acr"]),
        (&json!("doc"), &json!("step-up"))
    );
    clinic.clock.advance_seconds(301);
    let session = browser.get("/api/v1/session").await.json();
    assert_eq!(session["acr"], "mfa");
}

#[tokio::test]
async fn a_passkey_follows_the_password_and_proves_anew() {
    let clinic = Clinic::new().await;
    let (mut browser, _, mut authenticator) = doctor(&clinic).await;
    clinic.clock.advance_seconds(600);
    let (csrf, asked) = options(&mut browser, "/t/harbour/step-up", "step-up").await;
    assert_eq!(asked["allowCredentials"].as_array().unwrap().len(), 1);
    let signed = authenticator.get(&asked);
    let done = answer(&mut browser, &csrf, "step-up", &signed).await;
    assert_eq!(done.location(), "/t/harbour/account");
    let session = browser.get("/api/v1/session").await.json();
    assert_eq!(session["acr"], "step-up");

    let mut other = clinic.browser();
    let asked = other.sign_in("doc", PASSWORD).await;
    assert_eq!(asked.location(), "/t/harbour/sign-in/code");
    let (csrf, asked) = options(&mut other, "/t/harbour/sign-in/code", "second-factor").await;
    let signed = authenticator.get(&asked);
    let done = answer(&mut other, &csrf, "second-factor", &signed).await;
    assert_eq!(done.location(), "/t/harbour/account");
    assert!(other.is_signed_in().await);
    // The password counted for that sign-in only.
    let again = answer(&mut other, &csrf, "second-factor", &signed).await;
    assert_eq!(again.location(), "/t/harbour/sign-in");
}

#[tokio::test]
async fn the_first_second_factor_may_be_a_passkey() {
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    let mut browser = clinic.browser();
    browser.sign_in("doc", PASSWORD).await;
    let mut authenticator = Authenticator::new();
    let (csrf, asked) = options(&mut browser, "/t/harbour/sign-in/enrol", "enrol").await;
    let made = authenticator.create(&asked);
    let page = answer(&mut browser, &csrf, "enrol", &made).await;
    assert!(
        page.body.contains("Keep these recovery codes"),
        "{}",
        page.body
    );
    assert!(browser.is_signed_in().await);
    let mut other = clinic.browser();
    assert_eq!(
        sign_in(&mut other, &mut authenticator).await.location(),
        "/t/harbour/account"
    );
    // A recovery code replaces it once.
    let code = page.find("<li>([a-z0-9-]{11})</li>");
    let mut third = clinic.browser();
    third.sign_in("doc", PASSWORD).await;
    let done = third
        .post("/t/harbour/sign-in/code", &[("code", &code)])
        .await;
    assert_eq!(done.location(), "/t/harbour/account");
}

#[tokio::test]
async fn answers_of_other_pages_sites_and_users_are_refused() {
    let clinic = Clinic::new().await;
    let (_, _, mut authenticator) = doctor(&clinic).await;
    type Change = fn(&mut Authenticator);
    let cases: [(&str, Change, Change); 4] = [
        (
            "origin",
            |a| a.origin = "https://evil.example".to_owned(),
            |a| a.origin = super::clinic::ORIGIN.to_owned(),
        ),
        (
            "rp id",
            |a| a.rp_id = Some("evil.example".to_owned()),
            |a| a.rp_id = None,
        ),
        (
            "user verification",
            |a| a.flags = PRESENT,
            |a| a.flags = super::authenticator::VERIFIED,
        ),
        ("backup", |a| a.flags |= 0x08, |a| a.flags &= !0x08),
    ];
    for (what, break_it, mend) in cases {
        let mut browser = clinic.browser();
        break_it(&mut authenticator);
        let refused = sign_in(&mut browser, &mut authenticator).await;
        mend(&mut authenticator);
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{what}");
        assert!(
            refused.body.contains("The passkey was not accepted"),
            "{what}"
        );
        assert!(browser.session().is_none(), "{what}");
    }
    let mut stranger = Authenticator::new();
    let refused = sign_in(&mut clinic.browser(), &mut stranger).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let mut browser = clinic.browser();
    assert_eq!(
        sign_in(&mut browser, &mut authenticator).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_challenge_is_good_once_for_its_purpose_at_its_browser_and_not_for_long() {
    let clinic = Clinic::new().await;
    let (mut signed_in, _, mut authenticator) = doctor(&clinic).await;
    let mut browser = clinic.browser();
    let (csrf, asked) = options(&mut browser, "/t/harbour/sign-in", "sign-in").await;
    let signed = authenticator.get(&asked);
    let mut elsewhere = clinic.browser();
    let foreign = token(&mut elsewhere, "/t/harbour/sign-in", "sign-in").await;
    let refused = answer(&mut elsewhere, &foreign, "sign-in", &signed).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "another browser");
    let refused = answer(&mut browser, &csrf, "sign-in", &signed).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "used up");

    let (csrf, asked) = options(&mut browser, "/t/harbour/sign-in", "sign-in").await;
    let signed = authenticator.get(&asked);
    let done = answer(&mut browser, &csrf, "sign-in", &signed).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let replayed = answer(&mut clinic.browser(), &csrf, "sign-in", &signed).await;
    assert_eq!(
        replayed.status,
        StatusCode::FORBIDDEN,
        "no form of this browser"
    );

    let mut late = clinic.browser();
    let (csrf, asked) = options(&mut late, "/t/harbour/sign-in", "sign-in").await;
    let signed = authenticator.get(&asked);
    clinic.clock.advance_seconds(301);
    let refused = answer(&mut late, &csrf, "sign-in", &signed).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "expired");

    // An answer to a sign-in proves nothing anew in a session.
    let (_, asked) = options(&mut late, "/t/harbour/sign-in", "sign-in").await;
    let signed = authenticator.get(&asked);
    let csrf = token(&mut signed_in, "/t/harbour/step-up", "step-up").await;
    let refused = answer(&mut signed_in, &csrf, "step-up", &signed).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "another purpose");
}

#[tokio::test]
async fn a_sign_count_that_goes_back_is_refused_and_raises_an_alarm() {
    let clinic = Clinic::new().await;
    let (_, _, mut authenticator) = doctor(&clinic).await;
    authenticator.count = 10;
    assert_eq!(
        sign_in(&mut clinic.browser(), &mut authenticator)
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    authenticator.count = 5;
    let refused = sign_in(&mut clinic.browser(), &mut authenticator).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let trail = clinic.trail().await;
    let alarm = trail.iter().any(|detail| {
        detail.event == Some(EventCode::SecondFactorChange) && detail.outcome.is_refusal()
    });
    assert!(alarm, "{trail:?}");
}

#[tokio::test]
async fn a_key_of_another_account_opens_nothing_of_this_one() {
    let clinic = Clinic::new().await;
    let (mut doc, _, _) = doctor(&clinic).await;
    clinic.person("eve", "nurse").await;
    let mut eve = clinic.browser();
    clinic.enrol(&mut eve, "eve").await;
    let mut foreign = add(&mut eve).await;
    // After the password of one, the key of the other.
    let mut browser = clinic.browser();
    browser.sign_in("doc", PASSWORD).await;
    let (csrf, asked) = options(&mut browser, "/t/harbour/sign-in/code", "second-factor").await;
    let signed = foreign.get(&asked);
    let refused = answer(&mut browser, &csrf, "second-factor", &signed).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    // Nor does it prove anything in the session of the other, nor is it removed from there.
    clinic.clock.advance_seconds(60);
    let (csrf, asked) = options(&mut doc, "/t/harbour/step-up", "step-up").await;
    let signed = foreign.get(&asked);
    let refused = answer(&mut doc, &csrf, "step-up", &signed).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let page = eve.get("/t/harbour/account").await;
    let id = page.find(r#"name="passkey" value="([^"]+)""#);
    let csrf = token(&mut doc, "/t/harbour/account", "register").await;
    send(
        &mut doc,
        "/t/harbour/account/passkeys",
        &[("csrf", &csrf), ("passkey", &id)],
    )
    .await;
    assert!(eve.get("/t/harbour/account").await.body.contains(&id));
}

#[tokio::test]
async fn a_key_of_another_tenant_is_unknown() {
    let clinic = Clinic::new().await;
    let (_, _, mut authenticator) = doctor(&clinic).await;
    let other = mt_kernel::TenantName::parse("meadow").unwrap();
    clinic.store.tenants().create(&other).await.unwrap();
    let mut browser = clinic.browser();
    let csrf = token(&mut browser, "/t/meadow/sign-in", "sign-in").await;
    let fields = [("csrf", csrf.as_str()), ("intent", "sign-in")];
    let asked = send(&mut browser, "/t/meadow/passkey/options", &fields)
        .await
        .json();
    let signed = authenticator.get(&asked).to_string();
    let fields = [
        ("csrf", csrf.as_str()),
        ("intent", "sign-in"),
        ("answer", &signed),
    ];
    let refused = send(&mut browser, "/t/meadow/passkey", &fields).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    // Nor does a challenge of one tenant serve at another.
    let refused = send(&mut browser, "/t/harbour/passkey", &fields).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_clinician_keeps_a_second_factor_and_a_patient_may_remove_all() {
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    let mut browser = clinic.browser();
    browser.sign_in("doc", PASSWORD).await;
    let (csrf, asked) = options(&mut browser, "/t/harbour/sign-in/enrol", "enrol").await;
    let made = Authenticator::new().create(&asked);
    answer(&mut browser, &csrf, "enrol", &made).await;
    let remove = async |browser: &mut Browser| {
        let page = browser.get("/t/harbour/account").await;
        let id = page.find(r#"name="passkey" value="([^"]+)""#);
        let csrf = page.find(r#"name="csrf" value="([^"]+)""#);
        send(
            browser,
            "/t/harbour/account/passkeys",
            &[("csrf", &csrf), ("passkey", &id)],
        )
        .await
    };
    let refused = remove(&mut browser).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("last second factor"),
        "{}",
        refused.body
    );
    add(&mut browser).await;
    assert_eq!(remove(&mut browser).await.status, StatusCode::SEE_OTHER);

    clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    add(&mut browser).await;
    let asked = remove(&mut browser).await;
    assert!(
        asked.location().starts_with("/t/harbour/step-up?"),
        "proved by the password only"
    );
}

#[tokio::test]
async fn changes_need_a_fresh_proof() {
    let clinic = Clinic::new().await;
    let (mut browser, _, _) = doctor(&clinic).await;
    clinic.clock.advance_seconds(301);
    let page = browser.get("/t/harbour/account").await;
    let csrf = page.find(r#"name="csrf" value="([^"]+)""#);
    let fields = [("csrf", csrf.as_str()), ("intent", "register")];
    let asked = send(&mut browser, "/t/harbour/passkey/options", &fields).await;
    assert_eq!(
        asked.location(),
        "/t/harbour/step-up?return=/t/harbour/account"
    );
    let session = browser.get("/api/v1/session").await.json();
    let csrf = session["csrfToken"].as_str().unwrap().to_owned();
    let headers = [("x-csrf-token", csrf.as_str())];
    let refused = browser
        .send(
            Method::POST,
            "/api/v1/passkeys/options",
            &headers,
            String::new(),
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let challenge = refused.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(
        challenge.contains("insufficient_user_authentication"),
        "{challenge}"
    );
}

#[tokio::test]
async fn passkeys_are_managed_through_the_api() {
    let clinic = Clinic::new().await;
    let (mut browser, _, _) = doctor(&clinic).await;
    let session = browser.get("/api/v1/session").await.json();
    let csrf = session["csrfToken"].as_str().unwrap().to_owned();
    let headers = [
        ("x-csrf-token", csrf.as_str()),
        ("content-type", "application/json"),
    ];
    let asked = browser
        .send(
            Method::POST,
            "/api/v1/passkeys/options",
            &headers,
            String::new(),
        )
        .await
        .json();
    assert_eq!(asked["excludeCredentials"].as_array().unwrap().len(), 1);
    let made = Authenticator::new().create(&asked);
    let body = json!({"name": " Security key ", "credential": made}).to_string();
    let created = browser
        .send(Method::POST, "/api/v1/passkeys", &headers, body.clone())
        .await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(created.json()["name"], "Security key");
    let again = browser
        .send(Method::POST, "/api/v1/passkeys", &headers, body)
        .await;
    assert_eq!(
        again.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the challenge is used up"
    );
    let path = format!("/api/v1/passkeys/{id}");
    for (name, status) in [("Blue key", 204), ("", 422), (&"x".repeat(61), 422)] {
        let body = json!({ "name": name }).to_string();
        let renamed = browser.send(Method::PUT, &path, &headers, body).await;
        assert_eq!(renamed.status.as_u16(), status, "{name}");
    }
    let names = |list: &Json| -> Vec<String> {
        let all = list.as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = browser.get("/api/v1/passkeys").await.json();
    assert_eq!(names(&list), ["Laptop", "Blue key"]);
    let removed = browser
        .send(Method::DELETE, &path, &headers, String::new())
        .await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let removed = browser
        .send(Method::DELETE, &path, &headers, String::new())
        .await;
    assert_eq!(removed.status, StatusCode::NOT_FOUND);
    let list = browser.get("/api/v1/passkeys").await.json();
    assert_eq!(names(&list), ["Laptop"]);
}

#[tokio::test]
async fn the_script_is_a_file_and_pages_allow_nothing_else() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.browser();
    let page = browser.get("/t/harbour/sign-in").await;
    let nonce = page.find(r#"<script nonce="([^"]+)" src="/t/harbour/passkey.js"></script>"#);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.contains(&format!("script-src 'nonce-{nonce}'")),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !policy.contains("script-src 'self'"));
    let script = browser.get("/t/harbour/passkey.js").await;
    assert_eq!(script.status, StatusCode::OK);
    assert_eq!(
        script.headers[header::CONTENT_TYPE],
        "text/javascript; charset=utf-8"
    );
    let forgot = browser.get("/t/harbour/forgot").await;
    assert!(!forgot.body.contains("<script"));
}
