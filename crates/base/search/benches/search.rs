//! Times of extraction and query reading: `cargo bench -p mt-search`.
#![expect(clippy::print_stdout, reason = "a bench prints its result")]

use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use mt_fhir::Doc;
use mt_fhir::definitions::ResourceType;
use mt_fhir::json::Limits;
use mt_search::{ParamRegistry, ParseOptions, Query, Scope, decode_pairs, extract};

/// A vital sign as clinical systems send it.
const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"1","meta":{"lastUpdated":"2021-01-01T00:00:00Z","profile":["http://hl7.org/fhir/StructureDefinition/bodyheight"]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"Body Height"}],"text":"Body Height"},"subject":{"reference":"Patient/0e7ea8c6-0b3c-4c4c-9a1e-1c8f0c1a2b3d"},"encounter":{"reference":"Encounter/5a4735ab-1116-493a-ab25-f3b2c1f3a2b1"},"effectiveDateTime":"2012-04-04T13:34:05-04:00","issued":"2012-04-04T13:34:05.512-04:00","valueQuantity":{"value":167.36,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}}"#;

fn main() {
    let registry = ParamRegistry::official();
    let doc = Doc::parse(OBSERVATION, &Limits::default()).expect("JSON");
    let entries = extract(&registry, ResourceType::OBSERVATION, doc.root())
        .entries
        .len();
    time(
        &format!("extract a typical Observation ({entries} entries)"),
        200_000,
        || {
            black_box(extract(
                &registry,
                ResourceType::OBSERVATION,
                black_box(doc.root()),
            ));
        },
    );
    let docs = sample();
    time(
        &format!("extract all {} examples of the sample", docs.len()),
        200,
        || {
            for (resource_type, doc) in &docs {
                black_box(extract(&registry, *resource_type, doc.root()));
            }
        },
    );
    let url =
        "code=http://loinc.org|8302-2&date=ge2012&subject:Patient.name=peter&_sort=-date&_count=20";
    let options = ParseOptions::at(mt_kernel::Instant(0));
    time("read a search of five parameters", 100_000, || {
        let pairs = decode_pairs(url).expect("decodable");
        let scope = Scope::resource(ResourceType::OBSERVATION);
        black_box(Query::parse(&registry, scope, &pairs, &options)).expect("a search");
    });
}

/// Prints the best of five rounds: the others measure the machine's other work.
fn time(what: &str, times: u32, mut work: impl FnMut()) {
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..times {
                work();
            }
            start.elapsed() / times
        })
        .min()
        .unwrap_or_default();
    println!("{what}: {:.2} µs", best.as_secs_f64() * 1e6);
}

fn sample() -> Vec<(ResourceType, Doc)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fhir/tests/data/r4-examples-sample.ndjson.gz");
    let bytes = std::fs::read(file).expect("the sample");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .expect("gzip");
    let typed = |line: &str| {
        let doc = Doc::parse(line, &Limits::default()).expect("JSON");
        let resource_type = doc.root().resource_type().and_then(ResourceType::from_name);
        (resource_type.expect("a type"), doc)
    };
    text.lines().map(typed).collect()
}
