//! Values of a search, normalised for comparison and kept as given for the `self` link.

use std::sync::Arc;

use mt_fhir::definitions::ResourceType;

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// Lowest value.
    pub lo: T,
    /// Highest value, included.
    pub hi: T,
}

impl<T: PartialOrd + Copy> Range<T> {
    /// The interval that holds one value.
    pub const fn point(value: T) -> Self {
        Self {
            lo: value,
            hi: value,
        }
    }

    /// True when all of `inner` lies in this interval.
    #[must_use]
    pub fn contains(self, inner: Self) -> bool {
        self.lo <= inner.lo && inner.hi <= self.hi
    }

    /// True when the intervals share a value.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.lo <= other.hi && other.lo <= self.hi
    }
}

/// How a date, number or quantity is compared
/// (<http://hl7.org/fhir/R4/search.html#prefix>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Comparator {
    /// `eq`: the range asked for contains the range of the resource.
    #[default]
    Eq,
    /// `ne`: it does not.
    Ne,
    /// `gt`: the range of the resource reaches above the one asked for.
    Gt,
    /// `lt`: it reaches below.
    Lt,
    /// `ge`: `gt` or `eq`.
    Ge,
    /// `le`: `lt` or `eq`.
    Le,
    /// `sa`: it starts after the end of the one asked for.
    Sa,
    /// `eb`: it ends before its start.
    Eb,
    /// `ap`: it overlaps the range asked for, which the parser has widened.
    Ap,
    /// `po` of `_filter`: the ranges overlap.
    Overlaps,
}

impl Comparator {
    /// The prefix of a value, when its first two characters are one.
    #[must_use]
    pub fn from_prefix(prefix: &str) -> Option<Self> {
        Some(match prefix {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "lt" => Self::Lt,
            "ge" => Self::Ge,
            "le" => Self::Le,
            "sa" => Self::Sa,
            "eb" => Self::Eb,
            "ap" => Self::Ap,
            _ => return None,
        })
    }

    /// The prefix; nothing for [`Comparator::Eq`], which is the default.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Eq => "",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Lt => "lt",
            Self::Ge => "ge",
            Self::Le => "le",
            Self::Sa => "sa",
            Self::Eb => "eb",
            Self::Ap => "ap",
            Self::Overlaps => "po",
        }
    }

    /// Compares the range of a resource, `target`, with the range asked for.
    #[must_use]
    pub fn holds<T: PartialOrd + Copy>(self, asked: Range<T>, target: Range<T>) -> bool {
        match self {
            Self::Eq => asked.contains(target),
            Self::Ne => !asked.contains(target),
            Self::Gt => target.hi > asked.hi,
            Self::Lt => target.lo < asked.lo,
            Self::Ge => target.hi > asked.hi || asked.contains(target),
            Self::Le => target.lo < asked.lo || asked.contains(target),
            Self::Sa => target.lo > asked.hi,
            Self::Eb => target.hi < asked.lo,
            Self::Ap | Self::Overlaps => asked.overlaps(target),
        }
    }
}

/// How strings are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringMatch {
    /// No modifier: the folded value starts with the folded text.
    Prefix,
    /// `:exact`: the value equals the text, case and accents included.
    Exact,
    /// `:contains`: the folded value contains the folded text.
    Contains,
    /// `eq` of `_filter`: the folded value equals the folded text.
    Equal,
    /// `ew` of `_filter`: the folded value ends with the folded text.
    Suffix,
    /// The phonetic parameters: a word of the value sounds like the text.
    Phonetic,
}

/// A string asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringValue {
    /// As given, unescaped; compared by `:exact`.
    pub text: String,
    /// [`crate::normal::fold`]ed, or the phonetic code for [`StringMatch::Phonetic`].
    pub folded: String,
}

/// Which code system a token must be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemMatch {
    /// `code`: any, or none.
    Any,
    /// `|code`: none.
    Absent,
    /// `system|code`.
    Is(String),
    /// `system|code` where the element is a `code` whose value set fixes this system, so that the
    /// index holds the code without system: none, or this one.
    Implied(String),
}

/// A token asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenValue {
    /// The code system or identifier namespace.
    pub system: SystemMatch,
    /// The code as given; `None` for `system|`, any code of the system.
    pub code: Option<String>,
    /// The code as the index holds it ([`crate::normal::token_code`]).
    pub key: Option<String>,
}

/// `:of-type`: type of identifier and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedIdentifierValue {
    /// System of the type's coding.
    pub system: String,
    /// Code of the type's coding.
    pub code: String,
    /// Value of the identifier, as given.
    pub value: String,
}

/// Which way along a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `:above`: the resource's value is or subsumes the one asked for.
    Above,
    /// `:below`: it is or is subsumed by it.
    Below,
}

/// A reference asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceValue {
    /// A resource of this server: `123`, `Patient/123`, `Patient/123/_history/2`.
    Local {
        /// Its type; `None` when only the id is given and the parameter allows several types.
        resource_type: Option<ResourceType>,
        /// Logical id.
        id: String,
        /// Version, when a version is asked for.
        version: Option<String>,
        /// True when the type was written in the value, for printing.
        typed: bool,
    },
    /// Another server's resource, a `urn:`, or a canonical.
    Url {
        /// The URL without version.
        url: String,
        /// What follows `|`.
        version: Option<String>,
    },
}

/// A date asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateValue {
    /// How to compare.
    pub comparator: Comparator,
    /// Microseconds since the epoch, UTC; widened for [`Comparator::Ap`].
    pub range: Range<i64>,
    /// The date as given, without prefix.
    pub text: String,
}

/// A number asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberValue {
    /// How to compare.
    pub comparator: Comparator,
    /// For `eq` and `ne` the values that round to the number at its precision, for `ap` ten
    /// percent around it, otherwise the number.
    pub range: Range<f64>,
    /// The number as given, without prefix.
    pub text: String,
}

/// Which unit a quantity must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitMatch {
    /// `5.4`: any.
    Any,
    /// `5.4||mg`: this code or this unit text.
    Text(String),
    /// `5.4|http://unitsofmeasure.org|mg`.
    Code {
        /// System of the unit.
        system: String,
        /// Code of the unit.
        code: String,
    },
}

/// A quantity asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantityValue {
    /// The number, in the unit as given.
    pub number: NumberValue,
    /// The unit.
    pub unit: UnitMatch,
    /// The same in canonical UCUM units; when present this is what is compared.
    pub canonical: Option<CanonicalRange>,
}

/// A range in canonical UCUM units.
#[derive(Clone, Debug, PartialEq)]
pub struct CanonicalRange {
    /// Values in `unit`.
    pub range: Range<f64>,
    /// Canonical unit.
    pub unit: Arc<str>,
}

/// How uris are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriMatch {
    /// Equal, character by character.
    Exact,
    /// `:above`: the resource's uri is this one or a parent of it by path segments.
    Above,
    /// `:below`: it is this one or beneath it.
    Below,
}

/// `near`: a circle.
#[derive(Clone, Debug, PartialEq)]
pub struct NearValue {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Radius in metres.
    pub metres: f64,
    /// As given.
    pub text: String,
}
