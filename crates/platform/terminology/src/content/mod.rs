//! The content that ships with the binary, in compressed frames that are opened when a resource
//! in them is first asked for.

mod frames;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use mt_fhir::Doc;
use mt_fhir::json::Limits;

pub(crate) use frames::inflate;
pub use frames::{Frames, FramesWriter};

use crate::code_system::{CodeSystem, Content, Grammar, Header};
use crate::concept_map::ConceptMap;
use crate::concepts::Concepts;
use crate::value_set::ValueSet;

/// HL7's code systems, value sets and concept maps.
static HL7: &[u8] = include_bytes!("../../content/hl7.frames");
/// Images of ICD-10-CM, HCPCS, CVX, LOINC (part), RxNorm (part) and ISO 4217.
static SYSTEMS: &[u8] = include_bytes!("../../content/systems.frames");

/// Kind of a terminology resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `CodeSystem`
    CodeSystem,
    /// `ValueSet`
    ValueSet,
    /// `ConceptMap`
    ConceptMap,
}

impl Kind {
    /// Name of the resource type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CodeSystem => "CodeSystem",
            Self::ValueSet => "ValueSet",
            Self::ConceptMap => "ConceptMap",
        }
    }
}

/// A resource that is read once.
type Slot<T> = OnceLock<Option<Arc<T>>>;

/// The built-in content.
pub struct BuiltIn {
    hl7: Frames,
    systems: Frames,
    code_systems: HashMap<String, (Place, Slot<CodeSystem>)>,
    value_sets: HashMap<String, (u32, Slot<ValueSet>)>,
    /// Value set of all codes → code system.
    whole: HashMap<String, String>,
    concept_maps: Vec<(String, u32)>,
    maps: OnceLock<Vec<Arc<ConceptMap>>>,
}

enum Place {
    Resource(u32),
    Image(u32),
    Grammar(&'static str, Grammar),
}

impl BuiltIn {
    /// The content of this binary. Its index is read once.
    #[must_use]
    pub fn shared() -> &'static Self {
        static CONTENT: OnceLock<BuiltIn> = OnceLock::new();
        CONTENT.get_or_init(Self::open)
    }

    fn open() -> Self {
        let hl7 =
            Frames::open(HL7).expect("the committed content is well formed, as a test checks");
        let systems =
            Frames::open(SYSTEMS).expect("the committed content is well formed, as a test checks");
        let mut content = Self {
            hl7,
            systems,
            code_systems: HashMap::new(),
            value_sets: HashMap::new(),
            whole: HashMap::new(),
            concept_maps: Vec::new(),
            maps: OnceLock::new(),
        };
        for (number, name) in content.hl7.names() {
            // "CodeSystem <url> <url of its value set>", "ValueSet <url>", "ConceptMap <url>"
            let mut words = name.split(' ');
            let (kind, url) = (words.next(), words.next().unwrap_or("").to_owned());
            match kind {
                Some("CodeSystem") => {
                    if let Some(set) = words.next() {
                        content.whole.insert(set.to_owned(), url.clone());
                    }
                    content
                        .code_systems
                        .insert(url, (Place::Resource(number), OnceLock::new()));
                }
                Some("ValueSet") => {
                    content.value_sets.insert(url, (number, OnceLock::new()));
                }
                _ => content.concept_maps.push((url, number)),
            }
        }
        for (number, url) in content.systems.names() {
            content
                .code_systems
                .insert(url.to_owned(), (Place::Image(number), OnceLock::new()));
        }
        for (url, name, grammar) in Grammar::SYSTEMS {
            content.code_systems.insert(
                url.to_owned(),
                (Place::Grammar(name, grammar), OnceLock::new()),
            );
        }
        content
    }

    /// The code system of a URL.
    #[must_use]
    pub fn code_system(&self, url: &str) -> Option<Arc<CodeSystem>> {
        let (place, slot) = self.code_systems.get(url)?;
        slot.get_or_init(|| self.read_code_system(url, place).map(Arc::new))
            .clone()
    }

    /// The value set of a URL.
    #[must_use]
    pub fn value_set(&self, url: &str) -> Option<Arc<ValueSet>> {
        if let Some((number, slot)) = self.value_sets.get(url) {
            let read = || {
                let doc = self.resource(*number)?;
                ValueSet::from_resource(doc.root()).ok().map(Arc::new)
            };
            return slot.get_or_init(read).clone();
        }
        let system = self.whole.get(url)?;
        Some(Arc::new(ValueSet::of(
            url,
            crate::value_set::Include::whole(system),
        )))
    }

    /// Every concept map.
    pub fn concept_maps(&self) -> &[Arc<ConceptMap>] {
        self.maps.get_or_init(|| {
            let read = |number: u32| {
                let doc = self.resource(number)?;
                ConceptMap::from_resource(doc.root()).ok().map(Arc::new)
            };
            self.concept_maps
                .iter()
                .filter_map(|(_, number)| read(*number))
                .collect()
        })
    }

    /// URLs of all built-in resources of a kind, in no order.
    pub fn urls(&self, kind: Kind) -> Vec<&str> {
        match kind {
            Kind::CodeSystem => self.code_systems.keys().map(String::as_str).collect(),
            Kind::ValueSet => self.value_sets.keys().map(String::as_str).collect(),
            Kind::ConceptMap => self
                .concept_maps
                .iter()
                .map(|(url, _)| url.as_str())
                .collect(),
        }
    }

    fn resource(&self, number: u32) -> Option<Doc> {
        Doc::parse(self.hl7.read(number)?, &Limits::default()).ok()
    }

    fn read_code_system(&self, url: &str, place: &Place) -> Option<CodeSystem> {
        match place {
            Place::Resource(number) => {
                CodeSystem::from_resource(self.resource(*number)?.root()).ok()
            }
            Place::Image(number) => read_image(&self.systems.read(*number)?),
            Place::Grammar(name, grammar) => Some(CodeSystem {
                header: Header {
                    url: url.to_owned(),
                    version: None,
                    name: (*name).to_owned(),
                    title: None,
                    value_set: None,
                    content: Content::Complete,
                    is_a: false,
                    copyright: None,
                },
                concepts: Concepts::default(),
                grammar: Some(*grammar),
            }),
        }
    }
}

/// A code system as bytes: its header as one line of JSON, then the image of its concepts.
#[must_use]
pub fn write_image(system: &CodeSystem) -> Vec<u8> {
    let mut out = serde_json::to_vec(&system.header).expect("a header of plain text is JSON");
    out.push(b'\n');
    out.extend(system.concepts.to_image());
    out
}

/// Reads what [`write_image`] writes; none when it is damaged.
#[must_use]
pub fn read_image(bytes: &[u8]) -> Option<CodeSystem> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let header = serde_json::from_slice(&bytes[..end]).ok()?;
    let concepts = Concepts::from_image(&bytes[end + 1..]).ok()?;
    Some(CodeSystem {
        header,
        concepts,
        grammar: None,
    })
}
