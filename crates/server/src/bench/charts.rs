//! The data: Bundles of the samples, and as many copies of the patients as a size asks for.
//!
//! A copy is the same chart under other ids: every UUID in it is changed by the number of the copy, so
//! that references, identifiers and nothing else differ. Those of organisations and practitioners stay,
//! because they are loaded once. Copy 0 is the original.

use std::collections::HashSet;
use std::path::Path;

use anyhow::ensure;

use crate::import::bundles_of;

const UUID: usize = 36;

/// Bundles in memory.
pub(super) struct Charts {
    /// Organisations and practitioners.
    pub(super) shared: Vec<Vec<u8>>,
    /// One patient each.
    pub(super) patients: Vec<Vec<u8>>,
    kept: HashSet<[u8; UUID]>,
}

impl Charts {
    /// The Bundles below `path`.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let (patients, shared): (Vec<_>, Vec<_>) = bundles_of(path)?
            .into_iter()
            .partition(|bundle| contains(bundle, b"\"resourceType\":\"Patient\""));
        ensure!(
            !patients.is_empty(),
            "there are no patients in {}",
            path.display()
        );
        let mut kept = HashSet::new();
        for bundle in &shared {
            kept.extend(places(bundle).filter_map(|at| uuid(bundle, at)));
        }
        Ok(Self {
            shared,
            patients,
            kept,
        })
    }

    /// The chart `index` of an endless row: after the last patient comes the first of the next copy.
    pub(super) fn nth(&self, index: usize) -> Vec<u8> {
        let copy = u32::try_from(index / self.patients.len()).unwrap_or(u32::MAX);
        let mut bundle = self.patients[index % self.patients.len()].clone();
        let places: Vec<usize> = places(&bundle).collect();
        for at in places {
            if uuid(&bundle, at).is_some_and(|known| !self.kept.contains(&known)) {
                change(&mut bundle[at..at + 8], copy);
            }
        }
        bundle
    }

    /// Entries of a chart.
    pub(super) fn entries(bundle: &[u8]) -> usize {
        let needle = b"\"fullUrl\"";
        bundle.windows(needle.len()).filter(|w| w == needle).count()
    }
}

/// Whether `bundle` contains `needle`, whatever whitespace it was written with.
fn contains(bundle: &[u8], needle: &[u8]) -> bool {
    let key = b"\"resourceType\"";
    let mut rest = bundle;
    while let Some(at) = rest.windows(key.len()).position(|w| w == key) {
        let tight: Vec<u8> = rest[at..]
            .iter()
            .take(64)
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        if tight.starts_with(needle) {
            return true;
        }
        rest = &rest[at + key.len()..];
    }
    false
}

/// Where UUIDs in lower case begin.
fn places(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let last = text.len().saturating_sub(UUID);
    (0..=last).filter(|at| is_uuid(text, *at))
}

fn is_uuid(text: &[u8], at: usize) -> bool {
    let Some(part) = text.get(at..at + UUID) else {
        return false;
    };
    // The dash is rare in JSON: it decides almost always.
    part[8] == b'-'
        && part.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn uuid(text: &[u8], at: usize) -> Option<[u8; UUID]> {
    text.get(at..at + UUID)?.try_into().ok()
}

/// Changes the first eight hexadecimal digits by the number of a copy; 0 changes nothing.
fn change(digits: &mut [u8], copy: u32) {
    let text = std::str::from_utf8(digits).unwrap_or_default();
    let number = u32::from_str_radix(text, 16).unwrap_or_default();
    // An odd factor: different copies differ.
    let changed = number ^ copy.wrapping_mul(0x9e37_79b1);
    digits.copy_from_slice(format!("{changed:08x}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: &str = "11111111-2222-3333-4444-555555555555";
    const PAT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

    fn charts() -> Charts {
        let directory = tempfile::tempdir().unwrap();
        let organisation = format!(r#"{{"resourceType": "Organization", "id": "{ORG}"}}"#);
        let patient = format!(
            r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType": "Patient","x":"urn:uuid:{PAT}","o":"{ORG}"}}}}]}}"#
        );
        std::fs::write(directory.path().join("hospital.json"), organisation).unwrap();
        std::fs::write(directory.path().join("patient.json"), patient).unwrap();
        Charts::read(directory.path()).unwrap()
    }

    #[test]
    fn a_copy_has_other_ids_and_the_same_organisations() {
        let charts = charts();
        let text = |index| String::from_utf8(charts.nth(index)).unwrap();
        assert_eq!(text(0).as_bytes(), charts.patients[0]);
        for copy in 1..4 {
            assert!(!text(copy).contains(PAT));
            assert!(text(copy).contains(ORG));
            assert_ne!(text(copy), text(copy + 1));
        }
        assert_eq!(text(3), text(3));
    }
}
