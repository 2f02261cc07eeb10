//! Samples in the form in which bodies are sealed.
//!
//! The record store keeps a resource as it came, minified, with its own id, version and time in
//! front and with references resolved; the samples are brought into that form.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;
use serde_json::value::RawValue;

/// Who wrote a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Producer {
    /// Synthea of 2019.
    Synthea2019,
    /// Synthea of 2021 with US Core profiles.
    Synthea2021,
    /// Bulk export of a Synthea server.
    Bulk,
    /// Examples of the R4 specification.
    R4Examples,
    /// Examples of US Core.
    UsCore,
    /// Output of converters from C-CDA and HL7 v2: never trained on, only measured with.
    Converters,
}

impl Producer {
    pub(crate) const TRAINING: [Self; 5] = [
        Self::Synthea2019,
        Self::Synthea2021,
        Self::Bulk,
        Self::R4Examples,
        Self::UsCore,
    ];

    pub(crate) const fn is_hand_written(self) -> bool {
        matches!(self, Self::R4Examples | Self::UsCore)
    }
}

/// One resource.
pub(crate) struct Sample {
    pub(crate) producer: Producer,
    /// Number of the file or line it came from, to hold out halves.
    pub(crate) group: usize,
    pub(crate) json: Vec<u8>,
}

/// Samples by resource type.
pub(crate) struct Corpus(BTreeMap<String, Vec<Sample>>);

/// Larger resources are rare and repeat themselves; a dictionary does nothing for them.
const LARGEST: usize = 16 << 10;

impl Corpus {
    /// Reads the data folder.
    pub(crate) fn read(data: &Path) -> Result<Self> {
        let mut corpus = Self(BTreeMap::new());
        let sources = [
            ("synthea-r4/synthea-2019", Producer::Synthea2019),
            ("synthea-r4/us-core-2021", Producer::Synthea2021),
            ("synthea-r4/bulk-ndjson-10-patients", Producer::Bulk),
            (
                "ccda-documents/fhir-converter/expected-fhir",
                Producer::Converters,
            ),
            (
                "hl7v2-messages/fhir-converter/expected-fhir",
                Producer::Converters,
            ),
        ];
        for (folder, producer) in sources {
            corpus.read_files(&files_below(&data.join(folder))?, producer)?;
        }
        let examples = files_below(&data.join("fhir-r4-examples"))?;
        let (r4, us_core): (Vec<_>, Vec<_>) = examples.into_iter().partition(|path| {
            path.file_name()
                .is_some_and(|name| name == "r4-examples.ndjson.gz")
        });
        corpus.read_files(&r4, Producer::R4Examples)?;
        corpus.read_files(&us_core, Producer::UsCore)?;
        Ok(corpus)
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn of_type(&self, name: &str) -> impl Iterator<Item = &Sample> {
        self.0.get(name).into_iter().flatten()
    }

    fn read_files(&mut self, paths: &[PathBuf], producer: Producer) -> Result<()> {
        let mut seen = BTreeSet::new();
        for (number, path) in paths.iter().enumerate() {
            let text = read_text(path).with_context(|| path.display().to_string())?;
            let lines = path.to_string_lossy().contains(".ndjson");
            let documents: Vec<&str> = if lines {
                text.lines().collect()
            } else {
                vec![&text]
            };
            for (line, document) in documents.into_iter().enumerate() {
                for resource in resources(document) {
                    let group = if lines { line } else { number };
                    self.add(
                        Sample {
                            producer,
                            group,
                            json: resource,
                        },
                        &mut seen,
                    );
                }
            }
        }
        Ok(())
    }

    /// Adds a sample unless it is too large or a repetition.
    fn add(&mut self, sample: Sample, seen: &mut BTreeSet<[u8; 32]>) {
        let named = sample.json.strip_prefix(br#"{"resourceType":""#);
        let name = named.and_then(|rest| rest.split(|byte| *byte == b'"').next());
        let Some(name) = name.and_then(|name| str::from_utf8(name).ok()) else {
            return;
        };
        if sample.json.len() <= LARGEST && seen.insert(mt_crypto::sha256(&sample.json)) {
            self.0.entry(name.to_owned()).or_default().push(sample);
        }
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let data = [Some(OsStr::new("gz")), Some(OsStr::new("json"))].contains(&path.extension());
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if data {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path)?;
    if path.extension() != Some(OsStr::new("gz")) {
        return Ok(String::from_utf8(bytes)?);
    }
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
    Ok(text)
}

#[derive(serde::Deserialize)]
struct Bundle<'a> {
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

#[derive(serde::Deserialize)]
struct Entry<'a> {
    #[serde(rename = "fullUrl", default)]
    full_url: Option<String>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// The resources of a bundle, or the one resource that the document is, in stored form.
fn resources(document: &str) -> Vec<Vec<u8>> {
    let bundle = serde_json::from_str::<Bundle<'_>>(document).ok();
    let Some(bundle) = bundle.filter(|bundle| !bundle.entry.is_empty()) else {
        return stored_form(document, &BTreeMap::new())
            .into_iter()
            .collect();
    };
    let typed = |entry: &Entry<'_>| {
        let resource: Value = serde_json::from_str(entry.resource?.get()).ok()?;
        Some((
            entry.full_url.clone()?,
            resource.get("resourceType")?.as_str()?.to_owned(),
        ))
    };
    let types: BTreeMap<_, _> = bundle.entry.iter().filter_map(typed).collect();
    let inner = bundle.entry.iter().filter_map(|entry| entry.resource);
    inner
        .filter_map(|resource| stored_form(resource.get(), &types))
        .collect()
}

/// Members in order of arrival; type, id and meta lead.
fn stored_form(resource: &str, types: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    let members: Members<'_> = serde_json::from_str(resource).ok()?;
    let find = |name: &str| {
        members
            .0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, raw)| raw.get())
    };
    let resource_type = find("resourceType")?;
    let made_up = uuid_of(resource);
    let id = find("id").map_or_else(|| format!("\"{made_up}\""), str::to_owned);
    let mut text = format!(
        r#"{{"resourceType":{resource_type},"id":{id},"meta":{{"versionId":"1","lastUpdated":"2026-{}""#,
        time_of(resource)
    );
    let meta = find("meta").and_then(|meta| serde_json::from_str::<Members<'_>>(meta).ok());
    for (key, value) in meta.iter().flat_map(|meta| &meta.0) {
        if key != "versionId" && key != "lastUpdated" {
            text.push_str(&format!(",\"{key}\":{}", minified(value.get())));
        }
    }
    text.push('}');
    for (key, value) in &members.0 {
        if !["resourceType", "id", "meta"].contains(&key.as_str()) {
            text.push_str(&format!(",\"{key}\":{}", minified(value.get())));
        }
    }
    text.push('}');
    Some(resolved(&text, types).into_bytes())
}

/// Replaces temporary and conditional references by `Type/id`.
fn resolved(text: &str, types: &BTreeMap<String, String>) -> String {
    const REFERENCE: &str = "\"reference\":\"";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(REFERENCE) {
        let (before, after) = rest.split_at(at + REFERENCE.len());
        out.push_str(before);
        let end = after.find('"').unwrap_or(after.len());
        let (target, tail) = after.split_at(end);
        rest = tail;
        if let Some(name) = types.get(target) {
            let id = target
                .strip_prefix("urn:uuid:")
                .map_or_else(|| uuid_of(target), str::to_owned);
            out.push_str(&format!("{name}/{id}"));
        } else if let Some((name, _)) = target.split_once('?') {
            out.push_str(&format!("{name}/{}", uuid_of(target)));
        } else {
            out.push_str(target);
        }
    }
    out.push_str(rest);
    out
}

/// Drops white space outside strings; nothing else changes.
fn minified(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |character: &char| {
        let kept = in_string || !character.is_ascii_whitespace();
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
        kept
    };
    json.chars().filter(keep).collect()
}

/// A made-up id that depends on `text`, so that training can be repeated.
fn uuid_of(text: &str) -> String {
    let digest = mt_crypto::sha256(text.as_bytes());
    let bytes = std::array::from_fn(|at| digest[at]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// A made-up time of the year that depends on `text`.
fn time_of(text: &str) -> String {
    let [month, day, hour, minute, second, milli, ..] = mt_crypto::sha256(text.as_bytes());
    format!(
        "{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        month % 12 + 1,
        day % 28 + 1,
        hour % 24,
        minute % 60,
        second % 60,
        u32::from(milli) * 997 % 1000
    )
}

/// Members of an object in order of arrival.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Self)
    }
}
