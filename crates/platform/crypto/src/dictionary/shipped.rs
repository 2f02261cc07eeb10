//! The dictionaries in the binary.
//!
//! They are trained on synthetic and example data only (`dictionaries/NOTICE.md`), so an untrained
//! tenant starts with something. A number, once released, keeps its content for ever: better ones get
//! new numbers and the old ones stay for the bodies that they compressed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::seal::inflate_plain;
use crate::{CryptoError, Dictionary, DictionaryId};

/// A compressed dictionary of the binary.
struct Packed {
    id: DictionaryId,
    /// Resource type it is for; `None` for the general one.
    resource_type: Option<&'static str>,
    frame: &'static [u8],
}

const PACKED: [Packed; 0] = [];

/// The shipped dictionaries, each inflated when it is first needed.
pub struct ShippedDictionaries {
    by_id: HashMap<DictionaryId, Slot>,
    by_type: HashMap<u16, DictionaryId>,
    general: Option<DictionaryId>,
}

struct Slot {
    frame: &'static [u8],
    dictionary: OnceLock<Arc<Dictionary>>,
}

impl ShippedDictionaries {
    /// The shipped dictionaries, keyed by the numbers that `type_number` gives to resource types.
    /// Types that it does not know keep to the general dictionary.
    #[must_use]
    pub fn new(type_number: impl Fn(&str) -> Option<u16>) -> Arc<Self> {
        let mut shipped = Self {
            by_id: HashMap::new(),
            by_type: HashMap::new(),
            general: None,
        };
        for packed in PACKED {
            let slot = Slot {
                frame: packed.frame,
                dictionary: OnceLock::new(),
            };
            shipped.by_id.insert(packed.id, slot);
            match packed.resource_type {
                None => shipped.general = Some(packed.id),
                Some(name) => {
                    shipped
                        .by_type
                        .extend(type_number(name).map(|number| (number, packed.id)));
                }
            }
        }
        Arc::new(shipped)
    }

    pub(crate) fn for_type(&self, resource_type: u16) -> Option<Arc<Dictionary>> {
        self.by_type
            .get(&resource_type)
            .copied()
            .or(self.general)
            .and_then(|id| self.get(id))
    }

    pub(crate) fn get(&self, id: DictionaryId) -> Option<Arc<Dictionary>> {
        let slot = self.by_id.get(&id)?;
        if let Some(dictionary) = slot.dictionary.get() {
            return Some(Arc::clone(dictionary));
        }
        let dictionary = Arc::new(unpack(id, slot.frame).ok()?);
        Some(Arc::clone(slot.dictionary.get_or_init(|| dictionary)))
    }
}

fn unpack(id: DictionaryId, frame: &[u8]) -> Result<Dictionary, CryptoError> {
    Dictionary::new(id, inflate_plain(frame)?)
}

impl fmt::Debug for ShippedDictionaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShippedDictionaries")
            .field("count", &self.by_id.len())
            .finish()
    }
}
