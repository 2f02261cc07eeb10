//! Whether a code is in a value set, decided without listing it.

use std::sync::Arc;

use crate::canonical::Canonical;
use crate::code_system::{CodeSystem, Located};
use crate::concepts::ConceptId;
use crate::error::TerminologyError;
use crate::scope::Scope;
use crate::value_set::{Include, ValueSet};

/// A code in a value set, and where it was found.
#[derive(Clone, Debug)]
pub enum Member {
    /// A concept of a code system.
    Concept {
        /// The code system.
        system: Arc<CodeSystem>,
        /// The concept.
        concept: ConceptId,
    },
    /// A code that the value set lists.
    Listed {
        /// The value set.
        set: Arc<ValueSet>,
        /// The include that lists it.
        include: u32,
        /// Its place there.
        index: u32,
    },
    /// A code that follows the grammar of its system.
    Expression {
        /// The code system.
        system: Arc<CodeSystem>,
        /// The code.
        code: String,
    },
}

impl Member {
    /// Its code system.
    #[must_use]
    pub fn system(&self) -> &str {
        match self {
            Self::Concept { system, .. } | Self::Expression { system, .. } => &system.header.url,
            Self::Listed { set, include, .. } => set
                .include
                .get(*include as usize)
                .and_then(|i| i.system.as_deref())
                .unwrap_or(""),
        }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Concept { system, concept } => system.concepts.code(*concept),
            Self::Expression { code, .. } => code,
            Self::Listed {
                set,
                include,
                index,
            } => {
                let include = set.include.get(*include as usize);
                let listed = include.and_then(|include| include.concepts.get(*index as usize));
                listed.map_or("", |listed| &listed.code)
            }
        }
    }
}

/// The value sets that are being evaluated, innermost first: finds imports of themselves.
#[derive(Clone, Copy)]
pub(crate) struct Trail<'a> {
    url: &'a str,
    outer: Option<&'a Trail<'a>>,
    depth: usize,
}

impl<'a> Trail<'a> {
    pub(crate) fn start(set: &'a ValueSet) -> Self {
        Self {
            url: &set.url,
            outer: None,
            depth: 1,
        }
    }

    pub(crate) fn enter(
        &'a self,
        scope: &Scope,
        set: &'a ValueSet,
    ) -> Result<Self, TerminologyError> {
        let mut outer = Some(self);
        while let Some(trail) = outer {
            if trail.url == set.url && !set.url.is_empty() {
                return Err(TerminologyError::Cycle(set.url.clone()));
            }
            outer = trail.outer;
        }
        if self.depth >= scope.limits.depth {
            return Err(TerminologyError::TooDeep(scope.limits.depth));
        }
        Ok(Self {
            url: &set.url,
            outer: Some(self),
            depth: self.depth + 1,
        })
    }
}

impl Scope {
    /// Finds a code (of any system when `None`) in a value set.
    ///
    /// # Errors
    /// When it cannot be told: something that the value set needs is not known.
    pub fn find_member(
        &self,
        set: &Arc<ValueSet>,
        system: Option<&str>,
        code: &str,
    ) -> Result<Option<Member>, TerminologyError> {
        self.member(set, system, code, &Trail::start(set))
    }

    pub(crate) fn member(
        &self,
        set: &Arc<ValueSet>,
        system: Option<&str>,
        code: &str,
        trail: &Trail<'_>,
    ) -> Result<Option<Member>, TerminologyError> {
        let mut doubt = None;
        for (number, include) in (0..).zip(&set.include) {
            match self.included(set, (number, include), system, code, trail) {
                Ok(Some(member)) => {
                    if !set.with_inactive && self.is_inactive(&member) {
                        continue;
                    }
                    if !self.is_excluded(set, member.system(), code, trail)? {
                        return Ok(Some(member));
                    }
                }
                Ok(None) => {}
                Err(error) => doubt = doubt.or(Some(error)),
            }
        }
        doubt.map_or(Ok(None), Err)
    }

    /// Whether an exclude takes the code away.
    pub(crate) fn is_excluded(
        &self,
        set: &Arc<ValueSet>,
        system: &str,
        code: &str,
        trail: &Trail<'_>,
    ) -> Result<bool, TerminologyError> {
        let mut doubt = None;
        for exclude in &set.exclude {
            // Where it stands does not matter, so that a listed code may point anywhere.
            match self.included(set, (u32::MAX, exclude), Some(system), code, trail) {
                Ok(Some(_)) => return Ok(true),
                Ok(None) => {}
                Err(error) => doubt = doubt.or(Some(error)),
            }
        }
        doubt.map_or(Ok(false), Err)
    }

    fn included(
        &self,
        set: &Arc<ValueSet>,
        (number, include): (u32, &Include),
        system: Option<&str>,
        code: &str,
        trail: &Trail<'_>,
    ) -> Result<Option<Member>, TerminologyError> {
        let Some(own) = include.system.as_deref() else {
            return self.imported(include, system, code, trail);
        };
        if system.is_some_and(|system| system != own) {
            return Ok(None);
        }
        let member = if include.concepts.is_empty() {
            self.selected(include, own, code)?
        } else {
            let index = include.listed(code);
            index.map(|index| Member::Listed {
                set: Arc::clone(set),
                include: number,
                index,
            })
        };
        let Some(member) = member else {
            return Ok(None);
        };
        let all = self.in_all(&include.value_sets, own, code, trail)?;
        Ok(all.then_some(member))
    }

    /// The code as the first value set of an import knows it, when all of them hold it.
    fn imported(
        &self,
        include: &Include,
        system: Option<&str>,
        code: &str,
        trail: &Trail<'_>,
    ) -> Result<Option<Member>, TerminologyError> {
        let Some((first, others)) = include.value_sets.split_first() else {
            return Ok(None);
        };
        let set = self.import(first)?;
        let Some(member) = self.member(&set, system, code, &trail.enter(self, &set)?)? else {
            return Ok(None);
        };
        let all = self.in_all(others, member.system(), code, trail)?;
        Ok(all.then_some(member))
    }

    /// The code when the system has it and all filters pass.
    fn selected(
        &self,
        include: &Include,
        system: &str,
        code: &str,
    ) -> Result<Option<Member>, TerminologyError> {
        let system = self.code_system(system, include.version.as_deref())?;
        let Some(located) = system.locate(code)? else {
            return Ok(None);
        };
        for filter in &include.filters {
            let passes = match (&located, system.grammar) {
                (Located::Concept(concept), _) => filter.passes(&system, *concept)?,
                (Located::Expression, Some(grammar)) => {
                    filter.passes_expression(&system, grammar, code)?
                }
                (Located::Expression, None) => false,
            };
            if !passes {
                return Ok(None);
            }
        }
        Ok(Some(match located {
            Located::Concept(concept) => Member::Concept { system, concept },
            Located::Expression => Member::Expression {
                system,
                code: code.to_owned(),
            },
        }))
    }

    pub(crate) fn in_all(
        &self,
        sets: &[Canonical],
        system: &str,
        code: &str,
        trail: &Trail<'_>,
    ) -> Result<bool, TerminologyError> {
        for canonical in sets {
            let set = self.import(canonical)?;
            if self
                .member(&set, Some(system), code, &trail.enter(self, &set)?)?
                .is_none()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn import(&self, canonical: &Canonical) -> Result<Arc<ValueSet>, TerminologyError> {
        self.find_value_set(&canonical.url, canonical.version.as_deref())
            .ok_or_else(|| TerminologyError::UnknownValueSet(canonical.clone()))
    }

    /// Whether the code of a member is no longer in use, as far as its code system is known.
    pub(crate) fn is_inactive(&self, member: &Member) -> bool {
        self.concept_of(member)
            .is_some_and(|(system, concept)| system.concepts.is_inactive(concept))
    }

    /// The concept of a member, when its code system is known.
    pub(crate) fn concept_of(&self, member: &Member) -> Option<(Arc<CodeSystem>, ConceptId)> {
        match member {
            Member::Concept { system, concept } => Some((Arc::clone(system), *concept)),
            Member::Expression { .. } => None,
            Member::Listed {
                set,
                include,
                index,
            } => {
                let include = set.include.get(*include as usize)?;
                let code = &include.concepts.get(*index as usize)?.code;
                let version = include.version.as_deref();
                let system = self.code_system(include.system.as_deref()?, version).ok()?;
                let concept = system.concepts.find(code)?;
                Some((system, concept))
            }
        }
    }
}
