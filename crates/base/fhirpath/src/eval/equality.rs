//! Equality (`=`) and equivalence (`~`), FHIRPath §6.1.

use std::cmp::Ordering;

use mt_fhir::json::{Kind, Node};
use rust_decimal::Decimal;

use super::{Evaluator, Result};
use crate::element::Element;
use crate::system::{DateTime, Quantity, Unit, compare_rounded};
use crate::value::{Collection, Value, parse_decimal};

impl<'a> Evaluator<'a, '_> {
    /// `left = right`: same items in the same order; `None` when either is empty or some pair
    /// cannot be told apart.
    pub(super) fn collections_equal(
        &mut self,
        left: &[Value<'a>],
        right: &[Value<'a>],
    ) -> Result<Option<bool>> {
        if left.is_empty() || right.is_empty() {
            return Ok(None);
        }
        if left.len() != right.len() {
            return Ok(Some(false));
        }
        let mut all = Some(true);
        for (a, b) in left.iter().zip(right) {
            match self.equal(a, b)? {
                Some(false) => return Ok(Some(false)),
                None => all = None,
                Some(true) => {}
            }
        }
        Ok(all)
    }

    /// `left ~ right`: same items in any order.
    pub(super) fn collections_equivalent(
        &mut self,
        left: &[Value<'a>],
        right: &[Value<'a>],
    ) -> Result<bool> {
        if left.len() != right.len() {
            return Ok(false);
        }
        let mut open: Vec<&Value<'a>> = right.iter().collect();
        for item in left {
            let mut found = None;
            for (index, candidate) in open.iter().enumerate() {
                if self.equivalent(item, candidate)? {
                    found = Some(index);
                    break;
                }
            }
            match found {
                Some(index) => open.swap_remove(index),
                None => return Ok(false),
            };
        }
        Ok(true)
    }

    /// Whether two items are equal; `None` when their precisions or offsets leave it open.
    pub(super) fn equal(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<Option<bool>> {
        self.charge(1)?;
        if let (Value::Element(a), Value::Element(b)) = (left, right)
            && (a.is_complex() || b.is_complex())
        {
            return self.trees_equal(a.value(), b.value()).map(Some);
        }
        match (left, right) {
            (Value::Type(a), Value::Type(b)) => return Ok(Some(a == b)),
            (Value::Unresolved(a), Value::Unresolved(b)) => return Ok(Some(a == b)),
            _ => {}
        }
        match (left.to_system(), right.to_system()) {
            (Some(a), Some(b)) => Ok(system_equal(&a, &b)),
            // Two primitives without value are equal when their extensions are.
            (None, None) => match (left, right) {
                (Value::Element(a), Value::Element(b)) => {
                    self.trees_equal(a.shadow(), b.shadow()).map(Some)
                }
                _ => Ok(Some(false)),
            },
            _ => Ok(Some(false)),
        }
    }

    pub(super) fn equivalent(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<bool> {
        self.charge(1)?;
        if let (Value::Element(a), Value::Element(b)) = (left, right)
            && (a.is_complex() || b.is_complex())
            && (left.to_system().is_none() || right.to_system().is_none())
        {
            return self.trees_equivalent(*a, *b);
        }
        match (left.to_system(), right.to_system()) {
            (Some(a), Some(b)) => Ok(system_equivalent(&a, &b)),
            _ => Ok(self.equal(left, right)? == Some(true)),
        }
    }

    /// Equivalence of complex elements: the same fields, each with equivalent content.
    fn trees_equivalent(&mut self, left: Element<'a>, right: Element<'a>) -> Result<bool> {
        let (Some(a), Some(b)) = (left.value(), right.value()) else {
            return Ok(left.value().is_none() && right.value().is_none());
        };
        if a.kind() != b.kind() || a.len() != b.len() {
            return Ok(false);
        }
        for field in a.children() {
            let Some(other) = b.get(field.key().unwrap_or_default()) else {
                return Ok(false);
            };
            let (mut here, mut there) = (Collection::new(), Collection::new());
            left.field(field, &mut |child| here.push(Value::Element(child)));
            right.field(other, &mut |child| there.push(Value::Element(child)));
            if !self.collections_equivalent(&here, &there)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deep equality: fields in any order, numbers by value. Depth is that of the document, which
    /// its parser limits.
    fn trees_equal(&mut self, left: Option<Node<'a>>, right: Option<Node<'a>>) -> Result<bool> {
        let (Some(left), Some(right)) = (left, right) else {
            return Ok(left.is_none() && right.is_none());
        };
        self.charge(1)?;
        if left.kind() != right.kind() || left.len() != right.len() {
            return Ok(false);
        }
        match left.kind() {
            Kind::Object => {
                for field in left.children() {
                    let other = right.get(field.key().unwrap_or_default());
                    if other.is_none() || !self.trees_equal(Some(field), other)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Kind::Array => {
                for (a, b) in left.children().zip(right.children()) {
                    if !self.trees_equal(Some(a), Some(b))? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Kind::Number => {
                let (a, b) = (left.number_text(), right.number_text());
                Ok(a == b || a.and_then(parse_decimal) == b.and_then(parse_decimal))
            }
            _ => Ok(left.scalar_text() == right.scalar_text()),
        }
    }
}

/// Equality of System values after implicit conversion; different types are not equal.
pub(super) fn system_equal(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    match (left, right) {
        (Value::Boolean(a), Value::Boolean(b)) => Some(a == b),
        (Value::String(a), Value::String(b)) => Some(a == b),
        (Value::Integer(a), Value::Integer(b)) => Some(a == b),
        (Value::Quantity(a), Value::Quantity(b)) => a.equal(b),
        (Value::Quantity(a), b) => as_quantity(b).map_or(Some(false), |b| a.equal(&b)),
        (a, Value::Quantity(b)) => as_quantity(a).map_or(Some(false), |a| a.equal(b)),
        (Value::Time(a), Value::Time(b)) => a.compare(*b).map(Ordering::is_eq),
        _ => {
            if let (Some(a), Some(b)) = (as_decimal(left), as_decimal(right)) {
                return Some(a == b);
            }
            match (as_date_time(left), as_date_time(right)) {
                (Some(a), Some(b)) => a.compare(b).map(Ordering::is_eq),
                _ => Some(false),
            }
        }
    }
}

fn system_equivalent(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::String(a), Value::String(b)) => normal_characters(a).eq(normal_characters(b)),
        (Value::Quantity(a), Value::Quantity(b)) => a.equivalent(b),
        _ => {
            if let (Some(a), Some(b)) = (as_decimal(left), as_decimal(right)) {
                return compare_rounded(a, b) == Ordering::Equal;
            }
            system_equal(left, right) == Some(true)
        }
    }
}

/// Lower case, with every white space character as a blank.
fn normal_characters(text: &str) -> impl Iterator<Item = char> {
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    text.chars().map(blank).flat_map(char::to_lowercase)
}

pub(super) fn as_decimal(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Integer(value) => Some(Decimal::from(*value)),
        Value::Decimal(value) => Some(*value),
        _ => None,
    }
}

pub(super) fn as_quantity<'v>(value: &Value<'v>) -> Option<Quantity<'v>> {
    match value {
        Value::Quantity(quantity) => Some(quantity.clone()),
        other => Some(Quantity::new(as_decimal(other)?, Unit::ucum("1"))),
    }
}

pub(super) fn as_date_time(value: &Value<'_>) -> Option<DateTime> {
    match value {
        Value::Date(date) => Some((*date).into()),
        Value::DateTime(date_time) => Some(*date_time),
        _ => None,
    }
}
