//! No room on the volume of PostgreSQL's log: writes are refused as unavailable, nothing that was acknowledged is lost,
//! and with room again everything goes on by itself.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use crate::kill::{answers_again, rows_agree};
use crate::running::{Caller, Place, Server, sql};

/// Room for the log while all is well.
const SIZE: &str = "size=160m";
/// Refusals in a row after which the volume counts as full.
const REFUSALS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(120);

/// A volume of its own for the log of a place whose server does not run.
struct Volume(PathBuf);

impl Volume {
    /// `None` when this process may not mount anything.
    fn mount(place: &Place) -> Option<Self> {
        let (volume, log) = (place.path("log"), place.data().join("postgres/pg_wal"));
        std::fs::create_dir(&volume).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "meditrack-test"])
            .arg(&volume)
            .stderr(Stdio::null())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            return None;
        }
        let moved = volume.join("pg_wal");
        let owner = std::fs::metadata(&log).unwrap();
        let copied = Command::new("cp").arg("-a").arg(&log).arg(&moved).status();
        assert!(copied.unwrap().success());
        std::fs::remove_dir_all(&log).unwrap();
        chown(&moved, Some(owner.uid()), Some(owner.gid())).unwrap();
        symlink(&moved, &log).unwrap();
        Some(Self(volume))
    }

    /// Takes all the room that is left.
    fn fill(&self) -> Ballast {
        let path = self.0.join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        let block = vec![0; 64 << 10];
        while file.write_all(&block).is_ok() {}
        Ballast(path)
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: after a failure the database still lives on it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What takes the room.
struct Ballast(PathBuf);

impl Ballast {
    fn remove(self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// Writes patients with a large picture; who was acknowledged, by id.
struct Writing<'a> {
    caller: &'a Caller,
    acknowledged: BTreeMap<Uuid, String>,
    refused: Vec<Uuid>,
}

impl Writing<'_> {
    /// Whether it was acknowledged; anything else must be a refusal for want of room.
    fn write(&mut self) -> bool {
        let (id, picture) = (Uuid::now_v7(), picture());
        let patient = json!({ "resourceType": "Patient", "id": id,
            "photo": [{ "contentType": "image/png", "data": picture }] });
        let answer = self.caller.put(&format!("Patient/{id}"), &patient);
        if answer.status == 201 {
            self.acknowledged.insert(id, picture);
            return true;
        }
        answer.refused(503);
        self.refused.push(id);
        false
    }
}

/// Three quarters of a megabyte that do not shrink, as base64.
fn picture() -> String {
    let hex = std::iter::repeat_with(|| Uuid::new_v4().simple().to_string());
    hex.take(32 << 10).collect()
}

/// Patients that have come through to their timelines.
fn effects(place: &Place) -> usize {
    let rows = sql(
        place,
        "set app.tenant = '1'; select count(*) from coordination.timeline;",
    );
    rows[0].parse().unwrap()
}

fn full_volume(place: &Place, volume: &Volume) {
    let server = Server::start(place);
    let token = server.caller("full", &["doctor", "service"], &[]).token;
    let caller = server.bearer(&token);
    let mut writing = Writing {
        caller: &caller,
        acknowledged: BTreeMap::new(),
        refused: Vec::new(),
    };
    assert!((0..3).all(|_| writing.write()));
    let ballast = volume.fill();
    let (mut refusals, limit) = (0, Instant::now() + PATIENCE);
    while refusals < REFUSALS {
        assert!(Instant::now() < limit, "it never gets full");
        refusals = if writing.write() { 0 } else { refusals + 1 };
    }
    ballast.remove();
    answers_again(&caller);
    assert!((0..3).all(|_| writing.write()));

    for (id, picture) in &writing.acknowledged {
        let found = caller.get(&format!("Patient/{id}")).expect(200).json();
        assert!(
            found["photo"][0]["data"] == picture.as_str(),
            "{id} is damaged"
        );
    }
    let there = |id: &&Uuid| caller.get(&format!("Patient/{id}")).status == 200;
    let unanswered = writing.refused.iter().filter(there).count();
    let patients = writing.acknowledged.len() + unanswered;
    while effects(place) < patients {
        assert!(
            Instant::now() < limit + PATIENCE,
            "{} of {patients}",
            effects(place)
        );
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(effects(place), patients);
    rows_agree(place, patients);
    server.stop();
}

#[test]
fn a_full_volume_refuses_writes_loses_none_and_is_got_over() {
    let place = Place::new();
    let server = Server::start(&place);
    server.clinic("full");
    server.stop();
    match Volume::mount(&place) {
        Some(volume) => full_volume(&place, &volume),
        None => eprintln!("skipped, because this account may not mount a small volume"),
    }
}
