//! Collects the members of a value set: candidates from the narrowest source, each then tested by
//! the same rules as membership, so that the two can never differ.

use std::sync::Arc;

use crate::error::TerminologyError;
use crate::membership::{Member, Trail};
use crate::scope::Scope;
use crate::value_set::{Filter, Include, ValueSet};

/// All members of a value set; a code may come twice.
pub(super) fn list(scope: &Scope, set: &Arc<ValueSet>) -> Result<Vec<Member>, TerminologyError> {
    let mut listing = Listing { scope, visits: 0 };
    listing.value_set(set, &Trail::start(set))
}

struct Listing<'s> {
    scope: &'s Scope,
    visits: usize,
}

impl Listing<'_> {
    fn value_set(
        &mut self,
        set: &Arc<ValueSet>,
        trail: &Trail<'_>,
    ) -> Result<Vec<Member>, TerminologyError> {
        let mut members = Vec::new();
        for (number, include) in (0..).zip(&set.include) {
            let candidates = self.include(set, (number, include), trail)?;
            for member in candidates {
                let scope = self.scope;
                let gone = !set.with_inactive && scope.is_inactive(&member)
                    || scope.is_excluded(set, member.system(), member.code(), trail)?;
                if !gone {
                    members.push(member);
                }
            }
        }
        Ok(members)
    }

    fn include(
        &mut self,
        set: &Arc<ValueSet>,
        (number, include): (u32, &Include),
        trail: &Trail<'_>,
    ) -> Result<Vec<Member>, TerminologyError> {
        let (mut members, imports) = match include.system.as_deref() {
            None => {
                let Some((first, others)) = include.value_sets.split_first() else {
                    return Ok(Vec::new());
                };
                let imported = self.scope.import(first)?;
                let inner = trail.enter(self.scope, &imported)?;
                (self.value_set(&imported, &inner)?, others)
            }
            Some(_) if !include.concepts.is_empty() => {
                self.visit(include.concepts.len())?;
                let indexes = (0..).take(include.concepts.len());
                let listed = indexes.map(|index| Member::Listed {
                    set: Arc::clone(set),
                    include: number,
                    index,
                });
                (listed.collect(), &include.value_sets[..])
            }
            Some(system) => (self.selected(include, system)?, &include.value_sets[..]),
        };
        if !imports.is_empty() {
            let mut kept = Vec::new();
            for member in members {
                if self
                    .scope
                    .in_all(imports, member.system(), member.code(), trail)?
                {
                    kept.push(member);
                }
            }
            members = kept;
        }
        Ok(members)
    }

    fn selected(&mut self, include: &Include, url: &str) -> Result<Vec<Member>, TerminologyError> {
        let system = self.scope.code_system(url, include.version.as_deref())?;
        if !system.is_enumerable() {
            return Err(TerminologyError::NotEnumerable(url.to_owned()));
        }
        let root = include
            .filters
            .iter()
            .find_map(|filter| filter.root(&system));
        let mut members = Vec::new();
        let mut visit = |listing: &mut Self, concept| -> Result<(), TerminologyError> {
            listing.visit(1)?;
            if passes(&include.filters, &system, concept)? {
                members.push(Member::Concept {
                    system: Arc::clone(&system),
                    concept,
                });
            }
            Ok(())
        };
        match root {
            Some(root) => {
                let mut below: Vec<_> = system.concepts.descendants_or_self(root).collect();
                below.sort_unstable();
                below
                    .into_iter()
                    .try_for_each(|concept| visit(self, concept))?;
            }
            None => system
                .concepts
                .all()
                .try_for_each(|concept| visit(self, concept))?,
        }
        Ok(members)
    }

    fn visit(&mut self, codes: usize) -> Result<(), TerminologyError> {
        self.visits += codes;
        let most = self.scope.limits.visits;
        if self.visits > most {
            Err(TerminologyError::TooCostly(most))
        } else {
            Ok(())
        }
    }
}

fn passes(
    filters: &[Filter],
    system: &crate::CodeSystem,
    concept: crate::ConceptId,
) -> Result<bool, TerminologyError> {
    for filter in filters {
        if !filter.passes(system, concept)? {
            return Ok(false);
        }
    }
    Ok(true)
}
