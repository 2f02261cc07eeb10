//! Search keys are merged into their index soon after the commit, by nobody's transaction.

use std::time::Duration;

use mt_testkit::TestStore;
use mt_testkit::resources::patient;

/// Longer than keys wait.
const LATER: Duration = Duration::from_secs(3);

/// Merges what waits; how many pages that was.
async fn merged(test: &TestStore) -> i64 {
    let tx = test.store.database().admin().await.unwrap();
    let row = tx.query_one(
        "select records.merge_keys(), pg_current_xact_id_if_assigned()::text",
        &[],
    );
    let row = row.await.unwrap();
    let id: Option<String> = row.get(1);
    assert_eq!(
        id, None,
        "a transaction id would keep events from being relayed"
    );
    tx.commit().await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_wait_for_a_moment_and_no_longer() {
    let test = TestStore::new().await;
    let tenant = test.tenant("north").await;
    let caller = test.caller(tenant);
    let mut waited = false;
    for _ in 0..20 {
        test.create(&caller, &patient("Waiting")).await;
        waited |= merged(&test).await > 0;
    }
    assert!(waited, "no key ever waited: the test shows nothing");
    // One by one, and more than a batch: the last ones have nobody after them.
    for count in [1, 600] {
        for _ in 0..count {
            test.create(&caller, &patient("Waiting")).await;
        }
        tokio::time::sleep(LATER).await;
        assert_eq!(merged(&test).await, 0, "keys of {count} rows still wait");
    }
    let found = test.search(&caller, "Patient?name=waiting&_count=1000");
    assert_eq!(found.await.unwrap().len(), 621);
}
