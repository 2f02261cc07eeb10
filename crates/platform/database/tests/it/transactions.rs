use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use mt_database::testing::TestDatabase;
use mt_database::{Error, Isolation, Step, TxOptions};
use mt_kernel::ErrorKind;
use tokio::sync::Barrier;

use crate::fixture::{COUNT, INSERT, NOTES, ONE, TWO};

async fn count(database: &mt_database::Database, tenant: mt_kernel::TenantId) -> i64 {
    let rows = database.readers().query(tenant, COUNT, &[]).await.unwrap();
    rows[0].get(0)
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_and_its_connection_is_reused() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    for _ in 0..20 {
        let tx = database.tenant(ONE).await.unwrap();
        tx.execute(INSERT, &[&1_i32, &1_i64, &"x"]).await.unwrap();
        drop(tx);
    }
    assert_eq!(count(&database, ONE).await, 0);
    assert_eq!(database.pool().gauges().idle, 1);
}

#[tokio::test]
async fn a_transaction_dropped_inside_a_statement_does_not_delay_the_next() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let tx = database.tenant(ONE).await.unwrap();
    let sleeping = tx.query("select pg_sleep(600)", &[]);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), sleeping)
            .await
            .is_err()
    );
    drop(tx);
    assert_eq!(database.pool().gauges().idle, 0);
    database.tenant(ONE).await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn committing_a_failed_transaction_is_an_error() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let tx = database.tenant(ONE).await.unwrap();
    tx.execute(INSERT, &[&1_i32, &1_i64, &"x"]).await.unwrap();
    let twice = tx.execute(INSERT, &[&1_i32, &1_i64, &"y"]).await;
    assert_eq!(
        twice,
        Err(Error::Unique {
            constraint: "note_pkey".to_owned()
        })
    );
    assert!(tx.commit().await.is_err());
    assert_eq!(count(&database, ONE).await, 0);
}

#[tokio::test]
async fn errors_have_their_kind() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let cases: [(&str, ErrorKind); 5] = [
        (
            "insert into notes.note values (1, 1, '')",
            ErrorKind::Invalid,
        ),
        (
            "insert into notes.note values (2, 1, 'x')",
            ErrorKind::Internal,
        ),
        ("drop table notes.note", ErrorKind::Internal),
        (
            "select meditrack.require(false, 'stale')",
            ErrorKind::Conflict,
        ),
        ("select pg_sleep(60)", ErrorKind::Unavailable),
    ];
    for (sql, kind) in cases {
        let options = TxOptions {
            statement_timeout: Some(Duration::from_millis(200)),
            ..TxOptions::default()
        };
        let tx = database.tenant_with(ONE, options).await.unwrap();
        let error = tx.execute(sql, &[]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{sql}: {error}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_unavailable_and_nothing_is_in_doubt() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let read_only = TxOptions {
        read_only: true,
        ..TxOptions::default()
    };
    let tx = database.tenant_with(ONE, read_only).await.unwrap();
    let refused = tx.execute(INSERT, &[&1_i32, &1_i64, &"x"]).await;
    assert_eq!(refused, Err(Error::ReadOnly));
    assert_eq!(Error::ReadOnly.kind(), ErrorKind::Unavailable);

    let steps = [
        Step {
            sql: "set transaction read only",
            params: &[],
        },
        Step {
            sql: INSERT,
            params: &[&1_i32, &1_i64, &"x"],
        },
    ];
    let refused = database.writers().commit(ONE, &steps).await;
    assert_eq!(refused.unwrap_err(), Error::ReadOnly);
}

#[tokio::test]
async fn a_value_never_appears_in_an_error() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    for sql in [
        "insert into notes.note values (1, 1, 'CANARY'), (1, 1, 'CANARY')",
        "select 'CANARY'::int4",
        "do $$ begin raise exception 'CANARY'; end $$",
    ] {
        let tx = database.tenant(ONE).await.unwrap();
        let error = tx.batch(sql).await.unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("CANARY"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let tx = database.tenant(ONE).await.unwrap();
    tx.execute(INSERT, &[&1_i32, &1_i64, &"0"]).await.unwrap();
    tx.commit().await.unwrap();
    let options = TxOptions {
        isolation: Isolation::RepeatableRead,
        ..TxOptions::default()
    };
    let (attempts, all_have_read) = (AtomicU32::new(0), Arc::new(Barrier::new(3)));
    let increment = || {
        database.transact::<_, Error, _>(ONE, options, |tx| {
            let attempt = attempts.fetch_add(1, Ordering::Relaxed);
            let all_have_read = Arc::clone(&all_have_read);
            async move {
                let row = tx
                    .query_one("select text from notes.note where id = 1", &[])
                    .await?;
                let next = row.get::<_, String>(0).parse::<u32>().unwrap() + 1;
                // Nobody writes before all three have seen the same.
                if attempt < 3 {
                    all_have_read.wait().await;
                }
                let sql = "update notes.note set text = $1 where id = 1";
                tx.execute(sql, &[&next.to_string()]).await
            }
            .boxed()
        })
    };
    let (a, b, c) = tokio::join!(increment(), increment(), increment());
    assert_eq!((a, b, c), (Ok(1), Ok(1), Ok(1)));
    let rows = database
        .readers()
        .query(ONE, "select text from notes.note", &[])
        .await
        .unwrap();
    assert_eq!(rows[0].get::<_, String>(0), "3");
    assert!(
        attempts.load(Ordering::Relaxed) >= 5,
        "two lost the first race"
    );
}

#[tokio::test]
async fn one_flush_commits_all_steps_or_none() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let good = [
        Step {
            sql: INSERT,
            params: &[&1_i32, &1_i64, &"a"],
        },
        Step {
            sql: "select text from notes.note where id = $1",
            params: &[&1_i64],
        },
    ];
    let outcomes = database.writers().commit(ONE, &good).await.unwrap();
    assert_eq!(outcomes[0].affected, 1);
    assert_eq!(outcomes[1].rows[0].get::<_, &str>(0), "a");

    let second = Step {
        sql: INSERT,
        params: &[&1_i32, &2_i64, &"b"],
    };
    let refused_by_server = [
        second,
        Step {
            sql: INSERT,
            params: &[&1_i32, &1_i64, &"c"],
        },
    ];
    let refused_by_condition = [
        second,
        Step {
            sql: "select meditrack.require($1, 'stale')",
            params: &[&false],
        },
    ];
    let not_encodable = [
        second,
        Step {
            sql: INSERT,
            params: &[&1_i32, &"text", &"c"],
        },
    ];
    let too_few_values = [
        second,
        Step {
            sql: INSERT,
            params: &[&1_i32],
        },
    ];
    let expected = [
        Error::Unique {
            constraint: "note_pkey".to_owned(),
        }
        .kind(),
        ErrorKind::Conflict,
        ErrorKind::Internal,
        ErrorKind::Internal,
    ];
    let batches = [
        refused_by_server,
        refused_by_condition,
        not_encodable,
        too_few_values,
    ];
    for (steps, kind) in batches.into_iter().zip(expected) {
        let error = database.writers().commit(ONE, &steps).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(count(&database, ONE).await, 1);
    }
    database.writers().commit(ONE, &[second]).await.unwrap();
    assert_eq!(count(&database, ONE).await, 2);
    assert_eq!(count(&database, TWO).await, 0);
}

#[tokio::test]
async fn a_statement_that_outlived_its_schema_is_prepared_again() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let sql = "select * from notes.setting";
    database.readers().query(ONE, sql, &[]).await.unwrap();
    let (owner, _driver) = test.owner().connect().await.unwrap();
    owner
        .batch_execute("alter table notes.setting add column extra int4")
        .await
        .unwrap();
    for _ in 0..4 {
        database.readers().query(ONE, sql, &[]).await.unwrap();
    }
}

#[tokio::test]
async fn readers_refuse_to_write() {
    let test = TestDatabase::create(&[NOTES]).await;
    let database = test.open().await;
    let sql = "insert into notes.note values (1, 1, 'x')";
    assert!(database.readers().query(ONE, sql, &[]).await.is_err());
}

/// A value whose encoding panics.
#[derive(Debug)]
struct Bomb;

impl tokio_postgres::types::ToSql for Bomb {
    fn to_sql(
        &self,
        _: &tokio_postgres::types::Type,
        _: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        panic!("the value cannot be encoded")
    }

    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

#[tokio::test]
async fn a_panic_inside_a_flush_does_not_leave_its_transaction_to_the_next() {
    let test = TestDatabase::create(&[NOTES]).await;
    let sizes = mt_database::Sizes {
        pool: 1,
        readers: 1,
        writers: 1,
    };
    let database = mt_database::Database::open(&test.app(), sizes)
        .await
        .unwrap();
    let failing = database.clone();
    let task = tokio::spawn(async move {
        let good = Step {
            sql: INSERT,
            params: &[&1_i32, &1_i64, &"a"],
        };
        let bomb = Step {
            sql: INSERT,
            params: &[&1_i32, &2_i64, &Bomb],
        };
        failing.writers().commit(ONE, &[good, bomb]).await.map(drop)
    });
    assert!(task.await.unwrap_err().is_panic());
    let good = Step {
        sql: INSERT,
        params: &[&1_i32, &3_i64, &"c"],
    };
    database.writers().commit(ONE, &[good]).await.unwrap();
    assert_eq!(count(&database, ONE).await, 1);
}
