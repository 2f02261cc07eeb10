//! The dictionaries a tenant's bodies are sealed and opened with.
//!
//! New bodies use the tenant's own dictionary for their type, else the shipped one for the type, else
//! the shipped general one; old bodies open by the number in their header.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::{CryptoError, Dictionary, DictionaryId, ShippedDictionaries};

/// Dictionaries of one tenant; clones share one registry.
#[derive(Clone)]
pub struct Dictionaries(Arc<Inner>);

struct Inner {
    shipped: Arc<ShippedDictionaries>,
    own: RwLock<Own>,
}

#[derive(Default)]
struct Own {
    by_id: HashMap<DictionaryId, Arc<Dictionary>>,
    by_type: HashMap<u16, Arc<Dictionary>>,
}

impl Dictionaries {
    /// A registry over the shipped dictionaries, without own ones yet.
    #[must_use]
    pub fn new(shipped: Arc<ShippedDictionaries>) -> Self {
        Self(Arc::new(Inner {
            shipped,
            own: RwLock::default(),
        }))
    }

    /// Adds a tenant's own dictionary for opening.
    ///
    /// # Errors
    /// [`CryptoError::NotOwnDictionary`].
    pub fn load(&self, dictionary: Arc<Dictionary>) -> Result<(), CryptoError> {
        check_own(&dictionary)?;
        let mut own = self.0.own.write().unwrap_or_else(PoisonError::into_inner);
        own.by_id.insert(dictionary.id(), dictionary);
        Ok(())
    }

    /// Adds a tenant's own dictionary and seals bodies of `resource_type` with it from now on.
    ///
    /// Every process that may read the tenant's bodies must be able to load it by then, so it is
    /// stored first.
    ///
    /// # Errors
    /// [`CryptoError::NotOwnDictionary`].
    pub fn activate(
        &self,
        resource_type: u16,
        dictionary: Arc<Dictionary>,
    ) -> Result<(), CryptoError> {
        check_own(&dictionary)?;
        let mut own = self.0.own.write().unwrap_or_else(PoisonError::into_inner);
        own.by_id.insert(dictionary.id(), Arc::clone(&dictionary));
        own.by_type.insert(resource_type, dictionary);
        Ok(())
    }

    /// The dictionary that new bodies of `resource_type` are compressed with.
    #[must_use]
    pub fn for_type(&self, resource_type: u16) -> Option<Arc<Dictionary>> {
        let own = self.0.own.read().unwrap_or_else(PoisonError::into_inner);
        own.by_type
            .get(&resource_type)
            .cloned()
            .or_else(|| self.0.shipped.for_type(resource_type))
    }

    /// The dictionary with this number, if it is shipped or loaded.
    #[must_use]
    pub fn get(&self, id: DictionaryId) -> Option<Arc<Dictionary>> {
        if !id.is_own() {
            return self.0.shipped.get(id);
        }
        self.0
            .own
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .by_id
            .get(&id)
            .cloned()
    }
}

/// A shipped number on an own dictionary would make bodies that open with the wrong one.
fn check_own(dictionary: &Dictionary) -> Result<(), CryptoError> {
    let id = dictionary.id();
    if id.is_own() {
        Ok(())
    } else {
        Err(CryptoError::NotOwnDictionary(id))
    }
}

impl fmt::Debug for Dictionaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.0.own.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Dictionaries")
            .field("own", &own.by_id.len())
            .finish_non_exhaustive()
    }
}
