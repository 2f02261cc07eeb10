//! What organisations may use, at two servers on one database: requests a second, and storage.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::running::{Caller, Place, Server};

const REASON: &str = "as the contract of this year says";

/// The installation's owner, and the organisations by name.
struct Owner<'a>(&'a Server);

impl Owner<'_> {
    fn api(&self) -> Caller {
        // A proof is fresh for five minutes only.
        let person = self
            .0
            .person("limits-owner", "owner", &["super_admin"], &["--step-up"]);
        person.api()
    }

    fn path(&self, organisation: &str) -> String {
        let all = self.api().get("admin/organisations").expect(200).json();
        let mut all = all.as_array().unwrap().iter();
        let found = all.find(|one| one["name"] == organisation).unwrap();
        format!("admin/organisations/{}/limits", found["id"])
    }

    fn limits(&self, organisation: &str, limits: &Value) {
        let body = json!({ "limits": limits, "reason": REASON });
        self.api().put(&self.path(organisation), &body).expect(204);
    }

    fn seen(&self, organisation: &str) -> Value {
        let path = self.path(organisation);
        self.api().get(&path).expect(200).json()
    }
}

/// Waits for what every server does by itself within seconds.
#[track_caller]
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(120);
    while !condition() {
        assert!(Instant::now() < limit, "{what}: it never came about");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// A record that hardly shrinks, of some hundred kilobytes.
fn large(id: &str) -> Value {
    let noise: String = (0..10_000)
        .map(|_| Uuid::new_v4().simple().to_string())
        .collect();
    json!({ "resourceType": "Observation", "id": id, "status": "final", "code": { "text": "x" }, "note": [{ "text": noise }] })
}

fn patient(id: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": "Limited" }] })
}

#[test]
fn limits_of_an_organisation_hold_at_every_server_and_for_nobody_else() {
    let place = Place::new();
    let first = Server::start(&place);
    let second = Server::start(&place);
    let owner = Owner(&first);
    for name in ["limits-owner", "limits-free"] {
        first.clinic(name);
    }
    unseen(&owner);
    seats(&first, &second, &owner);
    requests(&first, &second, &owner);
    storage(&place, &first, &second, &owner);
    first.stop();
    second.stop();
}

/// Nobody sets limits over what they have not seen, limits of nothing, or those of no organisation.
fn unseen(owner: &Owner<'_>) {
    let path = owner.path("limits-free");
    let body = |limits: Value| json!({ "limits": limits, "reason": REASON });
    let fifty = body(json!({ "users": 50 }));
    let seen = owner.api().get(&path).expect(200);
    let tag = seen.header("etag").to_owned();
    let over = |tag: &str| {
        let request = owner.api().request("PUT", &path).header("if-match", tag);
        request.json(&fifty).send()
    };
    over(&tag).expect(204);
    over(&tag).problem(412);
    let set = owner.seen("limits-free");
    assert_eq!(
        (&set["users"], &set["storageMib"]),
        (&json!(50), &Value::Null)
    );
    for nothing in [
        json!({ "users": 0 }),
        json!({ "storageMib": -1 }),
        json!({ "perSecond": 0 }),
    ] {
        owner.api().put(&path, &body(nothing)).problem(422);
    }
    let nowhere = "admin/organisations/999999/limits";
    owner.api().put(nowhere, &fifty).problem(404);
    owner.api().get(nowhere).problem(404);
    owner.limits("limits-free", &json!({}));
}

/// Of many people who are given a role at once, at two servers, as many get one as the organisation may have.
fn seats(first: &Server, second: &Server, owner: &Owner<'_>) {
    first.clinic("limits-seats");
    owner.limits("limits-seats", &json!({ "users": 3 }));
    let admins: [Caller; 2] = [first, second].map(|server| {
        server
            .person("limits-seats", "a", &["org_admin"], &[])
            .api()
    });
    let give = |admin: &Caller, subject: usize| {
        let body = json!({ "subject": format!("s{subject}"), "role": "nurse" });
        admin.post("admin/assignments", &body).status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |n: usize| {
            let admin = &admins[n % 2];
            scope.spawn(move || give(admin, n))
        };
        let asked: Vec<_> = (0..12).map(ask).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let given = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((given(201), given(409)), (3, 9), "{statuses:?}");
    assert_eq!(owner.seen("limits-seats")["used"]["users"], 3);
    // Whoever has a seat may have a second role.
    let seated = statuses.iter().position(|one| *one == 201).unwrap();
    assert_eq!(give(&admins[0], seated), 201);
}

fn requests(first: &Server, second: &Server, owner: &Owner<'_>) {
    let quick = first.clinic("limits-quick").caller.clone();
    let there = second.bearer(&quick.token);
    let free = first.clinic("limits-free").caller.clone();
    let runs_dry = |caller: &Caller, path: &str| {
        let mut answers = (0..40).map(|_| caller.get(path));
        answers.find(|answer| answer.status == 429)
    };
    assert!(runs_dry(&quick, "Patient").is_none(), "nobody limited it");
    owner.limits("limits-quick", &json!({ "perSecond": 1 }));
    for door in [&quick, &there] {
        eventually("a server learns of the limit", || {
            runs_dry(door, "Patient").is_some()
        });
    }
    let throttled = runs_dry(&quick, "Patient").expect("the bucket is empty");
    let wait: u64 = throttled.header("retry-after").parse().unwrap();
    assert!(wait >= 1);
    assert_eq!(throttled.refused(429)["issue"][0]["code"], "throttled");
    // All doors of a server together.
    let throttled = runs_dry(&quick.api(), "patients?name=x").expect("the bucket is empty");
    assert!(throttled.header("retry-after").parse::<u64>().unwrap() >= 1);
    throttled.problem(429);
    for path in ["Patient", "Observation"] {
        assert!(runs_dry(&free, path).is_none(), "another is slowed");
    }
    owner.limits("limits-quick", &json!({}));
    for door in [&quick, &there] {
        eventually("the limit is lifted", || {
            runs_dry(door, "Patient").is_none()
        });
    }
}

fn storage(place: &Place, first: &Server, second: &Server, owner: &Owner<'_>) {
    let full = first.clinic("limits-full").caller.clone();
    let there = second.bearer(&full.token);
    full.store(&patient("here"));
    full.store(&patient("there"));
    full.store(&patient("gone"));
    owner.limits("limits-full", &json!({ "storageMib": 1 }));
    // The server that writes knows what it writes, so that little is let in beyond the limit.
    eventually("the organisation is full", || {
        full.post("Observation", &large("x")).status == 507
    });
    let seen = owner.seen("limits-full");
    assert_eq!(seen["storageMib"], 1);
    let used = seen["used"]["storageBytes"].as_i64().unwrap();
    assert!((1 << 20..8 << 20).contains(&used), "{seen}");
    let admin = first.person("limits-full", "admin", &["org_admin"], &[]);
    let own = admin.api().get("admin/limits").expect(200).json();
    assert_eq!(own["storageMib"], 1);
    assert!(own["used"]["storageBytes"].as_i64().unwrap() >= used);
    full.api().get("admin/limits").problem(403);
    admin.api().get(&owner.path("limits-full")).problem(403);

    eventually("the other server learns of it", || {
        there.put("Patient/here", &patient("here")).status == 507
    });
    for caller in [&full, &there] {
        refused_and_going_on(caller);
    }
    full.delete("Patient/gone").expect(204);
    let file = place.path("more.json");
    let entry = json!({ "resource": patient("imported"), "request": { "method": "PUT", "url": "Patient/imported" } });
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [entry] });
    std::fs::write(&file, bundle.to_string()).unwrap();
    let import = [
        "import",
        "--tenant",
        "limits-full",
        "--quiet",
        file.to_str().unwrap(),
    ];
    let output = place.run(&import);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        errors.contains("the storage that this organisation may use is used up"),
        "{errors}"
    );
    // Others go on, and so does this one when it may use more.
    first.clinic("limits-free").caller.store(&patient("free"));
    owner.limits("limits-full", &json!({ "storageMib": 64 }));
    for caller in [&full, &there] {
        eventually("the limit is raised", || {
            caller.put("Patient/here", &patient("here")).status == 200
        });
    }
    let output = place.run(&import);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    full.get("Patient/imported").expect(200);
}

/// What needs room is refused at every door; reads, searches and deletions go on.
fn refused_and_going_on(caller: &Caller) {
    let refusal = caller.post("Patient", &patient("x")).refused(507);
    assert_eq!(refusal["issue"][0]["code"], "no-store");
    caller.put("Patient/there", &patient("there")).refused(507);
    let active = json!([{ "op": "add", "path": "/active", "value": true }]);
    let patch = caller.request("PATCH", "Patient/there");
    let patch = patch.body("application/json-patch+json", active.to_string());
    patch.send().refused(507);
    let entry = |method: &str, url: &str| json!({ "resource": patient("y"), "request": { "method": method, "url": url } });
    let bundle = |kind: &str| {
        let drop = json!({ "request": { "method": "DELETE", "url": "Patient/nobody" } });
        json!({ "resourceType": "Bundle", "type": kind, "entry": [entry("PUT", "Patient/y"), drop] })
    };
    caller.post("", &bundle("transaction")).refused(507);
    let batch = caller.post("", &bundle("batch")).expect(200).json();
    let status = |n: usize| {
        batch["entry"][n]["response"]["status"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(
        status(0).starts_with("507") && status(1).starts_with("204"),
        "{batch}"
    );
    let details = json!({ "family": "Limited", "given": ["New"], "birthDate": "1970-01-01", "gender": "female" });
    let registration = json!({ "details": details });
    caller.api().post("patients", &registration).problem(507);
    let lines = caller
        .request("POST", "$import")
        .header("prefer", "respond-async");
    let lines = lines.body("application/fhir+ndjson", patient("z").to_string());
    lines.send().refused(507);
    caller.get("Patient/here").expect(200);
    assert!(!caller.found("Patient?family=Limited").is_empty());
}
