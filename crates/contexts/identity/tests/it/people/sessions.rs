//! The life of a session.

use axum::http::{Method, StatusCode, header};

use super::clinic::{Clinic, PASSWORD};

const IDLE: i64 = 15 * 60;

#[tokio::test]
async fn a_session_ends_when_idle_and_polling_does_not_keep_it_alive() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    for _ in 0..4 {
        clinic.clock.advance_seconds(IDLE - 60);
        assert!(browser.is_signed_in().await, "a person at work stays");
    }
    let background = [("x-mt-background", "1")];
    for _ in 0..2 {
        clinic.clock.advance_seconds(IDLE / 2 - 1);
        let path = "/api/v1/session";
        let answer = browser
            .send(Method::GET, path, &background, String::new())
            .await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    clinic.clock.advance_seconds(3);
    assert!(!browser.is_signed_in().await, "only the page was at work");
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_of_work() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    for minute in (0..12 * 60).step_by(10) {
        assert!(browser.is_signed_in().await, "{minute}");
        clinic.clock.advance_seconds(600);
    }
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn the_secret_is_new_at_each_sign_in_and_step_up() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    let planted = format!("{}.{}", clinic.tenant, "A".repeat(43));
    browser
        .cookies
        .insert("__Host-mt-session".to_owned(), planted.clone());
    browser.sign_in("pat", PASSWORD).await;
    let first = browser.session().unwrap().clone();
    assert_ne!(first, planted);
    clinic.clock.advance_seconds(400);
    let answer = browser
        .post("/t/harbour/step-up", &[("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let second = browser.session().unwrap().clone();
    assert_ne!(first, second);
    let mut old = clinic.browser();
    old.cookies.insert("__Host-mt-session".to_owned(), first);
    assert!(!old.is_signed_in().await);
}

#[tokio::test]
async fn a_session_cookie_is_secure_hidden_and_bound_to_the_host() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let answer = clinic.browser().sign_in("pat", PASSWORD).await;
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    let mut cookies = cookies.map(|value| value.to_str().unwrap());
    let session = cookies
        .find(|text| text.starts_with("__Host-mt-session="))
        .unwrap();
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert!(!session.contains("Domain"));
}

#[tokio::test]
async fn people_end_their_other_sessions_one_by_one_and_all() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut all = [clinic.browser(), clinic.browser(), clinic.browser()];
    for browser in &mut all {
        browser.sign_in("pat", PASSWORD).await;
    }
    let [here, there, elsewhere] = &mut all;
    let page = here.get("/t/harbour/account").await;
    let other = page.find(r#"name="session" value="([^"]+)""#);
    let token = page.find(r#"name="csrf" value="([^"]+)""#);
    here.post_with(
        "/t/harbour/account/sessions",
        &token,
        &[("session", &other)],
    )
    .await;
    let left = [there.is_signed_in().await, elsewhere.is_signed_in().await];
    assert_eq!(left.iter().filter(|alive| **alive).count(), 1);
    here.post_with("/t/harbour/account/sessions", &token, &[])
        .await;
    assert!(here.is_signed_in().await);
    assert!(!there.is_signed_in().await && !elsewhere.is_signed_in().await);
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let (mut here, mut there) = (clinic.browser(), clinic.browser());
    here.sign_in("pat", PASSWORD).await;
    there.sign_in("pat", PASSWORD).await;
    let page = here.get("/t/harbour/account").await;
    let token = page.find(r#"name="csrf" value="([^"]+)""#);
    let path = "/t/harbour/account/password";
    for (current, chosen, expected) in [
        ("wrong", "nine green ladders hum", StatusCode::UNAUTHORIZED),
        (PASSWORD, "pat1234567890", StatusCode::UNPROCESSABLE_ENTITY),
        (PASSWORD, "nine green ladders hum", StatusCode::OK),
    ] {
        let fields = [("current", current), ("password", chosen)];
        let answer = here.post_with(path, &token, &fields).await;
        assert_eq!(answer.status, expected, "{chosen}");
    }
    assert!(here.is_signed_in().await && !there.is_signed_in().await);
    let mut anew = clinic.browser();
    anew.sign_in("pat", "nine green ladders hum").await;
    assert!(anew.is_signed_in().await);
}

#[tokio::test]
async fn a_session_of_one_organisation_is_nothing_at_another() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let other = mt_kernel::TenantName::parse("inland").unwrap();
    let number = clinic.store.tenants().create(&other).await.unwrap();
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    let answer = browser.get("/t/inland/account").await;
    assert!(answer.location().starts_with("/t/inland/sign-in"));
    let moved = browser
        .session()
        .unwrap()
        .split_once('.')
        .unwrap()
        .1
        .to_owned();
    browser
        .cookies
        .insert("__Host-mt-session".to_owned(), format!("{number}.{moved}"));
    for path in ["/t/harbour/account", "/t/inland/account"] {
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::SEE_OTHER,
            "{path}"
        );
    }
}
