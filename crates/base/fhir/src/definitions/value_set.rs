//! The value sets whose codes the specification lists, for bindings that can be checked without a
//! terminology service.

include!(concat!(env!("OUT_DIR"), "/value_sets.rs"));

/// An expanded value set.
#[derive(Debug)]
pub struct ValueSet {
    /// Canonical URL without version.
    pub url: &'static str,
    /// The codes, sorted by code, then system.
    pub codes: &'static [Code],
}

/// A code of a value set.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// The URL of its code system.
    pub system: &'static str,
}

impl ValueSet {
    /// The value set with a canonical URL (without version).
    pub fn from_url(url: &str) -> Option<&'static ValueSet> {
        let index = VALUE_SETS.binary_search_by(|v| v.url.cmp(url)).ok()?;
        Some(&VALUE_SETS[index])
    }

    /// Whether a code of any system is a member, as a `code` element asks.
    #[inline]
    pub fn has_code(&self, code: &str) -> bool {
        self.codes.binary_search_by(|c| c.code.cmp(code)).is_ok()
    }

    /// Whether a code of a system is a member, as a `Coding` asks.
    pub fn contains(&self, system: &str, code: &str) -> bool {
        self.codes
            .binary_search_by(|c| c.code.cmp(code).then(c.system.cmp(system)))
            .is_ok()
    }

    /// Whether any of its codes is of `system`.
    pub fn has_system(&self, system: &str) -> bool {
        self.codes.iter().any(|c| c.system == system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_sets_are_found_by_url_and_their_codes_by_search() {
        assert!(VALUE_SETS.is_sorted_by_key(|v| v.url));
        for value_set in &VALUE_SETS {
            assert!(
                ValueSet::from_url(value_set.url).is_some(),
                "{}",
                value_set.url
            );
            for code in value_set.codes {
                assert!(
                    value_set.contains(code.system, code.code) && value_set.has_code(code.code)
                );
            }
        }
        let status = ValueSet::from_url("http://hl7.org/fhir/ValueSet/observation-status");
        let status = status.expect("a required binding");
        assert!(status.contains("http://hl7.org/fhir/observation-status", "final"));
        assert!(!status.contains("http://example.org", "final"));
    }
}
