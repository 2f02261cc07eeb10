//! Everything that one question can see: the shared content and what a tenant stored itself.

use std::collections::HashMap;
use std::sync::Arc;

use crate::canonical::{Canonical, split};
use crate::catalog::{Catalog, version_fits};
use crate::code_system::CodeSystem;
use crate::concept_map::ConceptMap;
use crate::error::TerminologyError;
use crate::value_set::{ValueSet, implicit};

/// What a question can see. Made per request, because a tenant's own resources change.
#[derive(Clone)]
pub struct Scope {
    catalog: Arc<Catalog>,
    code_systems: HashMap<String, Vec<Arc<CodeSystem>>>,
    value_sets: HashMap<String, Vec<Arc<ValueSet>>>,
    concept_maps: Vec<Arc<ConceptMap>>,
    /// Bounds on one question.
    pub limits: Limits,
}

/// Bounds on one question.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Codes that may be visited while listing.
    pub visits: usize,
    /// Codes in one answer.
    pub codes: usize,
    /// Levels of value sets that import each other.
    pub depth: usize,
    /// Resources of a tenant that one question may need.
    pub resources: usize,
}

impl Default for Limits {
    /// All of SNOMED CT may be visited a few times; an answer holds 10,000 codes.
    fn default() -> Self {
        Self {
            visits: 2_000_000,
            codes: 10_000,
            depth: 16,
            resources: 64,
        }
    }
}

impl Scope {
    /// The shared content alone.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self {
            catalog,
            code_systems: HashMap::new(),
            value_sets: HashMap::new(),
            concept_maps: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// The shared content.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Adds a tenant's code system. Shared content of the same URL and version comes first.
    pub fn add_code_system(&mut self, system: CodeSystem) {
        self.code_systems
            .entry(system.header.url.clone())
            .or_default()
            .push(Arc::new(system));
    }

    /// Adds a tenant's value set.
    pub fn add_value_set(&mut self, set: ValueSet) -> Arc<ValueSet> {
        let set = Arc::new(set);
        self.value_sets
            .entry(set.url.clone())
            .or_default()
            .push(Arc::clone(&set));
        set
    }

    /// Adds a tenant's concept map.
    pub fn add_concept_map(&mut self, map: ConceptMap) {
        self.concept_maps.push(Arc::new(map));
    }

    /// A code system.
    ///
    /// # Errors
    /// [`TerminologyError::UnknownCodeSystem`]
    pub fn code_system(
        &self,
        url: &str,
        version: Option<&str>,
    ) -> Result<Arc<CodeSystem>, TerminologyError> {
        let shared = self.catalog.code_system(url, version);
        let found = shared.or_else(|| {
            let own = self.code_systems.get(url)?;
            let fits =
                |system: &&Arc<CodeSystem>| version_fits(system.header.version.as_deref(), version);
            own.iter().find(fits).map(Arc::clone)
        });
        found.ok_or_else(|| TerminologyError::UnknownCodeSystem(Canonical::new(url, version)))
    }

    /// A value set, by `url` or `url|version`.
    ///
    /// # Errors
    /// [`TerminologyError::UnknownValueSet`]
    pub fn value_set(&self, canonical: &str) -> Result<Arc<ValueSet>, TerminologyError> {
        let (url, version) = split(canonical);
        self.find_value_set(url, version)
            .ok_or_else(|| TerminologyError::UnknownValueSet(Canonical::new(url, version)))
    }

    pub(crate) fn find_value_set(&self, url: &str, version: Option<&str>) -> Option<Arc<ValueSet>> {
        let fits = |set: &Arc<ValueSet>| version_fits(set.version.as_deref(), version);
        let shared = self.catalog.built_in().value_set(url).filter(fits);
        let own = || {
            self.value_sets
                .get(url)?
                .iter()
                .find(|set| fits(set))
                .map(Arc::clone)
        };
        let implied = || {
            implicit(url)
                .map(Arc::new)
                .or_else(|| self.whole_system(url))
        };
        shared.or_else(own).or_else(implied)
    }

    /// The value set of all codes that a loaded or own code system names as `CodeSystem.valueSet`.
    fn whole_system(&self, url: &str) -> Option<Arc<ValueSet>> {
        let names = |system: &&Arc<CodeSystem>| system.header.value_set.as_deref() == Some(url);
        let own = self.code_systems.values().flatten().find(names)?;
        let include = crate::value_set::Include::whole(&own.header.url);
        Some(Arc::new(ValueSet::of(url, include)))
    }

    /// Every concept map: the tenant's own first.
    pub fn concept_maps(&self) -> impl Iterator<Item = &Arc<ConceptMap>> {
        self.concept_maps
            .iter()
            .chain(self.catalog.built_in().concept_maps())
    }
}
