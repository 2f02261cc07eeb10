//! A process that is killed loses no note that it acknowledged, and none arrives twice.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use mt_audit::Kind;
use mt_database::testing::TestDatabase;
use mt_database::{Database, Sizes};
use mt_fhir::ResourceType;
use uuid::Uuid;

use crate::fixture::{Fixture, Keys, ONE, TWO, ctx, opened, read};

/// Names the database and the directory in the process that is to be killed.
const WRITER: &str = "MT_AUDIT_TEST_WRITER";
const TEST: &str = "killing::acknowledged_notes_survive_the_kill_of_their_process_once";

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_notes_survive_the_kill_of_their_process_once() {
    if let Ok(place) = std::env::var(WRITER) {
        write_until_killed(&place).await;
    }
    let fixture = Fixture::new().await;
    let name = fixture.ask_text("select current_database()::text").await;
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for notes in [1, 500, 3000] {
        let place = format!("{name}:{}", directory.path().display());
        let seen = tokio::task::spawn_blocking(move || kill_after(&place, notes))
            .await
            .unwrap();
        assert!(seen.len() >= notes);
        acknowledged.extend(seen);
    }
    // The next process finds what the killed ones left.
    let keys = Keys::make(directory.path()).await;
    let audit = opened(directory.path(), &fixture.database, &keys).await;
    let journal = directory.path().join("audit/journal");
    for _ in 0..200 {
        if std::fs::read_dir(&journal).unwrap().count() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        std::fs::read_dir(&journal).unwrap().count(),
        1,
        "journals were left behind"
    );
    audit.close().await;

    let mut counts: HashMap<Uuid, i64> = HashMap::new();
    let (client, _driver) = fixture.test.admin().connect().await.unwrap();
    let sql = "select correlation, count(*) from records.audit group by correlation";
    for row in client.query(sql, &[]).await.unwrap() {
        counts.insert(row.get(0), row.get(1));
    }
    for correlation in &acknowledged {
        assert_eq!(
            counts.get(correlation),
            Some(&1),
            "of {} notes",
            acknowledged.len()
        );
    }
    assert!(counts.values().all(|count| *count == 1));
}

/// The life of the process that is killed: it notes, and says what it has noted.
async fn write_until_killed(place: &str) -> ! {
    let (name, directory) = place.split_once(':').unwrap();
    let directory = std::path::Path::new(directory);
    let neighbour = TestDatabase::create(&[]).await;
    let sizes = Sizes {
        pool: 2,
        readers: 1,
        writers: 2,
    };
    let database = Database::open(&neighbour.app().database(name), sizes)
        .await
        .unwrap();
    drop(neighbour);
    let keys = Keys::make(directory).await;
    let audit = opened(directory, &database, &keys).await;
    for n in 0.. {
        let ctx = ctx(if n % 2 == 0 { ONE } else { TWO }, n);
        audit
            .enter(&ctx, Kind::Read, &read(&ctx, ResourceType::PATIENT, "p"))
            .unwrap();
        println!("\nnoted {}", ctx.correlation_id);
        if n % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(7)).await;
        }
    }
    unreachable!("it is killed");
}

/// Runs the writer, kills it once it has noted enough; returns everything that it said it noted.
fn kill_after(place: &str, notes: usize) -> Vec<Uuid> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
        .env(WRITER, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        said.extend(
            line.strip_prefix("noted ")
                .and_then(|id| Uuid::try_parse(id).ok()),
        );
        if said.len() == notes {
            child.kill().unwrap(); // SIGKILL; what is in the pipe is still read
        }
    }
    child.wait().unwrap();
    said
}
