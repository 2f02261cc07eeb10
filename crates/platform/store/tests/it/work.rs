//! Jobs: one worker at a time, taken over when it is gone, sealed, removed.

use std::time::Duration;

use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Instant};
use mt_store::{WorkKind, WorkState};
use mt_testkit::{TestStore, resources};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_one_worker_and_its_parts_are_sealed() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let work = test.store.work();
    let (kind, state) = (WorkKind::Export, WorkState::Waiting);
    let id = work
        .begin(tenant, kind, state, b"the order CANARY", DAY)
        .await
        .unwrap();
    let second = test.second().await;
    let claim = work.claim().await.unwrap().expect("a job waits");
    assert!(second.work().claim().await.unwrap().is_none());
    assert_eq!(claim.job.request, b"the order CANARY");
    claim
        .put_part(&test.store, (1, 0), b"CANARY one", 1)
        .await
        .unwrap();
    claim
        .put_part(&test.store, (1, 1), b"CANARY two", 2)
        .await
        .unwrap();
    claim
        .finish(&test.store, WorkState::Done, b"made")
        .await
        .unwrap();
    let job = second.work().find(tenant, id).await.unwrap().unwrap();
    assert_eq!(
        (job.state, job.done, job.result.as_deref()),
        (WorkState::Done, 2, Some(&b"made"[..]))
    );
    let read = second.work();
    let part = async |n| read.part(tenant, id, (1, n)).await.unwrap();
    assert_eq!(part(0).await.as_deref(), Some(&b"CANARY one"[..]));
    assert_eq!(part(1).await.as_deref(), Some(&b"CANARY two"[..]));
    assert_eq!(part(2).await, None);
    let client = test.database.admin().connect().await.unwrap().0;
    let plain = "select count(*) from records.work w left join records.work_part p on p.job = w.id \
        where encode(w.request, 'escape') like '%CANARY%' or encode(p.sealed, 'escape') like '%CANARY%'";
    let count: i64 = client.query_one(plain, &[]).await.unwrap().get(0);
    assert_eq!(count, 0);
    let stranger = test.tenant("b").await;
    assert!(work.find(stranger, id).await.unwrap().is_none());
    assert!(work.part(stranger, id, (1, 0)).await.unwrap().is_none());
    assert!(!work.remove(stranger, id).await.unwrap());
    assert!(work.remove(tenant, id).await.unwrap());
    assert!(work.part(tenant, id, (1, 0)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_worker_loses_its_job_and_a_cancelled_job_stops_its_worker() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let work = test.store.work();
    let (kind, state) = (WorkKind::Reindex, WorkState::Waiting);
    let id = work.begin(tenant, kind, state, b"", DAY).await.unwrap();
    let first = work.claim().await.unwrap().expect("a job waits");
    let client = test.database.admin().connect().await.unwrap().0;
    client
        .execute("update records.work set lease = 1", &[])
        .await
        .unwrap();
    let next = work.claim().await.unwrap().expect("the lease has run out");
    assert_eq!(next.job.id, id);
    let lost = first.report(&test.store, 1, 1).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Conflict);
    next.renew(&test.store).await.unwrap();
    work.remove(tenant, id).await.unwrap();
    let cancelled = next.renew(&test.store).await.unwrap_err();
    assert_eq!(cancelled.kind(), ErrorKind::Conflict);
    // One that never ends is given up.
    work.begin(tenant, kind, state, b"", DAY).await.unwrap();
    let mut begun = 0;
    while work.claim().await.unwrap().is_some() {
        begun += 1;
        client
            .execute("update records.work set lease = 1", &[])
            .await
            .unwrap();
    }
    assert_eq!(begun, 5);
    let jobs = work.list(tenant, kind).await.unwrap();
    assert_eq!(jobs[0].state, WorkState::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_does_not_see_what_comes_after_it() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let caller = test.caller(tenant);
    test.create(&caller, &resources::patient("Ann")).await;
    let query = mt_testkit::query("Patient");
    let snapshot = test.store.snapshot(tenant).await.unwrap();
    test.create(&caller, &resources::patient("Bo")).await;
    let seen = test
        .store
        .search_at(&snapshot, &caller, &query, None)
        .await
        .unwrap();
    assert_eq!(seen.entries.len(), 1);
    let gone = test
        .store
        .deleted_at(
            &snapshot,
            &caller,
            ResourceType::PATIENT,
            Instant(0),
            uuid::Uuid::nil(),
        )
        .await
        .unwrap();
    assert!(gone.0.is_empty() && gone.1.is_none());
}
