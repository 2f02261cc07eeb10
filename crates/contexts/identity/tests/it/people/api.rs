//! The routes below `/api/v1`, and what the gate before them does.

use axum::http::{Method, StatusCode, header};
use mt_identity::people::api;
use mt_store::{Action, Caller, Change, Content, Target};
use serde_json::{Value, json};

use super::clinic::{Answer, Browser, Clinic, PASSWORD};

async fn call(
    browser: &mut Browser,
    method: Method,
    path: &str,
    token: &str,
    more: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut headers = vec![
        ("x-csrf-token", token),
        ("content-type", "application/json"),
    ];
    headers.extend_from_slice(more);
    browser.send(method, path, &headers, body.to_owned()).await
}

async fn admin(clinic: &Clinic) -> (Browser, String) {
    clinic.person("root", "org_admin").await;
    let mut browser = clinic.browser();
    clinic.enrol(&mut browser, "root").await;
    let session = browser.get("/api/v1/session").await.json();
    (browser, session["csrfToken"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_route_refuses_who_is_not_signed_in() {
    let clinic = Clinic::new().await;
    for row in api::table().permissions() {
        let path = format!(
            "/api/v1{}",
            row.path.replace("{id}", &uuid::Uuid::nil().to_string())
        );
        let method: Method = row.method.parse().unwrap();
        let answer = clinic
            .browser()
            .send(method, &path, &[], String::new())
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{row:?}");
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    }
}

#[tokio::test]
async fn a_session_tells_who_one_is() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    let session = browser.get("/api/v1/session").await.json();
    assert_eq!(session["username"], "pat");
    assert_eq!(session["tenant"], "harbour");
    assert_eq!(session["roles"], json!(["patient"]));
    assert_eq!(session["acr"], "1fa");
    let token = session["csrfToken"].as_str().unwrap();
    let path = "/api/v1/session";
    let answer = call(&mut browser, Method::DELETE, path, token, &[], "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_patient_manages_nobody() {
    let clinic = Clinic::new().await;
    clinic.person("pat", "patient").await;
    let mut browser = clinic.browser();
    browser.sign_in("pat", PASSWORD).await;
    let answer = browser.get("/api/v1/users").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("manage_users")
    );
}

#[tokio::test]
async fn an_administrator_lists_people_in_pages_with_sealed_cursors() {
    let clinic = Clinic::new().await;
    let (mut browser, _) = admin(&clinic).await;
    for name in ["ada", "bob", "cy"] {
        clinic.person(name, "patient").await;
    }
    let first = browser.get("/api/v1/users?limit=3").await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let cursor = first["next"].as_str().unwrap();
    let path = format!("/api/v1/users?limit=3&cursor={cursor}");
    let second = browser.get(&path).await.json();
    assert_eq!(second["items"][0]["username"], "cy");
    assert!(second.get("next").is_none());
    for bad in ["limit=0", "limit=x", "limit=1001", "cursor=AAAA"] {
        let answer = browser.get(&format!("/api/v1/users?{bad}")).await;
        assert!(answer.status.is_client_error(), "{bad}");
    }
}

#[tokio::test]
async fn an_invitation_is_made_once_under_one_key() {
    let clinic = Clinic::new().await;
    let (mut browser, token) = admin(&clinic).await;
    practitioner(&clinic, "d").await;
    let body = json!({"email": "new@clinic.example", "roles": [{"role": "nurse"}]}).to_string();
    let key = [("idempotency-key", "k-1")];
    let path = "/api/v1/invitations";
    let first = call(&mut browser, Method::POST, path, &token, &key, &body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let again = call(&mut browser, Method::POST, path, &token, &key, &body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = body.replace("new@", "other@");
    let answer = call(&mut browser, Method::POST, path, &token, &key, &other).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (record, expected) in [
        ("Practitioner/nobody", StatusCode::UNPROCESSABLE_ENTITY),
        ("Practitioner/d", StatusCode::CREATED),
    ] {
        let body =
            json!({"email": "d@clinic.example", "fhirUser": record, "roles": [{"role": "doctor"}]});
        let answer = call(
            &mut browser,
            Method::POST,
            path,
            &token,
            &[],
            &body.to_string(),
        )
        .await;
        assert_eq!(answer.status, expected, "{record}");
    }
    for (role, expected) in [
        ("king", StatusCode::UNPROCESSABLE_ENTITY),
        ("service", StatusCode::UNPROCESSABLE_ENTITY),
        ("super_admin", StatusCode::FORBIDDEN),
    ] {
        let body = json!({"email": "x@clinic.example", "roles": [{"role": role}]}).to_string();
        let answer = call(&mut browser, Method::POST, path, &token, &[], &body).await;
        assert_eq!(answer.status, expected, "{role}");
    }
}

#[tokio::test]
async fn a_second_factor_is_reset_by_another_administrator_with_a_fresh_proof() {
    let clinic = Clinic::new().await;
    let (mut browser, token) = admin(&clinic).await;
    let doctor = clinic.person("doc", "doctor").await;
    let mut theirs = clinic.browser();
    clinic.enrol(&mut theirs, "doc").await;
    let path = format!("/api/v1/users/{}/factors", doctor.id);
    clinic.clock.advance_seconds(301);
    let answer = call(&mut browser, Method::DELETE, &path, &token, &[], "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(
        challenge.contains("insufficient_user_authentication"),
        "{challenge}"
    );
    // A minute-old sign-in of the same administrator is a fresh proof.
    let own = clinic
        .people
        .account_named(clinic.tenant, "root")
        .await
        .unwrap()
        .unwrap();
    clinic
        .people
        .reset_factors(&clinic.ctx(), own.id)
        .await
        .unwrap();
    clinic.enrol(&mut browser, "root").await;
    let session = browser.get("/api/v1/session").await.json();
    assert_eq!(session["acr"], "step-up");
    let token = session["csrfToken"].as_str().unwrap();
    let mine = format!("/api/v1/users/{}/factors", own.id);
    let answer = call(&mut browser, Method::DELETE, &mine, token, &[], "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let answer = call(&mut browser, Method::DELETE, &path, token, &[], "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(!theirs.is_signed_in().await);
    clinic.enrol(&mut clinic.browser(), "doc").await;
}

async fn practitioner(clinic: &Clinic, id: &str) {
    let body = json!({"resourceType": "Practitioner", "id": id}).to_string();
    let doc = mt_fhir::Doc::parse(body.into_bytes(), &mt_fhir::json::Limits::default()).unwrap();
    let change = Change {
        resource_type: mt_fhir::ResourceType::from_name("Practitioner").unwrap(),
        full_url: None,
        action: Action::Update {
            target: Target::Id(id.to_owned()),
            content: Content::Own(Box::new(doc)),
            if_match: None,
            upsert: true,
        },
    };
    let caller = Caller::unrestricted(clinic.ctx());
    clinic.store.commit_one(&caller, change).await.unwrap();
}

#[tokio::test]
async fn an_account_is_linked_to_its_practitioner_by_version_and_signs_in_anew() {
    let clinic = Clinic::new().await;
    let doctor = clinic.person("doc", "doctor").await;
    let mut theirs = clinic.browser();
    clinic.enrol(&mut theirs, "doc").await;
    let (mut browser, token) = admin(&clinic).await;
    let path = format!("/api/v1/users/{}/practitioner", doctor.id);
    practitioner(&clinic, "d").await;
    let version = |number: u32| format!("\"{number}\"");
    let body = |to: Value| json!({"practitioner": to}).to_string();
    let seen = version(doctor.version);
    let seen = [("if-match", seen.as_str())];
    for (to, expected) in [
        (json!("Patient/p1"), StatusCode::UNPROCESSABLE_ENTITY),
        (json!("Practitioner/"), StatusCode::UNPROCESSABLE_ENTITY),
        (
            json!("Practitioner/nobody"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!("Practitioner/d"), StatusCode::OK),
        (json!("Practitioner/d"), StatusCode::PRECONDITION_FAILED),
    ] {
        let answer = call(
            &mut browser,
            Method::PUT,
            &path,
            &token,
            &seen,
            &body(to.clone()),
        )
        .await;
        assert_eq!(answer.status, expected, "{to}");
    }
    assert!(!theirs.is_signed_in().await);
    let linked = clinic
        .people
        .account(clinic.tenant, doctor.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(linked.profile.fhir_user.as_deref(), Some("Practitioner/d"));
}

#[tokio::test]
async fn the_openapi_document_names_the_permission_of_every_operation() {
    let clinic = Clinic::new().await;
    let document = clinic.browser().get("/api/v1/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for row in api::table().permissions() {
        let operation = &document["paths"][&row.path][row.method.to_lowercase()];
        assert_eq!(operation["x-permission"], row.permission, "{row:?}");
        assert!(operation["responses"]["401"].is_object());
    }
    let answer = clinic.browser().get("/api/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
