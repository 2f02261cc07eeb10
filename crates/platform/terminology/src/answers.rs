//! Answers to `$validate-code`, `$lookup`, `$subsumes` and `$translate`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::canonical::Canonical;
use crate::code_system::{CodeSystem, Located};
use crate::concept_map::{ConceptMap, Match, Translation};
use crate::concepts::{AttributeKey, PropertyKind};
use crate::error::TerminologyError;
use crate::membership::Member;
use crate::scope::Scope;
use crate::value_set::ValueSet;

/// A code to be checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coded<'a> {
    /// Code system.
    pub system: Option<&'a str>,
    /// Its version.
    pub version: Option<&'a str>,
    /// The code.
    pub code: &'a str,
    /// The name that it was given.
    pub display: Option<&'a str>,
}

/// Whether a code is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub result: bool,
    /// Why not, or what should be better.
    pub message: Option<String>,
    /// The right name.
    pub display: Option<String>,
}

/// How two codes relate (<http://hl7.org/fhir/R4/valueset-concept-subsumption-outcome.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsumption {
    /// They mean the same.
    Equivalent,
    /// The first lies above the second.
    Subsumes,
    /// The first lies below the second.
    SubsumedBy,
    /// Neither.
    NotSubsumed,
}

impl Subsumption {
    /// The code of the outcome.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::Subsumes => "subsumes",
            Self::SubsumedBy => "subsumed-by",
            Self::NotSubsumed => "not-subsumed",
        }
    }
}

/// What is known of a code.
#[derive(Clone, Debug)]
pub struct Details {
    /// Name of the code system.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Preferred name of the code.
    pub display: String,
    /// Properties: code, type, value.
    pub properties: Vec<(String, PropertyKind, String)>,
    /// Further names.
    pub designations: Vec<(AttributeKey, String)>,
}

/// Maps that a chain of `other-map` may go through.
const MAX_MAPS: usize = 8;

impl Scope {
    /// Whether a code is in a value set.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn validate_in_value_set(
        &self,
        set: &Arc<ValueSet>,
        coded: &Coded<'_>,
        allow_abstract: bool,
        language: Option<&str>,
    ) -> Result<Verdict, TerminologyError> {
        let Some(member) = self.find_member(set, coded.system, coded.code)? else {
            let name = if set.url.is_empty() {
                "the value set"
            } else {
                &set.url
            };
            let code = match coded.system {
                Some(system) => format!("{system}#{}", coded.code),
                None => coded.code.to_owned(),
            };
            return Ok(Verdict::no(format!("the code '{code}' is not in {name}")));
        };
        if let (Some(wanted), Some((system, _))) = (coded.version, self.concept_of(&member))
            && !crate::catalog::version_fits(system.header.version.as_deref(), Some(wanted))
        {
            let known = Canonical::new(&system.header.url, Some(wanted));
            return Err(TerminologyError::UnknownCodeSystem(known));
        }
        Ok(self.verdict(&member, coded, allow_abstract, language))
    }

    /// Whether a code is in a code system.
    ///
    /// # Errors
    /// When only a part of the code system is at hand, and the code is not in it.
    pub fn validate_in_code_system(
        &self,
        system: &Arc<CodeSystem>,
        coded: &Coded<'_>,
        allow_abstract: bool,
        language: Option<&str>,
    ) -> Result<Verdict, TerminologyError> {
        let member = match system.locate(coded.code)? {
            Some(Located::Concept(concept)) => Member::Concept {
                system: Arc::clone(system),
                concept,
            },
            Some(Located::Expression) => Member::Expression {
                system: Arc::clone(system),
                code: coded.code.to_owned(),
            },
            None => {
                let (code, url) = (coded.code, &system.header.url);
                return Ok(Verdict::no(format!("the code '{code}' is not in {url}")));
            }
        };
        Ok(self.verdict(&member, coded, allow_abstract, language))
    }

    fn verdict(
        &self,
        member: &Member,
        coded: &Coded<'_>,
        allow_abstract: bool,
        language: Option<&str>,
    ) -> Verdict {
        let display = self.display(member, language);
        let concept = self.concept_of(member);
        let groups = concept
            .as_ref()
            .is_some_and(|(s, c)| s.concepts.is_abstract(*c));
        if groups && !allow_abstract {
            let message = format!("the code '{}' only groups other codes", coded.code);
            return Verdict {
                result: false,
                message: Some(message),
                display,
            };
        }
        let right = coded.display.is_none_or(|given| {
            display
                .as_deref()
                .is_none_or(|known| same_name(known, given))
                || concept.is_some_and(|(system, concept)| {
                    system
                        .concepts
                        .display(concept)
                        .is_some_and(|known| same_name(known, given))
                        || system.concepts.attributes(concept).any(|(key, value)| {
                            matches!(key, AttributeKey::Designation { .. })
                                && same_name(value, given)
                        })
                })
        });
        let message = (!right).then(|| {
            let known = display.as_deref().unwrap_or("");
            format!(
                "the display is not one of the code '{}', whose name is '{known}'",
                coded.code
            )
        });
        Verdict {
            result: right,
            message,
            display,
        }
    }

    /// What is known of a code.
    ///
    /// # Errors
    /// When the code system or the code is not known.
    pub fn lookup(
        &self,
        system: &CodeSystem,
        code: &str,
        language: Option<&str>,
    ) -> Result<Details, TerminologyError> {
        let header = &system.header;
        let unknown = || TerminologyError::UnknownCode {
            system: header.url.clone(),
            code: code.to_owned(),
        };
        let mut details = Details {
            name: header.title.clone().unwrap_or_else(|| header.name.clone()),
            version: header.version.clone(),
            display: code.to_owned(),
            properties: Vec::new(),
            designations: Vec::new(),
        };
        let Located::Concept(concept) = system.locate(code)?.ok_or_else(unknown)? else {
            return Ok(details);
        };
        let concepts = &system.concepts;
        if let Some(display) = system.display(concept, language).map(Cow::into_owned) {
            details.display = display;
        }
        for (key, value) in concepts.attributes(concept) {
            match key {
                AttributeKey::Property { code, kind } => {
                    details
                        .properties
                        .push((code.clone(), *kind, value.to_owned()));
                }
                AttributeKey::Designation { .. } => {
                    details.designations.push((key.clone(), value.to_owned()));
                }
            }
        }
        let mut add = |code: &str, kind, value: &str| {
            if !details
                .properties
                .iter()
                .any(|(own, _, old)| own == code && old == value)
            {
                details
                    .properties
                    .push((code.to_owned(), kind, value.to_owned()));
            }
        };
        let truth = |is: bool| if is { "true" } else { "false" };
        add(
            "inactive",
            PropertyKind::Boolean,
            truth(concepts.is_inactive(concept)),
        );
        if concepts.is_abstract(concept) {
            add("notSelectable", PropertyKind::Boolean, "true");
        }
        concepts
            .parents(concept)
            .for_each(|c| add("parent", PropertyKind::Code, concepts.code(c)));
        concepts
            .children(concept)
            .for_each(|c| add("child", PropertyKind::Code, concepts.code(c)));
        Ok(details)
    }

    /// How two codes of a system relate.
    ///
    /// # Errors
    /// When one of them is not known.
    pub fn subsumption(
        &self,
        system: &CodeSystem,
        a: &str,
        b: &str,
    ) -> Result<Subsumption, TerminologyError> {
        Ok(match (system.subsumes(a, b)?, system.subsumes(b, a)?) {
            (true, true) => Subsumption::Equivalent,
            (true, false) => Subsumption::Subsumes,
            (false, true) => Subsumption::SubsumedBy,
            (false, false) => Subsumption::NotSubsumed,
        })
    }

    /// Translates a code by every map that fits `source` and `target` (value sets).
    ///
    /// # Errors
    /// [`TerminologyError::UnknownConceptMap`] when no map concerns the code system.
    pub fn translate(
        &self,
        ask: &Translation<'_>,
        source: Option<&str>,
        target: Option<&str>,
    ) -> Result<Vec<Match>, TerminologyError> {
        let fits = |wanted: Option<&str>, own: Option<&str>| wanted.is_none_or(|w| own == Some(w));
        let mut maps = self.concept_maps().filter(|map| {
            let (from, to) = (map.source.as_deref(), map.target.as_deref());
            let (from, to) = if ask.reverse { (to, from) } else { (from, to) };
            fits(source, from)
                && fits(target, to)
                && map.concerns(ask.system, ask.target_system, ask.reverse)
        });
        let first = maps.next().ok_or(TerminologyError::UnknownConceptMap)?;
        let mut found = self.translate_by(first, ask)?;
        for map in maps {
            for new in self.translate_by(map, ask)? {
                if !found.contains(&new) {
                    found.push(new);
                }
            }
        }
        Ok(found)
    }

    /// Translates a code by one map, and by those that it defers to.
    ///
    /// # Errors
    /// When a map that it defers to is not known, or they go in a circle.
    pub fn translate_by(
        &self,
        map: &ConceptMap,
        ask: &Translation<'_>,
    ) -> Result<Vec<Match>, TerminologyError> {
        let mut matches = map.translate(ask);
        for _ in 0..MAX_MAPS {
            let Some(next) = matches.ask_next.take().filter(|_| matches.found.is_empty()) else {
                return Ok(matches.found);
            };
            let map = self.concept_map(&next)?;
            matches = map.translate(ask);
        }
        Err(TerminologyError::TooDeep(MAX_MAPS))
    }

    /// A concept map by its URL.
    ///
    /// # Errors
    /// [`TerminologyError::UnknownConceptMap`]
    pub fn concept_map(&self, canonical: &Canonical) -> Result<&Arc<ConceptMap>, TerminologyError> {
        let wanted = canonical.version.as_deref();
        let mut maps = self.concept_maps().filter(|map| map.url == canonical.url);
        let found = maps.find(|map| crate::catalog::version_fits(map.version.as_deref(), wanted));
        found.ok_or(TerminologyError::UnknownConceptMap)
    }
}

impl Verdict {
    fn no(message: String) -> Self {
        Self {
            result: false,
            message: Some(message),
            display: None,
        }
    }
}

/// Names are compared without regard to case and the amount of white space.
fn same_name(a: &str, b: &str) -> bool {
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_lowercase)
            .collect::<Vec<_>>()
            .join(" ")
    };
    a == b || words(a) == words(b)
}
