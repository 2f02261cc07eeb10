//! Lists the codes of a value set (<http://hl7.org/fhir/R4/valueset-operation-expand.html>).

mod listing;
mod text;

use std::collections::HashSet;
use std::sync::Arc;

use text::TextFilter;

use crate::concepts::AttributeKey;
use crate::error::TerminologyError;
use crate::membership::Member;
use crate::scope::Scope;
use crate::value_set::ValueSet;

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ExpandOptions {
    /// Codes to skip.
    pub offset: usize,
    /// Codes to give at most; none means all, as long as they are not too many.
    pub count: Option<usize>,
    /// Words that the name or code must hold, each at the start of a word.
    pub filter: Option<String>,
    /// Only codes that are in use.
    pub active_only: bool,
    /// No codes that only group others.
    pub exclude_abstract: bool,
    /// With further names.
    pub designations: bool,
    /// Preferred language of names.
    pub language: Option<String>,
    /// Code systems (URL, or `url|version`) whose codes are left out.
    pub exclude_systems: Vec<String>,
}

/// The codes of a value set, or a page of them.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    /// How many there are in all.
    pub total: usize,
    /// How many were skipped.
    pub offset: usize,
    /// The codes.
    pub contains: Vec<Entry>,
    /// Code systems that gave codes, as `url|version`.
    pub used: Vec<String>,
    /// Those of them of which only a part is at hand.
    pub fragments: Vec<String>,
}

/// One code of an expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Code system.
    pub system: String,
    /// Its version, when known.
    pub version: Option<String>,
    /// The code.
    pub code: String,
    /// Its name.
    pub display: Option<String>,
    /// It only groups others.
    pub is_abstract: bool,
    /// It is no longer in use.
    pub is_inactive: bool,
    /// Further names.
    pub designations: Vec<(AttributeKey, String)>,
}

impl Scope {
    /// Lists the codes of a value set, in a stable order: that of its includes, and within them that
    /// of the list or of the code system. A code that is included twice is listed once.
    ///
    /// # Errors
    /// When something that it needs is not known or not listable, or the answer is too large.
    pub fn expand(
        &self,
        set: &Arc<ValueSet>,
        options: &ExpandOptions,
    ) -> Result<Expansion, TerminologyError> {
        let mut members = self.list(set)?;
        let filter = options.filter.as_deref().map(TextFilter::new);
        let left_out: Vec<_> = options
            .exclude_systems
            .iter()
            .map(|url| crate::canonical::split(url).0)
            .collect();
        members.retain(|member| {
            !left_out.contains(&member.system()) && self.is_wanted(member, options, filter.as_ref())
        });
        let mut expansion = Expansion {
            total: members.len(),
            offset: options.offset,
            ..Expansion::default()
        };
        let wanted = options.count.unwrap_or(usize::MAX);
        if options.count.is_none() && members.len() > self.limits.codes {
            return Err(TerminologyError::TooCostly(self.limits.codes));
        }
        self.note_systems(&members, &mut expansion);
        let page = members
            .iter()
            .skip(options.offset)
            .take(wanted.min(self.limits.codes));
        expansion.contains = page.map(|member| self.entry(member, options)).collect();
        Ok(expansion)
    }

    /// Every member, once.
    pub(crate) fn list(&self, set: &Arc<ValueSet>) -> Result<Vec<Member>, TerminologyError> {
        let mut members = listing::list(self, set)?;
        let mut seen = HashSet::with_capacity(members.len());
        let fresh: Vec<bool> = members
            .iter()
            .map(|member| seen.insert((member.system(), member.code())))
            .collect();
        drop(seen);
        let mut fresh = fresh.into_iter();
        members.retain(|_| fresh.next().unwrap_or(true));
        Ok(members)
    }

    /// Every code of a value set as (system, code), for searches with `:in`.
    ///
    /// # Errors
    /// As [`Self::expand`].
    pub fn codes(&self, set: &Arc<ValueSet>) -> Result<Vec<(String, String)>, TerminologyError> {
        let members = self.list(set)?;
        if members.len() > self.limits.codes {
            return Err(TerminologyError::TooCostly(self.limits.codes));
        }
        Ok(members
            .iter()
            .map(|m| (m.system().to_owned(), m.code().to_owned()))
            .collect())
    }

    /// A code and every code below it (or above it), for searches with `:below` and `:above`.
    ///
    /// # Errors
    /// When the code is not known, or there are too many.
    pub fn related(
        &self,
        system: &str,
        code: &str,
        above: bool,
    ) -> Result<Vec<String>, TerminologyError> {
        let system = self.code_system(system, None)?;
        let unknown = || TerminologyError::UnknownCode {
            system: system.header.url.clone(),
            code: code.to_owned(),
        };
        let concept = match system.locate(code)?.ok_or_else(unknown)? {
            crate::Located::Concept(concept) if system.header.is_a => concept,
            _ => return Ok(vec![code.to_owned()]),
        };
        let concepts = &system.concepts;
        let own = |found: crate::ConceptId| concepts.code(found).to_owned();
        let most = self.limits.codes;
        let found: Vec<String> = if above {
            concepts
                .ancestors_or_self(concept)
                .take(most + 1)
                .map(own)
                .collect()
        } else {
            concepts
                .descendants_or_self(concept)
                .take(most + 1)
                .map(own)
                .collect()
        };
        if found.len() > most {
            Err(TerminologyError::TooCostly(most))
        } else {
            Ok(found)
        }
    }

    fn is_wanted(
        &self,
        member: &Member,
        options: &ExpandOptions,
        filter: Option<&TextFilter>,
    ) -> bool {
        if options.active_only && self.is_inactive(member) {
            return false;
        }
        if options.exclude_abstract {
            let concept = self.concept_of(member);
            if concept.is_some_and(|(system, concept)| system.concepts.is_abstract(concept)) {
                return false;
            }
        }
        filter.is_none_or(|filter| {
            filter.matches(member.code())
                || self
                    .display(member, options.language.as_deref())
                    .is_some_and(|d| filter.matches(&d))
        })
    }

    /// The name of a member: the value set's own before the code system's.
    #[must_use]
    pub fn display(&self, member: &Member, language: Option<&str>) -> Option<String> {
        if let Member::Listed {
            set,
            include,
            index,
        } = member
        {
            let include = set.include.get(*include as usize);
            let listed = include.and_then(|include| include.concepts.get(*index as usize))?;
            let translated = language.and_then(|wanted| {
                listed
                    .designations
                    .iter()
                    .find_map(|(key, value)| match key {
                        AttributeKey::Designation {
                            language: Some(own),
                            ..
                        } if crate::code_system::speaks(own, wanted) => Some(value.clone()),
                        _ => None,
                    })
            });
            if let Some(display) = translated.or_else(|| listed.display.clone()) {
                return Some(display);
            }
        }
        let (system, concept) = self.concept_of(member)?;
        system
            .display(concept, language)
            .map(std::borrow::Cow::into_owned)
    }

    /// A member as an answer gives it.
    #[must_use]
    pub fn entry(&self, member: &Member, options: &ExpandOptions) -> Entry {
        let concept = self.concept_of(member);
        let mut designations = Vec::new();
        if options.designations {
            if let Member::Listed {
                set,
                include,
                index,
            } = member
                && let Some(include) = set.include.get(*include as usize)
                && let Some(listed) = include.concepts.get(*index as usize)
            {
                designations.extend(listed.designations.iter().cloned());
            }
            if let Some((system, concept)) = &concept {
                let names = system.concepts.attributes(*concept);
                let names =
                    names.filter(|(key, _)| matches!(key, AttributeKey::Designation { .. }));
                designations.extend(names.map(|(key, value)| (key.clone(), value.to_owned())));
            }
        }
        Entry {
            system: member.system().to_owned(),
            version: concept
                .as_ref()
                .and_then(|(system, _)| system.header.version.clone()),
            code: member.code().to_owned(),
            display: self.display(member, options.language.as_deref()),
            is_abstract: concept
                .as_ref()
                .is_some_and(|(s, c)| s.concepts.is_abstract(*c)),
            is_inactive: concept
                .as_ref()
                .is_some_and(|(s, c)| s.concepts.is_inactive(*c)),
            designations,
        }
    }

    fn note_systems(&self, members: &[Member], expansion: &mut Expansion) {
        let mut last = "";
        for member in members {
            if member.system() == last {
                continue;
            }
            last = member.system();
            let system = match member {
                Member::Concept { system, .. } | Member::Expression { system, .. } => {
                    Some(Arc::clone(system))
                }
                Member::Listed { .. } => self.concept_of(member).map(|(system, _)| system),
            };
            let Some(system) = system else { continue };
            let header = &system.header;
            let name = crate::Canonical::new(&header.url, header.version.as_deref()).to_string();
            if expansion.used.contains(&name) {
                continue;
            }
            let partial = system.is_fragment() && matches!(member, Member::Concept { .. });
            if partial {
                expansion.fragments.push(name.clone());
            }
            expansion.used.push(name);
        }
    }
}
