//! Authorization code flow with consent, refresh, userinfo and logout.

use mt_access::Authenticator;
use mt_kernel::Assurance;
use serde_json::json;

use super::browser::{CALLBACK, VERIFIER, app, good, hidden, returned};
use super::jwt::opened;
use super::world::{Answer, Form, World};
use crate::said::subjects;

#[tokio::test]
async fn an_app_gets_code_tokens_context_and_identity() {
    let world = World::new().await;
    let account = world.patient("ann", "p1");
    let client = world.client(app()).await;
    let page = world.authorize("ann", &good(&world, &client)).await;
    assert!(
        page.body.contains("Growth &lt;b&gt;chart&lt;/b&gt;"),
        "{}",
        page.body
    );
    assert!(
        page.body
            .contains("Read and find all kinds of records of the patient")
    );
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("frame-ancestors 'none'")
    );
    let answer = returned(&world.allow("ann", &page).await);
    assert_eq!(answer["state"], "state-1");
    assert_eq!(answer["iss"], world.issuer());
    let tokens = world.redeem(&client, &answer["code"]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let json = tokens.json();
    assert_eq!(json["patient"], "p1");
    assert_eq!(
        json["scope"],
        "openid fhirUser launch/patient patient/*.rs offline_access"
    );
    assert_eq!(tokens.headers["cache-control"], "no-store");
    let (header, claims) = opened(&tokens.text("id_token"));
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("RS256"), &json!("JWT"))
    );
    assert_eq!(claims["nonce"], "nonce-1");
    assert_eq!(claims["aud"], client.client.id.to_string());
    assert_eq!(claims["sub"], account.to_string());
    assert_eq!(
        claims["fhirUser"],
        format!("{}/fhir/R4/Patient/p1", world.origin)
    );
    assert_eq!(claims["acr"], "mfa");
    let token = tokens.text("access_token");
    let who = world.identity.authenticate(&token).await.unwrap();
    assert_eq!(who.grant.launch().patient.as_deref(), Some("p1"));
    let info = world.http.get(world.url("userinfo")).bearer_auth(&token);
    let info = world.send(info).await.json();
    assert_eq!(
        (&info["sub"], &info["fhirUser"]),
        (&claims["sub"], &claims["fhirUser"])
    );
}

#[tokio::test]
async fn a_request_for_another_s_redirect_uri_goes_nowhere() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let south = world.client_of(world.south, app()).await;
    let id = south.client.id.to_string();
    for (name, value) in [
        ("redirect_uri", "https://attacker.example/cb"),
        ("redirect_uri", "https://app.example.org/cb/"),
        ("redirect_uri", "https://app.example.org/cb?x=1"),
        ("redirect_uri", "https://app.example.org:443/cb"),
        ("redirect_uri", "HTTPS://app.example.org/cb"),
        ("redirect_uri", "//app.example.org/cb"),
        ("redirect_uri", ""),
        ("client_id", "nobody"),
        ("client_id", ""),
        ("client_id", id.as_str()),
    ] {
        let mut params = good(&world, &client);
        params.insert(name, value.to_owned());
        let answer = world.authorize("ann", &params).await;
        assert_eq!(answer.status, 400, "{name}={value}");
        assert_eq!(answer.header("location"), None, "{name}={value}");
    }
}

#[tokio::test]
async fn what_a_request_must_not_say_is_told_to_its_client() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    for (name, value, error) in [
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
        ),
        ("response_mode", "fragment", "invalid_request"),
        ("aud", "https://elsewhere.example/fhir", "invalid_target"),
        ("aud", "", "invalid_request"),
        (
            "resource",
            "https://elsewhere.example/fhir",
            "invalid_target",
        ),
        ("scope", "patient/Observation.dus", "invalid_scope"),
        ("scope", "system/*.rs", "invalid_scope"),
        ("scope", "", "invalid_request"),
        ("scope", "openid launch patient/*.rs", "invalid_request"),
        ("launch", "made-up", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("request", "e30.e30.", "request_not_supported"),
        ("id_token_hint", "e30.e30.", "invalid_request"),
    ] {
        let mut params = good(&world, &client);
        params.insert(name, value.to_owned());
        let answer = returned(&world.authorize("ann", &params).await);
        assert_eq!(answer["error"], error, "{name}={value}");
        assert_eq!(
            (&answer["state"], &answer["iss"]),
            (&"state-1".to_owned(), &world.issuer())
        );
        assert!(!answer.contains_key("code"));
    }
    let twice = format!("{}?client_id=a&client_id=b", world.url("authorize"));
    assert_eq!(world.send(world.http.get(twice)).await.status, 400);
}

#[tokio::test]
async fn a_request_may_be_posted() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let request = world
        .http
        .post(world.url("authorize"))
        .form(&good(&world, &client));
    let page = world.send(request.header("cookie", "who=ann")).await;
    assert!(returned(&world.allow("ann", &page).await).contains_key("code"));
}

#[tokio::test]
async fn a_code_needs_its_verifier_its_redirect_uri_its_client_and_its_minute() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let (client, other) = (world.client(app()).await, world.client(app()).await);
    let (id, another) = (client.client.id.to_string(), other.client.id.to_string());
    let wrong = "another-code-verifier-of-more-than-forty-three-chars";
    for (name, value) in [
        ("code_verifier", wrong),
        ("code_verifier", ""),
        ("code_verifier", "short"),
        ("redirect_uri", "https://app.example.org/other"),
        ("redirect_uri", ""),
        ("client_id", another.as_str()),
    ] {
        let code = world.code("ann", &good(&world, &client)).await;
        let mut form = std::collections::BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", id.as_str()),
        ]);
        form.insert(name, value);
        let answer = world
            .send(world.http.post(world.url("token")).form(&form))
            .await;
        assert_eq!(answer.status, 400, "{name}={value}: {}", answer.body);
    }
    let code = world.code("ann", &good(&world, &client)).await;
    world.clock.advance_seconds(61);
    world.redeem(&client, &code).await.refuses("invalid_grant");
    world
        .redeem(&client, "made-up")
        .await
        .refuses("invalid_grant");
}

#[tokio::test]
async fn the_second_use_of_a_code_revokes_what_it_issued() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let code = world.code("ann", &good(&world, &client)).await;
    let tokens = world.redeem(&client, &code).await;
    let access = tokens.text("access_token");
    assert!(world.identity.authenticate(&access).await.is_ok());
    world.redeem(&client, &code).await.refuses("invalid_grant");
    assert!(world.identity.authenticate(&access).await.is_err());
    let said = subjects(&world.store, world.north, "security.token.reused.v1").await;
    assert_eq!(said.len(), 1, "{said:?}");
    world
        .refresh(&client, &tokens.text("refresh_token"))
        .await
        .refuses("invalid_grant");
}

#[tokio::test]
async fn refresh_tokens_rotate_and_the_second_use_of_one_ends_the_family() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let code = world.code("ann", &good(&world, &client)).await;
    let first = world.redeem(&client, &code).await.text("refresh_token");
    let second = world.refresh(&client, &first).await;
    assert_eq!(second.status, 200, "{}", second.body);
    assert_eq!(second.json()["patient"], "p1");
    assert!(opened(&second.text("id_token")).1.get("nonce").is_none());
    let third = world.refresh(&client, &second.text("refresh_token")).await;
    for _ in 0..2 {
        let stolen = world.refresh(&client, &first).await;
        stolen.refuses("invalid_grant");
    }
    let said = subjects(&world.store, world.north, "security.token.reused.v1").await;
    assert_eq!(
        said.len(),
        1,
        "said once, however often it is tried: {said:?}"
    );
    world
        .refresh(&client, &third.text("refresh_token"))
        .await
        .refuses("invalid_grant");
    let access = third.text("access_token");
    assert!(world.identity.authenticate(&access).await.is_err());
    world
        .refresh(&client, "made-up")
        .await
        .refuses("invalid_grant");
}

#[tokio::test]
async fn a_refresh_never_gives_more_and_follows_the_person_s_roles() {
    let world = World::new().await;
    world.doctor("dora");
    let client = world.client(app()).await;
    let mut params = good(&world, &client);
    params.insert(
        "scope",
        "openid user/Patient.rs user/Observation.rs offline_access".to_owned(),
    );
    let code = world.code("dora", &params).await;
    let token = world.redeem(&client, &code).await.text("refresh_token");
    let id = client.client.id.to_string();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("client_id", id.as_str()),
    ];
    let narrowed = [&form[..], &[("scope", "user/Patient.r user/*.cruds")]].concat();
    let answer = world.token(&client, &narrowed).await;
    assert_eq!(answer.json()["scope"], "user/Patient.r");
    world.town.change("dora", |who| {
        who.person.roles = vec!["receptionist".to_owned()]
    });
    let answer = world.refresh(&client, &answer.text("refresh_token")).await;
    let who = world
        .identity
        .authenticate(&answer.text("access_token"))
        .await
        .unwrap();
    assert_eq!(who.grant.roles(), [mt_access::Role::Receptionist]);
    world.clock.advance_seconds(8 * 24 * 3600);
    let late = world.refresh(&client, &answer.text("refresh_token")).await;
    late.refuses("invalid_grant");
}

#[tokio::test]
async fn people_choose_scope_by_scope_and_may_refuse() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let page = world.authorize("ann", &good(&world, &client)).await;
    let denied = world.consent("ann", &page, &[("decision", "deny")]).await;
    assert_eq!(returned(&denied)["error"], "access_denied");
    let some = [("decision", "allow"), ("grant_0", "1"), ("grant_3", "1")];
    let answer = world.consent("ann", &page, &some).await;
    let tokens = world
        .redeem(&client, &returned(&answer)["code"])
        .await
        .json();
    assert_eq!(tokens["scope"], "openid patient/*.rs");
    assert!(tokens.get("refresh_token").is_none());
    let again = world.consent("ann", &page, &some).await;
    assert_eq!(again.status, 400, "a request is answered once");
}

#[tokio::test]
async fn a_consent_form_belongs_to_one_session() {
    let world = World::new().await;
    world.patient("ann", "p1");
    world.patient("eve", "p2");
    let client = world.client(app()).await;
    let page = world.authorize("ann", &good(&world, &client)).await;
    let answer = world.allow("eve", &page).await;
    assert_eq!((answer.status, answer.header("location")), (400, None));
    let (pending, token) = (hidden(&page.body, "pending"), "made-up");
    let form = [
        ("pending", pending.as_str()),
        ("token", token),
        ("decision", "allow"),
    ];
    let request = world.http.post(world.url("consent")).form(&form);
    let forged = world.send(request.header("cookie", "who=ann")).await;
    assert_eq!(forged.status, 400);
}

#[tokio::test]
async fn consent_is_remembered_for_clients_that_can_prove_themselves() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let mut metadata = app();
    metadata["token_endpoint_auth_method"] = "client_secret_basic".into();
    let client = world.client(metadata).await;
    let params = good(&world, &client);
    world.code("ann", &params).await;
    assert!(returned(&world.authorize("ann", &params).await).contains_key("code"));
    let mut more = params.clone();
    more.insert("scope", format!("{} user/Patient.rs", params["scope"]));
    assert_eq!(world.authorize("ann", &more).await.status, 200);
    let mut asked = params.clone();
    asked.insert("prompt", "consent".to_owned());
    assert_eq!(world.authorize("ann", &asked).await.status, 200);
    let public = world.client(app()).await;
    world.code("ann", &good(&world, &public)).await;
    assert_eq!(
        world.authorize("ann", &good(&world, &public)).await.status,
        200
    );
}

#[tokio::test]
async fn who_is_not_signed_in_freshly_or_strongly_enough_is_sent_to_sign_in() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let sign_in = async |word: &str, extra: &[(&'static str, &str)]| {
        let mut params = good(&world, &client);
        params.extend(
            extra
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let answer = world.authorize(word, &params).await;
        answer.header("location").map(str::to_owned)
    };
    let location = sign_in("nobody", &[]).await.unwrap();
    assert!(
        location
            .starts_with("/t/north/sign-in?return=%2Ft%2Fnorth%2Foauth2%2Fauthorize%3Fpending%3D"),
        "{location}"
    );
    world.clock.advance_seconds(100);
    assert_eq!(sign_in("ann", &[]).await, None);
    assert_eq!(sign_in("ann", &[("max_age", "200")]).await, None);
    for extra in [
        [("max_age", "50")],
        [("prompt", "login")],
        [("acr_values", "step-up")],
    ] {
        assert!(
            sign_in("ann", &extra)
                .await
                .is_some_and(|at| at.starts_with("/t/north/step-up?return=")),
            "{extra:?}"
        );
    }
    let silent = sign_in("nobody", &[("prompt", "none")]).await.unwrap();
    assert!(silent.contains("error=login_required"), "{silent}");
    let silent = sign_in("ann", &[("prompt", "none")]).await.unwrap();
    assert!(silent.contains("error=consent_required"), "{silent}");
    let back = location
        .split("return=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let path = url::form_urlencoded::parse(format!("v={back}").as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned();
    let resumed = world
        .http
        .get(format!("{}{path}", world.origin))
        .header("cookie", "who=ann");
    let page = world.send(resumed).await;
    assert!(returned(&world.allow("ann", &page).await).contains_key("code"));
}

#[tokio::test]
async fn a_pushed_request_is_good_once_for_its_client() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let mut metadata = app();
    metadata["token_endpoint_auth_method"] = "client_secret_basic".into();
    metadata["require_pushed_authorization_requests"] = true.into();
    let (client, other) = (
        world.client(metadata.clone()).await,
        world.client(metadata).await,
    );
    let params = good(&world, &client);
    assert_eq!(world.authorize("ann", &params).await.status, 400);
    let form: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let pushed = world.post("par", &client, &form).await;
    assert_eq!(
        (pushed.status, &pushed.json()["expires_in"]),
        (201, &json!(60)),
        "{}",
        pushed.body
    );
    let visit = |id: String, uri: String| {
        let pairs = std::collections::HashMap::from([("client_id", id), ("request_uri", uri)]);
        async {
            let pairs = pairs;
            world.authorize("ann", &pairs).await
        }
    };
    let id = client.client.id.to_string();
    let page = visit(id.clone(), pushed.text("request_uri")).await;
    assert!(returned(&world.allow("ann", &page).await).contains_key("code"));
    assert_eq!(
        visit(id.clone(), pushed.text("request_uri")).await.status,
        400
    );
    let theirs = world.post("par", &client, &form).await.text("request_uri");
    assert_eq!(visit(other.client.id.to_string(), theirs).await.status, 400);
    assert_eq!(
        visit(id, "https://attacker.example/request".to_owned())
            .await
            .status,
        400
    );
    let stolen: Vec<_> = form
        .iter()
        .copied()
        .filter(|(name, _)| *name != "code_challenge")
        .collect();
    world
        .post("par", &client, &stolen)
        .await
        .refuses("invalid_request");
}

#[tokio::test]
async fn a_logout_ends_online_tokens_and_leads_only_where_it_may() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let grant = async |scope: &str| {
        let mut params = good(&world, &client);
        params.insert("scope", scope.to_owned());
        let code = world.code("ann", &params).await;
        world.redeem(&client, &code).await
    };
    let online = grant("openid launch/patient patient/*.rs online_access").await;
    let offline = grant("openid launch/patient patient/*.rs offline_access").await;
    let visit = async |pairs: &[(&str, &str)]| {
        let mut url = url::Url::parse(&world.url("logout")).unwrap();
        url.query_pairs_mut().extend_pairs(pairs);
        world
            .send(world.http.get(url).header("cookie", "who=ann"))
            .await
    };
    let asked = visit(&[]).await;
    assert!(asked.body.contains("Sign out?"), "{}", asked.body);
    let hint = online.text("id_token");
    let refused = visit(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", "https://attacker.example/"),
    ])
    .await;
    assert_eq!((refused.status, refused.header("location")), (400, None));
    assert!(
        world
            .identity
            .authenticate(&online.text("access_token"))
            .await
            .is_ok()
    );
    let left = visit(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", "https://app.example.org/bye"),
        ("state", "s"),
    ])
    .await;
    assert_eq!(
        left.header("location"),
        Some("https://app.example.org/bye?state=s")
    );
    assert!(
        world
            .identity
            .authenticate(&online.text("access_token"))
            .await
            .is_err()
    );
    world
        .refresh(&client, &online.text("refresh_token"))
        .await
        .refuses("invalid_grant");
    assert!(
        world
            .identity
            .authenticate(&offline.text("access_token"))
            .await
            .is_ok()
    );
    let gone = visit(&[]).await;
    assert!(gone.body.contains("You are signed out"), "{}", gone.body);
}

#[tokio::test]
async fn a_step_up_ends_after_its_minutes_in_a_token_and_is_not_refreshed() {
    let world = World::new().await;
    world.patient("ann", "p1");
    let client = world.client(app()).await;
    let proved = mt_kernel::Clock::now(&world.clock).unix_seconds();
    world.town.change("ann", |who| {
        who.acr = "step-up".to_owned();
        who.auth_time = proved;
    });
    let code = world.code("ann", &good(&world, &client)).await;
    let tokens = world.redeem(&client, &code).await;
    let assurance = async |answer: &Answer| {
        let token = answer.text("access_token");
        let who = world.identity.authenticate(&token).await.unwrap();
        who.actor.assurance
    };
    assert_eq!(assurance(&tokens).await, Assurance::StepUp);
    world.clock.advance_seconds(299);
    let refreshed = world.refresh(&client, &tokens.text("refresh_token")).await;
    assert_eq!(
        assurance(&refreshed).await,
        Assurance::StepUp,
        "still fresh"
    );
    world.clock.advance_seconds(2);
    let refreshed = world
        .refresh(&client, &refreshed.text("refresh_token"))
        .await;
    assert_eq!(opened(&refreshed.text("access_token")).1["acr"], "mfa");
    assert_eq!(assurance(&refreshed).await, Assurance::Multi);
    // The one from before lives on, and is as old.
    assert_eq!(assurance(&tokens).await, Assurance::Multi);
}

#[tokio::test]
async fn an_operator_vouches_for_a_fresh_proof_for_five_minutes_only() {
    let world = World::new().await;
    let token = mt_identity::OperatorToken {
        user: "ops".to_owned(),
        roles: vec!["doctor".to_owned()],
        scope: "user/*.rs".to_owned(),
        patient: None,
        fhir_user: None,
        step_up: true,
        seconds: 3_600,
    };
    let token = world.identity.operator_token(world.north, &token).await;
    let token = token.unwrap();
    let assurance = async || {
        let who = world.identity.authenticate(&token).await.unwrap();
        who.actor.assurance
    };
    assert_eq!(assurance().await, Assurance::StepUp);
    world.clock.advance_seconds(300);
    assert_eq!(assurance().await, Assurance::StepUp);
    world.clock.advance_seconds(1);
    assert_eq!(assurance().await, Assurance::Multi, "the token lives on");
    let service = world.service().await;
    let form = [("token", token.as_str())];
    let told = world.post("introspect", &service, &form);
    assert_eq!(told.await.json()["acr"], "mfa");
}
