//! Outside judges: calendar files and tokens are what other people's libraries take them for.
//!
//! They are Python packages, installed by name into the user's cache on first use. Where Python or the packages cannot be had, a
//! test says so and ends; a refusal by a judge fails it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use mt_access::Role;
use mt_kernel::{Clock, Secret, SystemClock};
use mt_outbound::Guard;
use mt_scheduling::Transition;
use mt_scheduling::domain::State;
use mt_scheduling::telehealth::{Hms, Provider, Seating, Side, Twilio};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::{DOCTOR, PATIENT, Practice, at};

/// Prints what a calendar file says, as the library understands it.
const ICALENDAR: &str = r"
import json, sys
from icalendar import Calendar
calendar = Calendar.from_ical(sys.stdin.buffer.read())
events = [{'uid': str(one['uid']), 'start': one.decoded('dtstart').isoformat(), 'end': one.decoded('dtend').isoformat(),
    'summary': str(one['summary']), 'status': str(one['status']), 'sequence': int(one['sequence']),
    'location': str(one.get('location', '')), 'errors': [str(error) for error in one.errors]} for one in calendar.walk('VEVENT')]
print(json.dumps({'method': str(calendar['method']), 'version': str(calendar['version']), 'events': events}))
";

/// Prints header and claims of a token whose signature, time and all are in order.
const PYJWT: &str = r"
import json, sys, jwt
token, secret = sys.stdin.read().split()
claims = jwt.decode(token, secret, algorithms=['HS256'], options={'require': ['exp', 'iat', 'nbf', 'jti']})
print(json.dumps({'header': jwt.get_unverified_header(token), 'claims': claims}))
";

/// The interpreter of the judges; made once, however many tests ask.
fn environment() -> Option<PathBuf> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(make).clone()
}

/// A virtual environment with the judges, or `None` with the reason printed.
#[expect(clippy::print_stdout, reason = "says why a test did nothing")]
fn make() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))?;
    let folder = cache.join("meditrack").join("desk-judges");
    let python = folder.join("bin").join("python");
    let ready = folder.join("ready-1");
    if ready.exists() {
        return Some(python);
    }
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&folder)
        .output();
    let installed = made.and_then(|_| {
        Command::new(&python)
            .args(["-m", "pip", "install", "-q"])
            .args(["icalendar==7.3.0", "PyJWT==2.15.1"])
            .output()
    });
    match installed {
        Ok(output) if output.status.success() => std::fs::write(&ready, "").ok()?,
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            println!("skipped: the judges cannot be installed: {}", reason.trim());
            return None;
        }
        Err(error) => {
            println!("skipped: python3 is not available: {error}");
            return None;
        }
    }
    Some(python)
}

fn judge(python: &Path, script: &str, input: &str) -> Value {
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaint}\n{input}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn invitations_and_feeds_are_read_by_icalendar() {
    let Some(python) = environment() else {
        return;
    };
    let practice = Practice::new().await;
    // Long enough to be folded, with what must be escaped and what takes several bytes.
    let name =
        "Räucherung; Beratung, Übung\\Nachsorge – für Ältere und Jüngere, mit Begleitung und Pause";
    practice
        .settings(|settings| {
            let service = json!({"code": "long", "name": name, "minutes": 30});
            settings
                .services
                .push(serde_json::from_value(service).unwrap());
        })
        .await;
    let desk = practice.caller(Role::Receptionist);
    let mut booking = at("10:00");
    booking["service"] = "long".into();
    booking["actors"] = json!([DOCTOR, "Location/room"]);
    let booked = practice.book(&desk, booking).await.unwrap();
    let read = |file: String| judge(&python, ICALENDAR, &file);
    let scheduling = &practice.scheduling;
    let invited = read(scheduling.invitation(&desk, &booked.id).await.unwrap());
    assert_eq!(
        (&invited["method"], &invited["version"]),
        (&json!("REQUEST"), &json!("2.0"))
    );
    let event = &invited["events"][0];
    assert_eq!(event["summary"], name);
    assert_eq!(event["start"], "2031-03-24T10:00:00+00:00");
    assert_eq!(event["end"], "2031-03-24T10:30:00+00:00");
    assert_eq!(event["location"], "Room 1");
    assert_eq!(event["errors"], json!([]));

    let feed = scheduling.feed(&desk, DOCTOR).await.unwrap();
    let token = feed.url.rsplit('/').next().unwrap();
    let published = read(scheduling.read_feed(token).await.unwrap());
    assert_eq!(published["method"], "PUBLISH");
    assert_eq!(published["events"][0]["uid"], event["uid"]);
    assert!(
        !published.to_string().contains("Chalmers"),
        "a feed names no {PATIENT}"
    );

    let off = Transition {
        to: State::Cancelled,
        reason: Some("patient".to_owned()),
        room: None,
    };
    scheduling
        .transition(&desk, &booked.id, &off)
        .await
        .unwrap();
    let cancelled = read(scheduling.invitation(&desk, &booked.id).await.unwrap());
    assert_eq!(cancelled["method"], "CANCEL");
    let after = &cancelled["events"][0];
    assert_eq!(
        (&after["status"], &after["uid"]),
        (&json!("CANCELLED"), &event["uid"])
    );
    assert!(after["sequence"].as_u64() > event["sequence"].as_u64());
}

fn seating() -> Seating<'static> {
    let now = SystemClock.now();
    Seating {
        room: "visit-1",
        identity: "patient-1",
        side: Side::Patient,
        now,
        expires: now.plus_seconds(3600),
    }
}

#[tokio::test]
async fn a_token_of_twilio_is_signed_and_shaped_as_twilio_asks() {
    let Some(python) = environment() else {
        return;
    };
    let secret = "a-secret-of-at-least-thirty-two-bytes";
    let twilio = Twilio {
        account: "AC1".to_owned(),
        key: "SK1".to_owned(),
        secret: Secret::new(secret.to_owned()),
    };
    let media = twilio.ticket(seating()).await.unwrap();
    let token = media.token.unwrap();
    let read = judge(&python, PYJWT, &format!("{token} {secret}"));
    let header = json!({"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"});
    assert_eq!(read["header"], header);
    let claims = &read["claims"];
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("SK1"), &json!("AC1"))
    );
    assert!(claims["jti"].as_str().unwrap().starts_with("SK1-"));
    let grants = json!({"identity": "patient-1", "video": {"room": "visit-1"}});
    assert_eq!(claims["grants"], grants);
}

/// Answers one request and returns it.
async fn answers_once(listener: TcpListener, body: &'static str) -> String {
    let (mut socket, _) = listener.accept().await.unwrap();
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    while !request.contains("template_id") {
        let read = socket.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the request ends early: {request}");
        request.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    socket.write_all(answer.as_bytes()).await.unwrap();
    request
}

#[tokio::test]
async fn a_room_of_100ms_is_made_and_its_token_signed_as_100ms_asks() {
    let Some(python) = environment() else {
        return;
    };
    let secret = "a-secret-of-at-least-thirty-two-bytes";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hms = Hms {
        api: format!("http://{address}"),
        access_key: "key1".to_owned(),
        secret: Secret::new(secret.to_owned()),
        template: "template1".to_owned(),
        guard: Guard::new("https://ehr.example.org", &[address.to_string()]).unwrap(),
    };
    let server = tokio::spawn(answers_once(
        listener,
        r#"{"id": "room1", "enabled": true}"#,
    ));
    let media = hms.ticket(seating()).await.unwrap();
    let request = tokio::time::timeout(Duration::from_secs(10), server).await;
    let request = request.unwrap().unwrap();
    assert!(request.starts_with("POST /v2/rooms "), "{request}");
    assert!(request.contains(r#""name":"visit-1""#), "{request}");
    let management = request
        .lines()
        .find_map(|line| line.strip_prefix("authorization: Bearer "))
        .unwrap();
    let read = judge(&python, PYJWT, &format!("{management} {secret}"));
    assert_eq!(read["claims"]["type"], "management");
    assert_eq!(media.room.as_deref(), Some("room1"));
    let read = judge(
        &python,
        PYJWT,
        &format!("{} {secret}", media.token.unwrap()),
    );
    assert_eq!(read["header"], json!({"typ": "JWT", "alg": "HS256"}));
    let claims = &read["claims"];
    for (name, value) in [
        ("access_key", json!("key1")),
        ("room_id", json!("room1")),
        ("user_id", json!("patient-1")),
        ("role", json!("guest")),
        ("type", json!("app")),
        ("version", json!(2)),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
}
