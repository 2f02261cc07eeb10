//! What extraction yields.

use std::borrow::Cow;

use mt_fhir::definitions::{Compartment, ParamId, ResourceType};

use crate::query::{CanonicalRange, Range};

/// Everything that searches may find a resource by. Texts are borrowed from the document where
/// they stand there as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extracted<'a> {
    /// Values by parameter; the same value may occur more than once.
    pub entries: Vec<Entry<'a>>,
    /// Compartments the resource belongs to, with the logical id of their resource; each once.
    pub compartments: Vec<(Compartment, Cow<'a, str>)>,
    /// Index into `entries` of the first code of the type's main code parameter
    /// ([`super::main_code_param`]).
    pub main_code: Option<usize>,
    /// The type's main clinical date, and which of [`super::main_date_params`] it comes from.
    pub main_date: Option<(ParamId, Range<i64>)>,
    /// True when a limit cut combinations of composites off: a store that promises to find
    /// everything must refuse such a resource.
    pub truncated: bool,
}

impl<'a> Extracted<'a> {
    /// The values of one parameter.
    pub fn values(&self, param: ParamId) -> impl Iterator<Item = &IndexValue<'a>> {
        self.entries
            .iter()
            .filter(move |entry| entry.param == param)
            .map(|entry| &entry.value)
    }
}

/// One value of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The parameter.
    pub param: ParamId,
    /// The value.
    pub value: IndexValue<'a>,
}

/// A searchable value.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexValue<'a> {
    /// A code, an identifier, a contact point, a boolean. `text` is what `:text` looks at; an
    /// entry with text alone stands for `CodeableConcept.text` and matches no code.
    Token {
        /// Code system or identifier namespace.
        system: Option<Cow<'a, str>>,
        /// The code as it stands in the resource; compare through [`crate::normal::token_code`].
        code: Option<Cow<'a, str>>,
        /// Display, not folded.
        text: Option<Cow<'a, str>>,
    },
    /// An identifier with a coded type, for `:of-type`, beside its [`IndexValue::Token`].
    TypedIdentifier {
        /// System of the type's coding.
        system: Cow<'a, str>,
        /// Code of the type's coding.
        code: Cow<'a, str>,
        /// Value of the identifier.
        value: Cow<'a, str>,
    },
    /// A string as it stands in the resource; compare through [`crate::normal::fold`]. For the
    /// phonetic parameters the sound code of one word, or a code of [`crate::normal::alike_codes`].
    String(Cow<'a, str>),
    /// A reference or canonical.
    Reference(Box<ReferenceIndex<'a>>),
    /// A date, period or timing: microseconds since the epoch, both ends included. An open end of
    /// a period is the least or greatest `i64`.
    Date(Range<i64>),
    /// A number, or a range of numbers; an open end is infinite.
    Number(Range<f64>),
    /// A quantity or range of quantities.
    Quantity(Box<QuantityIndex<'a>>),
    /// A uri.
    Uri(Cow<'a, str>),
    /// One combination of the components of a composite, in the order of the definition.
    Composite(Vec<IndexValue<'a>>),
    /// A position: degrees north, degrees east.
    Position {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
}

/// A reference as it is searched for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceIndex<'a> {
    /// Type and logical id, when the target is on this server.
    pub local: Option<(ResourceType, Cow<'a, str>)>,
    /// URL without version, when it is elsewhere: absolute, `urn:` or canonical.
    pub url: Option<Cow<'a, str>>,
    /// Version: `/_history/…` of a local reference, `|…` of a canonical.
    pub version: Option<Cow<'a, str>>,
    /// System and value of the logical identifier, for `:identifier`.
    pub identifier: Option<(Option<Cow<'a, str>>, Cow<'a, str>)>,
}

/// A quantity as it is searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantityIndex<'a> {
    /// Values in the unit as given; an open end is infinite.
    pub range: Range<f64>,
    /// System of the unit.
    pub system: Option<Cow<'a, str>>,
    /// Code of the unit.
    pub code: Option<Cow<'a, str>>,
    /// Unit as text.
    pub unit: Option<Cow<'a, str>>,
    /// The same in canonical UCUM units, when the unit is a UCUM code.
    pub canonical: Option<CanonicalRange>,
}
