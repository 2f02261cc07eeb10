//! Input that was made to hurt: each is refused with a reason, memory stays bounded, the server lives.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::running::{Answer, Caller, Server};

/// What the server may grow by over everything in this file.
const GROWTH: u64 = 150 << 20;

struct Target {
    server: Server,
    caller: Caller,
}

/// A server of its own, because its memory is watched.
fn with_target(attack: impl FnOnce(&Target)) {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    static TARGET: OnceLock<Target> = OnceLock::new();
    let _alone = LOCK
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let target = TARGET.get_or_init(|| {
        let server = Server::alone();
        let caller = server.clinic("target").caller.clone();
        caller.store(&patient());
        Target { server, caller }
    });
    let before = target.server.resident();
    attack(target);
    target.caller.get("Patient/known").expect(200);
    // The allocator gives pages back a little later, while it works.
    let settled = (0..200).any(|_| {
        target.caller.get("Patient/known").expect(200);
        std::thread::sleep(Duration::from_millis(50));
        target.server.resident() < before + GROWTH
    });
    let after = target.server.resident();
    assert!(settled, "the server grew from {before} to {after} bytes");
}

fn patient() -> Value {
    json!({ "resourceType": "Patient", "id": "known", "name": [{ "family": "Known" }] })
}

fn post(target: &Target, body: impl Into<reqwest::Body>) -> Answer {
    target
        .caller
        .request("POST", "Patient")
        .body("application/fhir+json", body)
        .send()
}

#[test]
fn json_bombs_are_refused() {
    with_target(|target| {
        let deep = |n: usize, open: &str, close: &str| {
            format!(
                "{{\"resourceType\":\"Patient\",\"extension\":{}1{}}}",
                open.repeat(n),
                close.repeat(n)
            )
        };
        let cases: [(&str, String); 12] = [
            ("deep arrays", deep(100_000, "[", "]")),
            ("deep objects", deep(100_000, "{\"a\":", "}")),
            ("an open end", "[".repeat(1_000_000)),
            (
                "a field twice",
                r#"{"resourceType":"Patient","active":true,"active":false}"#.into(),
            ),
            (
                "a type twice",
                r#"{"resourceType":"Patient","resourceType":"Observation"}"#.into(),
            ),
            (
                "an escaped field twice",
                r#"{"resourceType":"Patient","active":true,"\u0061ctive":false}"#.into(),
            ),
            (
                "a long number",
                format!(
                    "{{\"resourceType\":\"Patient\",\"multipleBirthInteger\":{}}}",
                    "9".repeat(100_000)
                ),
            ),
            (
                "a huge exponent",
                r#"{"resourceType":"Patient","multipleBirthInteger":1e999999999}"#.into(),
            ),
            (
                "half a surrogate",
                r#"{"resourceType":"Patient","name":[{"family":"\ud800"}]}"#.into(),
            ),
            (
                "a control character",
                "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"a\u{1}b\"}]}".into(),
            ),
            (
                "an escaped zero",
                r#"{"resourceType":"Patient","name":[{"family":"a\u0000b"}]}"#.into(),
            ),
            (
                "trailing text",
                r#"{"resourceType":"Patient"} {"resourceType":"Patient"}"#.into(),
            ),
        ];
        for (what, body) in cases {
            let answer = post(target, body);
            assert!(
                matches!(answer.status, 400 | 413 | 422),
                "{what}: {} {}",
                answer.status,
                answer.text()
            );
            let status = answer.status;
            assert!(
                answer.refused(status).to_string().len() < 4_000,
                "{what}: the refusal echoes the input"
            );
        }
        let utf8 = post(
            target,
            [
                b"{\"resourceType\":\"Patient\",\"id\":\"".as_slice(),
                &[0xff, 0xfe],
                b"\"}",
            ]
            .concat(),
        );
        utf8.refused(400);
        post(target, vec![0u8; 4096]).refused(400);
    });
}

#[test]
fn bodies_beyond_the_limit_are_refused_before_they_fill_memory() {
    with_target(|target| {
        let answer = target
            .caller
            .request("POST", "Patient")
            .body("application/fhir+json", vec![b' '; 100 << 20])
            .try_send();
        // The server may close the connection while the client is still sending.
        if let Ok(answer) = answer {
            answer.refused(413);
        }
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b' '; 1 << 20];
        (0..1024).for_each(|_| bomb.write_all(&zeros).unwrap());
        let bomb = bomb.finish().unwrap();
        assert!(bomb.len() < 4 << 20);
        let gzip = target
            .caller
            .request("POST", "Patient")
            .header("content-encoding", "gzip");
        gzip.body("application/fhir+json", bomb).send().refused(413);
        let broken = target
            .caller
            .request("POST", "Patient")
            .header("content-encoding", "gzip");
        broken
            .body("application/fhir+json", "no gzip")
            .send()
            .refused(400);
        let unknown = target
            .caller
            .request("POST", "Patient")
            .header("content-encoding", "br");
        let status = unknown.body("application/fhir+json", "x").send().status;
        assert!(matches!(status, 400 | 415 | 501), "{status}");
    });
}

#[test]
fn xml_has_no_document_type_and_no_entities() {
    with_target(|target| {
        let lol = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><Patient xmlns="http://hl7.org/fhir"><id value="&b;"/></Patient>"#;
        let file = r#"<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir"><id value="&a;"/></Patient>"#;
        let deep = format!(
            "<Patient xmlns=\"http://hl7.org/fhir\">{}",
            "<extension>".repeat(100_000)
        );
        let entity = r#"<Patient xmlns="http://hl7.org/fhir"><id value="&undefined;"/></Patient>"#;
        let space = r#"<Patient xmlns="http://elsewhere.example"><id value="x"/></Patient>"#;
        for body in [
            lol,
            file,
            &deep,
            entity,
            space,
            "<Patient",
            "<a/><b/>",
            "<?xml version=\"1.0\" encoding=\"utf-16\"?><Patient/>",
        ] {
            let answer = target
                .caller
                .request("POST", "Patient")
                .body("application/fhir+xml", body.to_owned())
                .send();
            assert!(
                matches!(answer.status, 400 | 413 | 422),
                "{} {}",
                answer.status,
                answer.text()
            );
            assert!(!answer.text().contains("root:"), "a file was read");
        }
    });
}

#[test]
fn bundles_beyond_the_limit_are_refused_whole() {
    with_target(|target| {
        let entry = r#"{"request":{"method":"GET","url":"Patient/known"}}"#;
        for kind in ["batch", "transaction"] {
            let entries = vec![entry; 20_001].join(",");
            let body =
                format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#);
            target
                .caller
                .request("POST", "")
                .body("application/fhir+json", body)
                .send()
                .refused(413);
        }
        let twice = json!({ "resource": patient(), "request": { "method": "PUT", "url": "Patient/known" } });
        let body =
            json!({ "resourceType": "Bundle", "type": "transaction", "entry": [twice, twice] });
        let status = target.caller.post("", &body).status;
        assert!(
            matches!(status, 400 | 409 | 412 | 422),
            "one record twice in a transaction: {status}"
        );
    });
}

#[test]
fn searches_that_cost_too_much_are_refused() {
    with_target(|target| {
        let values = |n: usize| vec!["a"; n].join(",");
        let chain =
            "Observation?subject:Patient".to_owned() + &".link:Patient".repeat(20) + ".family=x";
        let has = "Patient?".to_owned() + &"_has:Observation:patient:".repeat(20) + "code=1";
        let cases = [
            (
                "a long URL",
                format!("Patient?family={}", "a".repeat(9_000)),
                413,
            ),
            (
                "many alternatives",
                format!("Patient?family={}", values(3_000)),
                400,
            ),
            ("a deep chain", chain, 400),
            ("a deep reverse chain", has, 400),
            (
                "many parameters",
                format!("Patient?{}", vec!["family=a"; 500].join("&")),
                400,
            ),
            (
                "many sort keys",
                format!("Patient?_sort={}", vec!["family"; 100].join(",")),
                400,
            ),
            (
                "many includes",
                format!("Patient?{}", vec!["_include=Patient:link"; 100].join("&")),
                400,
            ),
            (
                "a nested filter",
                format!(
                    "Patient?_filter={}family eq a{}",
                    "(".repeat(2_000),
                    ")".repeat(2_000)
                ),
                400,
            ),
            (
                "a long filter",
                format!("Patient?_filter={}", vec!["family eq a"; 400].join(" or ")),
                400,
            ),
            ("a negative count", "Patient?_count=-1".into(), 400),
            (
                "an enormous count",
                "Patient?_count=99999999999999999999".into(),
                400,
            ),
        ];
        for (what, search, status) in cases {
            let answer = target.caller.get(&search);
            assert!(
                [status, 403, 413].contains(&answer.status),
                "{what}: {} {}",
                answer.status,
                answer.text()
            );
            let status = answer.status;
            answer.refused(status);
        }
        let capped = target
            .caller
            .get("Patient?_count=4000000000")
            .expect(200)
            .json();
        assert!(capped["entry"].as_array().unwrap().len() <= 1_000);
        let form = format!("family={}", values(50_000));
        let posted = target
            .caller
            .request("POST", "Patient/_search")
            .body("application/x-www-form-urlencoded", form)
            .send();
        assert!(
            matches!(posted.status, 400 | 403 | 413),
            "{}",
            posted.status
        );
    });
}

#[test]
fn cursors_are_opaque_and_cannot_be_made() {
    with_target(|target| {
        for n in 0..3 {
            target.caller.store(
                &json!({ "resourceType": "Organization", "id": format!("c{n}"), "name": "Cursor" }),
            );
        }
        let page = target
            .caller
            .get("Organization?_count=1")
            .expect(200)
            .json();
        let next = crate::running::link(&page, "next").unwrap();
        let (url, cursor) = next.split_once("_cursor=").unwrap();
        let mut forged = vec![
            String::new(),
            "AAAA".into(),
            "a".repeat(5_000),
            "%00".into(),
            "..%2F".into(),
            cursor[..cursor.len() - 4].into(),
        ];
        for at in (0..cursor.len()).step_by(9) {
            let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
            forged.push(format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]));
        }
        for cursor in forged {
            let answer = target.caller.get(&format!("{url}_cursor={cursor}"));
            assert!(
                matches!(answer.status, 400 | 410),
                "{cursor}: {} {}",
                answer.status,
                answer.text()
            );
        }
        // A cursor belongs to its search.
        target
            .caller
            .get(&format!("Patient?_count=1&_cursor={cursor}"))
            .refused(400);
        target
            .caller
            .get(&format!(
                "Organization?name=cursor&_count=1&_cursor={cursor}"
            ))
            .refused(400);
    });
}

#[test]
fn characters_that_mean_something_elsewhere_mean_nothing_here() {
    with_target(|target| {
        for path in [
            "Patient/known%00",
            "Patient/%00",
            "Patient/..%2F..%2Fmetadata",
            "Patient/known%0d%0aX-Evil:1",
            "Patient/%ff%fe",
            "Patient/known'--",
            "Patient/%F0%9F%92%A9",
            "Patient/known;a=b",
            "Patient%2Fknown%2F..",
        ] {
            let answer = target.caller.get(path);
            assert!(
                matches!(answer.status, 400 | 404),
                "{path}: {} {}",
                answer.status,
                answer.text()
            );
        }
        for search in [
            "Patient?family=%00",
            "Patient?family=a%01b",
            "Patient?family=%ff",
            "Patient?identifier=a%00|b",
            "Patient?_id=%00",
            "Patient?family=%",
            "Patient?family=%zz",
        ] {
            let answer = target.caller.get(search);
            assert!(
                matches!(answer.status, 200 | 400),
                "{search}: {} {}",
                answer.status,
                answer.text()
            );
            if answer.status == 200 {
                assert!(
                    answer.json()["entry"]
                        .as_array()
                        .is_none_or(|found| found.iter().all(|e| e["search"]["mode"] == "outcome")),
                    "{search}"
                );
            }
        }
        for harmless in [
            "Patient?family='; drop table records.res; --",
            "Patient?family=%25_%25",
            "Patient?family:contains=%5C%5C%5C%5C%5C%5C",
            "Patient?family=$(id)",
        ] {
            target.caller.get(harmless).expect(200);
        }
    });
}

#[test]
fn a_patch_cannot_make_the_server_work_for_long() {
    with_target(|target| {
        let patch = |path: &str| {
            let part = json!([{ "name": "type", "valueCode": "delete" }, { "name": "path", "valueString": path }]);
            let parameters = json!({ "resourceType": "Parameters", "parameter": [{ "name": "operation", "part": part }] });
            target
                .caller
                .request("PATCH", "Patient/known")
                .json(&parameters)
                .send()
        };
        let nested = "Patient.name".to_owned() + &".select($this | $this | $this)".repeat(200);
        let product = format!("Patient{}", ".repeat(children() | $this)".repeat(50));
        let open = "(".repeat(50_000);
        let regex = format!(
            "Patient.name.where(family.matches('{}b'))",
            "(a*)*".repeat(200)
        );
        let long = format!("Patient.name.where({})", vec!["true"; 20_000].join(" and "));
        patch(&open).refused(422);
        // What is bounded may as well succeed.
        for path in [&nested, &product, &regex, &long] {
            let answer = patch(path);
            assert!(answer.status < 500, "{}: {}", answer.status, answer.text());
            assert!(answer.text().len() < 2_000);
        }
        let grow: Vec<Value> = (0..40)
            .map(
                |_| json!({ "op": "copy", "from": "/extension", "path": "/extension/0/extension" }),
            )
            .collect();
        let mut doubling = vec![
            json!({ "op": "add", "path": "/extension", "value": [{ "url": "http://x.example" }] }),
        ];
        doubling.extend(grow);
        let body = Value::from(doubling).to_string();
        let answer = target
            .caller
            .request("PATCH", "Patient/known")
            .body("application/json-patch+json", body)
            .send();
        assert!(
            (400..500).contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.text()
        );
    });
}

#[test]
fn a_client_that_never_finishes_its_request_is_cut_off() {
    with_target(|target| {
        let address = target.server.origin().strip_prefix("http://").unwrap();
        let mut slow = TcpStream::connect(address).unwrap();
        slow.set_read_timeout(Some(Duration::from_secs(120)))
            .unwrap();
        slow.write_all(b"GET /fhir/R4/metadata HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            .unwrap();
        // The server answers 408 or closes; the read would otherwise time out with an error.
        let mut rest = Vec::new();
        let _ = slow.read_to_end(&mut rest).map_err(|error| {
            assert!(
                !matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ),
                "still connected"
            );
        });
        let mut large = TcpStream::connect(address).unwrap();
        large
            .set_read_timeout(Some(Duration::from_secs(120)))
            .unwrap();
        let head = format!(
            "GET /fhir/R4/metadata HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n",
            "a".repeat(1 << 20)
        );
        let _ = large.write_all(head.as_bytes());
        let mut answer = Vec::new();
        let _ = large.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
            "{answer}"
        );
    });
}
