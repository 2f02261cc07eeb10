//! Background work: rotation, reindex, dictionaries, removal.

use mt_fhir::ResourceType;
use mt_store::{StoreError, TenantState};
use mt_testkit::{TestStore, resources};

const PATIENT: ResourceType = ResourceType::PATIENT;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_everything_opens_with_the_new_key_everywhere() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let caller = test.caller(tenant);
    let second = test.second().await;
    let text = |active: bool| format!(r#"{{"resourceType":"Patient","id":"p","active":{active}}}"#);
    test.put(&caller, &text(true), None).await.unwrap();
    test.put(&caller, &text(false), None).await.unwrap();
    assert_eq!(second.read(&caller, PATIENT, "p").await.unwrap().version, 2);
    assert_eq!(test.store.rotate_body_key(tenant).await.unwrap(), 2);
    let status = test.store.key_status(tenant).await.unwrap();
    assert!(status.contains(&"body 1 retired".to_owned()), "{status:?}");
    assert!(status.contains(&"body 2 active".to_owned()), "{status:?}");
    for store in [&test.store, &second] {
        for version in [1, 2] {
            assert!(store.vread(&caller, PATIENT, "p", version).await.is_ok());
        }
    }
    assert_eq!(test.store.rotate_body_key(tenant).await.unwrap(), 2);
    assert!(
        test.store
            .jobs(tenant)
            .await
            .unwrap()
            .iter()
            .all(|job| job.finished)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_with_a_destroyed_key_is_closed_for_good() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let caller = test.caller(tenant);
    let text = r#"{"resourceType":"Patient","id":"p"}"#;
    test.put(&caller, text, None).await.unwrap();
    let client = test.database.admin().connect().await.unwrap().0;
    let body = "select body from records.res";
    let backup: Vec<u8> = client.query_one(body, &[]).await.unwrap().get(0);
    let wrapped = "select wrapped from tenancy.keys where purpose = 1 and id = 1";
    let key: Vec<u8> = client.query_one(wrapped, &[]).await.unwrap().get(0);
    assert_eq!(
        test.store.destroy_old_keys(tenant).await.unwrap(),
        0,
        "the only key is needed"
    );
    test.store.rotate_body_key(tenant).await.unwrap();
    assert_eq!(test.store.destroy_old_keys(tenant).await.unwrap(), 1);
    assert!(test.store.read(&caller, PATIENT, "p").await.is_ok());
    // The backup is restored, key and all: nobody can unwrap it any more.
    client
        .execute("update records.res set body = $1", &[&backup])
        .await
        .unwrap();
    let second = test.second().await;
    assert!(second.read(&caller, PATIENT, "p").await.is_err());
    let restore = "update tenancy.keys set wrapped = $1, state = 2 where purpose = 1 and id = 1";
    client.execute(restore, &[&key]).await.unwrap();
    let third = test.second().await;
    assert!(third.read(&caller, PATIENT, "p").await.is_err());
    assert!(
        test.store.destroy_old_keys(tenant).await.is_err(),
        "a body needs the key"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reindex_keeps_versions_and_finds_the_same() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let caller = test.caller(tenant);
    for name in ["Ann", "Bo"] {
        test.create(&caller, &resources::patient(name)).await;
    }
    let client = test.database.admin().connect().await.unwrap().0;
    client
        .execute("update records.res set keys = '{}', k1 = null", &[])
        .await
        .unwrap();
    assert!(
        test.search(&caller, "Patient?name=ann")
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(test.store.reindex(tenant, &[PATIENT]).await.unwrap(), 2);
    let found = test.search(&caller, "Patient?name=ann").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        test.store
            .read(&caller, PATIENT, &found[0])
            .await
            .unwrap()
            .version,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_under_an_own_dictionary_open_in_every_process() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let caller = test.caller(tenant);
    let second = test.second().await;
    assert_eq!(
        test.store
            .train_dictionaries(tenant, &[PATIENT])
            .await
            .unwrap(),
        []
    );
    for index in 0..200 {
        let family = format!("Family{index} with a rather long name");
        test.create(
            &caller,
            &resources::patient_with_identifier(
                &family,
                "http://mrn.example.org",
                &index.to_string(),
            ),
        )
        .await;
    }
    assert_eq!(
        test.store
            .train_dictionaries(tenant, &[PATIENT])
            .await
            .unwrap(),
        [PATIENT]
    );
    let created = test.create(&caller, &resources::patient("After")).await;
    for store in [&test.store, &second, &test.second().await] {
        assert_eq!(
            store
                .read(&caller, PATIENT, &created.id)
                .await
                .unwrap()
                .body,
            created.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tenant_is_unreadable_at_once_and_its_rows_go() {
    let test = TestStore::new().await;
    let (gone, stays) = (test.tenant("gone").await, test.tenant("stays").await);
    let caller = test.caller(gone);
    let created = test.create(&caller, &resources::patient("Ann")).await;
    let other = test.caller(stays);
    let kept = test.create(&other, &resources::patient("Bo")).await;
    assert!(test.store.remove_shredded(gone).await.is_err());
    assert!(matches!(
        test.store.tenants().shred(gone).await,
        Err(StoreError::TenantInactive)
    ));
    test.store.tenants().suspend(gone).await.unwrap();
    let read = test.store.read(&caller, PATIENT, &created.id).await;
    assert!(matches!(read, Err(StoreError::TenantInactive)));
    test.store.tenants().shred(gone).await.unwrap();
    assert!(test.store.remove_shredded(gone).await.unwrap() >= 2);
    let listed = test.store.tenants().list().await.unwrap();
    assert_eq!(listed[0].state, TenantState::Deleted);
    let client = test.database.admin().connect().await.unwrap().0;
    let left = client
        .query_one("select count(*) from records.res", &[])
        .await
        .unwrap();
    assert_eq!(left.get::<_, i64>(0), 1);
    assert!(test.store.read(&other, PATIENT, &kept.id).await.is_ok());
}
