//! An outside judge of the API: schemathesis asks every operation of the OpenAPI document what it promises and what it does not.
//!
//! It is a Python package, installed by name into the user's cache on first use. Where Python or the package cannot be had, the
//! test says so and ends; what it finds fails it. Found so far: extractors that answered in plain text, a reference to nowhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::running::{Place, Server};

/// No server error, and nothing that the document does not say: status, content type, shape of the body.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// The program, or `None` with the reason printed.
fn schemathesis() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))?;
    let folder = cache.join("meditrack").join("schemathesis");
    let (program, ready) = (folder.join("bin/schemathesis"), folder.join("ready-1"));
    if ready.exists() {
        return Some(program);
    }
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&folder)
        .output();
    let installed = made.and_then(|_| {
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "-q", "schemathesis==4.32.5"])
            .output()
    });
    match installed {
        Ok(output) if output.status.success() => std::fs::write(&ready, "").ok()?,
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            eprintln!(
                "skipped: schemathesis cannot be installed: {}",
                reason.trim()
            );
            return None;
        }
        Err(error) => {
            eprintln!("skipped: python3 is not available: {error}");
            return None;
        }
    }
    Some(program)
}

#[test]
fn the_api_does_what_its_document_says() {
    let Some(program) = schemathesis() else {
        return;
    };
    let place = Place::new();
    // What is asked by a machine comes faster than by people.
    let quota = "100000";
    let server = Server::start_with(
        &place,
        &[
            ("MEDITRACK__LIMITS__CLIENT_PER_SECOND", quota),
            ("MEDITRACK__LIMITS__CLIENT_BURST", quota),
        ],
    );
    server.clinic("schema");
    let roles = ["doctor", "org_admin", "receptionist", "auditor"];
    let caller = server.caller("schema", &roles, &[]);
    caller.store(&serde_json::json!({"resourceType": "Practitioner", "id": "d", "name": [{"family": "Doe"}]}));
    caller.store(&serde_json::json!({"resourceType": "Patient", "id": "p", "active": true, "name": [{"family": "Levin"}]}));
    let output = Command::new(program)
        .current_dir(place.path(""))
        .args(["run", &format!("{}/api/v1/openapi.json", server.origin())])
        .args(["-H", &format!("Authorization: Bearer {}", caller.token)])
        .args(["--checks", CHECKS])
        .args(["--phases", "examples,coverage"])
        .args(["--seed", "7", "--workers", "2"])
        // A WebSocket is no exchange of one request and one answer.
        .args(["--exclude-path-regex", "/live$", "--no-color"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    server.stop();
}
