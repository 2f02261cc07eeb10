//! Profiles: StructureDefinitions that constrain the types of R4, loaded at run time.
//!
//! The walk has already checked the base definition, so a profile is kept as a tree of what it
//! adds. A profile with only a differential is checked together with the profile it is based on,
//! which gives the same verdict as a generated snapshot.

mod check;
mod compare;
mod context;
mod load;
mod model;
mod slicing;
mod value_sets;

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, LazyLock};

use mt_fhir::json::{Doc, Limits, Node};

pub(crate) use compare::is_less;
use model::Profile;
pub(crate) use value_sets::ValueSets;

/// Trimmed from the official bundles by the example `trim_definitions` of mt-fhir.
static CORE: &[u8] = include_bytes!("../../definitions/profiles.ndjson.gz");

/// The profiles, extensions and value sets that a validator knows.
///
/// A clone shares the definitions: a tenant's own set starts from one that all have.
#[derive(Clone, Default)]
pub struct Profiles {
    structures: HashMap<Box<str>, Arc<Profile>>,
    questionnaires: HashMap<Box<str>, Arc<Doc>>,
    pub(crate) value_sets: ValueSets,
}

/// Why a definition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Without canonical URL nothing can refer to it.
    #[error("the definition has no url")]
    NoUrl,
    /// The type is none of R4 (logical models are not supported).
    #[error("the definition is of a type that R4 does not have")]
    UnknownType,
    /// Neither snapshot nor differential.
    #[error("the definition has no elements")]
    NoElements,
    /// An element whose path does not start with the type.
    #[error("the path of an element does not fit the type")]
    BadPath,
}

impl Profiles {
    /// The profiles and extensions of the R4 specification itself (vital signs and others).
    pub fn core() -> Self {
        static LOADED: LazyLock<Profiles> = LazyLock::new(Profiles::load_core);
        LOADED.clone()
    }

    /// Without any profile.
    pub fn new() -> Self {
        Profiles::default()
    }

    /// Adds a StructureDefinition, ValueSet, CodeSystem or Questionnaire; a later one replaces an
    /// earlier one of the same URL. Other resources are left alone and give `false`.
    ///
    /// # Errors
    /// [`ProfileError`] for a definition that cannot be used.
    pub fn add(&mut self, resource: Node<'_>) -> Result<bool, ProfileError> {
        match resource.resource_type() {
            Some("StructureDefinition") => {
                let profile = load::profile(resource)?;
                self.structures
                    .insert(profile.url.clone(), Arc::new(profile));
            }
            Some("Questionnaire") => {
                let url = resource.str("url").ok_or(ProfileError::NoUrl)?;
                self.questionnaires
                    .insert(url.into(), Arc::new(Doc::from_node(resource)));
            }
            Some("ValueSet") => self.value_sets.add_value_set(resource)?,
            Some("CodeSystem") => self.value_sets.add_code_system(resource)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a profile or extension with this canonical URL (a version is ignored) is known.
    pub fn is_known(&self, canonical: &str) -> bool {
        self.get(canonical).is_some()
    }

    fn load_core() -> Self {
        let mut text = String::new();
        let inflated = flate2::read::GzDecoder::new(CORE).read_to_string(&mut text);
        let mut profiles = Profiles::default();
        debug_assert!(inflated.is_ok(), "the embedded definitions are valid gzip");
        for line in text.lines() {
            if let Ok(doc) = Doc::parse(line, &Limits::default()) {
                // Profiles of logical models are left out.
                let _ = profiles.add(doc.root());
            }
        }
        profiles
    }

    pub(crate) fn questionnaire(&self, canonical: &str) -> Option<Node<'_>> {
        self.questionnaires
            .get(unversioned(canonical))
            .map(|doc| doc.root())
    }

    pub(crate) fn get(&self, canonical: &str) -> Option<&Profile> {
        self.structures.get(unversioned(canonical)).map(Arc::as_ref)
    }
}

/// A canonical URL without its version.
pub(crate) fn unversioned(canonical: &str) -> &str {
    canonical.split('|').next().unwrap_or(canonical)
}
