//! A tenant's own terminology resources: what a question needs is fetched first, then the question
//! is answered from memory.

use std::collections::HashSet;

use futures::future::BoxFuture;
use mt_fhir::Doc;
use mt_kernel::{ErrorKind, Fault};

use crate::canonical::Canonical;
use crate::code_system::CodeSystem;
use crate::concept_map::ConceptMap;
use crate::content::Kind;
use crate::scope::Scope;
use crate::value_set::{Reference, ValueSet};

/// Where a tenant's `CodeSystem`, `ValueSet` and `ConceptMap` resources are found.
pub trait TenantContent: Sync {
    /// The newest resources of a kind with a canonical URL (of any version when none is asked
    /// for), as far as the caller may read them.
    fn find<'a>(
        &'a self,
        kind: Kind,
        canonical: &'a Canonical,
    ) -> BoxFuture<'a, Result<Vec<Doc>, Fault>>;

    /// Concept maps with codes of a system, for translations that name no map.
    fn maps_of<'a>(&'a self, system: &'a str) -> BoxFuture<'a, Result<Vec<Doc>, Fault>>;
}

impl Scope {
    /// Fetches a value set, when it is not at hand, and everything that it needs.
    ///
    /// # Errors
    /// When fetching fails, a stored resource cannot be used, or too many are needed.
    pub async fn gather_value_set(
        &mut self,
        content: &dyn TenantContent,
        canonical: &Canonical,
    ) -> Result<(), Fault> {
        self.gather(content, vec![(Kind::ValueSet, canonical.clone())])
            .await
    }

    /// Fetches a code system, when it is not at hand.
    ///
    /// # Errors
    /// As [`Self::gather_value_set`].
    pub async fn gather_code_system(
        &mut self,
        content: &dyn TenantContent,
        canonical: &Canonical,
    ) -> Result<(), Fault> {
        self.gather(content, vec![(Kind::CodeSystem, canonical.clone())])
            .await
    }

    /// Fetches everything that a value set at hand needs.
    ///
    /// # Errors
    /// As [`Self::gather_value_set`].
    pub async fn gather_needs(
        &mut self,
        content: &dyn TenantContent,
        set: &ValueSet,
    ) -> Result<(), Fault> {
        self.gather(content, needs(set).collect()).await
    }

    /// Fetches a concept map, when it is not at hand, and those that it defers to.
    ///
    /// # Errors
    /// As [`Self::gather_value_set`].
    pub async fn gather_concept_map(
        &mut self,
        content: &dyn TenantContent,
        canonical: &Canonical,
    ) -> Result<(), Fault> {
        self.gather(content, vec![(Kind::ConceptMap, canonical.clone())])
            .await
    }

    /// Fetches the concept maps of a code system.
    ///
    /// # Errors
    /// As [`Self::gather_value_set`].
    pub async fn gather_maps_of(
        &mut self,
        content: &dyn TenantContent,
        system: &str,
    ) -> Result<(), Fault> {
        let mut open = Vec::new();
        for doc in content
            .maps_of(system)
            .await?
            .into_iter()
            .take(self.limits.resources)
        {
            let map = ConceptMap::from_resource(doc.root())?;
            open.extend(map.references().map(|url| (Kind::ConceptMap, url.clone())));
            self.add_concept_map(map);
        }
        self.gather(content, open).await
    }

    async fn gather(
        &mut self,
        content: &dyn TenantContent,
        mut open: Vec<(Kind, Canonical)>,
    ) -> Result<(), Fault> {
        let mut asked = HashSet::new();
        let mut fetched = 0;
        while let Some((kind, canonical)) = open.pop() {
            if !asked.insert((kind, canonical.clone())) {
                continue;
            }
            if !self.has(kind, &canonical) {
                fetched += 1;
                if fetched > self.limits.resources {
                    let most = self.limits.resources;
                    let message = format!("the question needs more than {most} resources");
                    return Err(Fault::new(ErrorKind::TooCostly, message));
                }
                for doc in content.find(kind, &canonical).await? {
                    self.add(kind, &doc)?;
                }
            }
            open.extend(self.needs_of(kind, &canonical));
        }
        Ok(())
    }

    fn has(&self, kind: Kind, canonical: &Canonical) -> bool {
        let version = canonical.version.as_deref();
        match kind {
            Kind::CodeSystem => self.code_system(&canonical.url, version).is_ok(),
            Kind::ValueSet => self.find_value_set(&canonical.url, version).is_some(),
            Kind::ConceptMap => self.concept_map(canonical).is_ok(),
        }
    }

    fn add(&mut self, kind: Kind, doc: &Doc) -> Result<(), Fault> {
        match kind {
            Kind::CodeSystem => self.add_code_system(CodeSystem::from_resource(doc.root())?),
            Kind::ValueSet => {
                self.add_value_set(ValueSet::from_resource(doc.root())?);
            }
            Kind::ConceptMap => self.add_concept_map(ConceptMap::from_resource(doc.root())?),
        }
        Ok(())
    }

    fn needs_of(&self, kind: Kind, canonical: &Canonical) -> Vec<(Kind, Canonical)> {
        match kind {
            Kind::CodeSystem => Vec::new(),
            Kind::ValueSet => {
                let set = self.find_value_set(&canonical.url, canonical.version.as_deref());
                set.map(|set| needs(&set).collect()).unwrap_or_default()
            }
            Kind::ConceptMap => {
                let map = self.concept_map(canonical);
                let maps = map.iter().flat_map(|map| map.references());
                maps.map(|url| (Kind::ConceptMap, url.clone())).collect()
            }
        }
    }
}

fn needs(set: &ValueSet) -> impl Iterator<Item = (Kind, Canonical)> + '_ {
    set.references().map(|reference| match reference {
        Reference::CodeSystem { url, version } => (Kind::CodeSystem, Canonical::new(url, version)),
        Reference::ValueSet(canonical) => (Kind::ValueSet, canonical.clone()),
    })
}
