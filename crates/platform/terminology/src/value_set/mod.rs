//! A value set's content logical definition (<http://hl7.org/fhir/R4/valueset.html>).

mod filter;
mod implicit;
mod resource;

pub use filter::{Filter, FilterOp};
pub(crate) use implicit::implicit;

use crate::canonical::Canonical;
use crate::concepts::AttributeKey;

/// A value set.
#[derive(Debug)]
pub struct ValueSet {
    /// Canonical URL; empty when it came without one.
    pub url: String,
    /// Business version.
    pub version: Option<String>,
    /// Computer name.
    pub name: Option<String>,
    /// Name for people.
    pub title: Option<String>,
    /// Publication status.
    pub status: Option<String>,
    /// Whether codes that are no longer in use are members (`compose.inactive`).
    pub with_inactive: bool,
    /// Codes that are in it.
    pub include: Vec<Include>,
    /// Codes that are not, although included.
    pub exclude: Vec<Include>,
}

/// Codes of one system and of other value sets; all its conditions hold together.
#[derive(Debug, Default)]
pub struct Include {
    /// Code system.
    pub system: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The codes, when they are listed.
    pub concepts: Vec<Listed>,
    /// Conditions on the codes of the system.
    pub filters: Vec<Filter>,
    /// Value sets that must all hold the code.
    pub value_sets: Vec<Canonical>,
    /// Positions in `concepts`, sorted by code.
    by_code: Vec<u32>,
}

/// A code that a value set lists.
#[derive(Debug)]
pub struct Listed {
    /// The code.
    pub code: String,
    /// Its name in this value set.
    pub display: Option<String>,
    /// Further names in this value set.
    pub designations: Vec<(AttributeKey, String)>,
}

impl Include {
    /// All codes of a system.
    #[must_use]
    pub fn whole(system: &str) -> Self {
        Self {
            system: Some(system.to_owned()),
            ..Self::default()
        }
    }

    /// The listed code.
    #[must_use]
    pub fn listed(&self, code: &str) -> Option<u32> {
        let order = |index: &u32| self.concepts[*index as usize].code.as_str().cmp(code);
        self.by_code
            .binary_search_by(order)
            .ok()
            .map(|at| self.by_code[at])
    }

    fn index(mut self) -> Self {
        let mut order: Vec<u32> = (0..).take(self.concepts.len()).collect();
        order.sort_by(|a, b| {
            self.concepts[*a as usize]
                .code
                .cmp(&self.concepts[*b as usize].code)
        });
        order.dedup_by(|later, first| {
            self.concepts[*later as usize].code == self.concepts[*first as usize].code
        });
        self.by_code = order;
        self
    }
}

impl ValueSet {
    /// A value set of one include, for a URL that implies it.
    #[must_use]
    pub fn of(url: &str, include: Include) -> Self {
        Self {
            url: url.to_owned(),
            version: None,
            name: None,
            title: None,
            status: None,
            with_inactive: true,
            include: vec![include.index()],
            exclude: Vec::new(),
        }
    }

    /// The other resources that it names: value sets, and code systems whose codes it needs.
    pub fn references(&self) -> impl Iterator<Item = Reference<'_>> {
        self.include
            .iter()
            .chain(&self.exclude)
            .flat_map(|include| {
                let system = include.system.as_deref().map(|url| Reference::CodeSystem {
                    url,
                    version: include.version.as_deref(),
                });
                system
                    .into_iter()
                    .chain(include.value_sets.iter().map(Reference::ValueSet))
            })
    }
}

/// Another resource that a value set names.
#[derive(Clone, Copy, Debug)]
pub enum Reference<'a> {
    /// A code system.
    CodeSystem {
        /// Canonical URL.
        url: &'a str,
        /// Version.
        version: Option<&'a str>,
    },
    /// A value set.
    ValueSet(&'a Canonical),
}
