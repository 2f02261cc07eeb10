use mt_database::migrate::{migrate, verify};
use mt_database::testing::TestDatabase;
use mt_database::{Error, Migration, MigrationError, Migrations};

use crate::fixture::NOTES;

const FIRST: Migration = Migration::new(1, "one", "create table later.a (id int4 primary key)");
const SECOND: Migration = Migration::new(2, "two", "create table later.b (id int4 primary key)");
const LATER_1: Migrations = Migrations {
    schema: "later",
    files: &[FIRST],
};
const LATER_2: Migrations = Migrations {
    schema: "later",
    files: &[FIRST, SECOND],
};

#[tokio::test]
async fn migrations_are_applied_once_and_in_order() {
    let database = TestDatabase::create(&[]).await;
    let owner = database.owner();
    assert!(matches!(
        verify(&database.app(), &[LATER_1]).await,
        Err(MigrationError::Pending { version: 1, .. })
    ));
    assert_eq!(migrate(&owner, &[LATER_1]).await, Ok(1));
    assert_eq!(migrate(&owner, &[LATER_1]).await, Ok(0));
    assert_eq!(migrate(&owner, &[LATER_2, NOTES]).await, Ok(2));
    assert_eq!(verify(&database.app(), &[LATER_2, NOTES]).await, Ok(()));
}

#[tokio::test]
async fn an_older_binary_refuses_a_newer_schema() {
    let database = TestDatabase::create(&[]).await;
    migrate(&database.owner(), &[LATER_2]).await.unwrap();
    let refused = MigrationError::Newer {
        schema: "later".to_owned(),
        database: 2,
        known: 1,
    };
    assert_eq!(
        migrate(&database.owner(), &[LATER_1]).await,
        Err(refused.clone())
    );
    assert_eq!(verify(&database.app(), &[LATER_1]).await, Err(refused));
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    const CHANGED: Migrations = Migrations {
        schema: "later",
        files: &[Migration::new(
            1,
            "one",
            "create table later.other (id int4)",
        )],
    };
    let database = TestDatabase::create(&[]).await;
    migrate(&database.owner(), &[LATER_1]).await.unwrap();
    let refused = MigrationError::Changed {
        schema: "later".to_owned(),
        version: 1,
    };
    assert_eq!(migrate(&database.owner(), &[CHANGED]).await, Err(refused));
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_behind() {
    const BROKEN: Migrations = Migrations {
        schema: "later",
        files: &[
            FIRST,
            Migration::new(2, "two", "create table later.b (id int4); select 1/0"),
        ],
    };
    let database = TestDatabase::create(&[]).await;
    let failure = migrate(&database.owner(), &[BROKEN]).await;
    assert!(
        matches!(failure, Err(MigrationError::Failed { version: 2, .. })),
        "{failure:?}"
    );
    assert_eq!(migrate(&database.owner(), &[LATER_2]).await, Ok(1));
}

#[tokio::test]
async fn processes_that_start_together_migrate_once() {
    let database = TestDatabase::create(&[]).await;
    let owner = database.owner();
    let starts = (0..6).map(|_| migrate(&owner, &[LATER_2]));
    let counts = futures::future::try_join_all(starts).await.unwrap();
    assert_eq!(counts.iter().sum::<usize>(), 2);
}

#[tokio::test]
async fn the_application_role_may_not_migrate() {
    let database = TestDatabase::create(&[]).await;
    let refused = migrate(&database.app(), &[LATER_1]).await;
    assert!(
        matches!(refused, Err(MigrationError::Sql(Error::Denied { .. }))),
        "{refused:?}"
    );
}
