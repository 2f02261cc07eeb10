//! What it costs to decide on a read: roles ∩ scopes ∩ compartment.
//!
//! `cargo bench -p mt-access`; best and median of several rounds. The bar is 20 µs.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement stops where its ground gives way and prints what it found"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use mt_access::{
    Compartment, Confinement, Grant, HeldRole, Interaction, LaunchContext, Role, Scopes,
};
use mt_fhir::definitions::ResourceType;

/// Microseconds that a decision may take.
const MOST: f64 = 20.0;
const ROUNDS: usize = 20;
const READS: u32 = 20_000;

fn main() {
    let scopes = "patient/Observation.rs?category=laboratory user/*.cruds launch/patient openid";
    let launch = || LaunchContext {
        patient: Some("p".into()),
        encounter: None,
    };
    let scopes = || Some(Scopes::parse(scopes).unwrap());
    let own = vec![Arc::from("p")];
    let panel = (0..500).map(|n| Compartment::patient(format!("p{n}").into()));
    let confined = HeldRole {
        confinement: Some(Confinement {
            patients: panel.collect(),
            locations: vec!["l".into()],
        }),
        ..HeldRole::plain(Role::Doctor)
    };
    let grants = [
        (
            "doctor",
            Grant::new(vec![Role::Doctor], scopes(), Vec::new(), launch()),
        ),
        (
            "patient",
            Grant::new(vec![Role::Patient], scopes(), own, launch()),
        ),
        (
            "five roles",
            Grant::new(Role::ALL[1..6].to_vec(), scopes(), Vec::new(), launch()),
        ),
        (
            "doctor of 500 patients",
            Grant::holding(vec![confined], None, Vec::new(), launch()),
        ),
    ];
    for (name, grant) in grants {
        let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round(&grant)).collect();
        rounds.sort_by(f64::total_cmp);
        let (best, median) = (rounds[0], rounds[ROUNDS / 2]);
        let verdict = if median <= MOST { "kept" } else { "MISSED" };
        println!(
            "authorisation, {name:<24} best {best:.3} µs, median {median:.3} µs (limit at most {MOST}: {verdict})"
        );
    }
}

/// Microseconds for one decision.
fn round(grant: &Grant) -> f64 {
    let started = Instant::now();
    for _ in 0..READS {
        black_box(grant.decide(black_box(ResourceType::OBSERVATION), Interaction::Read));
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(READS)
}
