//! Regenerates `content/` from the official sources.
//!
//! Usage: `cargo run --release -p mt-terminology --example pack_content -- DEFINITIONS TERMINOLOGY`
//! where DEFINITIONS holds `valuesets.json.gz`, `v3-codesystems.json.gz`, `v2-tables.json.gz` and
//! `conceptmaps.json.gz` of FHIR R4, and TERMINOLOGY the folders `icd-10-cm`, `hcpcs`, `cvx`,
//! `loinc` and `rxnorm`. What each file is and its licence: `content/NOTICE.md`.

mod csv;
mod hl7;
mod systems;

use std::error::Error;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A result of any step.
type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut folders = std::env::args().skip(1).map(PathBuf::from);
    let (Some(definitions), Some(terminology)) = (folders.next(), folders.next()) else {
        return Err("usage: pack_content DEFINITIONS TERMINOLOGY".into());
    };
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
    let extra = [terminology.join("cvx/ConceptMap-ndc-cvx.json")];
    fs::write(content.join("hl7.frames"), hl7::pack(&definitions, &extra)?)?;
    let currencies = content.join("iso-4217.csv");
    fs::write(
        content.join("systems.frames"),
        systems::pack(&terminology, &currencies)?,
    )?;
    Ok(())
}

/// The text of a file, inflated when its name says so.
fn read(path: &Path) -> Outcome<String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    Ok(text)
}
