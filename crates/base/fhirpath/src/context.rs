//! What an evaluation may use besides its focus: variables, clock, services and limits.

use mt_fhir::json::Node;
use mt_kernel::Instant;

use crate::element::Element;
use crate::value::Value;

/// Finds the target of a reference.
pub trait Resolve {
    /// The resource behind `reference` (relative, absolute or canonical); `None` when unknown.
    fn resolve<'a>(&'a self, reference: &str) -> Option<Node<'a>>;
}

/// Answers questions about codes.
pub trait Terminology {
    /// Whether a code (of any system when `None`) is in a value set; `None` when it cannot be told.
    fn member_of(&self, value_set: &str, system: Option<&str>, code: &str) -> Option<bool>;

    /// Whether code `a` of a system subsumes code `b`; `None` when it cannot be told.
    fn subsumes(&self, system: &str, a: &str, b: &str) -> Option<bool>;
}

/// Checks elements against profiles.
pub trait Profiles {
    /// Whether the element conforms to a structure definition; `None` when that is not known.
    fn conforms_to(&self, element: Element<'_>, profile: &str) -> Option<bool>;
}

/// Receives what `trace()` is given.
pub trait Trace {
    /// One call of `trace(name)`.
    fn trace(&self, name: &str, items: &[Value<'_>]);
}

/// How strictly `as` and `resolve()` are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As specified.
    #[default]
    Standard,
    /// As the expressions of search parameters mean it: `as` keeps the items of that type from any
    /// collection, and `resolve()` gives at least the type that a reference names.
    Search,
}

/// Bounds on one evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Units of work: items visited and compared.
    pub work: u64,
    /// Items in one collection.
    pub items: usize,
    /// Bytes in one string that the expression makes.
    pub string: usize,
    /// Bytes of one compiled regular expression.
    pub regex: usize,
}

impl Limits {
    /// A second of work at most, and a few megabytes.
    pub const DEFAULT: Self = Self {
        work: 2_000_000,
        items: 100_000,
        string: 64 << 10,
        regex: 1 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The surroundings of an evaluation.
#[derive(Clone)]
pub struct Context<'a> {
    /// `%resource`: the resource that holds the focus.
    pub resource: Option<Element<'a>>,
    /// `%rootResource`: the outermost resource, the container of contained ones.
    pub root_resource: Option<Element<'a>>,
    /// Further variables by name, without the percent sign.
    pub variables: Vec<(Box<str>, Vec<Value<'a>>)>,
    /// The moment that `now()` and `today()` give.
    pub now: Instant,
    /// For `resolve()`.
    pub resolver: Option<&'a dyn Resolve>,
    /// For `memberOf()` and `subsumes()`.
    pub terminology: Option<&'a dyn Terminology>,
    /// For `conformsTo()`.
    pub profiles: Option<&'a dyn Profiles>,
    /// For `trace()`.
    pub trace: Option<&'a dyn Trace>,
    /// Strict or as search parameters mean it.
    pub dialect: Dialect,
    /// Bounds.
    pub limits: Limits,
}

impl<'a> Context<'a> {
    /// A context around `resource`, with no services.
    #[must_use]
    pub fn new(resource: Node<'a>, now: Instant) -> Self {
        let resource = Some(Element::resource(resource));
        Self {
            resource,
            root_resource: resource,
            ..Self::bare(now)
        }
    }

    /// A context without resource.
    #[must_use]
    pub const fn bare(now: Instant) -> Self {
        Self {
            resource: None,
            root_resource: None,
            variables: Vec::new(),
            now,
            resolver: None,
            terminology: None,
            profiles: None,
            trace: None,
            dialect: Dialect::Standard,
            limits: Limits::DEFAULT,
        }
    }

    /// The same context for expressions of search parameters.
    #[must_use]
    pub fn for_search(mut self) -> Self {
        self.dialect = Dialect::Search;
        self
    }
}
