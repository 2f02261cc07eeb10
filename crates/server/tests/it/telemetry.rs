//! Traces: exported when the operator says so, and silent about people.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::running::{Place, Server};

/// Takes whatever is posted to it.
fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let taken = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&taken);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, into) = (stream.unwrap(), Arc::clone(&into));
            std::thread::spawn(move || {
                let mut bytes = [0; 65_536];
                while let Ok(n @ 1..) = stream.read(&mut bytes) {
                    let mut all = into.lock().unwrap();
                    all.extend_from_slice(&bytes[..n]);
                    drop(all);
                    if is_whole(&bytes[..n]) {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                    }
                }
            });
        }
    });
    (url, taken)
}

/// Whether a request, or the rest of one, ends with what was read: a body is read at once or is
/// what follows its head.
fn is_whole(bytes: &[u8]) -> bool {
    !bytes.ends_with(b"\r\n\r\n")
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn traces_name_the_stages_of_a_write_and_nobody() {
    let (url, taken) = collector();
    let place = Place::new();
    let server = Server::start_with(&place, &[("MEDITRACK__LOG__OTLP", &url)]);
    let caller = server.clinic("traced").caller.clone();
    caller.store(
        &json!({ "resourceType": "Patient", "id": "traced-canary-id",
        "name": [{ "family": "Canarytracename" }] }),
    );
    assert_eq!(caller.found("Patient?family=Canarytracename").len(), 1);
    let metrics = caller
        .get(&format!("{}/metrics", server.origin()))
        .expect(200)
        .text();
    server.stop();
    let taken = taken.lock().unwrap();
    for name in [
        "request",
        "commit",
        "persist",
        "search-type",
        "correlation_id",
    ] {
        assert!(holds(&taken, name), "no {name} in {} bytes", taken.len());
    }
    for secret in ["Canarytracename", "traced-canary-id", &caller.token] {
        assert!(!holds(&taken, secret));
        assert!(!metrics.contains(secret));
    }
    for metric in [
        "http_request_seconds_bucket",
        "route=\"update\"",
        "store_persist_seconds_count",
    ] {
        assert!(metrics.contains(metric), "{metric}");
    }
}
