#![doc = include_str!("../README.md")]

mod binding;
mod bundle;
mod contained;
mod datatype;
mod invariant;
mod path;
mod primitive;
mod profile;
mod questionnaire;
mod reference;
mod report;
mod rules;
mod walk;

use std::sync::Arc;

use mt_fhir::json::Node;
use mt_fhir::outcome::Issue;
use mt_fhirpath::Terminology;
use mt_kernel::Instant;

pub use profile::{ProfileError, Profiles};

use binding::{CodeRef, Membership};
use walk::Walk;

/// How much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What refuses a write: structure, types, formats, required bindings, references, invariants.
    /// Gives errors only.
    Write,
    /// Everything, as `$validate` asks: profiles, extensible bindings, warnings and information.
    Full,
}

/// What one validation is about.
#[derive(Clone, Debug)]
pub struct Options<'o> {
    /// How much is checked.
    pub level: Level,
    /// Canonical URLs of profiles to check beside those of `meta.profile`; with [`Level::Full`].
    pub profiles: &'o [&'o str],
    /// The moment that `now()` means in invariants.
    pub now: Instant,
}

/// Checks resources. Cheap to clone, shared by all requests.
#[derive(Clone)]
pub struct Validator {
    profiles: Arc<Profiles>,
    terminology: Arc<dyn Terminology + Send + Sync>,
}

impl Validator {
    /// A validator that asks `terminology` about value sets which the definitions do not list.
    pub fn new(profiles: Arc<Profiles>, terminology: Arc<dyn Terminology + Send + Sync>) -> Self {
        Validator {
            profiles,
            terminology,
        }
    }

    /// The issues of a resource, errors first. Without errors the resource is valid.
    pub fn validate(&self, resource: Node<'_>, options: &Options<'_>) -> Vec<Issue> {
        let mut walk = Walk::new(self, options);
        walk.resource(resource, None, None);
        walk.report.finish()
    }

    fn terminology(&self) -> &(dyn Terminology + Send + Sync) {
        &*self.terminology
    }

    fn member_of(&self, value_set: &str, code: CodeRef<'_>) -> Membership {
        self.profiles
            .value_sets
            .contains(value_set, code)
            .or_else(|| {
                self.terminology
                    .member_of(value_set, code.system, code.code)
            })
    }

    fn is_value_set(&self, url: &str) -> bool {
        mt_fhir::definitions::ValueSet::from_url(url).is_some()
            || self.profiles.value_sets.is_known(url)
    }
}

/// A terminology that knows nothing beyond the definitions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTerminology;

impl Terminology for NoTerminology {
    fn member_of(&self, _: &str, _: Option<&str>, _: &str) -> Option<bool> {
        None
    }

    fn subsumes(&self, _: &str, _: &str, _: &str) -> Option<bool> {
        None
    }
}
