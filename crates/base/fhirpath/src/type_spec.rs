//! Type specifiers, resolved against the System types and the R4 definitions once, at parse time.

use mt_fhir::definitions::TypeId;

/// The types of the `System` namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub enum SystemType {
    Boolean,
    String,
    Integer,
    Decimal,
    Date,
    DateTime,
    Time,
    Quantity,
}

impl SystemType {
    const ALL: [Self; 8] = [
        Self::Boolean,
        Self::String,
        Self::Integer,
        Self::Decimal,
        Self::Date,
        Self::DateTime,
        Self::Time,
        Self::Quantity,
    ];

    /// The name without namespace.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "Boolean",
            Self::String => "String",
            Self::Integer => "Integer",
            Self::Decimal => "Decimal",
            Self::Date => "Date",
            Self::DateTime => "DateTime",
            Self::Time => "Time",
            Self::Quantity => "Quantity",
        }
    }

    /// The type with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }
}

/// `FHIR.Patient`, `System.String` or `Patient`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeSpec {
    /// The text as written, for messages.
    pub(crate) text: Box<str>,
    pub(crate) fhir: Option<TypeId>,
    pub(crate) system: Option<SystemType>,
    /// Named a namespace: then an unknown type is merely a type that nothing has.
    is_qualified: bool,
}

impl TypeSpec {
    pub(crate) fn parse(text: &str) -> Self {
        let (namespace, name) = match text.split_once('.') {
            Some((namespace @ ("FHIR" | "System"), name)) => (Some(namespace), name),
            _ => (None, text),
        };
        Self {
            text: text.into(),
            fhir: TypeId::from_name(name).filter(|_| namespace != Some("System")),
            system: SystemType::from_name(name).filter(|_| namespace != Some("FHIR")),
            is_qualified: namespace.is_some(),
        }
    }

    /// Whether the name means something.
    pub(crate) fn is_known(&self) -> bool {
        self.is_qualified || self.fhir.is_some() || self.system.is_some()
    }
}
