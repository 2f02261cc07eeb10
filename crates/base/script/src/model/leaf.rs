//! Values without fields of their own: texts, numbers, dates, and XML that is passed through.

use std::borrow::Cow;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::date::{Date, DateTime};
use super::shape::Kind;
use super::slot::Value;
use crate::xml::{self, Element, Node};

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read(element: &Element<'_>) -> Option<Self> {
        let text = element.text();
        (!text.is_empty()).then(|| text.into_owned())
    }

    fn write(&self, element: &mut Element<'_>) {
        element.set_text(self);
    }
}

impl Value for Decimal {
    const KIND: Kind = Kind::Decimal;

    fn read(element: &Element<'_>) -> Option<Self> {
        decimal(&element.text())
    }

    fn write(&self, element: &mut Element<'_>) {
        element.set_text(&self.to_string());
    }
}

impl Value for u32 {
    const KIND: Kind = Kind::Count;

    fn read(element: &Element<'_>) -> Option<Self> {
        // Some systems wrap the number: `<Refills><Value>2</Value></Refills>`.
        let wrapped = element.child("Value");
        count(&wrapped.unwrap_or(element).text())
    }

    fn write(&self, element: &mut Element<'_>) {
        element.nodes.clear();
        element.set_text(&self.to_string());
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Flag;

    fn read(element: &Element<'_>) -> Option<Self> {
        match element.text().as_ref() {
            "true" | "1" | "Y" => Some(true),
            "false" | "0" | "N" => Some(false),
            _ => None,
        }
    }

    fn write(&self, element: &mut Element<'_>) {
        element.set_text(if *self { "true" } else { "false" });
    }
}

/// A day, with or without a time: `<Date>` or `<DateTime>` inside an element that says what happened then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Moment {
    /// `Date`.
    Date(Date),
    /// `DateTime`.
    DateTime(DateTime),
}

impl Moment {
    /// The day.
    pub fn date(&self) -> Date {
        match self {
            Self::Date(date) => *date,
            Self::DateTime(time) => time.date(),
        }
    }

    /// A moment in either notation.
    pub fn parse(text: &str) -> Option<Self> {
        let date = || Date::from_str(text).ok().map(Self::Date);
        date().or_else(|| DateTime::from_str(text).ok().map(Self::DateTime))
    }
}

impl From<Date> for Moment {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl Value for Moment {
    const KIND: Kind = Kind::Moment;

    fn read(element: &Element<'_>) -> Option<Self> {
        match (element.child("Date"), element.child("DateTime")) {
            (Some(date), _) => Date::from_str(&date.text()).ok().map(Self::Date),
            (None, Some(time)) => DateTime::from_str(&time.text()).ok().map(Self::DateTime),
            (None, None) => Self::parse(&element.text()),
        }
    }

    fn write(&self, element: &mut Element<'_>) {
        let (name, text) = match self {
            Self::Date(date) => ("Date", date.to_string()),
            Self::DateTime(time) => ("DateTime", time.to_string()),
        };
        element.nodes.clear();
        let mut inner = element.new_child(name);
        inner.set_text(&text);
        element.nodes.push(Node::Element(inner));
    }
}

impl Value for DateTime {
    const KIND: Kind = Kind::DateTime;

    fn read(element: &Element<'_>) -> Option<Self> {
        DateTime::from_str(&element.text()).ok()
    }

    fn write(&self, element: &mut Element<'_>) {
        element.set_text(&self.to_string());
    }
}

/// Content that this library does not look into; it is passed through as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Opaque {
    /// The XML inside the element.
    pub xml: String,
}

impl Value for Opaque {
    const KIND: Kind = Kind::Opaque(None);

    fn read(element: &Element<'_>) -> Option<Self> {
        Some(Self {
            xml: inside(element),
        })
    }

    fn write(&self, element: &mut Element<'_>) {
        element.nodes = vec![Node::Verbatim(Cow::Owned(self.xml.clone()))];
    }
}

/// The XML between the tags of an element, as it was written.
pub(crate) fn inside(element: &Element<'_>) -> String {
    let mut xml = String::new();
    for node in element.nodes() {
        match node {
            Node::Element(child) => xml::write(child, &mut xml),
            Node::Text(raw) | Node::Verbatim(raw) => xml.push_str(raw),
            Node::CData(raw) => xml.push_str(raw),
        }
    }
    xml
}

/// A plain decimal number: no exponent, no sign but minus.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.contains(|c: char| c.is_ascii_digit());
    is_plain
        .then(|| Decimal::from_str_exact(text).ok())
        .flatten()
}

/// A natural number.
pub(crate) fn count(text: &str) -> Option<u32> {
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}
