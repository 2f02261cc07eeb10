//! How the installation says that it is, and dead letters given again by an administrator: over HTTP.

use serde_json::{Value, json};

use crate::running::{Place, Server, sql};

const PARTS: [&str; 11] = [
    "server",
    "database",
    "migrations",
    "relay",
    "consumers",
    "deadLetters",
    "audit",
    "cache",
    "deliveries",
    "disk",
    "backup",
];

#[test]
fn administrators_see_how_every_part_is_and_nobody_else_does() {
    let server = Server::shared();
    server.clinic("health");
    for role in ["org_admin", "super_admin"] {
        let admin = server.person("health", role, &[role], &[]).api();
        let health = admin.get("system/health").expect(200).json();
        for part in PARTS {
            let state = health[part]["state"].as_str().unwrap();
            assert!(
                ["up", "degraded", "down", "unknown"].contains(&state),
                "{part}: {health}"
            );
        }
        assert_eq!(health["database"]["state"], "up", "{health}");
        assert_eq!(health["migrations"]["state"], "up", "{health}");
        assert!(health["database"]["roundTripMilliseconds"].as_f64() > Some(0.0));
        assert!(health["disk"]["total"].as_u64() >= health["disk"]["free"].as_u64());
        // What nobody has done yet is not said to be well.
        assert_eq!(health["audit"]["state"], "unknown", "{health}");
        assert_eq!(health["backup"], json!({"state": "unknown", "at": null}));
    }
    for role in ["doctor", "nurse", "receptionist", "auditor", "patient"] {
        let other = server.person("health", role, &[role], &[]).api();
        other.get("system/health").problem(403);
        other
            .get("system/dead-letters?consumer=timeline")
            .problem(403);
    }
    let officer = server.person("health", "admin", &["org_admin"], &[]).api();
    officer
        .post("audit/log/verification", &json!({}))
        .expect(200);
    let health = officer.get("system/health").expect(200).json();
    assert_eq!(
        (&health["audit"]["state"], &health["audit"]["sound"]),
        (&json!("up"), &json!(true))
    );
}

/// Lays letters of the consumer `timeline` that no key opens.
fn lay(place: &Place, tenant: i32, letters: i32) {
    sql(
        place,
        &format!(
            "set app.tenant = '{tenant}'; insert into events.dead_letter (tenant, consumer, id, topic, partition, position, \
             event, at, correlation, lane, state, reason, attempts, body) \
             select {tenant}, 'timeline', gen_random_uuid(), 1, 0, n, 1, 0, gen_random_uuid(), n, 1, 'constraint', 5, '\\x00' \
             from generate_series(1, {letters}) n;"
        ),
    );
}

#[test]
fn dead_letters_are_shown_to_their_own_organisation_and_given_again_with_a_reason() {
    let place = Place::new();
    let server = Server::start(&place);
    server.clinic("first");
    server.clinic("second");
    lay(&place, 1, 2);
    lay(&place, 2, 3);
    let admin = |tenant| server.person(tenant, "admin", &["org_admin"], &[]).api();
    let first = admin("first");
    let health = first.get("system/health").expect(200).json();
    let letters = &health["deadLetters"];
    assert_eq!(letters["state"], "degraded", "{health}");
    assert_eq!(letters["kinds"][0]["count"], 2, "{health}");
    assert_eq!(
        (
            letters["kinds"].as_array().unwrap().len(),
            &letters["elsewhere"]
        ),
        (1, &json!(3))
    );
    let list = |caller: &crate::running::Caller| -> Vec<Value> {
        let page = caller.get("system/dead-letters?consumer=timeline");
        page.expect(200).json()["items"].as_array().unwrap().clone()
    };
    assert_eq!(list(&first).len(), 2);
    assert_eq!(list(&admin("second")).len(), 3);
    first
        .get("system/dead-letters?consumer=nobody")
        .problem(404);

    let again = |caller: &crate::running::Caller, body: Value| {
        caller.post("system/dead-letters/replay", &body)
    };
    again(&first, json!({"consumer": "timeline", "reason": "x"})).problem(422);
    again(
        &first,
        json!({"consumer": "nobody", "reason": "tried again"}),
    )
    .problem(404);
    let operator = server.person("first", "root", &["super_admin"], &[]).api();
    again(
        &operator,
        json!({"consumer": "timeline", "reason": "tried again"}),
    )
    .problem(403);
    // What does not open stays where it is.
    let answer = again(
        &first,
        json!({"consumer": "timeline", "reason": "the disk was full"}),
    );
    assert_eq!(answer.expect(200).json(), json!({"taken": 0, "waiting": 2}));
    assert_eq!(list(&admin("second")).len(), 3);
    let trail = server.person("first", "auditor", &["auditor"], &[]);
    let trail = trail.get("AuditEvent?_count=100").expect(200).text();
    assert!(trail.contains("the disk was full"), "{trail}");
    server.stop();
}
