//! Throughput of 837 validation: `cargo bench -p mt-x12`.
//!
//! Builds one transaction set of many professional claims in memory, validates it several times
//! and prints the best rate of one core. Time is what the processor spent on this process, so that
//! a busy machine does not change the figure. With a path as argument it streams that file instead;
//! with `--write FOLDER` it writes a small generated file, for a comparison with other validators.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints its figures and may stop at the first fault"
)]

use mt_x12::model::*;
use mt_x12::write::InterchangeHeader;
use mt_x12::{Options, build, validate};

const PATIENTS: usize = 20_000;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|one| one != "--bench")
        .collect();
    match &arguments[..] {
        [] => measure_in_memory(),
        [path] => measure_stream(path),
        [_, folder, ..] => std::fs::write(format!("{folder}/837p.edi"), claims(500)).unwrap(),
    }
}

fn measure_stream(path: &str) {
    let megabytes = std::fs::metadata(path).unwrap().len() as f64 / 1e6;
    let start = processor_seconds();
    let report = validate(std::fs::File::open(path).unwrap(), Options::default()).unwrap();
    let seconds = processor_seconds() - start;
    println!(
        "{megabytes:.1} MB in {seconds:.3} s, {:.0} MB/s",
        megabytes / seconds
    );
    println!(
        "{} sets, {} issues",
        report.sets().count(),
        report.issues().count()
    );
}

fn measure_in_memory() {
    let text = claims(PATIENTS);
    let megabytes = text.len() as f64 / 1e6;
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = processor_seconds();
        let report = validate(text.as_bytes(), Options::default()).unwrap();
        best = best.min(processor_seconds() - start);
        let found = report.issues().next();
        assert!(found.is_none(), "{found:?}");
    }
    println!("X12 837P, {PATIENTS} claims, {megabytes:.1} MB");
    let (what, rate) = ("validate (at least 50)", megabytes / best);
    println!("  {what:<40} {rate:>8.1} MB/s");
}

/// How long this thread has been running on a processor.
fn processor_seconds() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds = schedule.split(' ').next().unwrap();
    nanoseconds.parse::<f64>().unwrap() / 1e9
}

fn claims(patients: usize) -> String {
    let text = str::to_owned;
    let address = Address {
        line1: text("100 MAIN ST"),
        city: text("COLUMBUS"),
        state: text("OH"),
        postal_code: text("432151234"),
        ..Address::default()
    };
    let line = |number: usize| ProfessionalLine {
        procedure: Procedure::hcpcs("99213", &["25"]),
        charge: "125.5".parse().unwrap(),
        unit: text("UN"),
        quantity: "1".parse().unwrap(),
        pointers: vec![1, 2],
        service_date: text("20260520"),
        control_number: format!("L{number}"),
        ..ProfessionalLine::default()
    };
    let patient = |number: usize| PatientClaims {
        subscriber: Subscriber {
            responsibility: text("P"),
            group_number: text("GRP1"),
            filing: text("CI"),
            party: Party::person("DOE", "JANE", "MI", &format!("MBR{number:07}")),
            address: Some(address.clone()),
            demographics: Some(Demographics::new("19850515", "F")),
            payer: Party::organization("EXAMPLE HEALTH PLAN", "PI", "PAYER01"),
            ..Subscriber::default()
        },
        patient: None,
        claims: vec![ProfessionalClaim {
            id: format!("CLM{number:07}"),
            place_of_service: text("11"),
            frequency: text("1"),
            signature_on_file: true,
            assignment: text("A"),
            benefits_assigned: text("Y"),
            release: text("Y"),
            diagnoses: vec![text("J209"), text("I10")],
            rendering: Some((
                Party::person("HOUSE", "ANNA", "XX", "1245319599"),
                text("207Q00000X"),
            )),
            lines: (1..=4).map(line).collect(),
            ..ProfessionalClaim::default()
        }],
    };
    let submission = ClaimSubmission {
        reference: text("BATCH1"),
        date: text("20260601"),
        time: text("1200"),
        submitter: Party::organization("MEDITRACK", "46", "SUB001"),
        contact: Contact::telephone("EDI DESK", "5551234567"),
        receiver: Party::organization("EXAMPLE HEALTH PLAN", "46", "PAYER01"),
        billing: BillingProvider {
            party: Party::organization("ANYTOWN CLINIC", "XX", "1234567893"),
            address: Address { ..address.clone() },
            tax_id: Reference::new("EI", "123456789"),
            ..BillingProvider::default()
        },
        patients: (1..=patients).map(patient).collect(),
    };
    let header = InterchangeHeader {
        sender: (text("ZZ"), text("MEDITRACK")),
        receiver: (text("ZZ"), text("PAYER01")),
        date: text("20260601"),
        time: text("1200"),
        control_number: 1,
        request_acknowledgment: false,
        test: true,
    };
    build(&[submission], &header).unwrap()
}
