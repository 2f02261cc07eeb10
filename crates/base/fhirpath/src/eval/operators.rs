//! Operators: logic with three values, comparison, arithmetic, membership and union.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use smallvec::smallvec;

use super::equality::{as_decimal, as_quantity};
use super::{Evaluator, Result, Scope, cost};
use crate::error::EvalErrorKind;
use crate::syntax::{BinaryOp, NodeId, UnaryOp};
use crate::system::Quantity;
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn unary(
        &self,
        operator: UnaryOp,
        operand: Collection<'a>,
    ) -> Result<Collection<'a>> {
        let Some(value) = self.system(&operand, "polarity")? else {
            return Ok(Collection::new());
        };
        let is_minus = operator == UnaryOp::Minus;
        let signed = match value {
            Value::Integer(value) if is_minus => value.checked_neg().map(Value::Integer),
            Value::Decimal(value) if is_minus => Some(Value::Decimal(-value)),
            Value::Quantity(quantity) if is_minus => Some(Value::Quantity(Quantity::new(
                -quantity.value,
                quantity.unit,
            ))),
            Value::Integer(_) | Value::Decimal(_) | Value::Quantity(_) => Some(value),
            other => return self.mismatch("polarity", &other),
        };
        Ok(signed.into_iter().collect())
    }

    pub(super) fn binary(
        &mut self,
        operator: BinaryOp,
        left: NodeId,
        right: NodeId,
        position: u32,
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use BinaryOp as Op;
        self.charge(1)?;
        if matches!(operator, Op::And | Op::Or | Op::Xor | Op::Implies) {
            let truth = self.logic(operator, left, right, scope)?;
            return Ok(truth.map(Value::Boolean).into_iter().collect());
        }
        let left = self.eval(left, scope)?;
        let right = self.eval(right, scope)?;
        self.position = position;
        self.charge(cost(&left) + cost(&right))?;
        let truth = match operator {
            Op::Equal => self.collections_equal(&left, &right)?,
            Op::NotEqual => self.collections_equal(&left, &right)?.map(|equal| !equal),
            Op::Equivalent => Some(self.collections_equivalent(&left, &right)?),
            Op::NotEquivalent => Some(!self.collections_equivalent(&left, &right)?),
            Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
                self.inequality(operator, &left, &right)?
            }
            Op::In => self.membership(&left, &right)?,
            Op::Contains => self.membership(&right, &left)?,
            Op::Union => return self.union(&left, &right),
            _ => return self.arithmetic(operator, &left, &right),
        };
        Ok(truth.map(Value::Boolean).into_iter().collect())
    }

    /// Three-valued logic; the right side is not evaluated when the left one decides.
    fn logic(
        &mut self,
        operator: BinaryOp,
        left: NodeId,
        right: NodeId,
        scope: Scope<'a, '_>,
    ) -> Result<Option<bool>> {
        let a = self.eval_boolean(left, scope)?;
        match (operator, a) {
            (BinaryOp::And, Some(false)) => return Ok(Some(false)),
            (BinaryOp::Or, Some(true)) | (BinaryOp::Implies, Some(false)) => return Ok(Some(true)),
            _ => {}
        }
        let b = self.eval_boolean(right, scope)?;
        Ok(match operator {
            BinaryOp::And => match (a, b) {
                (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            BinaryOp::Or => match (a, b) {
                (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            BinaryOp::Xor => a.zip(b).map(|(a, b)| a != b),
            _ => match (a, b) {
                (_, Some(true)) => Some(true),
                (Some(true), b) => b,
                _ => None,
            },
        })
    }

    fn inequality(
        &mut self,
        operator: BinaryOp,
        left: &[Value<'a>],
        right: &[Value<'a>],
    ) -> Result<Option<bool>> {
        let left = self.system(left, "comparison")?;
        let right = self.system(right, "comparison")?;
        let (Some(left), Some(right)) = (left, right) else {
            return Ok(None);
        };
        Ok(self.compare(&left, &right)?.map(|ordering| match operator {
            BinaryOp::Less => ordering == Ordering::Less,
            BinaryOp::LessOrEqual => ordering != Ordering::Greater,
            BinaryOp::Greater => ordering == Ordering::Greater,
            _ => ordering != Ordering::Less,
        }))
    }

    fn membership(&mut self, item: &[Value<'a>], collection: &[Value<'a>]) -> Result<Option<bool>> {
        match self.singleton(item)? {
            None => Ok(None),
            Some(item) => self.is_member(item, collection).map(Some),
        }
    }

    fn arithmetic(
        &mut self,
        operator: BinaryOp,
        left: &[Value<'a>],
        right: &[Value<'a>],
    ) -> Result<Collection<'a>> {
        let left = self.system(left, "arithmetic")?;
        let right = self.system(right, "arithmetic")?;
        if operator == BinaryOp::Concatenate {
            return self.concatenate(left, right);
        }
        let (Some(left), Some(right)) = (left, right) else {
            return Ok(Collection::new());
        };
        let result = match (operator, &left, &right) {
            (BinaryOp::Add, Value::String(_), Value::String(_)) => {
                return self.concatenate(Some(left), Some(right));
            }
            (BinaryOp::Add, date, Value::Quantity(quantity)) if is_temporal(date) => {
                return self.move_date(date, quantity, 1);
            }
            (BinaryOp::Subtract, date, Value::Quantity(quantity)) if is_temporal(date) => {
                return self.move_date(date, quantity, -1);
            }
            (_, Value::Quantity(_), _) | (_, _, Value::Quantity(_)) => {
                self.quantity_arithmetic(operator, &left, &right)?
            }
            (_, Value::Integer(a), Value::Integer(b)) => integer_arithmetic(operator, *a, *b),
            _ => match (as_decimal(&left), as_decimal(&right)) {
                (Some(a), Some(b)) => decimal_arithmetic(operator, a, b),
                (Some(_), None) => return self.mismatch("arithmetic", &right),
                _ => return self.mismatch("arithmetic", &left),
            },
        };
        Ok(result.into_iter().collect())
    }

    fn concatenate(
        &self,
        left: Option<Value<'a>>,
        right: Option<Value<'a>>,
    ) -> Result<Collection<'a>> {
        let mut text = String::new();
        for value in [left, right].into_iter().flatten() {
            match value {
                Value::String(part) => text.push_str(&part),
                other => return self.mismatch("&", &other),
            }
        }
        self.check_string(text.len())?;
        Ok(smallvec![Value::String(text.into())])
    }

    fn quantity_arithmetic(
        &self,
        operator: BinaryOp,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Result<Option<Value<'a>>> {
        let Some(a) = as_quantity(left) else {
            return self.mismatch("arithmetic", left);
        };
        let Some(b) = as_quantity(right) else {
            return self.mismatch("arithmetic", right);
        };
        let result = match operator {
            BinaryOp::Add => a.add(&b),
            BinaryOp::Subtract => a.add(&Quantity::new(-b.value, b.unit.clone())),
            BinaryOp::Multiply => a.multiply(&b),
            BinaryOp::Divide => a.divide(&b),
            _ => return self.mismatch("div and mod", left),
        };
        Ok(result.map(Value::Quantity))
    }

    /// A date, date-time or time plus a duration.
    fn move_date(
        &self,
        date: &Value<'a>,
        quantity: &Quantity<'a>,
        sign: i64,
    ) -> Result<Collection<'a>> {
        let Some(unit) = quantity.unit.duration() else {
            return self.fail(EvalErrorKind::InvalidArgument("date arithmetic"));
        };
        // The decimal part of a duration is ignored.
        let Some(amount) = quantity
            .value
            .trunc()
            .to_i64()
            .and_then(|n| n.checked_mul(sign))
        else {
            return Ok(Collection::new());
        };
        let moved = match date {
            Value::Date(date) => date.plus(amount, unit).map(Value::Date),
            Value::DateTime(date_time) => date_time.plus(amount, unit).map(Value::DateTime),
            Value::Time(time) => time.plus(amount, unit).map(Value::Time),
            _ => None,
        };
        Ok(moved.into_iter().collect())
    }
}

fn is_temporal(value: &Value<'_>) -> bool {
    matches!(value, Value::Date(_) | Value::DateTime(_) | Value::Time(_))
}

/// `None` for division by zero and overflow.
fn integer_arithmetic(operator: BinaryOp, a: i64, b: i64) -> Option<Value<'static>> {
    let integer = match operator {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::IntegerDivide => a.checked_div(b),
        BinaryOp::Modulo => a.checked_rem(b),
        _ => return decimal_arithmetic(operator, Decimal::from(a), Decimal::from(b)),
    };
    integer.map(Value::Integer)
}

fn decimal_arithmetic(operator: BinaryOp, a: Decimal, b: Decimal) -> Option<Value<'static>> {
    let decimal = match operator {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Modulo => a.checked_rem(b),
        BinaryOp::IntegerDivide => {
            return a.checked_div(b)?.trunc().to_i64().map(Value::Integer);
        }
        _ => None,
    };
    decimal.map(Value::Decimal)
}
