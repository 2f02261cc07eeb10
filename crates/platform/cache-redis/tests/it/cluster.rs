//! Two processes of a cluster over one database and one Redis.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use mt_cache_redis::RedisCache;
use mt_fhir::ResourceType;
use mt_store::{Caller, SharedCache, Store, StoreOptions};
use mt_testkit::{TestStore, resources};

use crate::server::{Server, becomes, cache, is_there, until};

/// Redis, and how many values it gave.
#[derive(Debug)]
struct Counted {
    redis: RedisCache,
    given: AtomicUsize,
}

impl SharedCache for Counted {
    fn get(&self, key: [u8; 16]) -> BoxFuture<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            let found = self.redis.get(key).await;
            self.given
                .fetch_add(usize::from(found.is_some()), Ordering::Relaxed);
            found
        })
    }

    fn put(&self, key: [u8; 16], value: Vec<u8>, life: Duration) {
        self.redis.put(key, value, life);
    }
}

/// A process without memory of its own, so that every read goes below.
async fn process(test: &TestStore, server: &Server) -> (Store, Arc<Counted>) {
    let redis = cache(&server.url(), None);
    becomes(&redis, true).await;
    let counted = Arc::new(Counted {
        redis,
        given: AtomicUsize::new(0),
    });
    let options = StoreOptions {
        cache_bytes: 0,
        shared: Some(Arc::clone(&counted) as Arc<dyn SharedCache>),
        ..StoreOptions::default()
    };
    (test.second_with(options).await, counted)
}

async fn version(store: &Store, caller: &Caller, id: &str) -> u32 {
    let read = store.read(caller, ResourceType::PATIENT, id).await;
    read.unwrap().version
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_read_another_finds_and_a_new_version_is_seen_by_all() {
    if !is_there() {
        return;
    }
    let (test, server) = (TestStore::new().await, Server::start());
    let caller = test.caller(test.tenant("clinic").await);
    let patient = test.create(&caller, &resources::patient("Chalmers")).await;
    let ((one, _), (other, given)) = (process(&test, &server).await, process(&test, &server).await);
    until("the other process finds nothing", async || {
        assert_eq!(version(&one, &caller, &patient.id).await, 1);
        assert_eq!(version(&other, &caller, &patient.id).await, 1);
        given.given.load(Ordering::Relaxed) > 0
    })
    .await;
    for round in 2..6 {
        let id = &patient.id;
        let changed =
            format!(r#"{{"resourceType":"Patient","id":"{id}","multipleBirthInteger":{round}}}"#);
        test.put(&caller, &changed, None).await.unwrap();
        // A version that was seen is not taken back, by either.
        for store in [&one, &other] {
            until("the new version is not seen", async || {
                version(store, &caller, &patient.id).await == round
            })
            .await;
            assert_eq!(version(store, &caller, &patient.id).await, round);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_dies_under_the_store_changes_no_answer() {
    if !is_there() {
        return;
    }
    let (test, mut server) = (TestStore::new().await, Server::start());
    let caller = test.caller(test.tenant("clinic").await);
    let patient = test.create(&caller, &resources::patient("Chalmers")).await;
    let (store, _) = process(&test, &server).await;
    for round in 0..30 {
        assert_eq!(version(&store, &caller, &patient.id).await, 1);
        match round {
            10 => server.kill(),
            20 => server.restart(),
            _ => {}
        }
    }
}
