//! Searches in the store, by the shapes that clinical use is made of, while a tenant grows.

use std::time::Instant;

use mt_fhir::ResourceType;
use mt_kernel::{Actor, OpCtx, PurposeOfUse, TenantId};
use mt_search::{ParseOptions, Query, Scope};
use mt_store::{Caller, Page};
use uuid::Uuid;

use super::charts::Charts;
use super::http::{HEART_RATE, SYNTHEA};
use super::row::{Limit, Row, median};
use super::{Bench, Part, storage};
use crate::assembly::Installation;
use crate::import::Import;

/// Repetitions of a shape in a round, each with other values.
const TIMES: usize = 200;
/// Resources at which bytes are counted against the same resources as jsonb.
const COMPARED: u64 = 100_000;
/// Hits of the accurate total.
const HITS: u64 = 5_000;
/// Charts handed to the import at once.
const PORTION: usize = 16;

/// Type searched, and the query of a repetition.
type Shape<'a> = (ResourceType, Box<dyn Fn(usize) -> String + 'a>);

/// The shapes, in the order of [`shapes`].
const NAMES: [&str; 6] = [
    "patient + code, sorted by date",
    "population code + date, sorted",
    "identifier",
    "name prefix",
    "one-hop chain",
    "accurate total of 5,000",
];

/// Middle and slowest hundredth of a shape, in milliseconds.
#[derive(Clone, Copy)]
struct Latency {
    p50: f64,
    p99: f64,
}

/// Grows the tenant and measures at every size that the plan names.
pub(super) async fn grow_and_measure(
    bench: &Bench<'_>,
    installation: &Installation,
    tenant: TenantId,
    charts: &Charts,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let plan = bench.plan;
    let mut growth = Growth {
        import: Import {
            store: installation.store.clone(),
            tenant,
            clock: installation.clock.clone(),
            state_dir: plan.dir.join("state"),
            progress: false,
        },
        charts,
        next: 0,
        resources: 0,
    };
    growth.begin().await?;
    let compared = COMPARED.min(plan.resources);
    let mut sizes = vec![
        plan.resources / 100,
        plan.resources / 10,
        plan.resources,
        compared,
    ];
    sizes.sort_unstable();
    sizes.dedup();
    let mut measured: Vec<(u64, Vec<Latency>)> = Vec::new();
    let mut jsonb = None;
    for size in sizes {
        growth.reach(size).await?;
        settle(installation).await?;
        if size == compared && plan.wants(Part::Storage) {
            jsonb = Some(storage::jsonb(installation, tenant).await?);
        }
        if plan.wants(Part::Search) {
            let latencies = shapes_at(bench, installation, tenant).await?;
            measured.push((growth.resources, latencies));
        }
    }
    if let Some(jsonb) = jsonb {
        rows.push(storage::row(installation, jsonb).await?);
    }
    report(&measured, rows);
    Ok(())
}

/// A tenant under construction.
struct Growth<'a> {
    import: Import,
    charts: &'a Charts,
    next: usize,
    resources: u64,
}

impl Growth<'_> {
    async fn begin(&mut self) -> anyhow::Result<()> {
        for bundle in &self.charts.shared {
            self.resources += self.import.bundles(vec![bundle.clone()]).await?;
        }
        Ok(())
    }

    /// Loads charts until there are as many resources.
    async fn reach(&mut self, resources: u64) -> anyhow::Result<()> {
        while self.resources < resources {
            let portion = (self.next..self.next + PORTION)
                .map(|index| self.charts.nth(index))
                .collect();
            self.next += PORTION;
            self.resources += self.import.bundles(portion).await?;
        }
        Ok(())
    }
}

/// What autovacuum and the checkpointer do by themselves after a while: statistics, visibility, pending keys, pages on disk.
pub(super) async fn settle(installation: &Installation) -> anyhow::Result<()> {
    let cluster = installation.ground.cluster.as_ref();
    let Some(cluster) = cluster else {
        return Ok(());
    };
    let (client, driver) = cluster.admin()?.connect().await?;
    client
        .batch_execute("vacuum (analyze) records.res, records.aux, records.txlog")
        .await?;
    client.batch_execute("checkpoint").await?;
    driver.abort();
    Ok(())
}

/// Latencies of every shape at the present size: medians of the rounds.
async fn shapes_at(
    bench: &Bench<'_>,
    installation: &Installation,
    tenant: TenantId,
) -> anyhow::Result<Vec<Latency>> {
    let patients = ids(installation, tenant, ResourceType::PATIENT, "", 2_000).await?;
    let identifiers = identifiers(installation, tenant).await?;
    let since = since(installation, tenant).await?;
    let shapes = shapes(&patients, &identifiers, since);
    let rounds = bench.plan.rounds;
    let mut p50s = vec![Vec::with_capacity(rounds); shapes.len()];
    let mut p99s = vec![Vec::with_capacity(rounds); shapes.len()];
    for round in 0..rounds {
        for (index, (kind, query)) in shapes.iter().enumerate() {
            let mut millis = Vec::with_capacity(TIMES);
            for time in 0..TIMES {
                let text = query(round * TIMES + time);
                let started = Instant::now();
                search(installation, tenant, *kind, &text, None).await?;
                millis.push(started.elapsed().as_secs_f64() * 1e3);
            }
            millis.sort_by(f64::total_cmp);
            p50s[index].push(millis[TIMES / 2]);
            p99s[index].push(millis[TIMES * 99 / 100]);
        }
    }
    let pairs = p50s.iter_mut().zip(&mut p99s);
    Ok(pairs
        .map(|(p50, p99)| Latency {
            p50: median(p50),
            p99: median(p99),
        })
        .collect())
}

fn shapes<'a>(patients: &'a [String], identifiers: &'a [String], since: i64) -> [Shape<'a>; 6] {
    let one = |all: &'a [String], index: usize| {
        // Steps of a prime, so that neighbours are not asked for one after the other.
        let at = index * 7919 % all.len().max(1);
        all.get(at).map_or("", String::as_str)
    };
    [
        (
            ResourceType::OBSERVATION,
            Box::new(move |index| {
                let patient = one(patients, index);
                format!("patient={patient}&code={HEART_RATE}&_sort=-date&_count=20")
            }),
        ),
        (
            ResourceType::OBSERVATION,
            Box::new(|index| {
                let year = 2000 + index % 20;
                format!("code={HEART_RATE}&date=ge{year}-01-01&_sort=-date&_count=20")
            }),
        ),
        (
            ResourceType::PATIENT,
            Box::new(move |index| format!("identifier={SYNTHEA}|{}", one(identifiers, index))),
        ),
        (
            ResourceType::PATIENT,
            Box::new(|index| {
                let letter = char::from(b'a' + (index % 26) as u8);
                format!("name={letter}b&_count=20")
            }),
        ),
        (
            ResourceType::OBSERVATION,
            Box::new(move |index| {
                let identifier = one(identifiers, index);
                format!(
                    "subject:Patient.identifier={SYNTHEA}|{identifier}&code={HEART_RATE}&_count=20"
                )
            }),
        ),
        (
            ResourceType::OBSERVATION,
            Box::new(move |_| format!("code={HEART_RATE}&date=ge{since}&_total=accurate&_count=1")),
        ),
    ]
}

fn report(measured: &[(u64, Vec<Latency>)], rows: &mut Vec<Row>) {
    let (Some((_, smallest)), Some((largest_size, largest))) = (measured.first(), measured.last())
    else {
        return;
    };
    for (name, latency) in NAMES.iter().zip(largest) {
        let Latency { p50, p99 } = *latency;
        rows.push(Row::bound(
            format!("{name}, in the store, {largest_size} resources"),
            format!("p50 {p50:.2} ms, p99 {p99:.2} ms"),
            "p50 ≤ 1 ms, p99 ≤ 5 ms",
            p50 <= 1.0 && p99 <= 5.0,
        ));
    }
    if measured.len() < 2 {
        return;
    }
    // The total has as many hits as the size allows: it cannot be flat and is not meant to be.
    for (index, name) in NAMES.iter().enumerate().take(NAMES.len() - 1) {
        let (small, large) = (smallest[index].p50, largest[index].p50);
        let at = |(size, all): &(u64, Vec<Latency>)| format!("{:.2} ms at {size}", all[index].p50);
        let figures: Vec<String> = measured.iter().map(at).collect();
        rows.push(Row::ratio(
            format!("flat: {name}"),
            figures.join(", "),
            "itself at the smallest size",
            large / small,
            Limit::AtMost(1.25),
        ));
    }
}

/// The year from which on about five thousand heart rates are found; the first one when there are fewer.
async fn since(installation: &Installation, tenant: TenantId) -> anyhow::Result<i64> {
    let mut best = (u64::MAX, 1900);
    for year in (1960..2022).rev() {
        let text = format!("code={HEART_RATE}&date=ge{year}&_summary=count");
        let page = search(installation, tenant, ResourceType::OBSERVATION, &text, None).await?;
        let count = match page.total {
            Some(mt_store::Total::Accurate(count) | mt_store::Total::Estimate(count)) => count,
            None => 0,
        };
        let distance = count.abs_diff(HITS);
        if distance < best.0 {
            best = (distance, year);
        }
    }
    Ok(best.1)
}

/// Ids of resources that match, up to `most`.
pub(super) async fn ids(
    installation: &Installation,
    tenant: TenantId,
    kind: ResourceType,
    text: &str,
    most: usize,
) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut cursor: Option<String> = None;
    let text = format!("{text}&_count={}", most.min(1_000));
    while ids.len() < most {
        let page = search(installation, tenant, kind, &text, cursor.as_deref()).await?;
        let found = page.entries.iter();
        ids.extend(found.map(|entry| entry.resource.id.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(ids)
}

/// Values of Synthea's identifiers of patients.
async fn identifiers(installation: &Installation, tenant: TenantId) -> anyhow::Result<Vec<String>> {
    let text = "_count=1000";
    let page = search(installation, tenant, ResourceType::PATIENT, text, None).await?;
    let value = |body: &[u8]| {
        let resource: serde_json::Value = serde_json::from_slice(body).ok()?;
        let all = resource.get("identifier")?.as_array()?;
        let own = all.iter().find(|one| one["system"] == SYNTHEA)?;
        Some(own.get("value")?.as_str()?.to_owned())
    };
    let bodies = page.entries.iter().map(|entry| &entry.resource.body);
    Ok(bodies.filter_map(|body| value(body)).collect())
}

/// One search, parsing and opening included.
pub(super) async fn search(
    installation: &Installation,
    tenant: TenantId,
    kind: ResourceType,
    text: &str,
    cursor: Option<&str>,
) -> anyhow::Result<Page> {
    let now = installation.clock.now();
    let registry = installation.store.tenants().params(tenant).await?;
    let ctx = OpCtx {
        tenant,
        actor: Actor::system("bench"),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now,
    };
    let pairs = mt_search::decode_pairs(text)?;
    let options = ParseOptions::at(now);
    let query = Query::parse(&registry, Scope::resource(kind), &pairs, &options)?;
    let caller = Caller::unrestricted(ctx);
    Ok(installation.store.search(&caller, &query, cursor).await?)
}
