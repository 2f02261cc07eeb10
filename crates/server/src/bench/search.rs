//! Searches in the store, by the shapes that clinical use is made of.

use std::time::Instant;

use mt_fhir::ResourceType;
use mt_kernel::{Actor, OpCtx, PurposeOfUse, TenantId};
use mt_search::{ParseOptions, Query, Scope};
use mt_store::Caller;
use uuid::Uuid;

use super::{Plan, Row, http};
use crate::assembly::Installation;
use crate::import::{Import, files_of};

/// Repetitions of a shape, each with other values where it has any.
const TIMES: usize = 200;

/// Name, type searched, and the query of a repetition.
type Shape<'a> = (&'a str, ResourceType, &'a dyn Fn(usize) -> String);

pub(super) async fn measure(
    installation: &Installation,
    plan: &Plan,
    tenant: TenantId,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let n = grow(installation, plan, tenant).await?;
    let paths = http::ids(installation, tenant).await?;
    let patients: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("Patient/"))
        .collect();
    let patient = |round: usize| {
        patients
            .get(round % patients.len().max(1))
            .copied()
            .unwrap_or("")
    };
    let heart_rate = "http://loinc.org|8867-4";
    let shapes: [Shape<'_>; 6] = [
        (
            "patient + code, sorted by date",
            ResourceType::OBSERVATION,
            &|round| {
                format!(
                    "patient={}&code={heart_rate}&_sort=-date&_count=20",
                    patient(round)
                )
            },
        ),
        (
            "population code + date, sorted",
            ResourceType::OBSERVATION,
            &|round| {
                let year = 2000 + round % 20;
                format!("code={heart_rate}&date=ge{year}-01-01&_sort=-date&_count=20")
            },
        ),
        ("identifier", ResourceType::PATIENT, &|round| {
            format!(
                "identifier=https://github.com/synthetichealth/synthea|{}",
                patient(round)
            )
        }),
        ("name prefix", ResourceType::PATIENT, &|round| {
            let letter = char::from(b'a' + (round % 26) as u8);
            format!("name={letter}b&_count=20")
        }),
        ("one-hop chain", ResourceType::OBSERVATION, &|round| {
            format!(
                "subject:Patient._id={}&code={heart_rate}&_count=20",
                patient(round)
            )
        }),
        ("accurate total", ResourceType::OBSERVATION, &|_| {
            format!("code={heart_rate}&_total=accurate&_count=1")
        }),
    ];
    for (name, kind, query) in shapes {
        let mut micros = Vec::with_capacity(TIMES);
        for round in 0..TIMES {
            let text = query(round);
            micros.push(time(installation, tenant, kind, &text).await?);
        }
        micros.sort_by(f64::total_cmp);
        let (p50, p99) = (micros[TIMES / 2], micros[TIMES * 99 / 100]);
        rows.push(Row {
            work: format!("{name}, in the store, {n} resources"),
            figure: format!("p50 {:.2} ms, p99 {:.2} ms", p50 / 1e3, p99 / 1e3),
            reference: "–".into(),
            ratio: None,
            at_least: "p50 ≤ 1 ms, p99 ≤ 5 ms",
        });
    }
    Ok(())
}

/// Loads the same Bundles again under new ids until there are enough.
async fn grow(installation: &Installation, plan: &Plan, tenant: TenantId) -> anyhow::Result<u64> {
    let files = files_of(std::slice::from_ref(&plan.data))?;
    let mut n = count(installation, tenant).await?;
    let mut copy = 0;
    while n < plan.resources {
        let import = Import {
            store: installation.store.clone(),
            tenant,
            clock: installation.clock.clone(),
            state_dir: plan.dir.join(format!("grow-{copy}")),
            progress: false,
        };
        let report = import.run(&files).await?;
        anyhow::ensure!(report.resources > 0, "the data cannot be loaded again");
        n += report.resources;
        copy += 1;
    }
    Ok(n)
}

async fn count(installation: &Installation, tenant: TenantId) -> anyhow::Result<u64> {
    let sql = "select count(*) from records.res where tenant = $1";
    let rows = installation
        .store
        .database()
        .readers()
        .query(tenant, sql, &[&tenant.0])
        .await?;
    Ok(rows
        .first()
        .map_or(0, |row| row.get::<_, i64>(0))
        .unsigned_abs())
}

/// Microseconds of one search, parsing and opening included.
async fn time(
    installation: &Installation,
    tenant: TenantId,
    kind: ResourceType,
    text: &str,
) -> anyhow::Result<f64> {
    let now = installation.clock.now();
    let registry = installation.store.tenants().params(tenant).await?;
    let ctx = OpCtx {
        tenant,
        actor: Actor::system("bench"),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now,
    };
    let started = Instant::now();
    let pairs = mt_search::decode_pairs(text)?;
    let query = Query::parse(
        &registry,
        Scope::resource(kind),
        &pairs,
        &ParseOptions::at(now),
    )?;
    installation
        .store
        .search(&Caller::unrestricted(ctx), &query, None)
        .await?;
    Ok(started.elapsed().as_secs_f64() * 1e6)
}
