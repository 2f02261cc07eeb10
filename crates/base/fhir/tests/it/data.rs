//! Where the example resources come from.

use std::io::Read;
use std::path::{Path, PathBuf};

use mt_fhir::json::{Doc, Limits};

/// The committed sample: about one official example per resource type.
pub(crate) fn sample() -> Vec<Doc> {
    lines(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/r4-examples-sample.ndjson.gz"))
}

/// All example resources of the shared data, or none when they are not there.
pub(crate) fn examples() -> Vec<Doc> {
    let Some(shared) = shared() else {
        return Vec::new();
    };
    let dir = shared.join("data/fhir-r4-examples");
    let names = [
        "r4-examples",
        "us-core-3.1.1-examples",
        "us-core-6.1.0-examples",
        "us-core-7.0.0-examples",
    ];
    names
        .iter()
        .flat_map(|name| lines(&dir.join(format!("{name}.ndjson.gz"))))
        .collect()
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

fn lines(file: &Path) -> Vec<Doc> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .expect("gzip");
    text.lines()
        .map(|line| Doc::parse(line, &Limits::default()).expect("valid JSON"))
        .collect()
}
