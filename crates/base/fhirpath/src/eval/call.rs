//! Function calls: one table from the function to the code that knows it.

use smallvec::smallvec;

use super::{Evaluator, Result, Scope};
use crate::functions::Function;
use crate::syntax::{Call, NodeId};
use crate::system::Boundary;
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn call(
        &mut self,
        call: &'a Call,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use Function as F;
        let arguments = &call.arguments[..];
        match call.function {
            F::Where
            | F::Select
            | F::All
            | F::Exists
            | F::Repeat
            | F::RepeatAll
            | F::Aggregate
            | F::Iif
            | F::Sort
            | F::Trace
            | F::DefineVariable
            | F::Coalesce => self.lambda_call(call, input, scope),
            F::Combine
            | F::Union
            | F::Intersect
            | F::Exclude
            | F::SubsetOf
            | F::SupersetOf
            | F::Skip
            | F::Take
            | F::First
            | F::Last
            | F::Tail
            | F::Single
            | F::Count
            | F::Empty
            | F::Distinct
            | F::IsDistinct
            | F::AllTrue
            | F::AllFalse
            | F::AnyTrue
            | F::AnyFalse
            | F::Children
            | F::Descendants
            | F::Not => self.collection_call(call.function, arguments, input, scope),
            F::Contains
            | F::StartsWith
            | F::EndsWith
            | F::IndexOf
            | F::LastIndexOf
            | F::Length
            | F::Lower
            | F::Upper
            | F::Trim
            | F::ToChars
            | F::Substring
            | F::Replace
            | F::Split
            | F::Join
            | F::Encode
            | F::Decode
            | F::Escape
            | F::Unescape => self.string_call(call.function, arguments, input, scope),
            F::Matches | F::MatchesFull | F::ReplaceMatches => self.regex_call(call, input, scope),
            F::Abs
            | F::Ceiling
            | F::Floor
            | F::Truncate
            | F::Exp
            | F::Ln
            | F::Log
            | F::Power
            | F::Round
            | F::Sqrt => self.math_call(call.function, arguments, input, scope),
            F::ToBoolean
            | F::ToInteger
            | F::ToLong
            | F::ToDecimal
            | F::ToString
            | F::ToDate
            | F::ToDateTime
            | F::ToTime
            | F::ToQuantity
            | F::ConvertsToBoolean
            | F::ConvertsToInteger
            | F::ConvertsToLong
            | F::ConvertsToDecimal
            | F::ConvertsToString
            | F::ConvertsToDate
            | F::ConvertsToDateTime
            | F::ConvertsToTime
            | F::ConvertsToQuantity => self.conversion_call(call.function, arguments, input, scope),
            F::LowBoundary => self.boundary(Boundary::Low, arguments, input, scope),
            F::HighBoundary => self.boundary(Boundary::High, arguments, input, scope),
            F::Now
            | F::Today
            | F::TimeOfDay
            | F::Precision
            | F::Comparable
            | F::YearOf
            | F::MonthOf
            | F::DayOf
            | F::HourOf
            | F::MinuteOf
            | F::SecondOf
            | F::MillisecondOf
            | F::TimezoneOffsetOf
            | F::DateOf
            | F::TimeOf => self.temporal_call(call.function, arguments, input, scope),
            F::Type => Ok(self.type_of(input)),
            F::Extension
            | F::HasValue
            | F::GetValue
            | F::Resolve
            | F::MemberOf
            | F::Subsumes
            | F::SubsumedBy
            | F::ConformsTo
            | F::HtmlChecks
            | F::CheckModifiers
            | F::ElementDefinition
            | F::Slice => self.fhir_call(call.function, arguments, input, scope),
        }
    }

    /// The scope in which a lambda sees one item.
    pub(super) fn item_scope<'s>(
        item: &'s Value<'a>,
        index: usize,
        scope: Scope<'a, 's>,
    ) -> Scope<'a, 's> {
        Scope {
            focus: std::slice::from_ref(item),
            index: i64::try_from(index).ok(),
            total: scope.total,
        }
    }

    /// `first argument, when there is one`, as an integer.
    pub(super) fn optional_integer(
        &mut self,
        arguments: &[NodeId],
        scope: Scope<'a, '_>,
        operation: &'static str,
    ) -> Result<Option<i64>> {
        match arguments {
            [] => Ok(None),
            [argument, ..] => self.integer_argument(*argument, scope, operation),
        }
    }
}

/// A collection of one Boolean.
pub(super) fn truth<'a>(value: bool) -> Collection<'a> {
    smallvec![Value::Boolean(value)]
}

/// A collection of what may be a value.
pub(super) fn optional(value: Option<Value<'_>>) -> Collection<'_> {
    value.into_iter().collect()
}
