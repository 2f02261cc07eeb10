//! Load through HTTP: transactions by four clients, reads and creates by `wrk` with 32 connections.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use futures::{StreamExt, stream};
use mt_fhir::ResourceType;
use mt_identity::OperatorToken;
use mt_kernel::{Actor, OpCtx, PurposeOfUse, TenantId};
use mt_search::{ParseOptions, Query, Scope};
use mt_store::Caller;
use uuid::Uuid;

use super::{Plan, Row, median, new_tenant, pgbench};
use crate::assembly::Installation;
use crate::config::Config;
use crate::import::bundles_of;
use crate::serve::Server;
use crate::telemetry::Telemetry;

/// Bundles posted by four clients against the import of the same Bundles.
pub(super) async fn transactions(
    config: &Config,
    telemetry: &Telemetry,
    installation: &Installation,
    plan: &Plan,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let server = serve(config, telemetry, installation).await?;
    let import = rows
        .last()
        .map(|row| row.figure.clone())
        .unwrap_or_default();
    let import: f64 = import.split(' ').next().unwrap_or("0").parse()?;
    let bundles: Vec<bytes::Bytes> = bundles_of(&plan.data)?
        .into_iter()
        .map(bytes::Bytes::from)
        .collect();
    let mut rates = Vec::new();
    for round in 0..plan.rounds {
        let tenant = new_tenant(installation, &format!("http-{round}")).await?;
        let token = token(installation, tenant).await?;
        rates.push(post_all(&server, &token, &bundles).await?);
    }
    server.stop().await;
    let rate = median(&mut rates);
    rows.push(Row {
        work: "the same over HTTP transactions, 4 clients".into(),
        figure: format!("{rate:.0} resources/s"),
        reference: "the import".into(),
        ratio: Some(rate / import),
        at_least: "0.8",
    });
    Ok(())
}

async fn post_all(server: &Server, token: &str, bundles: &[bytes::Bytes]) -> anyhow::Result<f64> {
    let url = format!("http://{}/fhir/R4", server.address);
    let client = reqwest::Client::new();
    let post = |bundle: bytes::Bytes| {
        let request = client.post(&url).bearer_auth(token);
        let request = request
            .header("content-type", "application/fhir+json")
            .body(bundle);
        async move {
            let response = request.send().await?;
            let status = response.status();
            let body = response.bytes().await?;
            ensure!(
                status.is_success(),
                "{status}: {}",
                String::from_utf8_lossy(&body)
            );
            Ok::<usize, anyhow::Error>(body.windows(13).filter(|w| w == b"\"201 Created\"").count())
        }
    };
    // Organisations and practitioners first: patients refer to them.
    let (first, rest) = bundles.split_at(bundles.len().min(2));
    for bundle in first {
        post(bundle.clone()).await?;
    }
    let started = Instant::now();
    let results: Vec<anyhow::Result<usize>> = stream::iter(rest.iter().cloned())
        .map(post)
        .buffer_unordered(4)
        .collect()
        .await;
    let elapsed = started.elapsed().as_secs_f64();
    let created: usize = results.into_iter().sum::<anyhow::Result<usize>>()?;
    Ok(created as f64 / elapsed)
}

/// Point reads, uncached and cached, against `pgbench -S`.
pub(super) async fn reads(
    config: &Config,
    telemetry: &Telemetry,
    installation: &Installation,
    plan: &Plan,
    tenant: TenantId,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    pgbench::prepare(installation).await?;
    let token = token(installation, tenant).await?;
    let ids = ids(installation, tenant).await?;
    let uncached_config = Config {
        store: crate::config::Store { cache_mib: 0 },
        ..config.clone()
    };
    let bare = Installation::open(&uncached_config, &plan.dir.join("data")).await?;
    let (mut cold, mut warm, mut reference) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let server = serve(config, telemetry, &bare).await?;
        cold.push(wrk(
            &server,
            &token,
            &read_script(&plan.dir, &ids)?,
            plan.seconds,
        )?);
        server.stop().await;
        let server = serve(config, telemetry, installation).await?;
        warm.push(wrk(
            &server,
            &token,
            &read_script(&plan.dir, &ids[..ids.len().min(2_000)])?,
            plan.seconds,
        )?);
        server.stop().await;
        reference.push(pgbench::reads(installation, plan.seconds)?);
    }
    bare.store.close();
    let (cold, warm, reference) = (median(&mut cold), median(&mut warm), median(&mut reference));
    for (work, rate, at_least) in [
        (
            "point read over HTTP, 32 connections, not cached",
            cold,
            "0.5",
        ),
        ("point read over HTTP, 32 connections, cached", warm, "1.0"),
    ] {
        rows.push(Row {
            work: work.into(),
            figure: format!("{rate:.0}/s"),
            reference: format!("pgbench -S -M prepared: {reference:.0}/s"),
            ratio: Some(rate / reference),
            at_least,
        });
    }
    Ok(())
}

/// Durable single creates against single-row inserts.
pub(super) async fn creates(
    config: &Config,
    telemetry: &Telemetry,
    installation: &Installation,
    plan: &Plan,
    tenant: TenantId,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let token = token(installation, tenant).await?;
    let patient = ids(installation, tenant).await?.into_iter().next();
    let patient = patient.context("there is no patient")?;
    let script = create_script(&plan.dir, &patient)?;
    let server = serve(config, telemetry, installation).await?;
    let (mut ours, mut reference) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        ours.push(wrk(&server, &token, &script, plan.seconds)?);
        reference.push(pgbench::inserts(installation, &plan.dir, plan.seconds)?);
    }
    server.stop().await;
    let (ours, reference) = (median(&mut ours), median(&mut reference));
    rows.push(Row {
        work: "durable single create over HTTP, 32 connections".into(),
        figure: format!("{ours:.0}/s"),
        reference: format!("pgbench insert and commit, 32 clients: {reference:.0}/s"),
        ratio: Some(ours / reference),
        at_least: "0.5",
    });
    Ok(())
}

async fn serve(
    config: &Config,
    telemetry: &Telemetry,
    installation: &Installation,
) -> anyhow::Result<Server> {
    let mut config = config.clone();
    config.server.listen.set_port(0);
    Server::start(&config, installation, telemetry).await
}

async fn token(installation: &Installation, tenant: TenantId) -> anyhow::Result<String> {
    let token = OperatorToken {
        user: "bench".to_owned(),
        roles: vec!["service".to_owned()],
        scope: "system/*.cruds".to_owned(),
        patient: None,
        fhir_user: None,
        step_up: false,
        seconds: OperatorToken::LONGEST,
    };
    Ok(installation.identity.operator_token(tenant, &token).await?)
}

/// Ids of patients.
pub(super) async fn ids(
    installation: &Installation,
    tenant: TenantId,
) -> anyhow::Result<Vec<String>> {
    let now = installation.clock.now();
    let registry = installation.store.tenants().params(tenant).await?;
    let mut paths = Vec::new();
    for kind in [ResourceType::PATIENT, ResourceType::OBSERVATION] {
        let pairs = [("_count".to_owned(), "1000".to_owned())];
        let query = Query::parse(
            &registry,
            Scope::resource(kind),
            &pairs,
            &ParseOptions::at(now),
        )?;
        let ctx = OpCtx {
            tenant,
            actor: Actor::system("bench"),
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now,
        };
        let mut cursor: Option<String> = None;
        for _ in 0..20 {
            let caller = Caller::unrestricted(ctx.clone());
            let page = installation
                .store
                .search(&caller, &query, cursor.as_deref())
                .await?;
            let found = page
                .entries
                .iter()
                .map(|entry| format!("{}/{}", kind.name(), entry.resource.id));
            paths.extend(found);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(paths)
}

fn read_script(dir: &Path, paths: &[String]) -> anyhow::Result<std::path::PathBuf> {
    let list = paths
        .iter()
        .map(|path| format!("\"/fhir/R4/{path}\""))
        .collect::<Vec<_>>()
        .join(",");
    let script = dir.join("read.lua");
    std::fs::write(
        &script,
        format!(
            "local paths = {{{list}}}\nlocal at = 0\n\
             request = function()\n  at = at % #paths + 1\n  return wrk.format(\"GET\", paths[at])\nend\n"
        ),
    )?;
    Ok(script)
}

fn create_script(dir: &Path, patient: &str) -> anyhow::Result<std::path::PathBuf> {
    let body = format!(
        r#"{{"resourceType":"Observation","status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}}],"text":"Heart rate"}},"subject":{{"reference":"{patient}"}},"effectiveDateTime":"2026-01-02T03:04:05Z","valueQuantity":{{"value":72.0,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}}}"#
    );
    let script = dir.join("create.lua");
    let lua = format!(
        "wrk.method = \"POST\"\nwrk.path = \"/fhir/R4/Observation\"\n\
         wrk.headers[\"Content-Type\"] = \"application/fhir+json\"\nwrk.headers[\"Prefer\"] = \"return=minimal\"\n\
         wrk.body = [==[{body}]==]\n"
    );
    std::fs::write(&script, lua)?;
    Ok(script)
}

/// Requests per second; every answer must be a success.
fn wrk(server: &Server, token: &str, script: &Path, seconds: u64) -> anyhow::Result<f64> {
    let output = tokio::task::block_in_place(|| {
        Command::new("wrk")
            .args([
                "-t1",
                "-c32",
                &format!("-d{seconds}s"),
                "-H",
                &format!("Authorization: Bearer {token}"),
                "-s",
            ])
            .arg(script)
            .arg(format!("http://{}/", server.address))
            .output()
    });
    let output = output.context("wrk cannot be started; install the package wrk")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        !text.contains("Non-2xx"),
        "some requests were refused: {text}"
    );
    let rate = text.lines().find_map(|line| {
        line.trim()
            .strip_prefix("Requests/sec:")?
            .trim()
            .parse()
            .ok()
    });
    rate.with_context(|| format!("wrk: {text}"))
}
