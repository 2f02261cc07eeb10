//! Another FHIR server on the same machine, cluster and data, asked the same in turn.
//!
//! The peer is Helios HFS on PostgreSQL, without authentication, audit and validation, which are its
//! defaults. It gets a database of its own in the private cluster; everything of ours stays on.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use mt_database::roles;
use mt_fhir::ResourceType;
use mt_kernel::TenantId;

use super::charts::Charts;
use super::child::{Process, free_port};
use super::row::{Limit, Row, median};
use super::wrk::{Load, gets, posts};
use super::{Bench, http, load, new_tenant};
use crate::assembly::Installation;

/// Database of the peer.
const DATABASE: &str = "hfs";

/// What is asked of both.
struct Question {
    work: &'static str,
    connections: usize,
    /// Ratio to keep.
    least: f64,
    /// Path on a server, given an id of a patient there.
    path: fn(&str) -> String,
}

const QUESTIONS: [Question; 7] = [
    Question {
        work: "read by id",
        connections: 16,
        least: 1.0,
        path: |patient| format!("Patient/{patient}"),
    },
    Question {
        work: "identifier without hits",
        connections: 8,
        least: 1.0,
        path: |_| "Patient?identifier=http://example.org%7Cnone".to_owned(),
    },
    Question {
        work: "code, 20 hits",
        connections: 8,
        least: 1.0,
        path: |_| format!("Observation?code={}&_count=20", code()),
    },
    Question {
        work: "patient + code",
        connections: 8,
        least: 1.0,
        path: |patient| format!("Observation?patient={patient}&code={}&_count=20", code()),
    },
    Question {
        work: "code + date, sorted",
        connections: 8,
        least: 1.0,
        path: |_| {
            format!(
                "Observation?code={}&date=ge2010-01-01&_sort=-date&_count=20",
                code()
            )
        },
    },
    Question {
        work: "_has",
        connections: 8,
        least: 5.0,
        path: |_| format!("Patient?_has:Observation:patient:code={}&_count=20", code()),
    },
    Question {
        work: "$everything",
        connections: 4,
        least: 5.0,
        path: |patient| format!("Patient/{patient}/$everything"),
    },
];

fn code() -> String {
    http::HEART_RATE.replace('|', "%7C")
}

/// One of the two servers.
struct Side {
    process: Process,
    base: &'static str,
    token: String,
    patient: String,
}

/// Loads the data into both, asks both in turn.
pub(super) async fn measure(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let program = bench.plan.peer.as_deref().context("no peer was named")?;
    let installation = bench.open().await?;
    let tenant = new_tenant(&installation, "peers").await?;
    let charts = Charts::read(&bench.plan.data)?;
    let mut ours = our_side(bench, &installation, tenant).await?;
    let mut theirs = their_side(bench, &installation, program).await?;
    let our_load = load::post_all(&ours.process, ours.base, &ours.token, &charts).await?;
    let their_load = load::post_all(&theirs.process, theirs.base, "", &charts).await?;
    rows.push(against(
        "transactions, 4 clients, resources",
        our_load,
        their_load,
        1.0,
    ));
    ours.patient = first_patient(&ours).await?;
    theirs.patient = first_patient(&theirs).await?;
    for question in &QUESTIONS {
        let (mut we, mut they) = (Vec::new(), Vec::new());
        for _ in 0..bench.plan.rounds {
            we.push(ask(bench, &ours, question)?);
            they.push(ask(bench, &theirs, question)?);
        }
        let (we, they) = (median(&mut we), median(&mut they));
        rows.push(against(question.work, we, they, question.least));
    }
    let (mut we, mut they) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        we.push(create(bench, &ours)?);
        they.push(create(bench, &theirs)?);
    }
    rows.push(against(
        "create an Observation",
        median(&mut we),
        median(&mut they),
        1.0,
    ));
    rows.push(Row::bound(
        "memory of the servers afterwards",
        format!(
            "{} MiB, the peer {} MiB",
            ours.process.resident(),
            theirs.process.resident()
        ),
        "≤ the peer's",
        ours.process.resident() <= theirs.process.resident(),
    ));
    ours.process.stop()?;
    theirs.process.stop()?;
    installation.close().await;
    Ok(())
}

fn against(work: &str, ours: f64, theirs: f64, least: f64) -> Row {
    Row::ratio(
        format!("{work}, against the peer"),
        format!("{ours:.0}/s"),
        format!("Helios HFS: {theirs:.0}/s"),
        ours / theirs,
        Limit::AtLeast(least),
    )
}

async fn our_side(
    bench: &Bench<'_>,
    installation: &Installation,
    tenant: TenantId,
) -> anyhow::Result<Side> {
    Ok(Side {
        process: bench.serve("peers", None).await?,
        base: "/fhir/R4",
        token: super::token(installation, tenant).await?,
        patient: String::new(),
    })
}

/// Starts the peer on a database of its own.
async fn their_side(
    bench: &Bench<'_>,
    installation: &Installation,
    program: &Path,
) -> anyhow::Result<Side> {
    let cluster = installation.ground.cluster.as_ref();
    let cluster = cluster.context("the bench needs the private database")?;
    let (client, driver) = cluster.admin()?.connect().await?;
    client
        .batch_execute(&format!("create database {DATABASE}"))
        .await?;
    driver.abort();
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .env("HFS_STORAGE_BACKEND", "postgres")
        .env("HFS_SERVER_HOST", "127.0.0.1")
        .env("HFS_SERVER_PORT", port.to_string())
        .env("HFS_BASE_URL", format!("http://127.0.0.1:{port}"))
        .env("HFS_MAX_BODY_SIZE", (256 << 20).to_string())
        .env("HFS_REQUEST_TIMEOUT", "120")
        .env("HFS_DATA_DIR", bench.plan.dir.join("peer"))
        .env("HFS_LOG_LEVEL", "error")
        .env("HFS_PG_DBNAME", DATABASE)
        .current_dir(&bench.plan.dir);
    for (name, value) in cluster.client_environment(roles::ADMIN)? {
        let theirs = match name {
            "PGHOST" => "HFS_PG_HOST",
            "PGPORT" => "HFS_PG_PORT",
            "PGUSER" => "HFS_PG_USER",
            "PGPASSWORD" => "HFS_PG_PASSWORD",
            _ => continue,
        };
        command.env(theirs, value);
    }
    Ok(Side {
        process: Process::start(command, port, "/health").await?,
        base: "",
        token: String::new(),
        patient: String::new(),
    })
}

async fn first_patient(side: &Side) -> anyhow::Result<String> {
    let kind = ResourceType::PATIENT.name();
    let url = format!(
        "http://127.0.0.1:{}{}/{kind}?_count=1",
        side.process.port, side.base
    );
    let mut request = reqwest::Client::new().get(url);
    if !side.token.is_empty() {
        request = request.bearer_auth(&side.token);
    }
    let body = request.send().await?.bytes().await?;
    let bundle: serde_json::Value = serde_json::from_slice(&body)?;
    let id = bundle["entry"][0]["resource"]["id"].as_str();
    Ok(id.context("the server returns no patient")?.to_owned())
}

fn ask(bench: &Bench<'_>, side: &Side, question: &Question) -> anyhow::Result<f64> {
    let path = format!("{}/{}", side.base, (question.path)(&side.patient));
    let script = gets(&bench.plan.dir, "peer", &[path])?;
    load_of(bench, side, &script, question.connections).rate()
}

fn create(bench: &Bench<'_>, side: &Side) -> anyhow::Result<f64> {
    let path = format!("{}/Observation", side.base);
    let body = http::heart_rate(&format!("Patient/{}", side.patient));
    let script = posts(&bench.plan.dir, "peer-create", &path, &body)?;
    load_of(bench, side, &script, 16).rate()
}

fn load_of<'a>(
    bench: &Bench<'_>,
    side: &'a Side,
    script: &'a Path,
    connections: usize,
) -> Load<'a> {
    Load {
        port: side.process.port,
        token: &side.token,
        script,
        connections,
        seconds: bench.plan.seconds,
    }
}
