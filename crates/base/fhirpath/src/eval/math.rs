//! Mathematical functions (FHIRPath §5.7).

use rust_decimal::Decimal;
use rust_decimal::MathematicalOps;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::call::optional;
use super::equality::as_decimal;
use super::{Evaluator, Result, Scope};
use crate::error::EvalErrorKind;
use crate::functions::Function;
use crate::syntax::NodeId;
use crate::system::{MAX_DECIMAL_PLACES, Quantity, round_to};
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn math_call(
        &mut self,
        function: Function,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use Function as F;
        let name = function.name();
        let Some(value) = self.system(input, name)? else {
            return Ok(Collection::new());
        };
        if let (
            F::Abs | F::Ceiling | F::Floor | F::Truncate | F::Round,
            Value::Quantity(quantity),
        ) = (function, &value)
        {
            let places = self.places(arguments, scope)?;
            let number = shape(function, quantity.value, places);
            let quantity = Quantity::new(number, quantity.unit.clone());
            return Ok(optional(Some(Value::Quantity(quantity))));
        }
        let Some(number) = as_decimal(&value) else {
            return self.mismatch(name, &value);
        };
        let result = match function {
            F::Abs => match value {
                Value::Integer(integer) => integer.checked_abs().map(Value::Integer),
                _ => Some(Value::Decimal(number.abs())),
            },
            F::Ceiling | F::Floor | F::Truncate => {
                shape(function, number, 0).to_i64().map(Value::Integer)
            }
            F::Round => Some(Value::Decimal(shape(
                function,
                number,
                self.places(arguments, scope)?,
            ))),
            F::Power | F::Log => {
                let [argument] = arguments else {
                    return Ok(Collection::new());
                };
                let Some(argument) = self.argument(*argument, scope, name)? else {
                    return Ok(Collection::new());
                };
                let Some(other) = as_decimal(&argument) else {
                    return self.mismatch(name, &argument);
                };
                if function == F::Log {
                    logarithm(number, other).map(Value::Decimal)
                } else {
                    power(&value, &argument, number, other)
                }
            }
            F::Exp => number.checked_exp().map(normal),
            F::Ln => (number > Decimal::ZERO)
                .then(|| number.checked_ln())
                .flatten()
                .map(normal),
            _ => number.sqrt().map(normal),
        };
        Ok(optional(result))
    }

    /// The optional number of places of `round`.
    fn places(&mut self, arguments: &[NodeId], scope: Scope<'a, '_>) -> Result<u32> {
        let places = self
            .optional_integer(arguments, scope, "round")?
            .unwrap_or(0);
        match u32::try_from(places) {
            Ok(places) => Ok(places.min(MAX_DECIMAL_PLACES)),
            Err(_) => self.fail(EvalErrorKind::InvalidArgument("round")),
        }
    }
}

/// Results of series and roots have no precision of their own.
fn normal(value: Decimal) -> Value<'static> {
    Value::Decimal(value.normalize())
}

fn shape(function: Function, value: Decimal, places: u32) -> Decimal {
    match function {
        Function::Abs => value.abs(),
        Function::Ceiling => value.ceil(),
        Function::Floor => value.floor(),
        Function::Truncate => value.trunc(),
        _ => round_to(value, places),
    }
}

/// Logarithm through `f64`, rounded to 15 digits so that exact powers give exact results.
fn logarithm(value: Decimal, base: Decimal) -> Option<Decimal> {
    let (value, base) = (value.to_f64()?, base.to_f64()?);
    if value <= 0.0 || base <= 0.0 || base == 1.0 {
        return None;
    }
    from_f64(value.ln() / base.ln())
}

/// Integers stay integers; a negative base with a fractional exponent has no real power.
fn power(
    base: &Value<'_>,
    exponent: &Value<'_>,
    base_number: Decimal,
    exponent_number: Decimal,
) -> Option<Value<'static>> {
    if let (Value::Integer(base), Value::Integer(exponent)) = (base, exponent)
        && let Ok(exponent) = u32::try_from(*exponent)
    {
        return base.checked_pow(exponent).map(Value::Integer);
    }
    if let Some(exponent) = exponent_number
        .to_i64()
        .filter(|_| exponent_number.is_integer())
        && exponent.unsigned_abs() <= 1_000
    {
        return base_number.checked_powi(exponent).map(Value::Decimal);
    }
    from_f64(base_number.to_f64()?.powf(exponent_number.to_f64()?)).map(Value::Decimal)
}

fn from_f64(value: f64) -> Option<Decimal> {
    if !value.is_finite() {
        return None;
    }
    let decimal = Decimal::from_f64(value)?;
    Some(decimal.round_sf(14).unwrap_or(decimal).normalize())
}
