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
    /// Resource type it is for, or [`GENERAL`].
    name: &'static str,
    frame: &'static [u8],
}

/// Name of the dictionary for types without one of their own.
const GENERAL: &str = "general";

macro_rules! packed {
    ($id:literal, $name:literal) => {
        Packed {
            id: DictionaryId($id),
            name: $name,
            frame: include_bytes!(concat!("../../dictionaries/", $id, "-", $name, ".zst")),
        }
    };
}

const PACKED: &[Packed] = &[
    packed!(1, "general"),
    packed!(2, "Patient"),
    packed!(3, "Observation"),
    packed!(4, "Encounter"),
    packed!(5, "Condition"),
    packed!(6, "Procedure"),
    packed!(7, "MedicationRequest"),
    packed!(8, "MedicationAdministration"),
    packed!(9, "Medication"),
    packed!(10, "Immunization"),
    packed!(11, "AllergyIntolerance"),
    packed!(12, "DiagnosticReport"),
    packed!(13, "DocumentReference"),
    packed!(14, "CarePlan"),
    packed!(15, "CareTeam"),
    packed!(16, "Goal"),
    packed!(17, "Claim"),
    packed!(18, "ExplanationOfBenefit"),
    packed!(19, "Practitioner"),
    packed!(20, "PractitionerRole"),
    packed!(21, "Organization"),
    packed!(22, "Location"),
    packed!(23, "ImagingStudy"),
    packed!(24, "Device"),
    packed!(25, "SupplyDelivery"),
    packed!(26, "Provenance"),
];

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
            if packed.name == GENERAL {
                shipped.general = Some(packed.id);
            } else if let Some(number) = type_number(packed.name) {
                shipped.by_type.insert(number, packed.id);
            }
        }
        Arc::new(shipped)
    }

    /// Number and resource type of each shipped dictionary; the general one has no type.
    pub fn list() -> impl Iterator<Item = (DictionaryId, Option<&'static str>)> {
        let typed = |name: &'static str| (name != GENERAL).then_some(name);
        PACKED
            .iter()
            .map(move |packed| (packed.id, typed(packed.name)))
    }

    /// Name of the committed file of a dictionary.
    #[must_use]
    pub fn file_name(id: DictionaryId, resource_type: Option<&str>) -> String {
        format!("{id}-{}.zst", resource_type.unwrap_or(GENERAL))
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
