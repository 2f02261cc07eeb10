//! Files as units of work: a Bundle, or a group of NDJSON lines.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::done::Digest;

/// Resources of NDJSON that are committed together.
const LINES: usize = 200;
/// Bytes of one line or Bundle.
const MAX_UNIT: u64 = 512 << 20;

/// What is committed together.
pub(super) struct Unit {
    /// File and line, for messages.
    pub(super) place: String,
    /// Lower ranks are loaded first.
    pub(super) rank: u8,
    pub(super) digest: Digest,
    /// Share of the progress bar.
    pub(super) weight: u64,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// One Bundle.
    Bundle(Vec<u8>),
    /// Resources, one a line.
    Lines(Vec<Vec<u8>>),
}

impl Unit {
    /// A Bundle that is no part of a file.
    pub(super) fn bundle(bundle: Vec<u8>) -> Self {
        Self {
            place: String::new(),
            rank: 0,
            digest: Digest::default(),
            weight: 0,
            content: Content::Bundle(bundle),
        }
    }
}

/// The files below `paths`, those that others refer to first.
pub(crate) fn files_of(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files).with_context(|| format!("{} cannot be read", path.display()))?;
    }
    files.sort_by_key(|file| (rank_of(file), file.clone()));
    Ok(files)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        File::open(path)?;
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || is_records(&path) {
            collect(&path, files)?;
        }
    }
    Ok(())
}

fn is_records(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let bare = name.trim_end_matches(".gz").trim_end_matches(".zst");
    bare.ends_with(".json") || bare.ends_with(".ndjson")
}

/// Organisations, then practitioners, then everything else, by the names that producers use.
fn rank_of(path: &Path) -> u8 {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let starts = |word: &str| {
        name.trim_start_matches(|c: char| !c.is_alphabetic())
            .starts_with(word)
    };
    match () {
        () if starts("hospital") || starts("organization.") => 0,
        () if starts("location") || starts("practitioner.") => 1,
        () if starts("practitioner") => 2,
        () if starts("patient.") => 3,
        () => 4,
    }
}

/// Share of a file in the progress: its size as stored.
pub(super) fn weight_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

/// The units of a file.
pub(super) fn units_of(path: &Path) -> Box<dyn Iterator<Item = anyhow::Result<Unit>> + Send> {
    match open(path) {
        Ok(units) => units,
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// The Bundles below `path`, those that others refer to first.
pub(crate) fn bundles_of(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut bundles = Vec::new();
    for file in files_of(&[path.to_owned()])? {
        for unit in units_of(&file) {
            if let Content::Bundle(bytes) = unit?.content {
                bundles.push(bytes);
            }
        }
    }
    Ok(bundles)
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Iterator<Item = anyhow::Result<Unit>> + Send>> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let bytes: Box<dyn Read + Send> = match () {
        () if name.ends_with(".gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        () if name.ends_with(".zst") => Box::new(zstd::Decoder::new(file)?),
        () => Box::new(file),
    };
    let rank = rank_of(path);
    let place = path.display().to_string();
    if name.contains(".ndjson") {
        let reader = BufReader::with_capacity(1 << 20, bytes);
        return Ok(Box::new(Lines {
            reader,
            place,
            rank,
            line: 0,
            size,
            given: 0,
            next: None,
            ended: false,
        }));
    }
    let mut bundle = Vec::new();
    bytes.take(MAX_UNIT).read_to_end(&mut bundle)?;
    let unit = Unit {
        place,
        rank,
        digest: mt_crypto::sha256(&bundle),
        weight: size,
        content: Content::Bundle(bundle),
    };
    Ok(Box::new(std::iter::once(Ok(unit))))
}

/// Groups the lines of an NDJSON file. A line that is a Bundle is a unit of its own.
struct Lines<R> {
    reader: R,
    place: String,
    rank: u8,
    line: usize,
    size: u64,
    given: u64,
    /// A Bundle that was read while lines were being grouped.
    next: Option<Vec<u8>>,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    fn read_line(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some(line) = self.next.take() {
            return Ok(Some(line));
        }
        loop {
            let mut line = Vec::new();
            let n = self
                .reader
                .by_ref()
                .take(MAX_UNIT)
                .read_until(b'\n', &mut line)?;
            if n == 0 {
                return Ok(None);
            }
            self.line += 1;
            // A line can be large: it is cut where it is, not copied.
            line.truncate(line.trim_ascii_end().len());
            if !line.is_empty() {
                return Ok(Some(line));
            }
        }
    }

    fn unit(&mut self, content: Content, bytes: &[u8]) -> Unit {
        // The compressed share of a line is not known; halving what is left always ends.
        let weight = if self.ended {
            self.size - self.given
        } else {
            (self.size - self.given) / 16
        };
        self.given += weight;
        Unit {
            place: format!("{}:{}", self.place, self.line),
            rank: self.rank,
            digest: mt_crypto::sha256(bytes),
            weight,
            content,
        }
    }

    fn group(&mut self) -> anyhow::Result<Option<Unit>> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        while lines.len() < LINES {
            let Some(line) = self.read_line()? else {
                self.ended = true;
                break;
            };
            if is_bundle(&line) {
                if lines.is_empty() {
                    // Bundles in one file depend on the ones before, as in our own samples.
                    let unit = self.unit(Content::Bundle(Vec::new()), &line);
                    let rank = if self.line <= 2 {
                        self.line as u8 - 1
                    } else {
                        self.rank
                    };
                    return Ok(Some(Unit {
                        content: Content::Bundle(line),
                        rank,
                        ..unit
                    }));
                }
                self.next = Some(line);
                break;
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let all = lines.join(&b'\n');
        Ok(Some(self.unit(Content::Lines(lines), &all)))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = anyhow::Result<Unit>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            None
        } else {
            self.group().transpose()
        }
    }
}

/// Whether a line is a Bundle, by its first bytes.
fn is_bundle(line: &[u8]) -> bool {
    let head: Vec<u8> = line
        .iter()
        .take(200)
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let text = String::from_utf8_lossy(&head);
    text.contains("\"resourceType\":\"Bundle\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_others_refer_to_come_first() {
        let order = [
            "0-hospitalInformation1.json.gz",
            "Organization.000.ndjson.gz",
            "Location.ndjson",
            "practitionerInformation1.json",
            "Patient.000.ndjson",
            "9a174f9e.json",
        ];
        let ranks: Vec<u8> = order.iter().map(|name| rank_of(Path::new(name))).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert!(ranks[0] < ranks[5]);
    }

    #[test]
    fn lines_are_grouped_and_bundles_stand_alone() {
        let bundle = r#"{"resourceType":"Bundle"}"#;
        let patient = r#"{"resourceType":"Patient"}"#;
        let text = format!("{patient}\n\n{patient}\n{bundle}\n{patient}\n");
        let reader = text.as_bytes();
        let lines = Lines {
            reader,
            place: "x".into(),
            rank: 4,
            line: 0,
            size: 100,
            given: 0,
            next: None,
            ended: false,
        };
        let units: Vec<Unit> = lines.map(Result::unwrap).collect();
        let shape: Vec<usize> = units
            .iter()
            .map(|unit| match &unit.content {
                Content::Bundle(_) => 0,
                Content::Lines(lines) => lines.len(),
            })
            .collect();
        assert_eq!(shape, [2, 0, 1]);
        assert_eq!(units.iter().map(|unit| unit.weight).sum::<u64>(), 100);
    }
}
