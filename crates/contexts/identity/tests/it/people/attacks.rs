//! What attackers try: guessing, locking out, flooding, forging forms and headers.

use axum::http::{Method, StatusCode, header};
use mt_identity::people::{Cost, Hashing};

use super::clinic::{Clinic, ORIGIN, PASSWORD};

#[tokio::test]
async fn guessing_from_one_network_is_slowed_for_known_and_unknown_names_alike() {
    let clinic = Clinic::new().await;
    clinic.person("ada", "patient").await;
    for (name, address) in [("ada", "198.51.100.1"), ("eve", "198.51.100.2")] {
        let mut attacker = clinic.browser_at(address);
        let mut statuses = Vec::new();
        for _ in 0..7 {
            let answer = attacker.sign_in(name, "not the right password").await;
            statuses.push(answer.status.as_u16());
        }
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429], "{name}");
        // While the wait lasts even the right password is not looked at.
        let answer = attacker.sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
        clinic.clock.advance_seconds(2);
    }
    let mut attacker = clinic.browser_at("198.51.100.1");
    assert_eq!(
        attacker.sign_in("ada", PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn guesses_that_are_sent_at_once_are_not_more_than_the_free_ones() {
    let clinic = Clinic::new().await;
    clinic.person("ada", "patient").await;
    let all: Vec<_> = (0..40)
        .map(|_| {
            let mut attacker = clinic.browser_at("198.51.100.1");
            tokio::spawn(async move { attacker.sign_in("ada", "not the right password").await })
        })
        .collect();
    let mut looked_at = 0;
    for one in all {
        let status = one.await.unwrap().status;
        if status == StatusCode::UNAUTHORIZED {
            looked_at += 1;
        } else {
            assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        }
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn no_stranger_locks_a_clinician_out_of_their_own_device() {
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    let mut own = clinic.browser_at("192.0.2.7");
    let enrolled = clinic.enrol(&mut own, "doc").await;
    own.cookies.remove("__Host-mt-session");
    // A botnet: many networks, the same account, and the clinic's own network as well.
    for host in 1..=60 {
        let mut bot = clinic.browser_at(&format!("198.51.100.{host}"));
        bot.sign_in("doc", "not the right password").await;
    }
    for _ in 0..8 {
        clinic
            .browser_at("192.0.2.7")
            .sign_in("doc", "not the right password")
            .await;
    }
    let mut stranger = clinic.browser_at("203.0.113.5");
    let answer = stranger.sign_in("doc", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let answer = own.sign_in("doc", PASSWORD).await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/code");
    clinic.clock.advance_seconds(60);
    let code = clinic.code(&enrolled.secret);
    own.post("/t/harbour/sign-in/code", &[("code", &code)])
        .await;
    assert!(own.is_signed_in().await);
}

#[tokio::test]
async fn a_stolen_device_cookie_opens_no_other_account() {
    let clinic = Clinic::new().await;
    clinic.person("ada", "patient").await;
    clinic.person("bob", "patient").await;
    let mut ada = clinic.browser();
    ada.sign_in("ada", PASSWORD).await;
    for _ in 0..5 {
        ada.sign_in("bob", "not the right password").await;
    }
    let answer = ada.sign_in("bob", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_flood_of_sign_ins_is_refused_in_part_and_told_when_to_come_back() {
    let cost = Cost {
        memory_kib: 8 << 10,
        passes: 2,
    };
    let clinic = Clinic::with(Hashing::new(cost, 1, 3), None).await;
    let all: Vec<_> = (0..40)
        .map(|host| {
            let mut browser = clinic.browser_at(&format!("198.51.100.{host}"));
            tokio::spawn(async move { browser.sign_in(&format!("user{host}"), PASSWORD).await })
        })
        .collect();
    let mut refused = 0;
    for one in all {
        let answer = one.await.unwrap();
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            refused += 1;
            assert_eq!(answer.headers[header::RETRY_AFTER], "5");
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
    }
    assert!((1..40).contains(&refused), "{refused}");
    let answer = clinic.browser().sign_in("ada", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_that_is_not_ours_is_refused() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let fields = [("username", "pat"), ("password", PASSWORD)];
    let mut browser = clinic.browser();
    let answer = browser.post_with("/t/harbour/sign-in", "", &fields).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "no cookie");
    let token = browser
        .get("/t/harbour/sign-in")
        .await
        .find(r#"name="csrf" value="([^"]+)""#);
    let answer = browser.post_with("/t/harbour/sign-in", "x", &fields).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "wrong token");
    let answer = clinic
        .browser()
        .post_with("/t/harbour/sign-in", &token, &fields)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "another browser's token"
    );
    for (name, value, expected) in [
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::SEE_OTHER),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("origin", ORIGIN, StatusCode::SEE_OTHER),
    ] {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            (name, value),
        ];
        let body = format!(
            "csrf={token}&username=pat&password={}",
            PASSWORD.replace(' ', "+")
        );
        let mut same = browser.clone();
        let answer = same
            .send(Method::POST, "/t/harbour/sign-in", &headers, body)
            .await;
        assert_eq!(answer.status, expected, "{name}: {value}");
    }
}

#[tokio::test]
async fn changes_by_a_session_need_its_token() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    for path in [
        "sign-out",
        "account/sessions",
        "account/password",
        "account/recovery-codes",
    ] {
        let fields = [
            ("current", PASSWORD),
            ("password", "nine green ladders hum"),
        ];
        let answer = browser
            .post_with(&format!("/t/harbour/{path}"), "x", &fields)
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let path = "/api/v1/session";
    for token in [None, Some("x")] {
        let headers: Vec<_> = token
            .map(|token| ("x-csrf-token", token))
            .into_iter()
            .collect();
        let answer = browser
            .send(Method::DELETE, path, &headers, String::new())
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn headers_that_claim_an_identity_do_nothing() {
    let clinic = Clinic::new().await;
    let account = clinic.person("root", "org_admin").await;
    let id = account.id.to_string();
    let claims = [
        ("x-user-id", id.as_str()),
        ("x-user-roles", "org_admin,super_admin"),
        ("x-org-id", "1"),
        ("x-tenant-id", "1"),
        ("x-forwarded-user", "root"),
        ("x-remote-user", "root"),
        ("remote-user", "root"),
        ("x-authenticated-user", "root"),
    ];
    for path in ["/api/v1/session", "/api/v1/users"] {
        let answer = clinic
            .browser()
            .send(Method::GET, path, &claims, String::new())
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let mut browser = clinic.browser();
    let answer = browser
        .send(Method::GET, "/t/harbour/account", &claims, String::new())
        .await;
    assert!(answer.location().starts_with("/t/harbour/sign-in"));
}
