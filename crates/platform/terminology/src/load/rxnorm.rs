//! RxNorm, from the Rich Release Format: names of `SAB=RXNORM`, which need no licence of others, and
//! the relations between its concepts.

use std::collections::HashMap;

use super::rows::Quotes;
use super::{Loaded, Release, name, property};
use crate::concepts::{ConceptsBuilder, NewConcept, PropertyKind};

const RXCUI: usize = 0;
const CONSO_SAB: usize = 11;
const CONSO_TTY: usize = 12;
const CONSO_STR: usize = 14;
const CONSO_SUPPRESS: usize = 16;
const REL_FROM: usize = 4;
const REL_TO: usize = 0;
const REL_RELA: usize = 7;
const REL_SAB: usize = 10;
const SAB_ABBREVIATION: usize = 3;
const SAB_VERSION: usize = 6;

/// Term types that are other names of a concept.
const SYNONYMS: [&str; 4] = ["SY", "TMSY", "PSN", "ET"];

pub(super) fn read(release: &mut Release<'_>) -> Loaded {
    let names = release
        .required("RXNCONSO.RRF", "RXNCONSO.RRF", "RXNCONSO.RRF")?
        .remove(0);
    let relations = release
        .required("RXNREL.RRF", "RXNREL.RRF", "RXNREL.RRF")?
        .remove(0);
    let sources = release.named("RXNSAB.RRF", "RXNSAB.RRF");
    let mut builder = ConceptsBuilder::new(true);
    let mut numbers: HashMap<String, (u32, bool)> = HashMap::new();
    release.rows(&names, (b'|', Quotes::None, CONSO_SUPPRESS + 1), |row| {
        if row[CONSO_SAB] == "RXNORM" {
            add_name(row, &mut builder, &mut numbers);
        }
        Ok(())
    })?;
    release.rows(&relations, (b'|', Quotes::None, REL_SAB + 1), |row| {
        let ends = (numbers.get(&row[REL_FROM]), numbers.get(&row[REL_TO]));
        if let (Some((from, _)), Some((to, _))) = ends
            && row[REL_SAB] == "RXNORM"
        {
            // The second concept has the relation to the first.
            match row[REL_RELA].as_str() {
                "isa" => builder.link(*from, *to),
                "" | "inverse_isa" => {}
                relation => {
                    let new = property(relation, PropertyKind::Code, &row[REL_TO]);
                    builder.attribute(*from, &new);
                }
            }
        }
        Ok(())
    })?;
    let mut version = None;
    for path in &sources {
        release.rows(path, (b'|', Quotes::None, SAB_VERSION + 1), |row| {
            if row[SAB_ABBREVIATION] == "RXNORM" {
                version = date(&row[SAB_VERSION]).or(version.take());
            }
            Ok(())
        })?;
    }
    Ok((builder, version))
}

/// The first name of a concept is preferred until a better one than a synonym comes.
fn add_name(
    row: &[String],
    builder: &mut ConceptsBuilder,
    numbers: &mut HashMap<String, (u32, bool)>,
) {
    let (kind, text) = (row[CONSO_TTY].as_str(), row[CONSO_STR].as_str());
    let is_synonym = SYNONYMS.contains(&kind);
    let known = numbers.get(&row[RXCUI]).copied();
    let concept = match known {
        Some((concept, named)) => {
            if !named && !is_synonym {
                builder.set_display(concept, text);
            }
            concept
        }
        None => builder.concept(NewConcept {
            code: &row[RXCUI],
            display: Some(text),
            is_inactive: matches!(row[CONSO_SUPPRESS].as_str(), "O" | "Y" | "E"),
            is_abstract: false,
        }),
    };
    let named = known.is_some_and(|(_, named)| named) || !is_synonym;
    numbers.insert(row[RXCUI].clone(), (concept, named));
    if is_synonym {
        builder.attribute(concept, &name(Some("en"), text));
    } else {
        builder.attribute(concept, &property("TTY", PropertyKind::Code, kind));
    }
}

/// `20AA_240205F` as the release date `02052024`, which is RxNorm's version.
fn date(version: &str) -> Option<String> {
    let digits = version.split_once('_')?.1.get(..6)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, day) = digits.split_at(2);
    Some(format!("{day}20{year}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_release_date() {
        assert_eq!(super::date("20AA_240205F").as_deref(), Some("02052024"));
        assert_eq!(super::date("2024AA"), None);
    }
}
