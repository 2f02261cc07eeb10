//! From a write over HTTP to what follows from it: once in effect, whichever process is killed in between.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::running::{Caller, Place, Server, sql};

const ROUNDS: usize = 4;
const PATIENTS: usize = 6;

/// Waits until the timelines of the first tenant hold as many rows.
fn timelines_reach(place: &Place, rows: usize) {
    let end = Instant::now() + Duration::from_secs(90);
    loop {
        let now = counts(place);
        if now[0] >= rows && now[4] >= rows {
            return;
        }
        assert!(Instant::now() < end, "{now:?}, not {rows}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Rows of timelines, events of patients in the log and how many of these are different ones, how many the timeline took;
/// and what the audit trail said of changed records, and how much of that is different.
fn counts(place: &Place) -> Vec<usize> {
    let rows = sql(
        place,
        "set app.tenant = '1';
         select (select count(*) from coordination.timeline), (select count(*) from events.log where topic = 1),
                (select count(distinct id) from events.log where topic = 1),
                (select count(*) from events.inbox where consumer = 'timeline'),
                (select count(*) from events.log where topic = 5 and event = 902),
                (select count(distinct id) from events.log where topic = 5 and event = 902)",
    );
    rows[0].split('|').map(|n| n.parse().unwrap()).collect()
}

fn patient(caller: &Caller, id: usize, round: usize) -> bool {
    let body: Value = json!({ "resourceType": "Patient", "id": format!("p{id}"), "multipleBirthInteger": round + 1 });
    let sent = caller
        .request("PUT", &format!("Patient/p{id}"))
        .json(&body)
        .try_send();
    sent.is_ok_and(|answer| matches!(answer.status, 200 | 201))
}

#[test]
fn every_acknowledged_write_has_its_event_once_in_effect_although_the_server_is_killed() {
    let place = Place::new();
    let mut server = Server::start(&place);
    let token = server.clinic("events").caller.token.clone();
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let caller = server.bearer(&token);
        for id in 0..PATIENTS {
            assert!(patient(&caller, id, round));
            acknowledged += 1;
        }
        // At once: relay and consumers are in the middle of it.
        std::thread::sleep(Duration::from_millis(15 * round as u64));
        server.kill();
        server = Server::start(&place);
    }
    timelines_reach(&place, acknowledged);
    let status = server.command(&["events", "status"]);
    assert!(status.contains("relay  held"), "{status}");
    assert!(
        status.contains("group  timeline patient-events: 0 behind"),
        "{status}"
    );
    assert_eq!(counts(&place), [acknowledged; 6], "{status}");

    let metrics = server
        .bearer("")
        .request("GET", &format!("{}/metrics", server.origin()))
        .send();
    assert!(
        metrics.text().contains("events_consumed"),
        "{}",
        metrics.text()
    );
    server.stop();
}

#[test]
fn the_past_is_given_again_and_that_is_entered_in_the_trail() {
    let place = Place::new();
    let server = Server::start(&place);
    let clinic = server.clinic("again");
    assert!(patient(&clinic.caller, 1, 0));
    timelines_reach(&place, 1);
    sql(
        &place,
        "set app.tenant = '1'; delete from coordination.timeline;",
    );
    let replay = |run: &[&str]| {
        let mut arguments = vec![
            "events",
            "replay",
            "--tenant",
            "again",
            "--consumer",
            "timeline",
            "--from",
            "2020-01-01",
            "--reason",
            "rows were lost",
        ];
        arguments.extend(run);
        server.command(&arguments)
    };
    let said = replay(&[]);
    assert!(said.contains("1 events were taken, 0 were not"), "{said}");
    assert_eq!(counts(&place)[0], 1);
    // The same run does nothing twice.
    let run = said.split(' ').nth(1).unwrap().trim_end_matches(':');
    sql(
        &place,
        "set app.tenant = '1'; delete from coordination.timeline;",
    );
    let again = replay(&["--run", run]);
    assert!(again.contains(run), "{again}");
    assert_eq!(counts(&place)[0], 0);

    let trail = clinic
        .caller
        .get("AuditEvent?_count=100")
        .expect(200)
        .text();
    assert!(trail.contains("rows were lost"), "{trail}");
    let none = place.run(&[
        "events",
        "dead-letters",
        "list",
        "--tenant",
        "again",
        "--consumer",
        "timeline",
    ]);
    assert!(none.status.success() && none.stdout.is_empty());
    let unknown = place.run(&[
        "events",
        "replay",
        "--tenant",
        "again",
        "--consumer",
        "nobody",
        "--from",
        "2020-01-01",
        "--reason",
        "x",
    ]);
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there are timeline"));
    server.stop();
}

#[test]
fn a_timeline_is_shown_to_those_who_may_read_the_patient_and_as_far_as_they_may() {
    let server = Server::shared();
    let clinic = server.clinic("timeline");
    let all = &clinic.caller;
    for id in ["p1", "p2"] {
        all.store(&json!({ "resourceType": "Patient", "id": id }));
    }
    all.store(&json!({ "resourceType": "Encounter", "id": "e1", "status": "in-progress", "class": { "code": "IMP" },
        "subject": { "reference": "Patient/p1" } }));
    let path = "patients/p1/timeline";
    let names = |caller: &Caller, query: &str| -> Vec<String> {
        let page = caller
            .api()
            .get(&format!("{path}{query}"))
            .expect(200)
            .json();
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["event"].as_str().unwrap().to_owned())
            .collect()
    };
    // Registered, encounter, admission; then what the care coordinator made of it: a plan and no task without owner.
    let end = Instant::now() + Duration::from_secs(60);
    while names(all, "").len() < 4 {
        assert!(Instant::now() < end, "{:?}", names(all, ""));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(
        names(all, ""),
        [
            "care.plan.started.v1",
            "patient.admitted.v1",
            "encounter.started.v1",
            "patient.registered.v1"
        ]
    );
    assert_eq!(
        all.found("Task?patient=Patient/p1&status=requested").len(),
        4
    );
    assert_eq!(
        names(all, "?event=patient.admitted.v1"),
        ["patient.admitted.v1"]
    );
    assert_eq!(
        names(all, "?category=care-coordination"),
        ["care.plan.started.v1"]
    );
    assert!(names(all, "?to=2020-01-01").is_empty());

    let first = all.api().get(&format!("{path}?limit=3")).expect(200).json();
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    assert_eq!(first["items"][1]["record"], "Encounter/e1");
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        names(all, &format!("?limit=3&cursor={next}")),
        ["patient.registered.v1"]
    );

    all.api()
        .get(&format!("{path}?event=nothing.v1"))
        .problem(400);
    all.api()
        .get(&format!("{path}?from=yesterday"))
        .problem(400);
    all.api().get("patients/nobody/timeline").problem(404);
    let other = json!({ "resourceType": "Patient", "id": "p1" });
    let stranger = server.clinic("timeline-other");
    stranger.caller.api().get(path).problem(404);
    stranger.caller.store(&other);
    let own = server.person("timeline", "pat", &["patient"], &["--patient", "p2"]);
    own.api().get(path).problem(404);
    own.api().get("patients/p2/timeline").expect(200);
    Caller {
        token: String::new(),
        ..all.clone()
    }
    .api()
    .get(path)
    .problem(401);
}
