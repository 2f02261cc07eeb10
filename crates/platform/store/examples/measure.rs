//! Measures the store on Synthea bundles: import, creates, reads, searches.
//!
//! `cargo run --release -p mt-store --example measure -- DIR [COPIES]`, where DIR holds transaction bundles
//! (`*.json.gz` unpacked to `*.json`). The hooks agree to everything, so the figures are those of the store
//! alone; the database is the shared test cluster.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool for a person at a terminal"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_store::{Action, Batch, Caller, Change, Content, Store};
use mt_testkit::{TestStore, query, resources};

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().expect("a folder of bundles");
    let copies: usize = args.next().map_or(1, |copies| copies.parse().unwrap());
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("measure").await);
    let (first, bundles) = read_bundles(&folder);
    for text in &first {
        test.store.commit(&caller, batch(text)).await.unwrap();
    }
    import(&test.store, &caller, &bundles, copies).await;
    creates(&test.store, &caller).await;
    reads(&test.store, &caller).await;
    searches(&test.store, &caller).await;
}

/// Organisations and practitioners first, then patients.
fn read_bundles(folder: &str) -> (Vec<String>, Vec<String>) {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for path in files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
    {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let information = name.starts_with("hospital") || name.starts_with("practitioner");
        if information {
            first.push(text)
        } else {
            rest.push(text)
        }
    }
    (first, rest)
}

fn batch(text: &str) -> Batch {
    let limits = Limits {
        max_bytes: 1 << 30,
        max_values: 1 << 26,
        ..Limits::default()
    };
    let doc = Doc::parse(text, &limits).unwrap();
    let mut changes = Vec::new();
    for entry in doc
        .root()
        .get("entry")
        .into_iter()
        .flat_map(|entries| entries.children())
    {
        let resource = entry.get("resource").unwrap();
        let resource_type = ResourceType::from_name(resource.resource_type().unwrap()).unwrap();
        let content = Content::Entry(resource.id());
        let none = entry
            .get("request")
            .and_then(|request| request.str("ifNoneExist"));
        let if_none_exist = none.map(|text| query(&format!("{resource_type}?{text}")));
        changes.push(Change {
            resource_type,
            full_url: entry.str("fullUrl").map(str::to_owned),
            action: Action::Create {
                content,
                if_none_exist,
            },
        });
    }
    let mut batch = Batch::of_bundle(doc);
    changes.into_iter().for_each(|change| batch.push(change));
    batch
}

async fn import(store: &Store, caller: &Caller, bundles: &[String], copies: usize) {
    let work: Arc<Vec<String>> = Arc::new(bundles.to_vec());
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let (store, caller) = (store.clone(), caller.clone());
        let (work, next) = (Arc::clone(&work), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let mut count = 0;
            loop {
                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if at >= work.len() * copies {
                    return count;
                }
                let (work, index) = (Arc::clone(&work), at % work.len());
                let batch = tokio::task::spawn_blocking(move || batch(&work[index]))
                    .await
                    .unwrap();
                match store.commit(&caller, batch).await {
                    Ok(done) => count += done.len(),
                    Err(error) => println!("bundle {index}: {error}"),
                }
            }
        }));
    }
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "import: {count} resources in {seconds:.2} s = {:.0}/s",
        count as f64 / seconds
    );
}

async fn creates(store: &Store, caller: &Caller) {
    let (store, caller) = (store.clone(), caller.clone());
    let run = move |_: usize| {
        let (store, caller) = (store.clone(), caller.clone());
        async move {
            let text = resources::patient("Measured");
            let doc = Doc::parse(text, &Limits::default()).unwrap();
            let content = Content::Own(Box::new(doc));
            let action = Action::Create {
                content,
                if_none_exist: None,
            };
            let change = Change {
                resource_type: ResourceType::PATIENT,
                full_url: None,
                action,
            };
            store.commit_one(&caller, change).await.unwrap();
        }
    };
    many("single creates, 32 at once", 8_000, run).await;
}

async fn reads(store: &Store, caller: &Caller) {
    let page = store
        .search(caller, &query("Observation?_count=1000"), None)
        .await
        .unwrap();
    let ids: Arc<Vec<String>> = Arc::new(
        page.entries
            .iter()
            .map(|entry| entry.resource.id.to_string())
            .collect(),
    );
    for round in ["reads, first", "reads, again"] {
        let (store, caller, all) = (store.clone(), caller.clone(), Arc::clone(&ids));
        let run = move |at: usize| {
            let (store, caller, ids) = (store.clone(), caller.clone(), Arc::clone(&all));
            async move {
                let id = &ids[at % ids.len()];
                store
                    .read(&caller, ResourceType::OBSERVATION, id)
                    .await
                    .unwrap();
            }
        };
        let count = if round == "reads, first" {
            ids.len()
        } else {
            100_000
        };
        many(round, count, run).await;
    }
}

async fn many<F: Future<Output = ()> + Send + 'static>(
    what: &str,
    count: usize,
    run: impl Fn(usize) -> F + Clone + Send + 'static,
) {
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (next, run) = (Arc::clone(&next), run.clone());
            tokio::spawn(async move {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    run(at).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{what}: {count} in {seconds:.2} s = {:.0}/s",
        count as f64 / seconds
    );
}

/// A search with what varies from round to round.
type Shape<'a> = Box<dyn Fn(usize) -> String + 'a>;

async fn searches(store: &Store, caller: &Caller) {
    let page = store
        .search(caller, &query("Patient?_count=100"), None)
        .await
        .unwrap();
    let patients: Vec<String> = page
        .entries
        .iter()
        .map(|e| e.resource.id.to_string())
        .collect();
    let page = store
        .search(
            caller,
            &query("Patient?identifier:missing=false&_count=50"),
            None,
        )
        .await;
    let identifiers: Vec<String> = page
        .unwrap()
        .entries
        .iter()
        .filter_map(|entry| {
            let doc = Doc::parse(entry.resource.body.to_vec(), &Limits::default()).unwrap();
            let first = doc.root().get("identifier")?.item(0)?;
            Some(format!("{}|{}", first.str("system")?, first.str("value")?))
        })
        .collect();
    let loinc = "http://loinc.org|";
    let shapes: Vec<(&str, Shape<'_>)> = vec![
        (
            "patient + code, sorted",
            Box::new(|i| {
                let patient = &patients[i % patients.len()];
                format!("Observation?patient={patient}&code={loinc}8302-2&_sort=-date&_count=20")
            }),
        ),
        (
            "population code + date, sorted",
            Box::new(|_| {
                format!("Observation?code={loinc}8302-2&date=ge2015&_sort=-date&_count=20")
            }),
        ),
        (
            "identifier",
            Box::new(|i| format!("Patient?identifier={}", identifiers[i % identifiers.len()])),
        ),
        (
            "name prefix",
            Box::new(|i| format!("Patient?name={}", ["smi", "jo", "wil", "mar"][i % 4])),
        ),
        (
            "one-hop chain",
            Box::new(|i| {
                let identifier = &identifiers[i % identifiers.len()];
                format!("Observation?subject:Patient.identifier={identifier}&_count=20")
            }),
        ),
        (
            "accurate total",
            Box::new(|_| format!("Observation?code={loinc}8302-2&_total=accurate&_count=0")),
        ),
        (
            "_has",
            Box::new(|_| format!("Patient?_has:Observation:patient:code={loinc}8302-2&_count=20")),
        ),
        (
            "newest of a type",
            Box::new(|_| "Observation?_sort=-_lastUpdated&_count=20".to_owned()),
        ),
        (
            "a common code",
            Box::new(|_| "Observation?status=final&_count=20".to_owned()),
        ),
    ];
    for (name, text) in &shapes {
        let mut times = Vec::new();
        let mut entries = 0;
        for round in 0..220 {
            let query = query(&text(round));
            let started = Instant::now();
            match store.search(caller, &query, None).await {
                Ok(page) => entries = page.entries.len(),
                Err(error) => println!("{name}: {error}"),
            }
            if round >= 20 {
                times.push(started.elapsed());
            }
        }
        times.sort();
        let micros = |at: usize| times.get(at).map_or(0, Duration::as_micros);
        println!(
            "{name}: p50 {} µs, p99 {} µs ({entries} entries)",
            micros(100),
            micros(198)
        );
    }
}
