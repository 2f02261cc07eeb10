//! What a profile says, as a tree of elements.

use mt_fhir::definitions::{BindingStrength, TypeId};
use mt_fhir::json::Doc;
use mt_fhir::names::Name;
use mt_fhirpath::Expr;

pub(crate) struct Profile {
    pub(crate) url: Box<str>,
    /// The type that is constrained.
    pub(crate) type_id: TypeId,
    /// The profile that this one is based on, when its own elements do not repeat it.
    pub(crate) base: Option<Box<str>>,
    pub(crate) root: Rule,
    /// For an extension: where it may stand; empty when that is not said.
    pub(crate) contexts: Vec<Context>,
}

/// A place where an extension may stand.
pub(crate) enum Context {
    /// An element or a type, by its path.
    Element(Box<str>),
    /// Another extension, or what an expression finds: not decided here.
    Other,
}

/// What is said of one element, or of one slice of it.
#[derive(Default)]
pub(crate) struct Rule {
    /// Bare name of the element; unknown at the root.
    pub(crate) name: Option<Name>,
    pub(crate) slice: Option<Box<str>>,
    pub(crate) min: u32,
    /// None for any number.
    pub(crate) max: Option<u32>,
    /// Empty for the types of the base.
    pub(crate) types: Vec<TypeRule>,
    pub(crate) fixed: Option<Doc>,
    pub(crate) pattern: Option<Doc>,
    pub(crate) min_value: Option<Doc>,
    pub(crate) max_value: Option<Doc>,
    pub(crate) max_length: Option<usize>,
    pub(crate) bindings: Vec<BindingRule>,
    pub(crate) invariants: Vec<Invariant>,
    pub(crate) slicing: Option<Slicing>,
    pub(crate) slices: Vec<Rule>,
    pub(crate) children: Vec<Rule>,
}

pub(crate) struct TypeRule {
    pub(crate) type_id: TypeId,
    /// Profiles of which an instance meets at least one.
    pub(crate) profiles: Vec<Box<str>>,
    /// Profiles of which the target of a reference meets at least one.
    pub(crate) targets: Vec<Box<str>>,
}

pub(crate) struct BindingRule {
    pub(crate) strength: BindingStrength,
    pub(crate) value_set: Box<str>,
}

pub(crate) struct Invariant {
    pub(crate) key: Box<str>,
    pub(crate) human: Box<str>,
    pub(crate) is_error: bool,
    /// None when it does not parse.
    pub(crate) expr: Option<Expr>,
}

pub(crate) struct Slicing {
    pub(crate) discriminators: Vec<Discriminator>,
    /// Whether every occurrence must be in a slice.
    pub(crate) is_closed: bool,
}

pub(crate) struct Discriminator {
    pub(crate) kind: DiscriminatorKind,
    pub(crate) path: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiscriminatorKind {
    /// `value` and `pattern` mean the same.
    Value,
    Exists,
    Type,
    Profile,
}

/// A step of the restricted FHIRPath of discriminators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Child(Name),
    Extension(Box<str>),
    Resolve,
    OfType(TypeId),
}

impl Rule {
    /// Whether the rule itself says which values are meant.
    pub(crate) fn has_value(&self) -> bool {
        self.fixed.is_some() || self.pattern.is_some() || !self.bindings.is_empty()
    }
}
