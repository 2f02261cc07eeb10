//! The self-check finds each way in which isolation can be lost.

use mt_database::selfcheck::{SelfCheckError, explain, self_check};
use mt_database::testing::TestDatabase;
use tokio_postgres::types::Type;

use crate::fixture::{INSERT, NOTES, ONE};

#[tokio::test]
async fn a_migrated_database_is_safe() {
    let test = TestDatabase::create(&[NOTES]).await;
    let report = self_check(&test.app()).await.unwrap();
    assert_eq!(report.refusals, Vec::<String>::new());
    assert_eq!(
        report.warnings.len(),
        1,
        "the test cluster runs without fsync: {report:?}"
    );
}

#[tokio::test]
async fn every_way_to_lose_isolation_is_found() {
    let cases = [
        (
            "alter table notes.note disable row level security",
            "not forced",
        ),
        (
            "alter table notes.note no force row level security",
            "not forced",
        ),
        (
            "drop policy tenant_isolation on notes.note",
            "lacks the policy",
        ),
        (
            "create policy open on notes.note using (true)",
            "further permissive policy",
        ),
        (
            "create policy open on notes.note for select using \
             (tenant = (select 1) or current_setting('app.tenant', true) is null)",
            "further permissive policy",
        ),
        (
            "drop policy tenant_isolation on notes.note; create policy half on notes.note \
             using (tenant = (select current_setting('app.tenant')::int4)) with check (true)",
            "lacks the policy",
        ),
        (
            "create table notes.bare (tenant int4, id int4)",
            "not forced",
        ),
        (
            "create table notes.parted (tenant int4) partition by hash (tenant); \
             select meditrack.isolate('notes.parted'); \
             create table notes.part partition of notes.parted \
             for values with (modulus 1, remainder 0); \
             grant select on notes.part to meditrack_app",
            "grant on a partition",
        ),
    ];
    for (damage, expected) in cases {
        let test = TestDatabase::create(&[NOTES]).await;
        let (owner, _driver) = test.owner().connect().await.unwrap();
        owner.batch_execute(damage).await.unwrap();
        let report = self_check(&test.app()).await.unwrap();
        let found = report
            .refusals
            .iter()
            .any(|reason| reason.contains(expected));
        assert!(found, "{damage}: {report:?}");
        assert!(matches!(report.enforce(), Err(SelfCheckError::Unsafe(_))));
    }
}

#[tokio::test]
async fn an_owner_or_a_superuser_may_not_serve() {
    let test = TestDatabase::create(&[NOTES]).await;
    let owner = self_check(&test.owner()).await.unwrap();
    assert!(
        owner
            .refusals
            .iter()
            .any(|reason| reason.contains("owns it")),
        "{owner:?}"
    );
    let admin = self_check(&test.admin()).await.unwrap();
    assert!(
        admin
            .refusals
            .iter()
            .any(|reason| reason.contains("superuser")),
        "{admin:?}"
    );
}

#[tokio::test]
async fn a_plan_is_shown_as_the_application_role_gets_it() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let tx = database.tenant(ONE).await.unwrap();
    for id in 0..2_000_i64 {
        tx.execute(INSERT, &[&1_i32, &id, &"x"]).await.unwrap();
    }
    let id = 7_i64;
    let sql = "select text from notes.note where tenant = 1 and id = $1";
    let plan = explain(&tx, sql, &[(&id, Type::INT8)]).await.unwrap();
    assert!(
        plan.contains("note_pkey") && plan.contains("InitPlan"),
        "{plan}"
    );
}

#[tokio::test]
async fn the_health_shows_a_transaction_that_holds_the_horizon_back() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let before = database.record_metrics().await.unwrap();
    assert!(before.size > 0);
    let old = database.tenant(ONE).await.unwrap();
    old.execute(INSERT, &[&1_i32, &1_i64, &"x"]).await.unwrap();
    let new = database.tenant(ONE).await.unwrap();
    new.execute(INSERT, &[&1_i32, &2_i64, &"x"]).await.unwrap();
    new.commit().await.unwrap();
    let during = database.health().await.unwrap();
    assert!(during.horizon.transactions >= 2, "{during:?}");
    assert!(during.horizon.age > std::time::Duration::ZERO, "{during:?}");
    old.rollback().await;
}
