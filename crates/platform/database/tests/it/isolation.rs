use std::sync::Arc;

use mt_database::testing::TestDatabase;
use mt_database::{Database, Error, Sizes, Step};
use mt_kernel::TenantId;
use tokio_postgres::types::Type;

use crate::fixture::{COUNT, INSERT, NOTES, ONE, TWO};

const TEXT: &str = "select tenant, text from notes.note where id = $1";

async fn fill(database: &Database, tenant: TenantId, rows: i64) {
    let tx = database.tenant(tenant).await.unwrap();
    for id in 0..rows {
        let text = format!("of {tenant}");
        tx.execute(INSERT, &[&tenant.0, &id, &text]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_transaction_sees_its_own_tenant_alone() {
    let test = TestDatabase::create(&[NOTES]).await;
    let sizes = Sizes {
        pool: 1,
        readers: 1,
        writers: 1,
    };
    let database = Database::open(&test.app(), sizes).await.unwrap();
    fill(&database, ONE, 3).await;
    fill(&database, TWO, 5).await;
    for (tenant, expected) in [(ONE, 3_i64), (TWO, 5), (TenantId(3), 0), (ONE, 3)] {
        let tx = database.tenant(tenant).await.unwrap();
        assert_eq!(
            tx.query_one(COUNT, &[]).await.unwrap().get::<_, i64>(0),
            expected
        );
        tx.commit().await.unwrap();
        let admin = database.admin().await.unwrap();
        assert_eq!(
            admin.query_one(COUNT, &[]).await.unwrap().get::<_, i64>(0),
            0
        );
        admin.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_row_cannot_be_written_into_another_tenant() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    fill(&database, TWO, 1).await;
    let tx = database.tenant(ONE).await.unwrap();
    let foreign = tx.execute(INSERT, &[&2_i32, &9_i64, &"x"]).await;
    assert!(matches!(foreign, Err(Error::Denied { .. })), "{foreign:?}");
    let tx = database.tenant(ONE).await.unwrap();
    assert_eq!(
        tx.execute("update notes.note set text = 'mine'", &[]).await,
        Ok(0)
    );
    assert_eq!(tx.execute("delete from notes.note", &[]).await, Ok(0));
    tx.commit().await.unwrap();
    let steps = [Step {
        sql: INSERT,
        params: &[&2_i32, &9_i64, &"x"],
    }];
    let foreign = database.writers().commit(ONE, &steps).await;
    assert!(matches!(foreign, Err(Error::Denied { .. })), "{foreign:?}");
}

#[tokio::test]
async fn without_a_tenant_nothing_is_seen_and_nothing_written() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    fill(&database, ONE, 1).await;
    let (client, _driver) = test.app().connect().await.unwrap();
    let row = client.query_one(COUNT, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
    assert!(
        client
            .execute(INSERT, &[&1_i32, &7_i64, &"x"])
            .await
            .is_err()
    );
}

/// Two tenants share two connections; every task checks each of its rows. Some reads are dropped
/// half-way and some fail, because those are the moments when order could be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tenants_that_share_pipelined_connections_never_meet() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = Arc::new(test.open().await);
    fill(&database, ONE, 20).await;
    fill(&database, TWO, 20).await;
    let tasks = (0..16).map(|task: i64| {
        let database = Arc::clone(&database);
        tokio::spawn(async move {
            let tenant = if task % 2 == 0 { ONE } else { TWO };
            for round in 0..400_i64 {
                check(&database, tenant, task, round).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for tenant in [ONE, TWO] {
        let rows = database.readers().query(tenant, COUNT, &[]).await.unwrap();
        assert_eq!(rows[0].get::<_, i64>(0), 20 + 8 * 50);
    }
}

async fn check(database: &Database, tenant: TenantId, task: i64, round: i64) {
    let id = round % 20;
    match round % 8 {
        0 => {
            let number = 1_000 + task * 1_000 + round;
            let step = Step {
                sql: INSERT,
                params: &[&tenant.0, &number, &"x"],
            };
            database.writers().commit(tenant, &[step]).await.unwrap();
        }
        1 => {
            let failing = "select 1/(($1::int8)*0)";
            assert!(
                database
                    .readers()
                    .query(tenant, failing, &[&id])
                    .await
                    .is_err()
            );
        }
        2 => {
            let params: mt_database::Params<'_> = &[&id];
            let abandoned = database.readers().query(tenant, TEXT, params);
            let _ = tokio::time::timeout(std::time::Duration::ZERO, abandoned).await;
        }
        3 => {
            let typed = [(
                &id as &(dyn tokio_postgres::types::ToSql + Sync),
                Type::INT8,
            )];
            let rows = database
                .readers()
                .query_typed(tenant, TEXT, &typed)
                .await
                .unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].get::<_, i32>(0), tenant.0);
        }
        _ => {
            let rows = database
                .readers()
                .query(tenant, TEXT, &[&id])
                .await
                .unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].get::<_, i32>(0), tenant.0);
            assert_eq!(rows[0].get::<_, String>(1), format!("of {tenant}"));
        }
    }
}
