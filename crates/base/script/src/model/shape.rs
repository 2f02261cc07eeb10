//! What is known of an element: its fields, their order, number, form and versions.
//!
//! One table serves reader, writer, validator and schema; a version differs by data, never by code.

use crate::version::Version;

/// A kind of element with its fields in order.
#[derive(Debug)]
pub struct Shape {
    /// The name of the kind, unique among shapes.
    pub name: &'static str,
    /// The fields in the order of the schema.
    pub fields: &'static [Field],
}

/// A field of an element.
#[derive(Debug)]
pub struct Field {
    /// The element name.
    pub name: &'static str,
    /// What its content is.
    pub kind: Kind,
    /// It may be repeated.
    pub many: bool,
    /// Its usage and form.
    pub rule: Rule,
}

/// The content of a field.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Elements.
    Record(&'static Shape),
    /// Text.
    Text,
    /// A decimal number.
    Decimal,
    /// A natural number.
    Count,
    /// `true` or `false`.
    Flag,
    /// `Date` or `DateTime` inside.
    Moment,
    /// A date with a time.
    DateTime,
    /// Text with one attribute.
    Attributed(&'static str),
    /// XML that is passed through, with an optional attribute.
    Opaque(Option<&'static str>),
}

/// How a message uses a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Nobody can act on a message without it: an error.
    Required,
    /// Senders owe it, but readers can go on: a warning, and the builder refuses.
    Expected,
    /// May be absent.
    Optional,
}

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Anything.
    Any,
    /// One of a closed list.
    Codes(&'static [&'static str]),
    /// Usually one of a list that grows: others are warnings.
    Usual(&'static [&'static str]),
    /// Digits, from so many to so many.
    Digits(usize, usize),
    /// National Provider Identifier with its check digit.
    Npi,
    /// DEA registration number with its check digit.
    Dea,
    /// A telephone number: ten digits.
    Telephone,
}

/// Usage, form and versions of a field.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Whether it must be there.
    pub usage: Usage,
    /// The most characters; 0 when not limited.
    pub max: usize,
    /// The form of its text.
    pub format: Format,
    /// The first version that has it.
    pub since: Version,
    /// Other element names under which senders write it.
    pub aliases: &'static [&'static str],
    /// Senders also write it as the attribute of this name, or, when empty, as the text of the element around it.
    pub loose: Option<&'static str>,
}

/// A field that must be there.
pub const REQUIRED: Rule = Rule::new(Usage::Required);
/// A field that should be there.
pub const EXPECTED: Rule = Rule::new(Usage::Expected);
/// A field that may be there.
pub const OPTIONAL: Rule = Rule::new(Usage::Optional);

impl Rule {
    const fn new(usage: Usage) -> Self {
        Self {
            usage,
            max: 0,
            format: Format::Any,
            since: Version::V2017071,
            aliases: &[],
            loose: None,
        }
    }

    /// At most so many characters.
    pub const fn max(mut self, max: usize) -> Self {
        self.max = max;
        self
    }

    /// With a form.
    pub const fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// One of a closed list.
    pub const fn codes(self, codes: &'static [&'static str]) -> Self {
        self.format(Format::Codes(codes))
    }

    /// Usually one of a list.
    pub const fn usual(self, codes: &'static [&'static str]) -> Self {
        self.format(Format::Usual(codes))
    }

    /// Also under these names.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Also as an attribute, or with an empty name as the text around.
    pub const fn loose(mut self, attribute: &'static str) -> Self {
        self.loose = Some(attribute);
        self
    }

    /// Not before a version.
    pub const fn since(mut self, version: Version) -> Self {
        self.since = version;
        self
    }
}

impl Field {
    /// Whether an element name means this field.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.rule.aliases.contains(&name)
    }
}
