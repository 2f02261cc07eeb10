//! Versions: created, replaced, deleted, created again.

use mt_fhir::ResourceType;
use mt_store::{Effect, StoreError};
use mt_testkit::{TestStore, resources};

const PATIENT: ResourceType = ResourceType::PATIENT;

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_read_as_it_was_written() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let text = r#"{"resourceType":"Patient","extension":[{"url":"http://x.org/y","valueDecimal":5.00}],"name":[{"family":"Ünïcødé \"q\""}]}"#;
    let created = test.create(&caller, text).await;
    assert_eq!((created.version, created.effect), (1, Effect::Created));
    for _ in 0..2 {
        let stored = test
            .store
            .read(&caller, PATIENT, &created.id)
            .await
            .unwrap();
        assert_eq!(stored.body, created.body);
        let body = String::from_utf8(stored.body.to_vec()).unwrap();
        assert!(
            body.ends_with(&text[r#"{"resourceType":"Patient""#.len()..]),
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_contiguous_through_deletion_and_return() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let named = |family: &str| {
        format!(r#"{{"resourceType":"Patient","id":"Own.Id","name":[{{"family":"{family}"}}]}}"#)
    };
    let first = test.put(&caller, &named("a"), None).await.unwrap();
    assert_eq!((first.version, first.effect), (1, Effect::Created));
    let second = test.put(&caller, &named("b"), Some(1)).await.unwrap();
    assert_eq!((second.version, second.effect), (2, Effect::Updated));
    let same = test.put(&caller, &named("b"), None).await.unwrap();
    assert_eq!((same.version, same.effect), (2, Effect::Unchanged));
    let gone = test.delete(&caller, PATIENT, "Own.Id").await.unwrap();
    assert_eq!((gone.version, gone.effect), (3, Effect::Deleted));
    let again = test.delete(&caller, PATIENT, "Own.Id").await.unwrap();
    assert_eq!((again.version, again.effect), (3, Effect::Absent));
    let read = test.store.read(&caller, PATIENT, "Own.Id").await;
    assert!(matches!(read, Err(StoreError::Gone { version: 3, .. })));
    let back = test.put(&caller, &named("c"), None).await.unwrap();
    assert_eq!((back.version, back.effect), (4, Effect::Created));
    assert!(back.last_updated > first.last_updated);
    for (version, family) in [(1, "a"), (2, "b"), (4, "c")] {
        let old = test
            .store
            .vread(&caller, PATIENT, "Own.Id", version)
            .await
            .unwrap();
        assert!(String::from_utf8_lossy(&old.body).contains(&format!(r#""family":"{family}""#)));
        assert_eq!(&*old.id, "Own.Id");
    }
    let third = test.store.vread(&caller, PATIENT, "Own.Id", 3).await;
    assert!(matches!(third, Err(StoreError::Gone { .. })));
    for missing in [0, 5] {
        let none = test.store.vread(&caller, PATIENT, "Own.Id", missing).await;
        assert!(matches!(none, Err(StoreError::NotFound)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_differ_in_case_are_different_resources() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let lower = "0193f0a2-7c1e-7b3a-9c4d-2f6e8a1b0c3d";
    let upper = lower.to_uppercase();
    for id in [lower, &upper, "x"] {
        let text = format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
        assert_eq!(test.put(&caller, &text, None).await.unwrap().version, 1);
    }
    for id in [lower, &upper, "x"] {
        assert_eq!(
            &*test.store.read(&caller, PATIENT, id).await.unwrap().id,
            id
        );
    }
    for id in ["X", "0193F0A2-7c1e-7b3a-9c4d-2f6e8a1b0c3d"] {
        let read = test.store.read(&caller, PATIENT, id).await;
        assert!(matches!(read, Err(StoreError::NotFound)), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_if_match_is_refused() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let text = r#"{"resourceType":"Patient","id":"a"}"#;
    test.put(&caller, text, None).await.unwrap();
    let other = r#"{"resourceType":"Patient","id":"a","active":true}"#;
    let stale = test.put(&caller, other, Some(7)).await;
    assert!(matches!(
        stale,
        Err(StoreError::VersionMismatch {
            expected: 7,
            current: 1
        })
    ));
    assert_eq!(test.put(&caller, other, Some(1)).await.unwrap().version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_updates_with_if_match_never_lose_one() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    test.put(
        &caller,
        r#"{"resourceType":"Basic","id":"n","extension":[]}"#,
        None,
    )
    .await
    .unwrap();
    let increments = 8;
    let workers = (0..4).map(|worker| {
        let (test, caller) = (&test, &caller);
        async move {
            let mut done = 0;
            while done < increments {
                let read = test.store.read(caller, ResourceType::BASIC, "n").await.unwrap();
                let text = format!(
                    r#"{{"resourceType":"Basic","id":"n","extension":[{{"url":"http://x.org/{worker}-{done}-{}"}}]}}"#,
                    read.version
                );
                match test.put(caller, &text, Some(read.version)).await {
                    Ok(_) => done += 1,
                    Err(StoreError::VersionMismatch { .. } | StoreError::Contended) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
    });
    futures_join(workers).await;
    let last = test
        .store
        .read(&caller, ResourceType::BASIC, "n")
        .await
        .unwrap();
    assert_eq!(last.version, 1 + 4 * increments);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_sees_a_write_at_once_or_after_one_poll() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let second = test.second().await;
    test.put(&caller, r#"{"resourceType":"Patient","id":"a"}"#, None)
        .await
        .unwrap();
    assert_eq!(second.read(&caller, PATIENT, "a").await.unwrap().version, 1);
    test.put(
        &caller,
        r#"{"resourceType":"Patient","id":"a","active":true}"#,
        None,
    )
    .await
    .unwrap();
    for _ in 0..200 {
        if second.read(&caller, PATIENT, "a").await.unwrap().version == 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the second process still serves the first version");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_tenant_writes_another_never_sees() {
    let test = TestStore::new().await;
    let (a, b) = (test.tenant("a").await, test.tenant("b").await);
    let (a, b) = (test.caller(a), test.caller(b));
    let created = test.create(&a, &resources::patient("Secret")).await;
    let read = test.store.read(&b, PATIENT, &created.id).await;
    assert!(matches!(read, Err(StoreError::NotFound)));
    assert_eq!(
        test.search(&b, "Patient?name=secret").await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        test.search(&a, "Patient?name=secret").await.unwrap().len(),
        1
    );
    let text = format!(r#"{{"resourceType":"Patient","id":"{}"}}"#, created.id);
    assert_eq!(test.put(&b, &text, None).await.unwrap().version, 1);
    let mine = test.store.read(&a, PATIENT, &created.id).await.unwrap();
    assert_eq!(mine.body, created.body);
}

async fn futures_join<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let mut all: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(move |context| {
        all.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}
