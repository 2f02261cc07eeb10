//! Test data and the validators that the tests use.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mt_fhir::json::{Doc, Limits, Node};
use mt_fhir::outcome::Issue;
use mt_kernel::Instant;
use mt_validator::{Level, NoTerminology, Options, Profiles, Validator};

/// 2026-01-01, so that results do not depend on the day.
const NOW: Instant = Instant(1_767_225_600_000_000);

pub(crate) fn validator(profiles: Profiles) -> Validator {
    Validator::new(Arc::new(profiles), Arc::new(NoTerminology))
}

pub(crate) fn options<'o>(level: Level, profiles: &'o [&'o str]) -> Options<'o> {
    Options {
        level,
        profiles,
        now: NOW,
    }
}

/// The issues of a resource at a level, with no profiles.
pub(crate) fn issues(json: &str, level: Level) -> Vec<Issue> {
    let doc = parse(json);
    validator(Profiles::new()).validate(doc.root(), &options(level, &[]))
}

pub(crate) fn parse(json: &str) -> Doc {
    Doc::parse(json, &Limits::default()).expect("valid JSON")
}

/// `Type/id` of a resource, for messages.
pub(crate) fn label(node: Node<'_>) -> String {
    let id = node.str("id").unwrap_or("-");
    format!("{}/{id}", node.resource_type().unwrap_or("-"))
}

/// The shared data, if they are there.
#[expect(clippy::print_stdout, reason = "says why a test did nothing")]
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let dir = std::env::var_os("MEDITRACK_SHARED").map_or_else(beside, PathBuf::from);
    if dir.is_dir() {
        return Some(dir.join("data"));
    }
    println!(
        "skipped: no shared test data (MEDITRACK_SHARED is not set and there is no folder `shared` beside the workspace)"
    );
    None
}

/// The text of a file, inflated when it ends in `.gz`.
pub(crate) fn text(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    if file.extension().is_none_or(|e| e != "gz") {
        return String::from_utf8(bytes).expect("UTF-8");
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .expect("gzip");
    text
}

pub(crate) fn lines(file: &Path) -> Vec<Doc> {
    text(file).lines().map(parse).collect()
}

/// The committed sample of official examples.
pub(crate) fn sample() -> Vec<Doc> {
    lines(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fhir/tests/data/r4-examples-sample.ndjson.gz"),
    )
}
