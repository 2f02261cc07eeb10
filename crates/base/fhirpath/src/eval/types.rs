//! `is`, `as`, `ofType` and `type`.

use mt_fhir::definitions::TypeKind;
use smallvec::smallvec;

use super::{Evaluator, Result};
use crate::error::EvalErrorKind;
use crate::type_spec::TypeSpec;
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn is(&self, input: &[Value<'a>], type_spec: &TypeSpec) -> Result<Collection<'a>> {
        self.check_type(type_spec)?;
        Ok(match self.singleton(input)? {
            None => Collection::new(),
            Some(item) => smallvec![Value::Boolean(is_of(item, type_spec))],
        })
    }

    pub(super) fn cast(
        &self,
        input: Collection<'a>,
        type_spec: &TypeSpec,
    ) -> Result<Collection<'a>> {
        if !self.is_search() {
            self.singleton(&input)?;
        }
        self.of_type(input, type_spec)
    }

    pub(super) fn of_type(
        &self,
        mut input: Collection<'a>,
        type_spec: &TypeSpec,
    ) -> Result<Collection<'a>> {
        self.check_type(type_spec)?;
        input.retain(|item| casts_to(item, type_spec));
        Ok(input)
    }

    pub(super) fn type_of(&self, input: &[Value<'a>]) -> Collection<'a> {
        input
            .iter()
            .filter_map(Value::type_name)
            .map(Value::Type)
            .collect()
    }

    fn check_type(&self, type_spec: &TypeSpec) -> Result<()> {
        if type_spec.is_known() {
            return Ok(());
        }
        self.fail(EvalErrorKind::UnknownType(type_spec.text.clone()))
    }
}

/// Whether the item's type is the named one or a specialisation of it.
fn is_of(item: &Value<'_>, type_spec: &TypeSpec) -> bool {
    match item {
        Value::Element(element) => match (element.type_id(), type_spec.fhir) {
            (Some(found), Some(wanted)) => found.is_a(wanted),
            // Trees without definitions consist of System values.
            (None, _) if !element.is_complex() => item
                .to_system()
                .is_some_and(|v| v.system_type() == type_spec.system && type_spec.system.is_some()),
            _ => false,
        },
        Value::Unresolved(found) => type_spec.fhir.is_some_and(|wanted| found.is_a(wanted)),
        system => type_spec.system.is_some() && system.system_type() == type_spec.system,
    }
}

/// As [`is_of`], except that primitives are never taken for their base type: a `code` is not
/// selected by `ofType(string)`.
fn casts_to(item: &Value<'_>, type_spec: &TypeSpec) -> bool {
    let primitive = item
        .as_element()
        .and_then(|element| element.type_id())
        .filter(|type_id| type_id.def().kind == TypeKind::Primitive);
    match primitive {
        Some(found) => type_spec.fhir == Some(found),
        None => is_of(item, type_spec),
    }
}
