//! What the trail costs: a note in the journal, a row in the log.
//!
//! `cargo bench -p mt-audit`; best and median of several rounds.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement stops where its ground gives way and prints what it found"
)]

#[path = "../tests/it/fixture.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod fixture;

use std::time::{Duration, Instant};

use mt_audit::{Detail, Effect, Kind, Touched};
use mt_fhir::ResourceType;
use uuid::Uuid;

use fixture::{Fixture, ONE, ctx};

const ROUNDS: usize = 10;
const NOTES: usize = 5_000;
const ROWS: usize = 50_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        notes().await;
        rows().await;
    });
}

/// A read of a record with a UUID, as a FHIR server hands it out.
fn detail(n: usize) -> (mt_kernel::OpCtx, Detail) {
    let ctx = ctx(ONE, n);
    let touched = Touched {
        resource_type: ResourceType::OBSERVATION,
        id: Uuid::now_v7().to_string().into(),
        version: 1,
        effect: Effect::Shown,
    };
    let detail = Detail {
        resources: vec![touched],
        ..Detail::new(&ctx)
    };
    (ctx, detail)
}

async fn notes() {
    let fixture = Fixture::new().await;
    let details: Vec<_> = (0..NOTES).map(detail).collect();
    let mut micros = Vec::new();
    let mut worst = Duration::ZERO;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for (ctx, detail) in &details {
            let one = Instant::now();
            fixture.audit.enter(ctx, Kind::Read, detail).unwrap();
            worst = worst.max(one.elapsed());
        }
        micros.push(started.elapsed().as_secs_f64() * 1e6 / NOTES as f64);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    report("journal: µs per note", &mut micros, Limit::Most(10.0));
    println!("journal: worst note {worst:?} of {}", ROUNDS * NOTES);
}

/// Integration alone: the rows are there before the log is opened.
async fn rows() {
    let mut rates = Vec::new();
    for _ in 0..3 {
        let mut fixture = Fixture::new().await;
        fixture.gather((0..ROWS).map(detail)).await;
        let started = Instant::now();
        fixture.reopen().await;
        let size = "select coalesce(max(size), 0) from audit.checkpoint where tenant = 1";
        while fixture.ask(size).await < i64::try_from(ROWS).unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        rates.push(ROWS as f64 / started.elapsed().as_secs_f64());
        let verifying = Instant::now();
        let verified = fixture.audit.verify(ONE).await.unwrap();
        assert!(verified.is_sound());
        println!(
            "verification: {:.0} rows/s",
            ROWS as f64 / verifying.elapsed().as_secs_f64()
        );
        fixture.audit.close().await;
    }
    report("integration: rows/s", &mut rates, Limit::Least(5_000.0));
}

/// What a figure must keep to.
#[derive(Clone, Copy)]
enum Limit {
    Most(f64),
    Least(f64),
}

/// Prints the best round and the median one, and whether the median keeps to the limit.
fn report(what: &str, values: &mut [f64], limit: Limit) {
    values.sort_by(f64::total_cmp);
    let median = values[values.len() / 2];
    let (best, bound, keeps) = match limit {
        Limit::Most(most) => (values.first(), format!("at most {most}"), median <= most),
        Limit::Least(least) => (values.last(), format!("at least {least}"), median >= least),
    };
    let verdict = if keeps { "kept" } else { "MISSED" };
    println!(
        "{what}: best {:.2}, median {median:.2} (limit {bound}: {verdict})",
        best.unwrap()
    );
}
