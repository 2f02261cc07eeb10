//! The search as a tree: what a client asked for, understood and checked.
//!
//! The store plans on this tree and [`crate::matches`] evaluates it naively; both read the same
//! types, so that there is one meaning of a search.

mod control;
mod error;
mod print;
mod value;

pub use control::{Ignored, Include, IncludeParam, SortBy, SortKey, Summary, Total};
pub use error::{Limit, QueryError};
pub use value::{
    CanonicalRange, Comparator, DateValue, Direction, NearValue, NumberValue, QuantityValue, Range,
    ReferenceValue, StringMatch, StringValue, SystemMatch, TokenValue, TypedIdentifierValue,
    UnitMatch, UriMatch,
};

use std::sync::Arc;

use mt_fhir::definitions::{Compartment, ResourceType};
use smallvec::SmallVec;

use crate::registry::{ParamDef, ParamKind};

/// A search that was understood: conditions, order, page size and what travels along.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which resource types are searched.
    pub types: Types,
    /// The compartment the search is confined to (`Patient/123/Observation?…`).
    pub compartment: Option<CompartmentRef>,
    /// Conditions from parameters; all of them must hold.
    pub clauses: Vec<Clause>,
    /// Conditions from `_filter`; all of them must hold as well.
    pub filters: Vec<Filter>,
    /// Sort keys, the most significant first.
    pub sort: Vec<SortKey>,
    /// Page size asked for; `0` asks for the count alone.
    pub count: Option<u32>,
    /// `_total`.
    pub total: Option<Total>,
    /// `_summary`.
    pub summary: Option<Summary>,
    /// Top-level elements asked for by `_elements`; empty means all.
    pub elements: Vec<String>,
    /// `_include` and `_revinclude`, in the order given.
    pub includes: Vec<Include>,
    /// What lenient handling left out, to be named in the result's `OperationOutcome`.
    pub ignored: Vec<Ignored>,
}

impl Query {
    /// Every condition of the search: those of parameters, then those of `_filter`.
    pub fn conditions(&self) -> impl Iterator<Item = &Clause> {
        self.clauses
            .iter()
            .chain(self.filters.iter().map(|filter| &filter.clause))
    }

    /// True when only the number of matches is wanted (`_summary=count` or `_count=0`).
    #[must_use]
    pub fn counts_only(&self) -> bool {
        self.summary == Some(Summary::Count) || self.count == Some(0)
    }
}

/// The resource types of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Types {
    /// `[base]/Patient?…`
    One(ResourceType),
    /// `[base]?_type=Patient,Observation&…`
    Some(Vec<ResourceType>),
    /// `[base]?…` without `_type`, or `Patient/123/*`.
    All,
}

impl Types {
    /// True when resources of `resource_type` are searched.
    #[must_use]
    pub fn contains(&self, resource_type: ResourceType) -> bool {
        match self {
            Self::One(one) => *one == resource_type,
            Self::Some(some) => some.contains(&resource_type),
            Self::All => true,
        }
    }

    /// The types named one by one; `None` for [`Types::All`].
    #[must_use]
    pub fn listed(&self) -> Option<&[ResourceType]> {
        match self {
            Self::One(one) => Some(std::slice::from_ref(one)),
            Self::Some(some) => Some(some),
            Self::All => None,
        }
    }
}

/// One compartment: a kind and the logical id of the resource it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompartmentRef {
    /// The compartment definition.
    pub compartment: Compartment,
    /// Logical id of its resource.
    pub id: String,
}

/// One condition on a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// A test of one search parameter.
    Leaf(Leaf),
    /// `_id`: the logical id is (or is not) one of these.
    Id {
        /// Logical ids.
        ids: Vec<String>,
        /// `_id:not`.
        negated: bool,
    },
    /// `_lastUpdated`: at least one of these holds.
    LastUpdated(Vec<DateValue>),
    /// `subject:Patient.name=…`: a resource referred to satisfies a condition.
    Chain(Chain),
    /// `_has:Observation:patient:code=…`: a resource that refers here satisfies a condition.
    Has(Has),
    /// `_text`, `_content`.
    Text(TextSearch),
    /// `_list`: the resource is an item of one of these `List` resources.
    List(Vec<String>),
    /// All hold; only from `_filter`.
    And(Vec<Clause>),
    /// At least one holds; only from `_filter`.
    Or(Vec<Clause>),
    /// Does not hold; only from `_filter`.
    Not(Box<Clause>),
}

/// A test of one search parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// The parameter.
    pub param: ParamRef,
    /// What its values must fulfil.
    pub test: Test,
}

/// A search parameter as a query names it: one code, and its definition for every type searched.
#[derive(Clone, Debug)]
pub struct ParamRef {
    /// The code in the URL.
    pub code: String,
    /// The kind, the same in all definitions.
    pub kind: ParamKind,
    /// The definitions, one unless types with different definitions are searched at once.
    pub defs: SmallVec<[Arc<ParamDef>; 1]>,
}

impl ParamRef {
    /// The definition that applies to `resource_type`.
    #[must_use]
    pub fn def_for(&self, resource_type: ResourceType) -> Option<&Arc<ParamDef>> {
        self.defs.iter().find(|def| def.applies_to(resource_type))
    }
}

impl PartialEq for ParamRef {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
            && self
                .defs
                .iter()
                .map(|def| def.id)
                .eq(other.defs.iter().map(|def| def.id))
    }
}

/// What the values of a parameter must fulfil. Listed values are alternatives (`,` in the URL).
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `:missing=true|false`.
    Missing(bool),
    /// String parameters.
    String {
        /// How to compare.
        how: StringMatch,
        /// Alternatives.
        values: Vec<StringValue>,
    },
    /// Token parameters; `:not` also matches resources without any value.
    Token {
        /// Alternatives.
        values: Vec<TokenValue>,
        /// `:not`.
        negated: bool,
    },
    /// `:text` on a token: starts with, on display, `CodeableConcept.text`, `Identifier.type.text`.
    TokenText(Vec<StringValue>),
    /// `:in` and `:not-in`: canonical URLs of value sets.
    ValueSet {
        /// Canonical URLs, with `|version` when given.
        urls: Vec<String>,
        /// `:not-in`; also matches resources without any value.
        negated: bool,
    },
    /// `:above` and `:below` on a token: subsumption in the code system.
    Subsumption {
        /// Which way.
        direction: Direction,
        /// Alternatives; each has a code.
        values: Vec<TokenValue>,
    },
    /// `:of-type` on an identifier.
    OfType(Vec<TypedIdentifierValue>),
    /// Reference parameters; `:[type]` has been applied to the values.
    Reference {
        /// Alternatives.
        values: Vec<ReferenceValue>,
        /// Type given as modifier (`subject:Patient=123`), for printing.
        type_modifier: Option<ResourceType>,
    },
    /// `:identifier` on a reference: the logical identifier of the reference.
    ReferenceIdentifier(Vec<TokenValue>),
    /// Date parameters.
    Date(Vec<DateValue>),
    /// Number parameters.
    Number(Vec<NumberValue>),
    /// Quantity parameters.
    Quantity(Vec<QuantityValue>),
    /// Uri parameters.
    Uri {
        /// How to compare.
        how: UriMatch,
        /// Alternatives.
        values: Vec<String>,
    },
    /// Composite parameters: each alternative is one leaf per component, and all of them must hold
    /// for the same repetition of the element.
    Composite(Vec<Vec<Leaf>>),
    /// `Location.near`.
    Near(Vec<NearValue>),
}

/// A condition on a resource that is referred to.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The reference parameter.
    pub param: ParamRef,
    /// True when the client named the target type.
    pub qualified: bool,
    /// The condition for each possible type of target; the reference matches when one holds.
    pub targets: Vec<(ResourceType, Clause)>,
}

/// A condition on a resource that refers to the one searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Has {
    /// Type of the resources that refer here.
    pub source: ResourceType,
    /// Their reference parameter.
    pub param: ParamRef,
    /// The condition they satisfy.
    pub clause: Box<Clause>,
}

/// Which text `_text` and `_content` look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextScope {
    /// `_text`: the narrative.
    Narrative,
    /// `_content`: the narrative and every string of the resource.
    Content,
}

/// `_text` or `_content`: words of which all must occur, in alternatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSearch {
    /// Where to look.
    pub scope: TextScope,
    /// Alternatives, each a list of folded words that must all occur, with the value as given.
    pub alternatives: Vec<(Vec<String>, String)>,
}

/// One `_filter` expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The expression as given.
    pub text: String,
    /// What it means.
    pub clause: Clause,
}
