//! Regenerates `definitions/` from the official FHIR R4 (4.0.1) definition bundles.
//!
//! Usage: `cargo run -p mt-fhir --example trim_definitions -- DIR` where DIR holds
//! `profiles-types.json.gz`, `profiles-resources.json.gz`, `profiles-others.json.gz`,
//! `extension-definitions.json.gz`, `search-parameters.json.gz`,
//! `compartmentdefinition-*.json`, `valuesets.json.gz`, `v3-codesystems.json.gz` and
//! `v2-tables.json.gz`. Prose, mappings and examples go; what the tables of `mt_fhir::definitions`
//! are built from stays. Numbers already given in `definitions/stable/` never change: new names
//! are appended.

mod expansion;
mod trim;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Bundles whose value sets and code systems are used to expand bindings.
const TERMINOLOGY: [&str; 3] = [
    "valuesets.json.gz",
    "v3-codesystems.json.gz",
    "v2-tables.json.gz",
];

const COMPARTMENTS: [&str; 5] = [
    "patient",
    "encounter",
    "practitioner",
    "relatedPerson",
    "device",
];

fn main() -> Outcome<()> {
    let source = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("usage: trim_definitions DIR")?,
    );
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("definitions");

    let mut structures = bundle(&source.join("profiles-types.json.gz"))?;
    structures.extend(bundle(&source.join("profiles-resources.json.gz"))?);
    structures.retain(|r| r["resourceType"] == "StructureDefinition" && r["kind"] != "logical");
    let structures: Vec<Value> = structures.iter().map(trim::structure).collect();
    write_lines(&target.join("structures.ndjson.gz"), &structures)?;

    let mut profiles = bundle(&source.join("profiles-others.json.gz"))?;
    profiles.extend(bundle(&source.join("extension-definitions.json.gz"))?);
    profiles.retain(|r| r["resourceType"] == "StructureDefinition");
    let profiles: Vec<Value> = profiles.iter().map(trim::profile).collect();
    let validator = Path::new(env!("CARGO_MANIFEST_DIR")).join("../validator/definitions");
    write_lines(&validator.join("profiles.ndjson.gz"), &profiles)?;

    let params = bundle(&source.join("search-parameters.json.gz"))?;
    let params: Vec<Value> = params.iter().map(trim::search_parameter).collect();
    write_lines(&target.join("search-parameters.ndjson.gz"), &params)?;

    let mut compartments = Vec::new();
    for name in COMPARTMENTS {
        let file = source.join(format!("compartmentdefinition-{name}.json"));
        compartments.push(trim::compartment(&serde_json::from_slice(&fs::read(
            file,
        )?)?));
    }
    write_lines(&target.join("compartments.ndjson.gz"), &compartments)?;

    let mut terminology = expansion::Source::default();
    for file in TERMINOLOGY {
        terminology.add(bundle(&source.join(file))?);
    }
    let value_sets = terminology.expand_all(&trim::bound_value_sets(&structures));
    write_lines(&target.join("value-sets.ndjson.gz"), &value_sets)?;

    let types = structures
        .iter()
        .filter(|s| s["kind"] == "resource" && s["abstract"] == false);
    append_stable(
        &target.join("stable/resource-types.txt"),
        types.map(|s| &s["name"]),
    )?;
    append_stable(
        &target.join("stable/search-parameters.txt"),
        params.iter().map(|p| &p["url"]),
    )?;
    Ok(())
}

fn bundle(file: &Path) -> Outcome<Vec<Value>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(file)?).read_to_string(&mut text)?;
    let mut bundle: Value = serde_json::from_str(&text)?;
    let entries = bundle["entry"]
        .as_array_mut()
        .ok_or("no entry in the bundle")?;
    Ok(entries.iter_mut().map(|e| e["resource"].take()).collect())
}

fn write_lines(file: &Path, lines: &[Value]) -> Outcome<()> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for line in lines {
        serde_json::to_writer(&mut out, line)?;
        out.write_all(b"\n")?;
    }
    fs::write(file, out.finish()?)?;
    Ok(())
}

/// Adds names that the list lacks at its end, in alphabetical order among themselves.
fn append_stable<'a>(file: &Path, names: impl Iterator<Item = &'a Value>) -> Outcome<()> {
    let mut text = fs::read_to_string(file).unwrap_or_default();
    let known: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let all: BTreeSet<String> = names.filter_map(Value::as_str).map(str::to_owned).collect();
    for name in all.difference(&known) {
        text.push_str(name);
        text.push('\n');
    }
    fs::write(file, text)?;
    Ok(())
}
