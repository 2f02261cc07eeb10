//! A cache between processes that forgets, lies and repeats the past: no answer changes by it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use mt_fhir::ResourceType;
use mt_store::{Caller, SharedCache, Store, StoreError, StoreOptions};
use mt_testkit::{TestStore, resources};

/// A cache whose content a test may change as it likes.
#[derive(Debug, Default)]
struct Chest {
    values: Mutex<HashMap<[u8; 16], Vec<u8>>>,
    given: AtomicUsize,
}

impl Chest {
    fn all(&self) -> HashMap<[u8; 16], Vec<u8>> {
        self.values.lock().unwrap().clone()
    }

    fn replace(&self, values: HashMap<[u8; 16], Vec<u8>>) {
        *self.values.lock().unwrap() = values;
    }
}

impl SharedCache for Chest {
    fn get(&self, key: [u8; 16]) -> BoxFuture<'_, Option<Vec<u8>>> {
        let found = self.values.lock().unwrap().get(&key).cloned();
        self.given
            .fetch_add(usize::from(found.is_some()), Ordering::Relaxed);
        Box::pin(async move { found })
    }

    fn put(&self, key: [u8; 16], value: Vec<u8>, _: Duration) {
        self.values.lock().unwrap().insert(key, value);
    }
}

/// A process without memory of its own, so that every read goes below.
async fn process(test: &TestStore, shared: &Arc<Chest>) -> Store {
    let options = StoreOptions {
        cache_bytes: 0,
        shared: Some(Arc::clone(shared) as Arc<dyn SharedCache>),
        ..StoreOptions::default()
    };
    test.second_with(options).await
}

async fn body(store: &Store, caller: &Caller, id: &str) -> (u32, String) {
    let read = store.read(caller, ResourceType::PATIENT, id).await.unwrap();
    (
        read.version,
        String::from_utf8_lossy(&read.body).into_owned(),
    )
}

fn named(id: &str, family: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}]}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_never_taken_for_the_present() {
    let (test, shared) = (TestStore::new().await, Arc::new(Chest::default()));
    let caller = test.caller(test.tenant("clinic").await);
    test.put(&caller, &named("p", "One"), None).await.unwrap();
    let reader = process(&test, &shared).await;
    assert_eq!(body(&reader, &caller, "p").await.0, 1);
    let past = shared.all();
    assert_eq!(past.len(), 1);
    // What it kept is given, and taken.
    assert_eq!(body(&reader, &caller, "p").await.0, 1);
    assert_eq!(shared.given.load(Ordering::Relaxed), 1);
    assert_eq!(shared.all(), past, "what is refused is replaced");

    test.put(&caller, &named("p", "Two"), None).await.unwrap();
    while body(&reader, &caller, "p").await.0 == 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let late = process(&test, &shared).await;
    for store in [&reader, &late] {
        for _ in 0..5 {
            shared.replace(past.clone());
            let (version, text) = body(store, &caller, "p").await;
            assert_eq!(version, 2);
            assert!(text.contains("Two"));
        }
    }
    // Nor is what was deleted brought back.
    test.delete(&caller, ResourceType::PATIENT, "p")
        .await
        .unwrap();
    while reader
        .read(&caller, ResourceType::PATIENT, "p")
        .await
        .is_ok()
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shared.replace(past);
    let gone = reader.read(&caller, ResourceType::PATIENT, "p").await;
    assert!(matches!(gone, Err(StoreError::Gone { .. })), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_swapped_or_damaged_is_worth_as_much_as_nothing() {
    let (test, shared) = (TestStore::new().await, Arc::new(Chest::default()));
    let one = test.caller(test.tenant("one").await);
    let two = test.caller(test.tenant("two").await);
    for (caller, id, family) in [
        (&one, "p", "CanaryA"),
        (&one, "q", "CanaryB"),
        (&two, "p", "CanaryC"),
    ] {
        test.put(caller, &named(id, family), None).await.unwrap();
    }
    let reader = process(&test, &shared).await;
    let every = async || {
        for (caller, id, family) in [
            (&one, "p", "CanaryA"),
            (&one, "q", "CanaryB"),
            (&two, "p", "CanaryC"),
        ] {
            let (version, text) = body(&reader, caller, id).await;
            assert_eq!(version, 1);
            assert!(text.contains(family), "{family} is {text}");
        }
    };
    every().await;
    let good = shared.all();
    assert_eq!(good.len(), 3, "each has a name of its own");
    for (key, value) in &good {
        let held = [key.as_slice(), value].concat();
        let shown = held.windows(6).any(|part| part == b"Canary");
        assert!(!shown, "what is kept is sealed");
    }
    let keys: Vec<[u8; 16]> = good.keys().copied().collect();
    for turn in 1..keys.len() {
        let swapped = keys.iter().enumerate().map(|(at, key)| {
            let other = keys[(at + turn) % keys.len()];
            (*key, good[&other].clone())
        });
        shared.replace(swapped.collect());
        every().await;
    }
    for place in [0, 1, 5, 17, 18, 30, 60] {
        let mut bad = good.clone();
        for value in bad.values_mut() {
            let place = place.min(value.len() - 1);
            value[place] ^= 0x40;
        }
        shared.replace(bad);
        every().await;
    }
    for made_up in [Vec::new(), vec![0; 3], vec![0xff; 4096]] {
        shared.replace(keys.iter().map(|key| (*key, made_up.clone())).collect());
        every().await;
    }
    // Every refused value was replaced by a good one.
    let given = shared.given.load(Ordering::Relaxed);
    every().await;
    assert_eq!(shared.given.load(Ordering::Relaxed), given + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_and_readers_over_one_shared_cache_never_see_a_version_fall() {
    let (test, shared) = (TestStore::new().await, Arc::new(Chest::default()));
    let caller = test.caller(test.tenant("clinic").await);
    let patient = test.create(&caller, &resources::patient("Chalmers")).await;
    let stores = [process(&test, &shared).await, process(&test, &shared).await];
    let readers = stores.map(|store| {
        let (caller, id) = (caller.clone(), Arc::clone(&patient.id));
        tokio::spawn(async move {
            let mut highest = 0;
            while highest < 40 {
                let (version, _) = body(&store, &caller, &id).await;
                assert!(version >= highest, "{version} after {highest}");
                highest = version;
            }
        })
    });
    for round in 2..=40 {
        let changed = named(&patient.id, &format!("Chalmers {round}"));
        test.put(&caller, &changed, None).await.unwrap();
        // Also right after each other, and with something else in between.
        if round % 3 == 0 {
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }
    for reader in readers {
        reader.await.unwrap();
    }
}
