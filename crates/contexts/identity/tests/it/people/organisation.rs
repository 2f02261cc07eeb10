//! What an organisation decides about signing in, and the roles that an invitation gives.

use axum::http::{Method, StatusCode};
use mt_access::{Grant, LaunchContext, Role};
use mt_identity::administration::{Administrator, MfaPolicy, SecondFactor, Settings};
use mt_identity::people::{Held, Invitation};
use mt_kernel::{Actor, ActorKind, Assurance, OpCtx};
use serde_json::json;

use super::clinic::{Clinic, PASSWORD};

impl Clinic {
    async fn decide(&self, settings: Settings) {
        let grant = Grant::new(vec![Role::OrgAdmin], None, vec![], LaunchContext::default());
        let ctx = self.ctx();
        let by = Administrator {
            ctx: &ctx,
            grant: &grant,
        };
        self.administration
            .set_settings(by, None, &settings)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn everybody_needs_a_second_factor_where_the_organisation_says_so() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut before = clinic.browser();
    assert_eq!(
        before.sign_in("pat", PASSWORD).await.location(),
        "/t/harbour/account"
    );
    clinic
        .decide(Settings {
            mfa: MfaPolicy::Everybody,
            ..Settings::default()
        })
        .await;
    let mut browser = clinic.browser();
    clinic.enrol(&mut browser, "pat").await;
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn no_setting_lets_a_clinician_in_by_a_password() {
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    for text in [
        r#"{"mfa":"nobody"}"#,
        r#"{"mfa":"none"}"#,
        r#"{"secondFactors":["sms"]}"#,
    ] {
        assert!(serde_json::from_str::<Settings>(text).is_err(), "{text}");
    }
    clinic.decide(Settings::default()).await;
    let answer = clinic.browser().sign_in("doc", PASSWORD).await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/enrol");
}

#[tokio::test]
async fn sessions_live_as_long_as_the_organisation_says() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    clinic
        .decide(Settings {
            session_idle_minutes: 5,
            session_hours: 1,
            ..Settings::default()
        })
        .await;
    let mut idle = clinic.browser();
    idle.sign_in("pat", PASSWORD).await;
    assert_eq!(idle.get("/api/v1/session").await.json()["idleSeconds"], 300);
    clinic.clock.advance_seconds(299);
    assert!(idle.is_signed_in().await);
    clinic.clock.advance_seconds(301);
    assert!(!idle.is_signed_in().await);
    let mut busy = clinic.browser();
    busy.sign_in("pat", PASSWORD).await;
    for _ in 0..14 {
        clinic.clock.advance_seconds(250);
        assert!(busy.is_signed_in().await);
    }
    clinic.clock.advance_seconds(101);
    assert!(!busy.is_signed_in().await);
}

#[tokio::test]
async fn an_app_that_is_not_taken_any_more_leads_to_the_set_up_of_a_passkey() {
    let clinic = Clinic::new().await;
    clinic.person("doc", "doctor").await;
    let enrolled = clinic.enrol(&mut clinic.browser(), "doc").await;
    clinic
        .decide(Settings {
            second_factors: vec![SecondFactor::Passkey],
            ..Settings::default()
        })
        .await;
    clinic.clock.advance_seconds(60);
    let mut browser = clinic.browser();
    // The app is still asked for: a password alone sets nothing up.
    let answer = browser.sign_in("doc", PASSWORD).await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/code");
    let code = clinic.code(&enrolled.secret);
    let answer = browser
        .post("/t/harbour/sign-in/code", &[("code", &code)])
        .await;
    assert_eq!(answer.location(), "/t/harbour/sign-in/enrol");
    assert!(!browser.is_signed_in().await);
    let page = browser.get("/t/harbour/sign-in/enrol").await;
    assert!(page.body.contains(r#"name="intent" value="enrol""#) && !page.body.contains("QR code"));
}

#[tokio::test]
async fn passkeys_are_offered_only_where_they_are_taken() {
    let clinic = Clinic::new().await;
    clinic
        .decide(Settings {
            second_factors: vec![SecondFactor::App],
            ..Settings::default()
        })
        .await;
    let mut browser = clinic.browser();
    let page = browser.get("/t/harbour/sign-in").await;
    assert!(!page.body.contains("<script") && !page.body.contains("passkey"));
    let csrf = page.find(r#"name="csrf" value="([^"]+)""#);
    let body = format!("csrf={csrf}&intent=sign-in");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let path = "/t/harbour/passkey/options";
    let answer = browser.send(Method::POST, path, &kind, body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_invitation_gives_its_roles_confined_and_ending() {
    let clinic = Clinic::new().await;
    let inviter = clinic.person("root", "org_admin").await;
    let end = mt_kernel::Clock::now(&clinic.clock).0 + 3_600_000_000;
    let invitation = Invitation {
        email: "nan@clinic.example".to_owned(),
        name: None,
        fhir_user: None,
        roles: vec![Held {
            role: "nurse".to_owned(),
            locations: vec!["north-ward".to_owned()],
            expires_at: Some(end),
        }],
    };
    let actor = Actor {
        id: inviter.id.to_string().into(),
        kind: ActorKind::User,
        roles: [].into(),
        fhir_user: None,
        client_id: None,
        assurance: Assurance::Multi,
    };
    let ctx = OpCtx {
        actor,
        ..clinic.ctx()
    };
    let link = clinic
        .people
        .invite(&ctx, &clinic.name, &invitation)
        .await
        .unwrap();
    let path = link.strip_prefix(super::clinic::ORIGIN).unwrap();
    let fields = [("username", "nan"), ("password", PASSWORD)];
    let answer = clinic.browser().post(path, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let grant = Grant::new(vec![Role::OrgAdmin], None, vec![], LaunchContext::default());
    let by = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    let given = clinic.administration.assignments(by).await.unwrap();
    let [one] = given.as_slice() else {
        panic!("{given:?}");
    };
    let account = clinic
        .people
        .account_named(clinic.tenant, "nan")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(one.subject, account.id.to_string());
    assert_eq!(
        (one.role.as_str(), one.locations.as_slice()),
        ("nurse", ["north-ward".to_owned()].as_slice())
    );
    assert_eq!(
        (one.ends_at, one.given_by.as_str()),
        (Some(end), inviter.id.to_string().as_str())
    );
}

#[tokio::test]
async fn an_account_is_locked_by_another_administrator_and_its_sessions_end() {
    let clinic = Clinic::new().await;
    let root = clinic.person("root", "org_admin").await;
    let pat = clinic.person("pat", "patient").await;
    let mut patient = clinic.browser();
    patient.sign_in("pat", PASSWORD).await;
    let mut admin = clinic.browser();
    clinic.enrol(&mut admin, "root").await;
    let session = admin.get("/api/v1/session").await.json();
    let csrf = session["csrfToken"].as_str().unwrap().to_owned();
    let headers = [
        ("x-csrf-token", csrf.as_str()),
        ("content-type", "application/json"),
    ];
    let mut put = async |id: uuid::Uuid, body: String| {
        let path = format!("/api/v1/users/{id}/state");
        admin.send(Method::PUT, &path, &headers, body).await
    };
    let locked = json!({"enabled": false}).to_string();
    assert_eq!(
        put(root.id, locked.clone()).await.status,
        StatusCode::CONFLICT
    );
    // What an extractor refuses is a problem, too.
    let odd = put(pat.id, json!({"enable": false}).to_string()).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(odd.headers["content-type"], "application/problem+json");
    let odd = put(pat.id, "no JSON".to_owned()).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert_eq!(odd.json()["status"], 400);
    assert_eq!(put(pat.id, locked).await.status, StatusCode::NO_CONTENT);
    assert!(!patient.is_signed_in().await);
    assert_eq!(
        put(pat.id, json!({"enabled": true}).to_string())
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        patient.sign_in("pat", PASSWORD).await.location(),
        "/t/harbour/account"
    );
}
