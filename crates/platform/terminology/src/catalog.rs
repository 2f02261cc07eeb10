//! What every tenant shares: the built-in content and the licensed systems that were loaded.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::code_system::CodeSystem;
use crate::content::BuiltIn;

/// The shared content. Cheap to read from many threads; loading replaces a system at once.
pub struct Catalog {
    built_in: &'static BuiltIn,
    loaded: RwLock<HashMap<String, Vec<Arc<CodeSystem>>>>,
    /// Systems by their number in the database, while they are installed.
    stored: RwLock<HashMap<i64, Weak<CodeSystem>>>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new()
    }
}

impl Catalog {
    /// The built-in content alone.
    #[must_use]
    pub fn new() -> Self {
        Self {
            built_in: BuiltIn::shared(),
            loaded: RwLock::default(),
            stored: RwLock::default(),
        }
    }

    /// The built-in content.
    #[must_use]
    pub fn built_in(&self) -> &'static BuiltIn {
        self.built_in
    }

    /// Puts the versions of a loaded system in place of those that were there; the first one
    /// answers when no version is asked for. An empty list takes the system away.
    pub fn install(&self, url: &str, versions: Vec<Arc<CodeSystem>>) {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if versions.is_empty() {
            loaded.remove(url);
        } else {
            loaded.insert(url.to_owned(), versions);
        }
    }

    /// The loaded systems and their versions.
    #[must_use]
    pub fn installed(&self) -> Vec<(String, Option<String>)> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let all = loaded.values().flatten();
        all.map(|system| (system.header.url.clone(), system.header.version.clone()))
            .collect()
    }

    /// The installed system with a number in the database.
    pub(crate) fn stored(&self, id: i64) -> Option<Arc<CodeSystem>> {
        let stored = self.stored.read().unwrap_or_else(PoisonError::into_inner);
        stored.get(&id)?.upgrade()
    }

    /// Notes the number of a system in the database.
    pub(crate) fn note_stored(&self, id: i64, system: &Arc<CodeSystem>) {
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        stored.retain(|_, system| system.strong_count() > 0);
        stored.insert(id, Arc::downgrade(system));
    }

    /// A code system; a loaded one comes before the built-in part of it.
    #[must_use]
    pub fn code_system(&self, url: &str, version: Option<&str>) -> Option<Arc<CodeSystem>> {
        let fits =
            |system: &Arc<CodeSystem>| version_fits(system.header.version.as_deref(), version);
        {
            let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = loaded
                .get(url)
                .and_then(|all| all.iter().find(|system| fits(system)))
            {
                return Some(Arc::clone(found));
            }
        }
        self.built_in.code_system(url).filter(fits)
    }
}

/// Whether a resource of version `own` answers a request for `wanted`. An edition of SNOMED CT
/// (`…/sct/731000124108`) stands for any of its releases.
pub(crate) fn version_fits(own: Option<&str>, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    // A grammar has no version that could differ.
    own.is_none_or(|own| {
        own == wanted
            || own
                .strip_prefix(wanted)
                .is_some_and(|rest| rest.starts_with('/'))
    })
}
