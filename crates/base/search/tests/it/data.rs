//! Where the example resources come from.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use mt_fhir::Doc;
use mt_fhir::json::Limits;

/// The sample that the FHIR crate keeps: about one official example per resource type.
pub(crate) fn sample() -> Vec<Doc> {
    let file = "../fhir/tests/data/r4-examples-sample.ndjson.gz";
    lines(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
}

/// All example resources of the shared data, or none when they are not there.
pub(crate) fn examples() -> Vec<Doc> {
    let Some(shared) = shared() else {
        return Vec::new();
    };
    let dir = shared.join("data/fhir-r4-examples");
    gz_files(&dir).iter().flat_map(|file| lines(file)).collect()
}

/// The resources of the first `patients` Synthea bundles, or none when they are not there.
pub(crate) fn synthea_resources(patients: usize) -> Vec<Doc> {
    let Some(shared) = shared() else {
        return Vec::new();
    };
    let dir = shared.join("data/synthea-r4/us-core-2021/patients");
    let mut out = Vec::new();
    for file in gz_files(&dir).iter().take(patients) {
        let limits = Limits {
            max_bytes: 1 << 30,
            max_values: 1 << 26,
            ..Limits::default()
        };
        let bundle = Doc::parse(inflate(file), &limits).expect("JSON");
        for entry in bundle.root().get("entry").expect("entries").children() {
            let json = resolved(&Doc::from_node(entry.get("resource").expect("a resource")));
            out.push(Doc::parse(json, &Limits::default()).expect("JSON"));
        }
    }
    out
}

/// Bundle-local references become `Patient/…` as a transaction makes them; types do not matter to
/// the tests beyond patients.
fn resolved(doc: &Doc) -> String {
    let json = String::from_utf8(doc.to_json()).expect("UTF-8");
    let is_subject = |key: &str| json.contains(&format!("\"{key}\":{{\"reference\":\"urn:uuid:"));
    if is_subject("subject") || is_subject("patient") {
        json.replace(
            "\"subject\":{\"reference\":\"urn:uuid:",
            "\"subject\":{\"reference\":\"Patient/",
        )
        .replace(
            "\"patient\":{\"reference\":\"urn:uuid:",
            "\"patient\":{\"reference\":\"Patient/",
        )
    } else {
        json
    }
}

/// `MEDITRACK_SHARED`, or `shared` beside the workspace.
#[expect(clippy::print_stdout, reason = "says why a test did nothing")]
fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let dir = std::env::var_os("MEDITRACK_SHARED").map_or_else(beside, PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    println!(
        "skipped: no shared test data (MEDITRACK_SHARED is not set and there is no folder `shared` beside the workspace)"
    );
    None
}

fn gz_files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut files: Vec<_> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "gz"))
        .collect();
    files.sort();
    files
}

fn inflate(file: &Path) -> Vec<u8> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_end(&mut out)
        .expect("gzip");
    out
}

fn lines(file: &Path) -> Vec<Doc> {
    let text = String::from_utf8(inflate(file)).expect("UTF-8");
    let parse = |line: &str| Doc::parse(line, &Limits::default()).expect("JSON");
    text.lines()
        .filter(|line| !line.is_empty())
        .map(parse)
        .collect()
}
