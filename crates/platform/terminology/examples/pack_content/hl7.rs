//! HL7's resources without prose that no question needs, sorted by URL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mt_terminology::content::FramesWriter;
use serde_json::Value;

use super::{Outcome, read};

const BUNDLES: [&str; 4] = [
    "valuesets.json.gz",
    "v3-codesystems.json.gz",
    "v2-tables.json.gz",
    "conceptmaps.json.gz",
];

/// Elements that no answer uses.
const PROSE: [&str; 15] = [
    "id",
    "text",
    "meta",
    "contact",
    "extension",
    "publisher",
    "description",
    "copyright",
    "date",
    "experimental",
    "identifier",
    "jurisdiction",
    "useContext",
    "purpose",
    "immutable",
];

/// Packs the bundles and further single resources.
pub(super) fn pack(definitions: &Path, extra: &[PathBuf]) -> Outcome<Vec<u8>> {
    let mut resources = Vec::new();
    for bundle in BUNDLES {
        let mut bundle: Value = serde_json::from_str(&read(&definitions.join(bundle))?)?;
        let entries = bundle["entry"]
            .as_array_mut()
            .ok_or("a bundle without entries")?;
        resources.extend(entries.iter_mut().map(|entry| entry["resource"].take()));
    }
    for path in extra {
        resources.push(serde_json::from_str(&read(path)?)?);
    }
    let mut sorted = BTreeMap::new();
    for mut resource in resources {
        // A supplement defines no codes; SNOMED CT is known once it has been loaded.
        if matches!(
            resource["content"].as_str(),
            Some("supplement" | "not-present")
        ) {
            continue;
        }
        trim(&mut resource);
        let text = |key: &str| resource[key].as_str().unwrap_or("").to_owned();
        let mut name = format!("{} {}", text("resourceType"), text("url"));
        if name.starts_with("CodeSystem") && !text("valueSet").is_empty() {
            name = format!("{name} {}", text("valueSet"));
        }
        sorted.insert(name, resource);
    }
    let mut writer = FramesWriter::default();
    for (name, resource) in sorted {
        writer.add(&name, &serde_json::to_vec(&resource)?)?;
    }
    Ok(writer.finish()?)
}

fn trim(resource: &mut Value) {
    if let Some(fields) = resource.as_object_mut() {
        fields.retain(|key, _| !PROSE.contains(&key.as_str()) && !key.starts_with('_'));
        // An expansion beside a definition is a copy of what the definition says.
        if fields.contains_key("compose") {
            fields.remove("expansion");
        }
    }
    strip_extensions(resource);
}

/// Extensions (comments, replacements) of concepts.
fn strip_extensions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("extension");
            fields.values_mut().for_each(strip_extensions);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_extensions),
        _ => {}
    }
}
