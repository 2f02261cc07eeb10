//! SNOMED CT, from the snapshot files of Release Format 2: concepts, descriptions, the is-a
//! relationships, and the language reference sets that say which name is preferred.

use std::collections::{HashMap, HashSet};

use super::rows::Quotes;
use super::{Loaded, Release, name, property};
use crate::concepts::{AttributeKey, ConceptsBuilder, NewAttribute, NewConcept, PropertyKind};

const TABS: (u8, Quotes, usize) = (b'\t', Quotes::None, 5);
const IS_A: &str = "116680003";
const FULLY_SPECIFIED: &str = "900000000000003001";
const PREFERRED: &str = "900000000000548007";
const DEFINED: &str = "900000000000073002";
const US_ENGLISH: &str = "900000000000509007";
const CORE: &str = "900000000000207008";
const MODEL: &str = "900000000000012004";

/// How good a name is as the preferred one.
const FULL: u8 = 1;
const SYNONYM: u8 = 2;
const CHOSEN: u8 = 3;
const CHOSEN_US: u8 = 4;

pub(super) fn read(release: &mut Release<'_>) -> Loaded {
    let concepts = release.required(
        "sct2_Concept_Snapshot",
        ".txt",
        "sct2_Concept_Snapshot*.txt",
    )?;
    let descriptions = release.required(
        "sct2_Description_Snapshot",
        ".txt",
        "sct2_Description_Snapshot*.txt",
    )?;
    let relationships = release.required(
        "sct2_Relationship_Snapshot",
        ".txt",
        "sct2_Relationship_Snapshot*.txt",
    )?;
    let mut languages = release.named("der2_cRefset_Language", ".txt");
    languages.retain(|path| path.to_string_lossy().contains("Snapshot"));

    let mut reading = Reading::default();
    for path in &languages {
        release.rows(path, TABS, |row| {
            reading.preference(row);
            Ok(())
        })?;
    }
    for path in &concepts {
        release.rows(path, TABS, |row| {
            reading.concept(row);
            Ok(())
        })?;
    }
    for path in &descriptions {
        release.rows(path, TABS, |row| {
            reading.description(row);
            Ok(())
        })?;
    }
    for path in &relationships {
        release.rows(path, TABS, |row| {
            reading.relationship(row);
            Ok(())
        })?;
    }
    let version = reading.version();
    Ok((reading.builder, version))
}

struct Reading {
    builder: ConceptsBuilder,
    numbers: HashMap<u64, u32>,
    /// Rank of the name that each concept has so far.
    ranks: Vec<u8>,
    preferred: HashSet<u64>,
    preferred_us: HashSet<u64>,
    modules: HashMap<String, usize>,
    newest: String,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            builder: ConceptsBuilder::new(true),
            numbers: HashMap::new(),
            ranks: Vec::new(),
            preferred: HashSet::new(),
            preferred_us: HashSet::new(),
            modules: HashMap::new(),
            newest: String::new(),
        }
    }
}

impl Reading {
    /// id, effectiveTime, active, moduleId, refsetId, referencedComponentId, acceptabilityId
    fn preference(&mut self, row: &[String]) {
        let [_, _, active, _, refset, description, acceptability, ..] = row else {
            return;
        };
        let Ok(description) = description.parse() else {
            return;
        };
        if active == "1" && acceptability == PREFERRED {
            let set = if refset == US_ENGLISH {
                &mut self.preferred_us
            } else {
                &mut self.preferred
            };
            set.insert(description);
        }
    }

    /// id, effectiveTime, active, moduleId, definitionStatusId
    fn concept(&mut self, row: &[String]) {
        let [id, time, active, module, status, ..] = row else {
            return;
        };
        let Ok(number) = id.parse() else { return };
        if self.numbers.contains_key(&number) {
            return;
        }
        let is_inactive = active != "1";
        let concept = self.builder.concept(NewConcept {
            code: id,
            is_inactive,
            ..NewConcept::default()
        });
        self.numbers.insert(number, concept);
        self.ranks.push(0);
        *self.modules.entry(module.clone()).or_default() += 1;
        if *time > self.newest {
            self.newest.clone_from(time);
        }
        let defined = if status == DEFINED { "true" } else { "false" };
        self.builder.attribute(
            concept,
            &property("sufficientlyDefined", PropertyKind::Boolean, defined),
        );
        self.builder
            .attribute(concept, &property("moduleId", PropertyKind::Code, module));
        self.builder.attribute(
            concept,
            &property("effectiveTime", PropertyKind::String, time),
        );
    }

    /// id, effectiveTime, active, moduleId, conceptId, languageCode, typeId, term, …
    fn description(&mut self, row: &[String]) {
        let [id, _, active, _, concept, language, kind, term, ..] = row else {
            return;
        };
        let (Ok(id), Ok(concept)) = (id.parse::<u64>(), concept.parse::<u64>()) else {
            return;
        };
        let Some(&concept) = self.numbers.get(&concept).filter(|_| active == "1") else {
            return;
        };
        let full = kind == FULLY_SPECIFIED;
        let rank = if full {
            FULL
        } else if self.preferred_us.contains(&id) {
            CHOSEN_US
        } else if self.preferred.contains(&id) {
            CHOSEN
        } else {
            SYNONYM
        };
        if let Some(best) = self.ranks.get_mut(concept as usize)
            && rank > *best
        {
            *best = rank;
            self.builder.set_display(concept, term);
        }
        let new = if full {
            let usage = Some((
                "http://snomed.info/sct".to_owned(),
                FULLY_SPECIFIED.to_owned(),
            ));
            NewAttribute {
                key: AttributeKey::Designation {
                    language: Some(language.clone()),
                    usage,
                },
                value: term,
            }
        } else {
            name(Some(language), term)
        };
        self.builder.attribute(concept, &new);
    }

    /// id, effectiveTime, active, moduleId, sourceId, destinationId, relationshipGroup, typeId, …
    fn relationship(&mut self, row: &[String]) {
        let [_, _, active, _, source, destination, _, kind, ..] = row else {
            return;
        };
        if active != "1" || kind != IS_A {
            return;
        }
        let number = |id: &String| self.numbers.get(&id.parse::<u64>().ok()?).copied();
        if let (Some(child), Some(parent)) = (number(source), number(destination)) {
            self.builder.link(child, parent);
        }
    }

    /// `http://snomed.info/sct/<module>/version/<date>`: the module that the edition adds to the
    /// international one, when it adds any.
    fn version(&self) -> Option<String> {
        let added = self
            .modules
            .iter()
            .filter(|(module, _)| *module != CORE && *module != MODEL);
        let largest = added.max_by_key(|(module, count)| (**count, (*module).clone()));
        let module = largest.map_or(CORE, |(module, _)| module);
        let date = &self.newest;
        (!date.is_empty()).then(|| format!("http://snomed.info/sct/{module}/version/{date}"))
    }
}
