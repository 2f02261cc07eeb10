//! Order: `<`, `<=`, `>`, `>=` and `sort`.

use std::cmp::Ordering;

use super::equality::{as_date_time, as_decimal, as_quantity};
use super::{Evaluator, Result};
use crate::error::EvalErrorKind;
use crate::value::Value;

impl<'a> Evaluator<'a, '_> {
    /// The order of two values; `None` when it cannot be told, an error when they have none.
    pub(super) fn compare(&self, left: &Value<'a>, right: &Value<'a>) -> Result<Option<Ordering>> {
        match (left, right) {
            (Value::String(a), Value::String(b)) => return Ok(Some(a.cmp(b))),
            (Value::Time(a), Value::Time(b)) => return Ok(a.compare(*b)),
            (Value::Quantity(_), _) | (_, Value::Quantity(_)) => {
                if let (Some(a), Some(b)) = (as_quantity(left), as_quantity(right)) {
                    return Ok(a.compare(&b));
                }
            }
            _ => {}
        }
        if let (Some(a), Some(b)) = (as_decimal(left), as_decimal(right)) {
            return Ok(Some(a.cmp(&b)));
        }
        if let (Some(a), Some(b)) = (as_date_time(left), as_date_time(right)) {
            return Ok(a.compare(b));
        }
        self.fail(EvalErrorKind::TypeMismatch {
            operation: "comparison",
            found: right.type_name().map_or("an element", |t| t.name),
        })
    }

    /// A total order for `sort`: absent keys last, undecided pairs as equal.
    pub(super) fn compare_keys(
        &self,
        left: Option<&Value<'a>>,
        right: Option<&Value<'a>>,
    ) -> Result<Ordering> {
        Ok(match (left, right) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => self.compare(a, b)?.unwrap_or(Ordering::Equal),
        })
    }
}
