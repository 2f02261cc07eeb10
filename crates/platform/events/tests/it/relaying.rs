//! From the outbox to the log: nothing missing, nothing twice, in order, one relay at a time.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use mt_events::catalogue::Value;
use mt_events::{EventBus, EventError};
use mt_kernel::TenantId;
use mt_store::TenantState;
use uuid::Uuid;

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn every_commit_is_in_the_log_once_and_in_order_of_its_key() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let mut patients = Vec::new();
    for _ in 0..5 {
        patients.push(fixture.register().await);
    }
    for round in 1..5 {
        for patient in &patients {
            fixture.change(patient, round).await;
        }
        relay.step().await.unwrap();
    }
    fixture.relay_all(&mut relay).await;
    assert_eq!(fixture.relay_all(&mut relay).await, 0);

    let logged = fixture.logged("patient-events").await;
    assert_eq!(logged.len(), 25);
    let ids: HashSet<Uuid> = logged.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 25);
    let mut versions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in &logged {
        versions
            .entry(&event.key)
            .or_default()
            .push(version(&event.values().unwrap()));
    }
    assert!(
        versions.values().all(|seen| seen == &[1, 2, 3, 4, 5]),
        "{versions:?}"
    );
    assert_eq!(fixture.logged("record-events").await.len(), 25);
}

/// The trap of an outbox: a transaction that began first commits last. A relay that remembers the last
/// id it saw would never see it.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_stays_open_is_waited_for_and_not_forgotten() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let early = fixture.database.tenant(fixture.tenant).await.unwrap();
    outbox_row(&early, fixture.tenant, 1).await;
    let late = fixture.database.tenant(fixture.tenant).await.unwrap();
    outbox_row(&late, fixture.tenant, 2).await;
    late.commit().await.unwrap();

    for _ in 0..20 {
        assert_eq!(relay.step().await.unwrap().events, 0);
    }
    early.commit().await.unwrap();
    assert_eq!(fixture.relay_all(&mut relay).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_slept_too_long_is_refused() {
    let fixture = Fixture::new().await;
    let (mut asleep, mut other) = (fixture.relay(LEASE), fixture.relay(LEASE));
    fixture.register().await;
    assert_eq!(fixture.relay_all(&mut asleep).await, 2);
    assert!(other.step().await.unwrap().elsewhere);

    // The first believes in its lease; the database knows that it has ended.
    let (owner, _connection) = fixture.test.database.owner().connect().await.unwrap();
    owner
        .batch_execute("update events.relay set until = '-infinity'")
        .await
        .unwrap();
    fixture.register().await;
    assert_eq!(fixture.relay_all(&mut other).await, 2);
    fixture.register().await;
    let outcome = loop {
        match asleep.step().await {
            Ok(relayed) if relayed.rows == 0 => tokio::time::sleep(Duration::from_millis(5)).await,
            settled => break settled,
        }
    };
    assert!(matches!(outcome, Err(EventError::Fenced)), "{outcome:?}");
    assert!(asleep.step().await.unwrap().elsewhere);
    assert_eq!(fixture.relay_all(&mut other).await, 2);
    assert_eq!(fixture.logged("patient-events").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_suspended_tenant_come_when_it_serves_again() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let tenants = fixture.test.store.tenants();
    fixture.register().await;
    let patient = fixture.register().await;
    tenants.suspend(fixture.tenant).await.unwrap();
    assert_eq!(fixture.relay_all(&mut relay).await, 0);

    let elsewhere = fixture.test.tenant("south").await;
    let caller = fixture.test.caller(elsewhere);
    fixture
        .test
        .create(&caller, r#"{"resourceType":"Patient"}"#)
        .await;
    assert_eq!(fixture.relay_all(&mut relay).await, 2, "others go on");

    tenants.resume(fixture.tenant).await.unwrap();
    assert_eq!(
        tenants
            .find(&mt_kernel::TenantName::parse("north").unwrap())
            .await
            .unwrap()
            .unwrap()
            .state,
        TenantState::Active
    );
    fixture.change(&patient, 1).await;
    assert_eq!(fixture.relay_all(&mut relay).await, 6);
    let logged = fixture.logged("patient-events").await;
    let of_patient: Vec<i64> = logged
        .iter()
        .filter(|event| *event.key == *patient)
        .map(|event| version(&event.values().unwrap()))
        .collect();
    assert_eq!(of_patient, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_dropped_only_when_every_group_has_read_them() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    fixture.register().await;
    fixture.relay_all(&mut relay).await;
    assert_eq!(fixture.bus.expire().await.unwrap(), 0, "young");

    let read = fixture.logged("patient-events").await;
    assert_eq!(read.len(), 1);
    fixture.test.clock.advance_seconds(40 * 86_400);
    let dropped = fixture.bus.expire().await.unwrap();
    // The reader has not said that it is done with patient-events; nobody reads record-events.
    assert_eq!(dropped, 2, "the two days of record-events");
    assert_eq!(fixture.logged("patient-events").await.len(), 1);
}

fn version(values: &[(String, Value)]) -> i64 {
    let found = values.iter().find_map(|(name, value)| match value {
        Value::Whole(version) if name == "subject_version" => Some(*version),
        _ => None,
    });
    found.unwrap()
}

/// A row as a commit writes it; `kind` stands for the key.
async fn outbox_row(tx: &mt_database::TenantTx, tenant: TenantId, kind: i32) {
    let kind = i16::try_from(kind).unwrap();
    tx.execute(
        "insert into records.txlog (at, tenant, correlation, types, actions, versions, ids)
         values (1763835644123456, $1, $2::uuid, array[$3::int2], '{1}', '{1}', array[$4::uuid])",
        &[
            &tenant.0,
            &Uuid::now_v7(),
            &kind,
            &Uuid::from_u128(kind.unsigned_abs().into()),
        ],
    )
    .await
    .unwrap();
}
