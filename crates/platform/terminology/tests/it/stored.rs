//! Loaded systems in the database.

use std::sync::Arc;

use mt_database::testing::TestDatabase;
use mt_terminology::storage::{self, MIGRATIONS};
use mt_terminology::{Catalog, Content};

use crate::synthetic::{beings, code_system};

#[test]
fn a_stored_system_is_replaced_at_once_read_by_the_application_and_removed() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let test = TestDatabase::create(&[MIGRATIONS]).await;
        let database = test.open().await;
        let catalog = Catalog::new();
        let url = "http://example.org/beings";
        let mut system = code_system(&beings());
        for round in 0..2 {
            storage::store(&test.owner(), &system)
                .await
                .expect("stored");
            assert_eq!(
                storage::refresh(&database, &catalog).await.expect("read"),
                1,
                "{round}"
            );
        }
        assert_eq!(storage::list(&database).await.expect("listed").len(), 1);
        assert_eq!(
            storage::refresh(&database, &catalog).await.expect("read"),
            0,
            "nothing is new"
        );
        let read = catalog.code_system(url, Some("1")).expect("installed");
        assert_eq!(read.concepts.to_image(), system.concepts.to_image());
        assert_eq!(read.header, system.header);

        system.header.version = Some("2".into());
        system.header.content = Content::Fragment;
        storage::store(&test.owner(), &system)
            .await
            .expect("stored");
        storage::refresh(&database, &catalog).await.expect("read");
        let newest = catalog.code_system(url, None).expect("installed");
        assert_eq!(newest.header.version.as_deref(), Some("2"));
        let first = catalog.code_system(url, Some("1")).expect("installed");
        assert!(
            Arc::ptr_eq(&first, &read),
            "a version that is in memory is not read again"
        );

        assert_eq!(
            storage::remove(&test.owner(), url, None)
                .await
                .expect("removed"),
            2
        );
        storage::refresh(&database, &catalog).await.expect("read");
        assert!(catalog.code_system(url, None).is_none());
        assert!(
            storage::store(&test.app(), &system).await.is_err(),
            "only the owner may store"
        );
    });
}
