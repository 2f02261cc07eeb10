//! Microseconds per resource: validation at both levels, of the committed sample and of Synthea's
//! resources where they are at hand.

use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant as Clock;

use mt_fhir::json::{Doc, Limits};
use mt_kernel::Instant;
use mt_validator::{Level, NoTerminology, Options, Profiles, Validator};

/// Best of this many rounds, as other work on the machine only ever adds time.
const ROUNDS: usize = 20;

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sample = lines(&root.join("../fhir/tests/data/r4-examples-sample.ndjson.gz"));
    let shared = std::env::var_os("MEDITRACK_SHARED")
        .map_or_else(|| root.join("../../../../shared"), PathBuf::from);
    println!(
        "{:<28} {:>6} {:>8} {:>10} {:>10}",
        "resources", "count", "bytes", "write us", "full us"
    );
    row("official examples", &sample);
    let folder = shared.join("data/synthea-r4");
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let mut by_type: std::collections::BTreeMap<String, Vec<Doc>> =
        std::collections::BTreeMap::new();
    for doc in files.iter().take(4).flat_map(|file| lines(file)) {
        let entries = doc
            .root()
            .get("entry")
            .into_iter()
            .flat_map(mt_fhir::Node::children);
        for resource in entries.filter_map(|e| e.get("resource")) {
            let name = resource.resource_type().unwrap_or_default().to_owned();
            by_type
                .entry(name)
                .or_default()
                .push(Doc::from_node(resource));
        }
    }
    for (name, docs) in by_type.iter().filter(|(_, docs)| docs.len() >= 10) {
        row(name, docs);
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn row(name: &str, docs: &[Doc]) {
    let validator = Validator::new(Arc::new(Profiles::new()), Arc::new(NoTerminology));
    let bytes: usize = docs.iter().map(|d| d.to_json().len()).sum();
    let time = |level| {
        let options = Options {
            level,
            profiles: &[],
            now: Instant(0),
        };
        let round = || {
            let start = Clock::now();
            for doc in docs {
                black_box(validator.validate(doc.root(), &options));
            }
            start.elapsed().as_secs_f64() * 1e6 / docs.len() as f64
        };
        (0..ROUNDS).map(|_| round()).fold(f64::MAX, f64::min)
    };
    let (write, full) = (time(Level::Write), time(Level::Full));
    println!(
        "{name:<28} {:>6} {:>8} {write:>10.2} {full:>10.2}",
        docs.len(),
        bytes / docs.len()
    );
}

fn lines(file: &Path) -> Vec<Doc> {
    let bytes = std::fs::read(file).expect("readable");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .expect("gzip");
    let parse = |line: &str| Doc::parse(line, &Limits::default()).expect("valid JSON");
    match file.to_string_lossy().contains(".ndjson") {
        true => text.lines().map(parse).collect(),
        false => vec![parse(&text)],
    }
}

/// Bundles under a folder, if there is one.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if path.to_string_lossy().ends_with(".json.gz") {
            files.push(path);
        }
    }
}
