//! What the server says by itself: to those who are connected, to webhooks, to subscribers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::privacy::denial;
use crate::running::{Caller, Server};

/// Nothing is waited for any longer.
const LONGEST: Duration = Duration::from_secs(60);

fn connected(server: &Server, caller: &Caller) -> WebSocket<TcpStream> {
    let address = server.origin().trim_start_matches("http://");
    let url = format!("ws://{address}/api/v1/live");
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {}", caller.token).parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    let (mut socket, _) = client(request, stream).unwrap();
    assert_eq!(next(&mut socket)["type"], "ready");
    socket
}

fn next(socket: &mut WebSocket<TcpStream>) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn subscribe(socket: &mut WebSocket<TcpStream>, room: &str) -> Value {
    let asked = json!({"type": "subscribe", "room": room});
    socket.send(Message::text(asked.to_string())).unwrap();
    next(socket)["type"].take()
}

#[test]
fn whoever_looks_at_a_patient_hears_that_the_record_changed() {
    let server = Server::shared();
    let clinic = server.clinic("telling");
    let patient = json!({"resourceType": "Patient", "id": "told-live", "active": true});
    let mut socket = connected(server, &clinic.caller);
    assert_eq!(subscribe(&mut socket, "patient/told-live"), "refused");
    clinic.caller.store(&patient);
    assert_eq!(subscribe(&mut socket, "patient/told-live"), "subscribed");
    assert_eq!(subscribe(&mut socket, "organisation"), "subscribed");
    let stranger = server.clinic("telling-elsewhere");
    let mut elsewhere = connected(server, &stranger.caller);
    assert_eq!(subscribe(&mut elsewhere, "patient/told-live"), "refused");
    let mut changed = patient;
    changed["active"] = false.into();
    let stored = clinic.caller.store(&changed);
    let version: u64 = stored["meta"]["versionId"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    loop {
        let event = next(&mut socket)["data"].take();
        // What the change means is told as well, without a list of changes.
        let Some(changes) = event["changes"].as_array() else {
            continue;
        };
        assert_eq!(event["type"], "records.committed.v1");
        let found = changes.iter();
        let mut found = found.filter(|change| change["type"] == "Patient");
        if found.any(|change| change["version"] == version) {
            break;
        }
    }
}

/// A server of somebody else, on this machine: what it got, as head and body.
fn receiver() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (got, found) = channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let got = got.clone();
            std::thread::spawn(move || answer(stream, |one| got.send(one).is_ok()));
        }
    });
    (url, found)
}

/// Answers the requests of one connection.
fn answer(mut stream: TcpStream, heard: impl Fn((String, Vec<u8>)) -> bool) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        if !heard((head, body)) || stream.write_all(ok).is_err() {
            return;
        }
    }
}

#[test]
fn a_webhook_is_made_tried_and_removed_by_an_administrator() {
    let server = Server::shared();
    server.clinic("telling");
    let admin = server.caller("telling", &["org_admin"], &[]).api();
    let (url, found) = receiver();
    let new = json!({"url": format!("{url}/hook"), "events": ["appointment.*"]});
    let made = admin.post("webhooks", &new).expect(201).json();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("webhooks/{}", made["id"].as_str().unwrap());
    admin
        .post(&format!("{path}/test"), &Value::Null)
        .expect(202);
    let (head, body) = found.recv_timeout(LONGEST).unwrap();
    assert!(head.starts_with("post /hook "), "{head}");
    for name in [
        "webhook-id: ",
        "webhook-timestamp: ",
        "webhook-signature: v1,",
    ] {
        assert!(head.contains(name), "{head}");
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["type"], "webhook.test.v1");
    let doctor = server.caller("telling", &["doctor"], &[]).api();
    doctor.get(&path).problem(403);
    admin.delete(&path).expect(204);
    admin.get(&path).problem(404);
}

#[test]
fn a_subscriber_is_told_of_what_it_asked_for() {
    let server = Server::shared();
    let caller = server.clinic("telling-subscribers").caller.clone();
    let (url, found) = receiver();
    let asked = json!({
        "resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": "Patient?gender=other",
        "channel": {"type": "rest-hook", "endpoint": format!("{url}/fhir"), "payload": "application/fhir+json"}
    });
    let made = caller.post("Subscription", &asked).expect(201).json();
    let path = format!("Subscription/{}", made["id"].as_str().unwrap());
    is_active(&caller, &path);
    for (id, gender) in [("unwanted", "female"), ("wanted", "other")] {
        caller.store(&json!({"resourceType": "Patient", "id": id, "gender": gender}));
    }
    let (head, body) = found.recv_timeout(LONGEST).unwrap();
    assert!(head.starts_with("put /fhir/patient/wanted "), "{head}");
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["gender"], "other");
    let status = caller.get(&format!("{path}/$status")).expect(200).json();
    let parameters = status["entry"][0]["resource"]["parameter"].to_string();
    assert!(
        parameters.contains(r#""valueCode":"query-status""#),
        "{parameters}"
    );
    let events = caller
        .get(&format!("{path}/$events?content=id-only"))
        .expect(200)
        .json();
    assert!(
        events["entry"][1]["fullUrl"]
            .as_str()
            .unwrap()
            .ends_with("/Patient/wanted"),
        "{events}"
    );
    let stranger = server.clinic("telling-elsewhere").caller.clone();
    stranger.get(&format!("{path}/$status")).refused(404);
    let mut inside = asked;
    inside["channel"]["endpoint"] = "https://10.0.0.1/".into();
    caller.post("Subscription", &inside).refused(422);
}

/// Waits until a subscription is shaken hands on.
fn is_active(caller: &Caller, path: &str) {
    let deadline = std::time::Instant::now() + LONGEST;
    while caller.get(path).json()["status"] != "active" {
        assert!(
            std::time::Instant::now() < deadline,
            "it never becomes active"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_subscriber_is_not_told_what_a_consent_keeps_back() {
    const TENANT: &str = "telling-consents";
    let server = Server::shared();
    let all = server.clinic(TENANT).caller.clone();
    for id in ["p1", "p2"] {
        all.store(&json!({"resourceType": "Patient", "id": id}));
    }
    let doctor = ["--fhir-user", "Practitioner/d"];
    let doctor = server.person(TENANT, "d", &["doctor", "service"], &doctor);
    let subscribed = [&doctor, &all].map(|caller| {
        let (url, found) = receiver();
        let asked = json!({
            "resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": "Observation?status=final",
            "channel": {"type": "rest-hook", "endpoint": format!("{url}/fhir"), "payload": "application/fhir+json"}
        });
        let made = caller.post("Subscription", &asked).expect(201).json();
        is_active(caller, &format!("Subscription/{}", made["id"].as_str().unwrap()));
        found
    });
    let [to_doctor, to_all] = &subscribed;
    let heard = |found: &Receiver<(String, Vec<u8>)>| {
        let (head, _) = found.recv_timeout(LONGEST).unwrap();
        head.split(' ').nth(1).unwrap().to_owned()
    };
    let observe = |id: &str, patient: &str| {
        all.store(&json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
            "subject": {"reference": format!("Patient/{patient}")}}));
        // An event is looked at for all subscriptions together: after this, the doctor's has been decided on.
        assert_eq!(heard(to_all), format!("/fhir/observation/{id}"));
    };
    all.store(&denial("c", "p1", "Practitioner/d"));
    observe("withheld", "p1");
    observe("open", "p2");
    assert_eq!(heard(to_doctor), "/fhir/observation/open");
    all.delete("Consent/c").expect(204);
    let again = std::time::Instant::now() + LONGEST;
    while doctor.get("Observation/withheld").status != 200 {
        assert!(std::time::Instant::now() < again, "the consent still holds");
        std::thread::sleep(Duration::from_millis(100));
    }
    observe("later", "p1");
    assert_eq!(heard(to_doctor), "/fhir/observation/later");
}
