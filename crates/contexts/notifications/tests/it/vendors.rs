//! Vendors' own wire shapes, and what is done when a vendor fails.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use mt_kernel::{Clock, Secret};
use mt_notifications::channels::{Fcm, FcmAccount, SendGrid, Sender, Twilio, VapidKey, WebPush};
use mt_notifications::{ReceiptKeys, Transports};
use mt_outbound::Guard;
use serde_json::{Value as Json, json};

use crate::world::{ANA, World};

/// What a vendor got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    fn form(&self) -> Vec<(String, String)> {
        let pairs = url::form_urlencoded::parse(&self.body);
        pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }
}

/// What a vendor does next.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// It answers with a status, a body, and what else it asks for.
    Answers(u16, String, Option<u32>),
    /// It never answers.
    Hangs,
}

/// A vendor that follows a script, and answers well when the script is over.
#[derive(Clone)]
pub(crate) struct Vendor {
    address: SocketAddr,
    script: Arc<Mutex<VecDeque<Next>>>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Vendor {
    pub(crate) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vendor = Self {
            address: listener.local_addr().unwrap(),
            script: Arc::default(),
            got: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(vendor.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        vendor
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn next(&self, next: Next) {
        self.script.lock().unwrap().push_back(next);
    }

    fn answers(&self, status: u16, body: &Json) {
        self.next(Next::Answers(status, body.to_string(), None));
    }

    pub(crate) fn take(&self) -> Vec<Got> {
        std::mem::take(&mut self.got.lock().unwrap())
    }
}

async fn answer(
    State(vendor): State<Vendor>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let is_token = path == "/token";
    let got = Got {
        path,
        headers,
        body,
    };
    vendor.got.lock().unwrap().push(got);
    if is_token {
        return axum::Json(json!({"access_token": "granted", "expires_in": 3_600})).into_response();
    }
    let next = vendor.script.lock().unwrap().pop_front();
    let well = Next::Answers(201, "{}".to_owned(), None);
    match next.unwrap_or(well) {
        Next::Hangs => std::future::pending().await,
        Next::Answers(status, body, wish) => {
            let wish = wish.map(|wish| (HeaderName::from_static("retry-after"), wish.to_string()));
            let headers: HeaderMap = wish
                .into_iter()
                .map(|(name, value)| (name, value.parse().unwrap()))
                .collect();
            (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
        }
    }
}

pub(crate) fn twilio(guard: &Guard, base: String) -> Twilio {
    Twilio {
        guard: guard.clone(),
        base,
        account: "AC00000000000000000000000000000000".to_owned(),
        token: Secret::new("token-of-twilio".to_owned()),
        sender: Sender::Number("+15550000000".to_owned()),
        origin: "https://ehr.example.org".to_owned(),
        patience: Duration::from_millis(300),
    }
}

async fn with_twilio(vendor: &Vendor) -> World {
    let base = vendor.url();
    let world = World::with(|guard, _| {
        let transports = Transports {
            sms: Some(Arc::new(twilio(guard, base))),
            ..Transports::default()
        };
        (transports, ReceiptKeys::default())
    })
    .await;
    world.prefers(&json!({"sms": true})).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_gets_the_form_that_it_documents() {
    let vendor = Vendor::new().await;
    let world = with_twilio(&vendor).await;
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let got = vendor.take().remove(0);
    let account = "AC00000000000000000000000000000000";
    assert_eq!(
        got.path,
        format!("/2010-04-01/Accounts/{account}/Messages.json")
    );
    // `AC00…:token-of-twilio`
    assert!(got.header("authorization").starts_with("Basic QUMwMDAw"));
    let form = got.form();
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["To", "From", "Body", "StatusCallback"]);
    assert_eq!(
        (form[0].1.as_str(), form[1].1.as_str()),
        ("+15551234567", "+15550000000")
    );
    assert_eq!(
        form[2].1,
        "North Clinic: your appointment is booked. Sign in for the details: https://ehr.example.org/notifications"
    );
    let tenant = world.tenant.0;
    let callback = format!("https://ehr.example.org/api/v1/notification-receipts/twilio/{tenant}/");
    assert!(form[3].1.starts_with(&callback));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_fails_is_asked_again_and_when_it_says() {
    let vendor = Vendor::new().await;
    let world = with_twilio(&vendor).await;
    vendor.next(Next::Answers(429, "busy".to_owned(), Some(600)));
    vendor.answers(500, &json!("not even an object"));
    vendor.next(Next::Hangs);
    vendor.answers(
        401,
        &json!({"code": 20_003, "message": "Authenticate", "status": 401}),
    );
    world.books().await;
    let mut reasons = Vec::new();
    // Twilio asked for ten minutes; then our own schedule goes on.
    for (wait, due) in [(0, 1), (599, 0), (1, 1), (66, 1), (330, 1)] {
        world.test.clock.advance_seconds(wait);
        assert_eq!(world.desk.carry_due().await.unwrap(), due, "after {wait}");
        reasons.push(world.log().await[0].2.clone());
    }
    assert_eq!(
        reasons,
        [
            "throttled",
            "throttled",
            "vendor-fails",
            "timeout",
            "credentials"
        ]
    );
    world.test.clock.advance_seconds(2_000);
    world.desk.carry_due().await.unwrap();
    assert_eq!(world.log().await[0].1, "sent");
    let got = vendor.take();
    assert_eq!(got.len(), 5);
    assert!(got.iter().all(|one| one.body == got[0].body));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_said_stop_is_not_written_to_again() {
    let vendor = Vendor::new().await;
    let world = with_twilio(&vendor).await;
    let stopped = json!({"code": 21_610, "message": "unsubscribed recipient", "status": 400});
    vendor.answers(400, &stopped);
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let log = world.log().await;
    assert_eq!(
        (log[0].1.as_str(), log[0].2.as_str()),
        ("failed", "stopped")
    );
    world.books().await;
    world.desk.carry_due().await.unwrap();
    assert_eq!(vendor.take().len(), 1);
    // What is refused for another reason is not held against the number.
    assert_eq!(world.log().await[0].2, "suppressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn sendgrid_gets_the_message_that_it_documents() {
    let vendor = Vendor::new().await;
    let base = vendor.url();
    let world = World::with(|guard, _| {
        let sendgrid = SendGrid {
            guard: guard.clone(),
            base,
            key: Secret::new("SG.key".to_owned()),
            from: "no-reply@north.example".to_owned(),
            patience: Duration::from_millis(300),
        };
        let transports = Transports {
            email: Some(Arc::new(sendgrid)),
            ..Transports::default()
        };
        (transports, ReceiptKeys::default())
    })
    .await;
    vendor.next(Next::Answers(202, String::new(), None));
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let got = vendor.take().remove(0);
    assert_eq!(
        (got.path.as_str(), got.header("authorization")),
        ("/v3/mail/send", "Bearer SG.key")
    );
    let said: Json = serde_json::from_slice(&got.body).unwrap();
    let person = &said["personalizations"][0];
    assert_eq!(person["to"], json!([{"email": "ana@example.org"}]));
    assert_eq!(person["custom_args"]["tenant"], world.tenant.0.to_string());
    assert_eq!(
        said["subject"],
        "Your appointment at North Clinic is booked"
    );
    assert_eq!(said["tracking_settings"]["open_tracking"]["enable"], false);
    assert_eq!(
        said["headers"]["List-Unsubscribe-Post"],
        "List-Unsubscribe=One-Click"
    );
    let link = said["headers"]["List-Unsubscribe"].as_str().unwrap();
    assert!(link.starts_with("<https://ehr.example.org/api/v1/notifications/unsubscribe/"));
    assert_eq!(world.log().await[0].1, "sent");
    // Whatever else it is, a refusal of the message itself is not tried again.
    vendor.answers(400, &json!({"errors": [{"message": "bad"}]}));
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let log = world.log().await;
    assert_eq!(
        (log[0].1.as_str(), log[0].2.as_str()),
        ("failed", "refused")
    );
}

/// A service account whose tokens come from the vendor.
fn account(vendor: &Vendor) -> FcmAccount {
    use base64::Engine as _;
    let key = mt_crypto::RsaSigningKey::generate().unwrap();
    let der = base64::engine::general_purpose::STANDARD.encode(key.to_pkcs8().unwrap().expose());
    let account = json!({
        "type": "service_account", "project_id": "north", "private_key_id": "k1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"),
        "client_email": "push@north.example", "token_uri": format!("{}/token", vendor.url()),
    });
    FcmAccount::parse(&account.to_string()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn fcm_is_asked_with_a_token_that_is_kept_and_a_device_that_is_gone_is_forgotten() {
    let vendor = Vendor::new().await;
    let (base, account) = (vendor.url(), account(&vendor));
    let world = World::with(|guard, clock| {
        let fcm = Fcm::new(guard.clone(), base, account, clock).unwrap();
        let transports = Transports {
            fcm: Some(Arc::new(fcm)),
            ..Transports::default()
        };
        (transports, ReceiptKeys::default())
    })
    .await;
    let device = json!({"kind": "fcm", "token": "device-of-ana"});
    let register = ("POST", "/push-subscriptions");
    assert_eq!(
        world.call(ANA, register, &device).await.0,
        StatusCode::CREATED
    );
    vendor.answers(200, &json!({"name": "projects/north/messages/1"}));
    let gone =
        json!({"error": {"status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}});
    vendor.answers(404, &gone);
    world.books().await;
    world.desk.carry_due().await.unwrap();
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let got = vendor.take();
    let paths: Vec<&str> = got.iter().map(|one| one.path.as_str()).collect();
    let send = "/v1/projects/north/messages:send";
    assert_eq!(paths, ["/token", send, send]);
    assert!(got[0].form()[1].1.split('.').count() == 3);
    assert_eq!(got[1].header("authorization"), "Bearer granted");
    let said: Json = serde_json::from_slice(&got[1].body).unwrap();
    assert_eq!(said["message"]["token"], "device-of-ana");
    assert_eq!(said["message"]["android"]["priority"], "NORMAL");
    assert!(said.to_string().len() < 4_096 && !said.to_string().contains("Ruiz"));
    let (_, devices) = world
        .call(ANA, ("GET", "/push-subscriptions"), &json!(null))
        .await;
    assert_eq!(devices, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_forgotten_and_one_inside_is_never_called() {
    let vendor = Vendor::new().await;
    let world = with_browsers().await;
    let keys = (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    );
    let browser = |endpoint: &str| json!({"kind": "web", "endpoint": endpoint, "p256dh": keys.0, "auth": keys.1});
    let register = ("POST", "/push-subscriptions");
    let inside = browser("https://10.0.0.7/push");
    let (status, _) = world.call(ANA, register, &inside).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let outside = browser(&format!("{}/push/1", vendor.url()));
    assert_eq!(
        world.call(ANA, register, &outside).await.0,
        StatusCode::CREATED
    );
    vendor.answers(410, &json!(null));
    world.books().await;
    world.desk.carry_due().await.unwrap();
    let got = vendor.take().remove(0);
    assert_eq!(
        (got.header("content-encoding"), got.header("urgency")),
        ("aes128gcm", "normal")
    );
    assert!(got.header("ttl").parse::<u64>().unwrap() > 0);
    assert!(!got.body.windows(5).any(|part| part == b"North"));
    let (_, browsers) = world
        .call(ANA, ("GET", "/push-subscriptions"), &json!(null))
        .await;
    assert_eq!(browsers, json!([]));
}

/// An organisation that wakes browsers.
pub(crate) async fn with_browsers() -> World {
    World::with(|guard, clock: Arc<dyn Clock>| {
        let key = VapidKey::from_pkcs8(&VapidKey::generate().unwrap()).unwrap();
        let contact = "mailto:operator@north.example".to_owned();
        let web = WebPush::new(guard.clone(), Arc::new(key), contact, clock);
        let transports = Transports {
            web: Some(Arc::new(web)),
            ..Transports::default()
        };
        (transports, ReceiptKeys::default())
    })
    .await
}
