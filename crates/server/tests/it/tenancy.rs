//! Two tenants with the same ids and the same identifiers: what one does never shows the other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::running::{Answer, Caller, Server, link};

/// Names that exist in the first tenant only.
const CANARY: &str = "Xanadu7Quokka";

struct Two {
    /// Has everything.
    owner: Caller,
    /// Has the same ids where `same`, else nothing.
    other: Caller,
}

fn two() -> &'static Two {
    static TWO: std::sync::OnceLock<Two> = std::sync::OnceLock::new();
    TWO.get_or_init(|| {
        let server = Server::shared();
        let two = Two {
            owner: server.clinic("owner").caller.clone(),
            other: server.clinic("other").caller.clone(),
        };
        for id in ["both", "mine"] {
            two.owner.store(&patient(id, CANARY));
            two.owner
                .store(&patient(id, CANARY).with("active", true.into()));
            two.owner.store(&observation(id, CANARY));
        }
        two.owner.store(&patient("gone", CANARY));
        two.owner.delete("Patient/gone").expect(204);
        two.other.store(&patient("both", "Ordinary"));
        two.other.store(&observation("both", "Ordinary"));
        two
    })
}

/// What is tried on an id.
type Attempt<'a> = (&'a str, &'a dyn Fn(&str) -> Answer);

trait With {
    fn with(self, field: &str, value: Value) -> Self;
}

impl With for Value {
    fn with(mut self, field: &str, value: Value) -> Self {
        self[field] = value;
        self
    }
}

fn patient(id: &str, name: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": name }],
            "identifier": [{ "system": "urn:mrn", "value": format!("mrn-{id}") }] })
}

fn observation(id: &str, note: &str) -> Value {
    json!({ "resourceType": "Observation", "id": id, "status": "final", "code": { "coding": [{ "system": "urn:c", "code": "c" }] },
            "subject": { "reference": format!("Patient/{id}") }, "note": [{ "text": note }] })
}

#[track_caller]
fn clean(what: &str, answer: &Answer) {
    assert!(
        answer.status < 500,
        "{what}: {} {}",
        answer.status,
        answer.text()
    );
    let headers = format!("{:?}", answer.headers);
    assert!(
        !answer.text().contains(CANARY) && !headers.contains(CANARY),
        "{what} shows another tenant's record: {}",
        answer.text()
    );
}

/// What depends on the request alone, so that answers for two ids can be compared.
fn shape(answer: &Answer, id: &str) -> (u16, String, String) {
    let mut body = answer.json_or_null();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("id");
    }
    (
        answer.status,
        body.to_string().replace(id, "ID"),
        answer.header("etag").to_owned(),
    )
}

impl Answer {
    fn json_or_null(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[test]
fn nothing_about_another_tenants_record_differs_from_a_record_that_never_was() {
    let two = two();
    let reads = [
        "Patient/ID",
        "Patient/ID/_history",
        "Patient/ID/_history/1",
        "Patient/ID/_history/2",
        "Patient/ID/$everything",
        "Patient/ID/$meta",
        "Patient/ID/$validate",
        "Patient/ID/Observation",
        "Patient/ID/*",
        "Observation/ID",
        "Patient?_id=ID",
        "Patient?identifier=urn:mrn|mrn-ID",
        "Patient?_id=ID&_summary=count",
        "Patient?identifier=mrn-ID&_total=accurate",
        "Observation?subject=Patient/ID",
        "Observation?patient.identifier=mrn-ID",
        "Patient?_has:Observation:patient:_id=ID",
        "Observation?_id=ID&_include=Observation:subject",
        "Patient?_id=ID&_revinclude=Observation:subject",
        "Patient?_filter=_id eq ID",
        "?_type=Patient,Observation&_id=ID",
    ];
    for id in ["mine", "gone"] {
        for path in reads {
            for method in ["GET", "HEAD"] {
                if method == "HEAD" && path.contains('$') {
                    continue;
                }
                let ask = |id: &str| two.other.request(method, &path.replace("ID", id)).send();
                let (theirs, nobodys) = (ask(id), ask("none"));
                clean(path, &theirs);
                assert_eq!(
                    shape(&theirs, id),
                    shape(&nobodys, "none"),
                    "{method} {path}"
                );
            }
        }
        let fresh = |id: &str| {
            two.other
                .request("GET", &format!("Patient/{id}"))
                .header("if-none-match", "W/\"2\"")
                .send()
        };
        assert_eq!(shape(&fresh(id), id), shape(&fresh("none"), "none"));
    }
}

#[test]
fn writes_to_another_tenants_ids_are_writes_to_ones_own() {
    let two = two();
    let patch = |id: &str| {
        let operations = json!([{ "op": "test", "path": "/name/0/family", "value": CANARY }]);
        two.other
            .request("PATCH", &format!("Patient/{id}"))
            .body("application/json-patch+json", operations.to_string())
            .send()
    };
    let stale = |id: &str| {
        let request = two
            .other
            .request("PUT", &format!("Patient/{id}"))
            .header("if-match", "W/\"2\"");
        request.json(&patient(id, "Taken")).send()
    };
    let conditional = |id: &str| {
        let body = json!([]).to_string();
        two.other
            .request("PATCH", &format!("Patient?identifier=mrn-{id}"))
            .body("application/json-patch+json", body)
            .send()
    };
    let reference = |id: &str| {
        let observation = json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" },
            "subject": { "reference": format!("Patient?identifier=urn:mrn|mrn-{id}") } });
        let entry = json!({ "resource": observation, "request": { "method": "POST", "url": "Observation" } });
        two.other.post(
            "",
            &json!({ "resourceType": "Bundle", "type": "transaction", "entry": [entry] }),
        )
    };
    let delete = |id: &str| two.other.delete(&format!("Patient/{id}"));
    let delete_by = |id: &str| two.other.delete(&format!("Patient?identifier=mrn-{id}"));
    let meta = |id: &str| {
        let parameters = json!({ "resourceType": "Parameters", "parameter": [{ "name": "meta", "valueMeta": { "tag": [{ "code": "t" }] } }] });
        two.other
            .post(&format!("Patient/{id}/$meta-add"), &parameters)
    };
    let cases: [Attempt<'_>; 7] = [
        ("patch", &patch),
        ("stale update", &stale),
        ("conditional patch", &conditional),
        ("conditional reference", &reference),
        ("delete", &delete),
        ("conditional delete", &delete_by),
        ("meta", &meta),
    ];
    for (what, ask) in cases {
        let (theirs, nobodys) = (ask("mine"), ask("none"));
        clean(what, &theirs);
        assert_eq!(shape(&theirs, "mine"), shape(&nobodys, "none"), "{what}");
    }
    // The same ids and identifiers may be used, and meet nothing.
    let create = two
        .other
        .request("POST", "Patient")
        .header("if-none-exist", "identifier=urn:mrn|mrn-mine");
    let created = create.json(&patient("x", "Fresh")).send().expect(201);
    clean("conditional create", &created);
    let update = two
        .other
        .put("Patient/gone", &patient("gone", "Fresh"))
        .expect(201);
    assert_eq!(
        update.header("etag"),
        "W/\"1\"",
        "a version number of another tenant shows"
    );
    two.other.delete("Patient/gone").expect(204);
    assert_eq!(
        two.owner.get("Patient/mine").expect(200).json()["meta"]["versionId"],
        "2"
    );
    two.owner.get("Patient/gone").refused(410);
}

#[test]
fn the_same_ids_live_side_by_side() {
    let two = two();
    for path in [
        "Patient/both",
        "Patient/both/_history",
        "Patient/both/$everything",
        "Patient?name=Xanadu",
        "_history",
        "Patient/_history",
        "Patient?identifier=urn:mrn|mrn-both&_revinclude=*",
        "?_type=Patient,Observation",
        "Observation?_include=*",
        "Observation?patient.name=Xanadu",
        "Patient?_sort=family",
        "Patient?family:contains=quokka",
    ] {
        let answer = two.other.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        clean(path, &answer);
        assert!(
            two.owner.get(path).text().contains(CANARY),
            "{path} finds nothing even for its owner"
        );
    }
    let name = |caller: &Caller| {
        caller.get("Patient/both").expect(200).json()["name"][0]["family"].clone()
    };
    assert_eq!(
        (name(&two.owner), name(&two.other)),
        (CANARY.into(), "Ordinary".into())
    );
}

#[test]
fn a_cursor_opens_nothing_elsewhere() {
    let two = two();
    for search in [
        "Patient?_count=1&_sort=_lastUpdated",
        "Patient/both/_history?_count=1",
        "_history?_count=1",
    ] {
        let page = two.owner.get(search).expect(200).json();
        let next = link(&page, "next").unwrap();
        let elsewhere = two.other.get(&next);
        clean(search, &elsewhere);
        elsewhere.refused(400);
        two.owner.get(&next).expect(200);
    }
}

#[test]
fn a_token_that_was_touched_opens_nothing() {
    let two = two();
    let server = Server::shared();
    let token = &two.owner.token;
    let parts: Vec<&str> = token.split('.').collect();
    let other: Vec<&str> = two.other.token.split('.').collect();
    let none = "eyJhbGciOiJub25lIn0";
    let mut flipped = parts[2].to_owned();
    let swapped = if flipped.starts_with('A') { "B" } else { "A" };
    flipped.replace_range(0..1, swapped);
    let forged = [
        String::new(),
        "x".to_owned(),
        "..".to_owned(),
        "a".repeat(20_000),
        format!("{}.{}.", none, parts[1]),
        format!("{}.{}.{}", none, parts[1], parts[2]),
        format!("{}.{}.{}", other[0], parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], other[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], other[2]),
        format!("{}.{}.{flipped}", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{token}"),
    ];
    for token in forged {
        let answer = server.bearer(&token).get("Patient/both");
        assert!(matches!(answer.status, 401 | 431), "{}", answer.text());
        if answer.status == 401 {
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            answer.refused(401);
        }
    }
    let stranger = server.bearer("");
    for authorization in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", token] {
        stranger
            .request("GET", "Patient/both")
            .header("authorization", authorization)
            .send()
            .refused(401);
    }
}

#[test]
fn a_suspended_tenant_is_refused_until_it_is_resumed() {
    let server = Server::shared();
    let caller = server.clinic("pausing").caller.clone();
    caller.store(&patient("here", "Here"));
    server.command(&["tenant", "suspend", "pausing"]);
    eventually(|| caller.get("Patient/here").status == 403);
    caller.get("Patient/here").refused(403);
    caller
        .put("Patient/here", &patient("here", "Changed"))
        .refused(403);
    server.command(&["tenant", "resume", "pausing"]);
    eventually(|| caller.get("Patient/here").status == 200);
}

#[test]
fn an_expired_token_is_refused() {
    let server = Server::shared();
    server.clinic("expiring");
    let caller = server.caller("expiring", &["doctor"], &["--seconds", "60"]);
    caller.get("Patient").expect(200);
    eventually(|| caller.get("Patient").status == 401);
    caller.get("Patient").refused(401);
}

/// Waits for what other processes and caches bring about within a bounded time.
fn eventually(condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(180);
    while !condition() {
        assert!(Instant::now() < limit, "it never came about");
        std::thread::sleep(Duration::from_millis(500));
    }
}
