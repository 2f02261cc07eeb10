//! Look-ups a second, and microseconds per question.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use mt_fhirpath::Terminology;
use mt_terminology::{Catalog, Coded, ExpandOptions, Scope};

/// Best of this many rounds, as other work on the machine only ever adds time.
const ROUNDS: usize = 10;

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn main() {
    let started = Instant::now();
    let scope = Scope::new(Arc::new(Catalog::new()));
    println!(
        "open the index            {:>10.2} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    let icd = "http://hl7.org/fhir/sid/icd-10-cm";
    let started = Instant::now();
    let system = scope.code_system(icd, None).expect("built in");
    println!(
        "open ICD-10-CM            {:>10.2} ms",
        started.elapsed().as_secs_f64() * 1e3
    );

    let codes: Vec<&str> = system
        .concepts
        .all()
        .step_by(37)
        .map(|c| system.concepts.code(c))
        .collect();
    let find = best(codes.len(), || {
        codes
            .iter()
            .all(|code| system.concepts.find(code).is_some())
    });
    println!(
        "find a code               {:>10.3} us, {:.1} M/s",
        find,
        1.0 / find
    );
    let validate = best(codes.len(), || {
        codes.iter().all(|code| {
            let coded = Coded {
                code,
                ..Coded::default()
            };
            scope
                .validate_in_code_system(&system, &coded, false, None)
                .is_ok_and(|v| v.result)
        })
    });
    println!("$validate-code (system)   {validate:>10.3} us");
    let lookup = best(codes.len(), || {
        codes
            .iter()
            .all(|code| scope.lookup(&system, code, None).is_ok())
    });
    println!("$lookup                   {lookup:>10.3} us");
    let below = best(codes.len(), || {
        codes
            .iter()
            .all(|code| scope.subsumes(icd, code.get(..3).unwrap_or(code), code) == Some(true))
    });
    println!("subsumes                  {below:>10.3} us");
    for (name, url, from, code) in [
        (
            "member (listed)",
            "http://hl7.org/fhir/ValueSet/observation-status",
            None,
            "final",
        ),
        (
            "member (is-a)",
            "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode",
            Some("http://terminology.hl7.org/CodeSystem/v3-ActCode"),
            "AMB",
        ),
    ] {
        assert_eq!(scope.member_of(url, from, code), Some(true), "{url}");
        let time = best(1_000, || {
            (0..1_000).all(|_| scope.member_of(black_box(url), from, code).is_some())
        });
        println!("{name:<25} {time:>10.3} us");
    }
    let set = scope
        .value_set("http://terminology.hl7.org/ValueSet/v3-ActCode")
        .expect("built in");
    let expand = best(1, || scope.expand(&set, &ExpandOptions::default()).is_ok());
    println!("expand v3-ActCode         {expand:>10.1} us");
}

/// Microseconds per question.
fn best(questions: usize, run: impl Fn() -> bool) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        assert!(black_box(run()), "every question has an answer");
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / questions as f64);
    }
    best
}
