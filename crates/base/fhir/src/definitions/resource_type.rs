//! The 146 resource types with numbers that stored data may rely on.

use std::fmt;

use super::TypeId;

include!(concat!(env!("OUT_DIR"), "/resource_types.rs"));
include!(concat!(env!("OUT_DIR"), "/resource_type_constants.rs"));

/// A concrete resource type. Its number is permanent (`definitions/stable/resource-types.txt`) and
/// may be stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceType(pub(crate) u16);

impl ResourceType {
    /// The type called `name`, exactly as FHIR spells it.
    pub fn from_name(name: &str) -> Option<ResourceType> {
        let found = RESOURCES_BY_NAME
            .binary_search_by(|number| RESOURCE_NAMES[usize::from(*number)].cmp(name));
        found
            .ok()
            .map(|index| ResourceType(RESOURCES_BY_NAME[index]))
    }

    /// The type with a stored number.
    pub fn from_number(number: u16) -> Option<ResourceType> {
        (usize::from(number) < RESOURCE_NAMES.len()).then_some(ResourceType(number))
    }

    /// The permanent number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The name in FHIR's spelling.
    pub fn name(self) -> &'static str {
        RESOURCE_NAMES[usize::from(self.0)]
    }

    /// The definition of the type.
    pub fn type_id(self) -> TypeId {
        RESOURCE_TYPE_IDS[usize::from(self.0)]
    }

    /// Every type by number.
    pub fn all() -> impl ExactSizeIterator<Item = ResourceType> {
        // At most u16::MAX types by construction of the table.
        (0..RESOURCE_NAMES.len()).map(|number| ResourceType(number as u16))
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name_and_its_number() {
        assert_eq!(ResourceType::all().len(), 146);
        for resource_type in ResourceType::all() {
            assert_eq!(
                ResourceType::from_name(resource_type.name()),
                Some(resource_type)
            );
            assert_eq!(
                ResourceType::from_number(resource_type.number()),
                Some(resource_type)
            );
            assert_eq!(resource_type.type_id().def().resource, Some(resource_type));
        }
    }

    #[test]
    fn abstract_and_misspelt_types_are_none() {
        for name in ["Resource", "DomainResource", "patient", "", "HumanName"] {
            assert_eq!(ResourceType::from_name(name), None, "{name}");
        }
        assert_eq!(ResourceType::from_number(146), None);
    }

    #[test]
    fn numbers_that_stored_data_rely_on_do_not_move() {
        assert_eq!(ResourceType::ACCOUNT.number(), 0);
        assert_eq!(ResourceType::OBSERVATION.number(), 95);
        assert_eq!(ResourceType::PATIENT.number(), 102);
        assert_eq!(ResourceType::VISION_PRESCRIPTION.number(), 145);
    }
}
