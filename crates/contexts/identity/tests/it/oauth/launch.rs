//! SMART launches: from the record and standalone.

use serde_json::json;

use super::browser::{app, good, hidden, returned};
use super::world::World;

#[tokio::test]
async fn an_ehr_launch_carries_its_context_once_and_for_its_person_only() {
    let world = World::new().await;
    let (dora, _) = (world.doctor("dora"), world.doctor("dan"));
    let mut metadata = app();
    metadata["initiate_login_uri"] = "https://app.example.org/launch".into();
    let client = world.client(metadata).await;
    let mut params = good(&world, &client);
    params.insert("scope", "openid user/Patient.rs".to_owned());
    let code = world.code("dora", &params).await;
    let token = world.redeem(&client, &code).await.text("access_token");
    let mint = async || {
        let body = json!({ "client_id": client.client.id, "patient": "p9", "encounter": "e9", "intent": "reconcile" });
        let request = world
            .http
            .post(world.url("launch"))
            .bearer_auth(&token)
            .json(&body);
        world.send(request).await
    };
    let minted = mint().await;
    let url = minted.text("url");
    assert!(
        url.starts_with("https://app.example.org/launch?iss="),
        "{url}"
    );
    params.insert("scope", "openid launch patient/*.rs".to_owned());
    params.insert("launch", minted.text("launch"));
    let code = world.code("dora", &params).await;
    let tokens = world.redeem(&client, &code).await.json();
    assert_eq!(
        (&tokens["patient"], &tokens["encounter"]),
        (&json!("p9"), &json!("e9"))
    );
    assert_eq!(
        (&tokens["intent"], &tokens["need_patient_banner"]),
        (&json!("reconcile"), &json!(true))
    );
    let again = returned(&world.authorize("dora", &params).await);
    assert_eq!(again["error"], "invalid_request");
    params.insert("launch", mint().await.text("launch"));
    let stranger = returned(&world.authorize("dan", &params).await);
    assert_eq!(stranger["error"], "access_denied");
    let nobody = world
        .http
        .post(world.url("launch"))
        .json(&json!({ "client_id": client.client.id }));
    assert_eq!(world.send(nobody).await.status, 401);
    let _ = dora;
}

#[tokio::test]
async fn a_clinician_chooses_the_patient_of_a_standalone_launch() {
    let world = World::new().await;
    world.doctor("dora");
    let caller = mt_store::Caller::unrestricted(mt_kernel::OpCtx {
        tenant: world.north,
        actor: mt_kernel::Actor::system("test"),
        purpose: mt_kernel::PurposeOfUse::default(),
        correlation_id: uuid::Uuid::now_v7(),
        now: mt_kernel::Clock::now(&world.clock),
    });
    let patient = r#"{"resourceType":"Patient","id":"px","name":[{"family":"Ravel","given":["Maurice"]}],"birthDate":"1875-03-07"}"#;
    let doc = mt_fhir::Doc::parse(patient, &mt_fhir::json::Limits::default()).unwrap();
    let change = mt_store::Change {
        resource_type: mt_fhir::ResourceType::PATIENT,
        full_url: None,
        action: mt_store::Action::Update {
            target: mt_store::Target::Id("px".to_owned()),
            content: mt_store::Content::Own(Box::new(doc)),
            if_match: None,
            upsert: true,
        },
    };
    world.store.commit_one(&caller, change).await.unwrap();
    let client = world.client(app()).await;
    let page = world.authorize("dora", &good(&world, &client)).await;
    assert!(page.body.contains("type=\"search\""), "{}", page.body);
    let pending = hidden(&page.body, "pending");
    let search = |name: &str| {
        let url = format!("{}?pending={pending}&q={name}", world.url("authorize"));
        world.send(world.http.get(url).header("cookie", "who=dora"))
    };
    let nobody = search("nobody").await;
    assert!(
        nobody.body.contains("Nobody of this name"),
        "{}",
        nobody.body
    );
    let found = search("ravel").await;
    assert!(
        found.body.contains("Maurice Ravel, born 1875-03-07"),
        "{}",
        found.body
    );
    let unknown = world
        .consent("dora", &found, &[("patient", "another")])
        .await;
    assert_eq!(unknown.status, 400);
    let page = world.consent("dora", &found, &[("patient", "px")]).await;
    let code = returned(&world.allow("dora", &page).await)["code"].clone();
    assert_eq!(world.redeem(&client, &code).await.json()["patient"], "px");
}
