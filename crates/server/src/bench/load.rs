//! Writing many: import and HTTP transactions against raw COPY, in turn.

use std::time::Instant;

use anyhow::{Context, ensure};
use futures::{StreamExt, stream};
use mt_kernel::TenantId;

use super::charts::Charts;
use super::child::Process;
use super::row::{Limit, Row, median};
use super::{Bench, copy, new_tenant};
use crate::import::{Import, files_of};

/// Clients that post at once.
const CLIENTS: usize = 4;

/// What the rounds measured, in resources per second.
#[derive(Default)]
struct Rates {
    import: Vec<f64>,
    copy: Vec<f64>,
    http: Vec<f64>,
}

/// Loads the data into new tenants, by both doors, and copies the rows.
pub(super) async fn measure(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let installation = bench.open().await?;
    let charts = Charts::read(&bench.plan.data)?;
    let mut rates = Rates::default();
    for round in 0..bench.plan.rounds {
        let tenant = new_tenant(&installation, &format!("import-{round}")).await?;
        rates
            .import
            .push(import(bench, &installation, tenant).await?);
        rates.copy.push(copy::rate(&installation, tenant).await?);
        let tenant = new_tenant(&installation, &format!("http-{round}")).await?;
        let token = super::token(&installation, tenant).await?;
        // Not beside the import: it has nothing to do then but the events of another process.
        let server = bench.serve("load", None).await?;
        rates
            .http
            .push(post_all(&server, "/fhir/R4", &token, &charts).await?);
        server.stop()?;
    }
    installation.close().await;
    let (import, copy, http) = (
        median(&mut rates.import),
        median(&mut rates.copy),
        median(&mut rates.http),
    );
    rows.push(Row::ratio(
        "import of Bundles, all indexes",
        format!("{import:.0} resources/s"),
        format!("raw COPY of the rows, one connection: {copy:.0}/s"),
        import / copy,
        Limit::AtLeast(0.32),
    ));
    rows.push(Row::ratio(
        "the same over HTTP transactions, 4 clients",
        format!("{http:.0} resources/s"),
        format!("the import: {import:.0}/s"),
        http / import,
        Limit::AtLeast(0.8),
    ));
    Ok(())
}

async fn import(
    bench: &Bench<'_>,
    installation: &crate::assembly::Installation,
    tenant: TenantId,
) -> anyhow::Result<f64> {
    let files = files_of(std::slice::from_ref(&bench.plan.data))?;
    let import = Import {
        store: installation.store.clone(),
        tenant,
        clock: installation.clock.clone(),
        state_dir: bench.plan.dir.join("state"),
        progress: false,
    };
    let report = import.run(&files).await?;
    ensure!(
        report.failures.is_empty(),
        "the import refused {:?}",
        report.failures
    );
    Ok(report.rate())
}

/// Posts every Bundle as a transaction to `base` of a server; returns resources per second, organisations and practitioners
/// not counted.
pub(super) async fn post_all(
    server: &Process,
    base: &str,
    token: &str,
    charts: &Charts,
) -> anyhow::Result<f64> {
    let url = format!("http://127.0.0.1:{}{base}", server.port);
    let client = reqwest::Client::new();
    for bundle in &charts.shared {
        post(&client, &url, token, bundle.clone()).await?;
    }
    let started = Instant::now();
    let results: Vec<anyhow::Result<usize>> = stream::iter(charts.patients.iter().cloned())
        .map(|bundle| post(&client, &url, token, bundle))
        .buffer_unordered(CLIENTS)
        .collect()
        .await;
    let elapsed = started.elapsed().as_secs_f64();
    let created: usize = results.into_iter().sum::<anyhow::Result<usize>>()?;
    Ok(created as f64 / elapsed)
}

/// Posts one Bundle; returns how many resources it created.
async fn post(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    bundle: Vec<u8>,
) -> anyhow::Result<usize> {
    let mut request = client
        .post(url)
        .header("content-type", "application/fhir+json")
        .body(bundle);
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.context("the server does not answer")?;
    let status = response.status();
    let body = response.bytes().await?;
    ensure!(
        status.is_success(),
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    // The status of an entry begins so, with or without the phrase.
    let needle = b"\"status\":\"201";
    Ok(body.windows(needle.len()).filter(|w| w == needle).count())
}
