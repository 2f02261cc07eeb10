//! Symbols for the JSON element names of FHIR R4, so that a parsed resource is walked by comparing
//! integers instead of strings.

mod hash;

use std::fmt;

include!(concat!(env!("OUT_DIR"), "/names.rs"));
// One constant per name: `names::BIRTH_DATE`, `names::VALUE_QUANTITY`, `names::VALUE`.
include!(concat!(env!("OUT_DIR"), "/names_constants.rs"));

/// An element name of FHIR R4 (choices both in full, `valueQuantity`, and bare, `value`) as a
/// number. Numbers are those of this build: never store them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub(crate) u16);

impl Name {
    /// Any name that FHIR R4 does not know.
    pub const UNKNOWN: Name = Name(0);

    /// The symbol of a JSON key (without the underscore of a primitive's sibling).
    #[inline]
    pub fn intern(text: &str) -> Name {
        let mut slot = hash::slot(text.as_bytes());
        loop {
            let number = NAME_SLOTS[slot];
            if number == 0 || NAME_TEXTS[usize::from(number)] == text {
                return Name(number);
            }
            slot = hash::next(slot);
        }
    }

    /// The name, or the empty string for [`Name::UNKNOWN`].
    pub fn as_str(self) -> &'static str {
        NAME_TEXTS[usize::from(self.0)]
    }

    /// Whether FHIR R4 knows the name.
    pub fn is_known(self) -> bool {
        self != Name::UNKNOWN
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({:?})", self.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_itself() {
        for (number, text) in NAME_TEXTS.iter().enumerate().skip(1) {
            assert_eq!(usize::from(Name::intern(text).0), number, "{text}");
        }
    }

    #[test]
    fn a_name_that_fhir_does_not_know_is_unknown() {
        for text in [
            "",
            "x",
            "Patient",
            "_id",
            "birthdate",
            "birthDate ",
            "valueQuantityy",
        ] {
            assert_eq!(Name::intern(text), Name::UNKNOWN, "{text}");
        }
        assert_eq!(BIRTH_DATE.as_str(), "birthDate");
        assert_eq!(VALUE.as_str(), "value");
    }

    #[test]
    fn most_names_are_found_at_the_first_probe() {
        let direct = |text: &&&str| {
            let number = NAME_SLOTS[hash::slot(text.as_bytes())];
            NAME_TEXTS[usize::from(number)] == **text
        };
        let names = &NAME_TEXTS[1..];
        assert!(names.iter().filter(direct).count() * 10 > names.len() * 8);
    }
}
