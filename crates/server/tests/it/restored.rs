//! A database that was restored from an older backup: by commands, as an operator meets it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::running::{Place, Server};

const TENANT: &str = "restored";

fn patient(id: &str) -> serde_json::Value {
    json!({ "resourceType": "Patient", "id": id })
}

#[track_caller]
fn told(output: &Output, success: bool) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), success, "{text}\n{errors}");
    text
}

fn audit(place: &Place, arguments: &[&str]) -> Output {
    let mut all = vec!["audit", "--tenant", TENANT];
    all.extend(arguments);
    place.run(&all)
}

/// Leaves of the log, as the newest checkpoint says.
fn leaves(place: &Place) -> u64 {
    let witness = audit(place, &["witness"]);
    if !witness.status.success() {
        return 0;
    }
    let text = String::from_utf8(witness.stdout).unwrap();
    let (_, checkpoint) = text.split_once("\n\n").unwrap();
    checkpoint.lines().nth(1).unwrap().parse().unwrap()
}

/// Waits until the log has grown beyond so many leaves.
fn grown(place: &Place, than: u64) -> u64 {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let now = leaves(place);
        if now > than {
            return now;
        }
        assert!(Instant::now() < end, "the log has {now} leaves");
        std::thread::sleep(Duration::from_millis(300));
    }
}

fn copied(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(done.unwrap().success());
}

/// A data directory as the runbook makes it: the backup, the keys, and what was kept of the audit folder.
fn restored(backup: &Path, of: &Place, with_witness: bool) -> Place {
    let place = Place::new();
    told(
        &place.run(&["db", "restore", backup.to_str().unwrap()]),
        true,
    );
    copied(&of.data().join("keys"), &place.data().join("keys"));
    if with_witness {
        copied(&of.data().join("audit"), &place.data().join("audit"));
    }
    place
}

#[test]
fn a_database_restored_from_an_older_backup_is_found_by_a_checkpoint_kept_elsewhere() {
    let place = Place::new();
    let server = Server::start(&place);
    let caller = server.clinic(TENANT).caller.clone();
    caller.store(&patient("before"));
    let at_backup = grown(&place, 0);
    let backup = place.path("backup");
    told(
        &place.run(&["db", "backup", backup.to_str().unwrap()]),
        true,
    );
    for n in 0..20 {
        caller.store(&patient(&format!("after-{n}")));
    }
    grown(&place, at_backup + 19);
    let kept = place.path("witness.txt");
    let kept = kept.to_str().unwrap();
    std::fs::write(kept, told(&audit(&place, &["witness"]), true)).unwrap();
    // The log that goes on is the one that was seen.
    caller.store(&patient("later"));
    let proof = told(&audit(&place, &["compare", kept]), true);
    assert!(proof.contains("hashes"), "{proof}");
    server.stop();

    // Alone it agrees with itself: only what was kept elsewhere tells.
    let alone = restored(&backup, &place, false);
    told(&audit(&alone, &["verify"]), true);
    let found = told(&audit(&alone, &["compare", kept]), false);
    assert!(found.contains("it ends at leaf"), "{found}");
    // Nor does it become the log that was seen by growing.
    let server = Server::start(&alone);
    let caller = server.caller(TENANT, &["doctor"], &[]);
    caller.get("Patient/before").expect(200);
    caller.get("Patient/after-1").refused(404);
    for n in 0..40 {
        caller.store(&patient(&format!("other-{n}")));
    }
    grown(&alone, at_backup + 39);
    let found = told(&audit(&alone, &["compare", kept]), false);
    assert!(found.contains("it was rewritten"), "{found}");
    server.stop();

    // The witness of the installation stops the log until somebody explains.
    let beside = restored(&backup, &place, true);
    let damaged = audit(&beside, &["verify"]);
    told(&damaged, false);
    let server = Server::start(&beside);
    let stuck = leaves(&beside);
    let caller = server.caller(TENANT, &["doctor"], &[]);
    caller.store(&patient("meanwhile"));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(
        leaves(&beside),
        stuck,
        "it grows although its end is missing"
    );
    let accept = [
        "accept",
        "--reason",
        "restored from the backup of last night",
    ];
    told(&audit(&beside, &accept), true);
    caller.store(&patient("explained"));
    grown(&beside, stuck);
    told(&audit(&beside, &["verify"]), true);
    server.stop();
}
