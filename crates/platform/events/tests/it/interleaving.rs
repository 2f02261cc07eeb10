//! Many writers at once, some of them slow, while two relays take the place from each other: whatever the interleaving,
//! the log holds every row exactly once, and what changed one record in the order in which it changed.
//!
//! What the writers do is drawn from a seed that every failure names; `MEDITRACK_SEED` gives it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mt_database::{Database, Sizes, TenantTx};
use mt_events::catalogue::Value;
use mt_events::{Event, EventError, Relay};
use mt_kernel::TenantId;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixture::Fixture;

const WRITERS: u64 = 32;
const ROUNDS: u64 = 12;
/// Records that they change.
const KEYS: u64 = 5;
/// Long enough that only what the test does ends it.
const LEASE: Duration = Duration::from_secs(60);

/// Draws numbers that follow from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (drawn ^ (drawn >> 31)) % end
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    async fn pause(&mut self, most_millis: u64) {
        tokio::time::sleep(Duration::from_millis(self.below(most_millis + 1))).await;
    }
}

fn seed() -> u64 {
    let told = std::env::var("MEDITRACK_SEED").ok();
    let told = told.and_then(|seed| seed.parse().ok());
    told.unwrap_or_else(|| u64::from(Uuid::new_v4().as_fields().0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_interleavings_leave_no_gap_and_invert_nothing() {
    let seed = seed();
    let fixture = Fixture::new().await;
    let database = crowded(&fixture).await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (database, tenant) = (database.clone(), fixture.tenant);
        let mut dice = Dice(seed.wrapping_mul(WRITERS).wrapping_add(writer));
        writers.spawn(async move {
            for _ in 0..ROUNDS {
                transaction(&database, tenant, &mut dice).await;
            }
        });
    }
    relay_beside(&fixture, &mut writers, seed).await;

    let written = written(&fixture).await;
    let all = WRITERS * ROUNDS;
    assert!(written.len() as u64 > all / 2, "seed {seed}");
    let logged = fixture.logged("record-events").await;
    let logged: Vec<(Uuid, BTreeSet<String>)> = logged.iter().map(told_keys).collect();
    assert_once(&written, &logged, seed);
    for key in 0..KEYS {
        let of_key = |rows: &[(Uuid, BTreeSet<String>)]| -> Vec<Uuid> {
            let rows = rows
                .iter()
                .filter(|(_, keys)| keys.contains(&id(key).to_string()));
            rows.map(|(row, _)| *row).collect()
        };
        assert_eq!(of_key(&logged), of_key(&written), "seed {seed}");
    }
}

/// The same through the store, whose commits may join each other; what else runs for long holds the horizon back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn single_commits_of_many_writers_beside_long_transactions_arrive_once_and_in_order() {
    let seed = seed();
    let fixture = Arc::new(Fixture::new().await);
    let database = crowded(&fixture).await;
    let shared: Vec<Uuid> = (0..KEYS).map(|_| Uuid::now_v7()).collect();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (fixture, database) = (Arc::clone(&fixture), database.clone());
        let (shared, own) = (shared.clone(), Uuid::now_v7());
        let mut dice = Dice(seed.wrapping_mul(WRITERS).wrapping_add(writer));
        writers.spawn(async move {
            for round in 0..ROUNDS {
                let patient = match dice.below(KEYS + 3) {
                    key if key < KEYS => shared[usize::try_from(key).unwrap()],
                    _ => own,
                };
                // The mark makes every version differ.
                let json = format!(
                    r#"{{"resourceType":"Patient","id":"{patient}","identifier":[{{"system":"urn:w","value":"{writer}.{round}"}}]}}"#
                );
                // Whoever is beaten to a record by another writer leaves it.
                let _ = fixture.test.put(&fixture.caller, &json, None).await;
                dice.pause(6).await;
                if dice.once_in(8) {
                    linger(&database, fixture.tenant, &mut dice).await;
                }
            }
        });
    }
    relay_beside(&fixture, &mut writers, seed).await;

    let mut versions: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for event in fixture.logged("patient-events").await {
        let version = of(&event, "subject_version");
        let Some(Value::Whole(version)) = version else {
            panic!("an event without a version");
        };
        versions
            .entry(event.key.to_string())
            .or_default()
            .push(version);
    }
    for (patient, seen) in &versions {
        let expected: Vec<i64> = (1..=i64::try_from(seen.len()).unwrap()).collect();
        assert_eq!(seen, &expected, "{patient}, seed {seed}");
    }
    let logged = fixture.logged("record-events").await;
    let logged: Vec<(Uuid, BTreeSet<String>)> = logged.iter().map(told_keys).collect();
    let changed: usize = written(&fixture)
        .await
        .iter()
        .map(|(_, keys)| keys.len())
        .sum();
    let told: usize = logged.iter().map(|(_, keys)| keys.len()).sum();
    let said: usize = versions.values().map(Vec::len).sum();
    assert_eq!((told, said), (changed, changed), "seed {seed}");
    assert!(said as u64 > WRITERS * ROUNDS / 2, "seed {seed}: {said}");
}

/// The database with a connection for every writer.
async fn crowded(fixture: &Fixture) -> Database {
    let sizes = Sizes {
        pool: usize::try_from(WRITERS).unwrap(),
        readers: 1,
        writers: 1,
    };
    Database::open(&fixture.test.database.app(), sizes)
        .await
        .unwrap()
}

/// Changes one or two records, or none. Some take their transaction id before they wait for the records, some after; some
/// take long, some write two rows, some are rolled back.
async fn transaction(database: &Database, tenant: TenantId, dice: &mut Dice) {
    if dice.once_in(12) {
        return linger(database, tenant, dice).await;
    }
    let tx = database.tenant(tenant).await.unwrap();
    if dice.once_in(3) {
        take_id(&tx).await;
    }
    let keys: BTreeSet<u64> = (0..=dice.below(2)).map(|_| dice.below(KEYS)).collect();
    dice.pause(5).await;
    for key in &keys {
        tx.execute("select pg_advisory_xact_lock($1)", &[&key.cast_signed()])
            .await
            .unwrap();
    }
    outbox_row(&tx, tenant, &keys).await;
    let most = if dice.once_in(16) { 60 } else { 4 };
    dice.pause(most).await;
    if dice.once_in(8) {
        outbox_row(&tx, tenant, &keys).await;
    }
    if dice.once_in(8) {
        tx.rollback().await;
    } else {
        tx.commit().await.unwrap();
    }
}

/// A transaction that has an id and says nothing.
async fn linger(database: &Database, tenant: TenantId, dice: &mut Dice) {
    let tx = database.tenant(tenant).await.unwrap();
    take_id(&tx).await;
    dice.pause(120).await;
    tx.rollback().await;
}

async fn take_id(tx: &TenantTx) {
    tx.execute("select pg_current_xact_id()", &[])
        .await
        .unwrap();
}

/// Relays until all writers have ended and nothing is left. Two relays share the work: every now and then the lease of the
/// one that has the place ends, and it goes on as if it had it.
async fn relay_beside(fixture: &Fixture, writers: &mut JoinSet<()>, seed: u64) {
    let mut relays = [fixture.relay(LEASE), fixture.relay(LEASE)];
    let mut dice = Dice(!seed);
    let is_done = AtomicBool::new(false);
    tokio::join!(
        async {
            while let Some(ended) = writers.join_next().await {
                ended.unwrap();
            }
            is_done.store(true, Ordering::Relaxed);
        },
        async {
            while !is_done.load(Ordering::Relaxed) {
                for relay in &mut relays {
                    look(relay).await;
                }
                if dice.once_in(20) {
                    depose(fixture).await;
                }
                dice.pause(3).await;
            }
        }
    );
    depose(fixture).await;
    let [_, last] = &mut relays;
    while let Err(EventError::Fenced) = last.step().await {}
    fixture.relay_all(last).await;
}

async fn look(relay: &mut Relay) {
    match relay.step().await {
        Ok(_) | Err(EventError::Fenced) => {}
        Err(error) => panic!("{error}"),
    }
}

async fn depose(fixture: &Fixture) {
    let (owner, _connection) = fixture.test.database.owner().connect().await.unwrap();
    let sql = "update events.relay set until = '-infinity'";
    owner.batch_execute(sql).await.unwrap();
}

fn id(key: u64) -> Uuid {
    Uuid::from_u128(u128::from(key) + 1)
}

/// A row as a commit writes it, of its own correlation.
async fn outbox_row(tx: &TenantTx, tenant: TenantId, keys: &BTreeSet<u64>) {
    let ids: Vec<Uuid> = keys.iter().map(|key| id(*key)).collect();
    let ones = vec![1_i16; ids.len()];
    let versions = vec![1_i32; ids.len()];
    tx.execute(
        "insert into records.txlog (at, tenant, correlation, types, actions, versions, ids)
         values (1763835644123456, $1, $2, $3, $3, $4, $5)",
        &[&tenant.0, &Uuid::now_v7(), &ones, &versions, &ids],
    )
    .await
    .unwrap();
}

/// Correlation and records of every row that was committed, in the order in which they were written.
async fn written(fixture: &Fixture) -> Vec<(Uuid, BTreeSet<String>)> {
    let sql = "select correlation, ids from records.txlog order by seq";
    let readers = fixture.database.readers();
    let rows = readers.query(fixture.tenant, sql, &[]).await.unwrap();
    let keys = |ids: Vec<Uuid>| ids.iter().map(Uuid::to_string).collect();
    rows.iter()
        .map(|row| (row.get(0), keys(row.get(1))))
        .collect()
}

/// The same of an event.
fn told_keys(event: &Event) -> (Uuid, BTreeSet<String>) {
    let Some(Value::Texts(keys)) = of(event, "keys") else {
        panic!("an event without keys");
    };
    (event.correlation, keys.into_iter().collect())
}

fn of(event: &Event, field: &str) -> Option<Value> {
    let values = event.values().unwrap().into_iter();
    values
        .filter(|(name, _)| name == field)
        .map(|(_, value)| value)
        .next()
}

fn assert_once(
    written: &[(Uuid, BTreeSet<String>)],
    logged: &[(Uuid, BTreeSet<String>)],
    seed: u64,
) {
    let mut expected: Vec<Uuid> = written.iter().map(|(row, _)| *row).collect();
    let mut arrived: Vec<Uuid> = logged.iter().map(|(row, _)| *row).collect();
    expected.sort_unstable();
    arrived.sort_unstable();
    assert_eq!(arrived, expected, "seed {seed}");
}
