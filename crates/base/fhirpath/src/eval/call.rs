//! Function calls: from the group of a function to the code that knows it.

use smallvec::smallvec;

use super::{Evaluator, Result, Scope};
use crate::functions::Group;
use crate::syntax::{Call, NodeId};
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn call(
        &mut self,
        call: &'a Call,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let (function, arguments) = (call.function, &call.arguments[..]);
        match function.group() {
            Group::Lambda => self.lambda_call(call, input, scope),
            Group::Collection => self.collection_call(function, arguments, input, scope),
            Group::Text => self.string_call(function, arguments, input, scope),
            Group::Regex => self.regex_call(call, input, scope),
            Group::Math => self.math_call(function, arguments, input, scope),
            Group::Conversion => self.conversion_call(function, arguments, input, scope),
            Group::Temporal => self.temporal_call(function, arguments, input, scope),
            Group::Boundary => self.boundary(function, arguments, input, scope),
            Group::Type => Ok(self.type_of(input)),
            Group::Fhir => self.fhir_call(function, arguments, input, scope),
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
