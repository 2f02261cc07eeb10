//! Outside judges: what we build passes the validators that others use.
//!
//! They are Python packages, installed by name into the user's cache on first use. Where Python or
//! the packages cannot be had, a test says so and ends; a refusal by a judge fails it.
//!
//! Known limits of the judges, which the documents avoid: linuxforhealth-x12 knows other errata
//! levels of the claims, takes one question per 270, and rejects the subscriber-level AAA codes.

use std::path::{Path, PathBuf};
use std::process::Command;

use mt_x12::ack::Stamp;
use mt_x12::write::InterchangeHeader;
use mt_x12::{Document, Options, acknowledge, build, validate};

use crate::documents;

/// Prints one line per file: its name, `ok` or what is wrong.
const LINUXFORHEALTH: &str = r"
import sys
from linuxforhealth.x12.io import X12ModelReader
for name in sys.argv[1:]:
    try:
        with X12ModelReader(open(name).read()) as reader:
            found = sum(1 for _ in reader.models())
        print(name, 'ok' if found == 1 else 'no model')
    except Exception as error:
        print(name, 'refused', repr(error))
";

/// The interpreter of a virtual environment with `packages`, or `None` with the reason printed.
fn environment(name: &str, packages: &[&str]) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))?;
    let folder = cache.join("meditrack").join("x12-judges").join(name);
    let python = folder.join("bin").join("python");
    let ready = folder.join("ready");
    if !ready.exists() {
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&folder)
            .output();
        let installed = made.and_then(|_| {
            Command::new(&python)
                .args(["-m", "pip", "install", "-q"])
                .args(packages)
                .output()
        });
        match installed {
            Ok(output) if output.status.success() => std::fs::write(&ready, "").ok()?,
            Ok(output) => {
                let reason = String::from_utf8_lossy(&output.stderr).into_owned();
                println!("skipped: {name} cannot be installed: {}", reason.trim());
                return None;
            }
            Err(error) => {
                println!("skipped: python3 is not available: {error}");
                return None;
            }
        }
    }
    Some(python)
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).expect("a folder for test files");
    path
}

/// Writes without asking for a TA1, which pyx12 does not expect before a group.
fn quiet<D: Document>(document: &D) -> String {
    let header = InterchangeHeader {
        request_acknowledgment: false,
        ..documents::header()
    };
    build(std::slice::from_ref(document), &header).expect("written")
}

/// A 999 for a claim with faults, and one without.
fn acknowledgments() -> [String; 2] {
    let good = quiet(&documents::professional());
    let bad = good
        .replace("*XX*1245319599", "*XX*1245319590")
        .replace("DMG*", "DMX*");
    [good, bad].map(|text| {
        let report = validate(text.as_bytes(), Options::default()).expect("readable");
        let (date, time) = ("20260602".to_owned(), "0800".to_owned());
        let stamp = Stamp {
            date,
            time,
            control_number: 17,
        };
        acknowledge(&report, &stamp).expect("written").remove(0)
    })
}

#[test]
fn claims_remittances_and_acknowledgements_pass_pyx12() {
    let Some(python) = environment("pyx12", &["pyx12==4.0.0"]) else {
        return;
    };
    let [accepted, rejected] = acknowledgments();
    let folder = folder("pyx12");
    for (name, text) in [
        ("837P", quiet(&documents::professional())),
        ("837P-child", quiet(&documents::professional_for_child())),
        ("837I", quiet(&documents::institutional())),
        ("835", quiet(&documents::remittance())),
        ("277CA", quiet(&documents::claim_acknowledgment())),
        ("999-accepted", accepted),
        ("999-rejected", rejected),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, &text).expect("a written file");
        let judge = python.with_file_name("x12valid");
        let output = Command::new(judge)
            .arg(&file)
            .output()
            .expect("x12valid runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(": OK"), "{name}: {said}\n{text}");
    }
}

#[test]
fn eligibility_and_status_pass_linuxforhealth() {
    let packages = ["linuxforhealth-x12==0.57.0", "pydantic<2"];
    let Some(python) = environment("linuxforhealth", &packages) else {
        return;
    };
    let mut inquiry = documents::inquiry();
    inquiry.questions.truncate(1);
    let mut dependent = documents::dependent_inquiry();
    dependent.questions.truncate(1);
    let newer = |text: String| {
        text.replace("005010X222A1", "005010X222A2")
            .replace("005010X223A2", "005010X223A3")
    };
    let folder = folder("linuxforhealth");
    let mut files = Vec::new();
    for (name, text) in [
        ("270", quiet(&inquiry)),
        ("270-dependent", quiet(&dependent)),
        ("271", quiet(&documents::benefits())),
        ("276", quiet(&documents::status_request())),
        ("277", quiet(&documents::status_response())),
        ("837P", newer(quiet(&documents::professional()))),
        ("837I", newer(quiet(&documents::institutional()))),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, text).expect("a written file");
        files.push(file);
    }
    let output = Command::new(python)
        .args(["-c", LINUXFORHEALTH])
        .args(&files)
        .output();
    let output = output.expect("the judge runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said.lines().count(),
        files.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.lines().all(|line| line.ends_with(" ok")), "{said}");
}
