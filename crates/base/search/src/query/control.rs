//! What a search asks for beside conditions: order, counts, parts, included resources.

use mt_fhir::definitions::ResourceType;

use super::ParamRef;

/// One sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// By what.
    pub by: SortBy,
    /// `-` before the name.
    pub descending: bool,
}

/// What to sort by.
#[derive(Clone, Debug, PartialEq)]
pub enum SortBy {
    /// `_id`
    Id,
    /// `_lastUpdated`
    LastUpdated,
    /// A parameter: the least of its values ascending, the greatest descending; resources without
    /// a value come last.
    Param(ParamRef),
}

/// `_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// No total.
    None,
    /// An estimate will do.
    Estimate,
    /// The exact number.
    Accurate,
}

impl Total {
    /// Reads the code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "none" => Self::None,
            "estimate" => Self::Estimate,
            "accurate" => Self::Accurate,
            _ => return None,
        })
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Estimate => "estimate",
            Self::Accurate => "accurate",
        }
    }
}

/// `_summary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// Elements marked as summary.
    True,
    /// Narrative, id, meta and mandatory top-level elements.
    Text,
    /// Everything but the narrative.
    Data,
    /// The number of matches alone.
    Count,
    /// Everything.
    False,
}

impl Summary {
    /// Reads the code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "true" => Self::True,
            "text" => Self::Text,
            "data" => Self::Data,
            "count" => Self::Count,
            "false" => Self::False,
            _ => return None,
        })
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Text => "text",
            Self::Data => "data",
            Self::Count => "count",
            Self::False => "false",
        }
    }
}

/// One `_include` or `_revinclude`.
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// `_revinclude`: resources that refer to a match; otherwise resources a match refers to.
    pub reverse: bool,
    /// `:iterate`: applies to included resources as well.
    pub iterate: bool,
    /// Type of the resource that holds the reference; `None` for `*`.
    pub source: Option<ResourceType>,
    /// Which reference.
    pub param: IncludeParam,
    /// Only targets of this type.
    pub target: Option<ResourceType>,
}

/// The reference that an include follows.
#[derive(Clone, Debug, PartialEq)]
pub enum IncludeParam {
    /// `*`: every reference parameter.
    All,
    /// One parameter.
    One(ParamRef),
}

/// A parameter that lenient handling left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its name as given, cut to a reasonable length; the value is not kept.
    pub name: String,
    /// Why, as one clause for a person.
    pub reason: &'static str,
}
