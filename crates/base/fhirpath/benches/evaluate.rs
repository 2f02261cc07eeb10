//! Time per evaluation of typical expressions: `cargo bench -p mt-fhirpath`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring program"
)]

use std::hint::black_box;
use std::time::Instant;

use mt_fhir::json::{Doc, Limits, Node};
use mt_fhirpath::{Context, Element, Expr};

const PATIENT: &str = include_str!("../tests/data/patient.json");
const OBSERVATION: &str = include_str!("../tests/data/observation.json");

const CASES: [(&str, &str); 14] = [
    (PATIENT, "Patient.birthDate"),
    (PATIENT, "Patient.name.given"),
    (PATIENT, "Patient.identifier"),
    (PATIENT, "Patient.telecom.where(system='phone')"),
    (
        PATIENT,
        "Patient.generalPractitioner.where(resolve() is Practitioner)",
    ),
    (
        PATIENT,
        "Patient.deceased.exists() and Patient.deceased != false",
    ),
    (
        PATIENT,
        "Patient.address.country | Person.address.country | Practitioner.address.country",
    ),
    (
        PATIENT,
        "name.exists() or telecom.exists() or address.exists() or organization.exists()",
    ),
    (OBSERVATION, "Observation.code"),
    (
        OBSERVATION,
        "Observation.subject.where(resolve() is Patient)",
    ),
    (OBSERVATION, "(Observation.component.value as Quantity)"),
    (OBSERVATION, "Observation.effective"),
    (OBSERVATION, "dataAbsentReason.empty() or value.empty()"),
    (
        OBSERVATION,
        "component.where(code.coding.where(code = '8480-6').exists()).value.value > 100",
    ),
];

fn main() {
    println!("{:>9}  {:>9}  expression", "parse ns", "run ns");
    for (text, source) in CASES {
        let doc = Doc::parse(text, &Limits::default()).unwrap();
        let expr = Expr::parse(source).unwrap();
        let parse = measure(|| {
            black_box(Expr::parse(black_box(source)).unwrap());
        });
        let run = time(&expr, doc.root());
        println!("{parse:>9.0}  {run:>9.0}  {source}");
    }
}

fn time(expr: &Expr, root: Node<'_>) -> f64 {
    let context = Context::new(root, mt_kernel::Instant(0)).for_search();
    let focus = Element::resource(root);
    measure(|| {
        black_box(expr.evaluate(black_box(&context), focus).unwrap());
    })
}

/// Nanoseconds per call: the best of many short rounds, so that other work on the machine does not
/// count.
fn measure(mut call: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..400 {
        let start = Instant::now();
        for _ in 0..100 {
            call();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / 100.0);
    }
    best
}
