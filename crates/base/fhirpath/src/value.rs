//! What an expression yields: elements of the tree and System values.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use mt_fhir::definitions::TypeId;
use mt_fhir::json::Kind;
use mt_fhir::names;
use rust_decimal::Decimal;
use smallvec::SmallVec;

use crate::element::Element;
use crate::system::{Date, DateTime, Quantity, Time, Unit};
use crate::type_spec::SystemType;

/// An ordered collection; small ones need no allocation.
pub type Collection<'a> = SmallVec<[Value<'a>; 2]>;

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// An element of a FHIR tree.
    Element(Element<'a>),
    /// `System.Boolean`
    Boolean(bool),
    /// `System.String`
    String(Cow<'a, str>),
    /// `System.Integer` and `System.Long`, both 64 bits wide here.
    Integer(i64),
    /// `System.Decimal`
    Decimal(Decimal),
    /// `System.Date`
    Date(Date),
    /// `System.DateTime`
    DateTime(DateTime),
    /// `System.Time`
    Time(Time),
    /// `System.Quantity`
    Quantity(Quantity<'a>),
    /// What `type()` gives.
    Type(TypeName),
    /// A resource of which only the type is known: the target of a reference that was not
    /// fetched (search parameters only ask `resolve() is Patient`).
    Unresolved(TypeId),
}

/// The result of `type()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// `FHIR` or `System`.
    pub namespace: &'static str,
    /// The name without namespace.
    pub name: &'static str,
}

impl<'a> Value<'a> {
    /// Borrowed text.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }

    /// The element, when this is one.
    #[must_use]
    pub const fn as_element(&self) -> Option<Element<'a>> {
        match self {
            Self::Element(element) => Some(*element),
            _ => None,
        }
    }

    /// The System type of a System value.
    pub(crate) const fn system_type(&self) -> Option<SystemType> {
        Some(match self {
            Self::Boolean(_) => SystemType::Boolean,
            Self::String(_) => SystemType::String,
            Self::Integer(_) => SystemType::Integer,
            Self::Decimal(_) => SystemType::Decimal,
            Self::Date(_) => SystemType::Date,
            Self::DateTime(_) => SystemType::DateTime,
            Self::Time(_) => SystemType::Time,
            Self::Quantity(_) => SystemType::Quantity,
            Self::Element(_) | Self::Type(_) | Self::Unresolved(_) => return None,
        })
    }

    /// Namespace and name of the type; `None` for elements that the definitions do not describe.
    #[must_use]
    pub fn type_name(&self) -> Option<TypeName> {
        if let Some(system) = self.system_type() {
            return Some(TypeName {
                namespace: "System",
                name: system.name(),
            });
        }
        let name = match self {
            Self::Element(element) => element.type_id()?.name(),
            Self::Unresolved(type_id) => type_id.name(),
            _ => return None,
        };
        Some(TypeName {
            namespace: "FHIR",
            name,
        })
    }

    /// The System value that this is or implicitly converts to: FHIR primitives with a value
    /// and FHIR quantities; `None` for everything else.
    #[must_use]
    pub fn to_system(&self) -> Option<Value<'a>> {
        match self {
            Self::Element(element) => element_to_system(*element),
            Self::Type(_) | Self::Unresolved(_) => None,
            system => Some(system.clone()),
        }
    }

    /// The text of a string-like value, without conversion.
    #[must_use]
    pub fn to_text(&self) -> Option<Cow<'a, str>> {
        match self.to_system()? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

fn element_to_system(element: Element<'_>) -> Option<Value<'_>> {
    let node = element.value()?;
    if node.is_object() {
        return fhir_quantity(element).map(Value::Quantity);
    }
    let text = node.scalar_text()?;
    let typed = match element.type_id() {
        Some(TypeId::BOOLEAN) => bool::from_str(text).ok().map(Value::Boolean),
        Some(TypeId::INTEGER | TypeId::POSITIVE_INT | TypeId::UNSIGNED_INT) => {
            text.parse().ok().map(Value::Integer)
        }
        Some(TypeId::DECIMAL) => parse_decimal(text).map(Value::Decimal),
        Some(TypeId::DATE) => Date::parse(text).map(Value::Date),
        Some(TypeId::DATE_TIME | TypeId::INSTANT) => DateTime::parse(text).map(Value::DateTime),
        Some(TypeId::TIME) => Time::parse(text).map(Value::Time),
        Some(_) => None,
        None => match node.kind() {
            Kind::Bool => Some(Value::Boolean(text == "true")),
            Kind::Number => text
                .parse()
                .ok()
                .map(Value::Integer)
                .or_else(|| parse_decimal(text).map(Value::Decimal)),
            _ => None,
        },
    };
    // A primitive whose text is not of its type is still text.
    Some(typed.unwrap_or(Value::text(text)))
}

/// Reads a JSON number; digits beyond 28 are rounded.
pub(crate) fn parse_decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

/// A FHIR `Quantity` without comparator as a System quantity.
pub(crate) fn fhir_quantity(element: Element<'_>) -> Option<Quantity<'_>> {
    let type_id = element.type_id()?;
    if !type_id.is_a(TypeId::QUANTITY) || element.child(names::COMPARATOR).is_some() {
        return None;
    }
    let value = parse_decimal(element.child(names::VALUE)?.text()?)?;
    let text = |name| element.child(name).and_then(Element::text);
    let code = text(names::CODE)
        .or_else(|| text(names::UNIT))
        .unwrap_or("1");
    Some(Quantity::new(value, Unit::ucum(code)))
}

impl fmt::Display for Value<'_> {
    /// The text form of `toString()`; elements without a text form give their type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::String(text) => f.write_str(text),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::DateTime(date_time) => write!(f, "{date_time}"),
            Self::Time(time) => write!(f, "{time}"),
            Self::Quantity(quantity) => write!(f, "{quantity}"),
            Self::Type(name) => write!(f, "{}.{}", name.namespace, name.name),
            Self::Unresolved(type_id) => write!(f, "{}", type_id.name()),
            Self::Element(element) => match element.text() {
                Some(text) => f.write_str(text),
                None => f.write_str(element.type_id().map_or("?", TypeId::name)),
            },
        }
    }
}
