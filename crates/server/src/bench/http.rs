//! Single requests over HTTP: reads, creates, `_has`, `$everything`.

use anyhow::Context;
use mt_fhir::ResourceType;
use mt_kernel::TenantId;

use super::charts::Charts;
use super::child::Process;
use super::row::{Limit, Row, median};
use super::wrk::{Load, gets, posts};
use super::{Bench, pgbench, search};
use crate::assembly::Installation;

/// Connections of reads and creates.
const MANY: usize = 32;
/// Connections of `_has` and `$everything`, as in the recorded figures of the peers.
const HAS: usize = 8;
const EVERYTHING: usize = 4;
/// Best recorded rates of the peers on a machine like this (requests per second), for a run without them.
const RECORDED_HAS: f64 = 131.0;
const RECORDED_EVERYTHING: f64 = 19.0;
/// A chart for `$everything`.
const CHART: usize = 1_000;

/// Identifiers of Synthea's patients.
pub(super) const SYNTHEA: &str = "https://github.com/synthetichealth/synthea";
pub(super) const HEART_RATE: &str = "http://loinc.org|8867-4";

/// Point reads and durable creates against `pgbench` on the same cluster, in turn.
pub(super) async fn singles(
    bench: &Bench<'_>,
    installation: &Installation,
    tenant: TenantId,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    pgbench::prepare(installation).await?;
    let token = super::token(installation, tenant).await?;
    let paths = paths(installation, tenant).await?;
    let patient = paths.first().context("there is no patient")?;
    let dir = &bench.plan.dir;
    let everywhere = gets(dir, "read", &paths)?;
    let few = gets(dir, "read-few", &paths[..paths.len().min(2_000)])?;
    let create = posts(dir, "create", "/fhir/R4/Observation", &heart_rate(patient))?;
    let load = |server: &Process, script| {
        Load {
            port: server.port,
            token: &token,
            script,
            connections: MANY,
            seconds: bench.plan.seconds,
        }
        .rate()
    };
    let (mut cold, mut warm, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let (mut creates, mut inserts) = (Vec::new(), Vec::new());
    let (mut idle, mut after) = (0, 0);
    for _ in 0..bench.plan.rounds {
        // One server at a time, and none beside the references.
        let uncached = bench.serve("uncached", Some(0)).await?;
        cold.push(load(&uncached, &everywhere)?);
        uncached.stop()?;
        reads.push(pgbench::reads(installation, bench.plan.seconds)?);
        let server = bench.serve("cached", None).await?;
        idle = idle.max(server.resident());
        warm.push(load(&server, &few)?);
        creates.push(load(&server, &create)?);
        after = after.max(server.resident());
        server.stop()?;
        inserts.push(pgbench::inserts(installation, dir, bench.plan.seconds)?);
    }
    let reads = median(&mut reads);
    for (work, rates, least) in [("not cached", &mut cold, 0.5), ("cached", &mut warm, 1.0)] {
        let rate = median(rates);
        rows.push(Row::ratio(
            format!("point read over HTTP, 32 connections, {work}"),
            format!("{rate:.0}/s"),
            format!("pgbench -S -M prepared, 32 clients: {reads:.0}/s"),
            rate / reads,
            Limit::AtLeast(least),
        ));
    }
    let (creates, inserts) = (median(&mut creates), median(&mut inserts));
    rows.push(Row::ratio(
        "durable single create over HTTP, 32 connections",
        format!("{creates:.0}/s"),
        format!("pgbench insert and commit, 32 clients: {inserts:.0}/s"),
        creates / inserts,
        Limit::AtLeast(0.5),
    ));
    rows.push(Row::bound(
        "memory of the server, ready / after these loads",
        format!("{idle} / {after} MiB"),
        "≤ 150 / 250 MiB",
        idle <= 150 && after <= 250,
    ));
    Ok(())
}

/// `_has` and `$everything` against what is recorded of the peers.
pub(super) async fn graphs(
    bench: &Bench<'_>,
    installation: &Installation,
    tenant: TenantId,
    charts: &Charts,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let token = super::token(installation, tenant).await?;
    let (patient, size) = chart_of_a_thousand(installation, tenant, charts).await?;
    let dir = &bench.plan.dir;
    let has = gets(dir, "has", &[has_path()])?;
    let everything = gets(
        dir,
        "everything",
        &[format!("/fhir/R4/Patient/{patient}/$everything")],
    )?;
    let server = bench.serve("graphs", None).await?;
    let (mut has_rates, mut everything_rates) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        for (script, connections, rates) in [
            (&has, HAS, &mut has_rates),
            (&everything, EVERYTHING, &mut everything_rates),
        ] {
            let load = Load {
                port: server.port,
                token: &token,
                script,
                connections,
                seconds: bench.plan.seconds,
            };
            rates.push(load.rate()?);
        }
    }
    server.stop()?;
    for (work, rates, recorded) in [
        (
            "_has over HTTP, 8 connections".to_owned(),
            &mut has_rates,
            RECORDED_HAS,
        ),
        (
            format!("$everything of {size} resources over HTTP, 4 connections"),
            &mut everything_rates,
            RECORDED_EVERYTHING,
        ),
    ] {
        let rate = median(rates);
        rows.push(Row::ratio(
            work,
            format!("{rate:.0}/s"),
            format!("recorded of the best peer: {recorded}/s"),
            rate / recorded,
            Limit::AtLeast(5.0),
        ));
    }
    Ok(())
}

pub(super) fn has_path() -> String {
    let code = HEART_RATE.replace('|', "%7C");
    format!("/fhir/R4/Patient?_has:Observation:patient:code={code}&_count=20")
}

/// The patient whose chart is nearest to a thousand resources, and how many it has.
async fn chart_of_a_thousand(
    installation: &Installation,
    tenant: TenantId,
    charts: &Charts,
) -> anyhow::Result<(String, usize)> {
    let sizes = charts.patients.iter().map(|bundle| Charts::entries(bundle));
    let nearest = sizes
        .enumerate()
        .min_by_key(|(_, size)| size.abs_diff(CHART));
    let (index, size) = nearest.context("there are no charts")?;
    let needle = format!("{SYNTHEA}\"");
    let text = String::from_utf8_lossy(&charts.patients[index]).into_owned();
    let after = text.split_once(&needle).map(|(_, rest)| rest);
    let value = after.and_then(|rest| rest.split('"').find(|part| part.len() == 36));
    let value = value.context("the patient has no Synthea identifier")?;
    let found = search::ids(
        installation,
        tenant,
        ResourceType::PATIENT,
        &format!("identifier={SYNTHEA}|{value}"),
        1,
    )
    .await?;
    let id = found
        .into_iter()
        .next()
        .context("the patient is not there")?;
    Ok((id, size))
}

/// Paths of many records.
async fn paths(installation: &Installation, tenant: TenantId) -> anyhow::Result<Vec<String>> {
    let mut paths = Vec::new();
    for (kind, most) in [
        (ResourceType::PATIENT, 5_000),
        (ResourceType::OBSERVATION, 15_000),
    ] {
        let ids = search::ids(installation, tenant, kind, "", most).await?;
        paths.extend(
            ids.iter()
                .map(|id| format!("/fhir/R4/{}/{id}", kind.name())),
        );
    }
    Ok(paths)
}

pub(super) fn heart_rate(patient: &str) -> String {
    let patient = patient.trim_start_matches("/fhir/R4/");
    format!(
        r#"{{"resourceType":"Observation","status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}}],"text":"Heart rate"}},"subject":{{"reference":"{patient}"}},"effectiveDateTime":"2026-01-02T03:04:05Z","valueQuantity":{{"value":72.0,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}}}"#
    )
}
