//! Expressions beyond the plain part, evaluated by the FHIRPath engine.

use std::borrow::Cow;

use mt_fhirpath::{Context, Expr, Value};
use mt_kernel::Instant;

use super::convert::Convert;
use super::value::IndexValue;
use super::walk::Walk;
use crate::query::Range;
use crate::registry::ParamKind;

/// Emits the values of `expression`. An index must not depend on the moment of writing, so the
/// engine's clock stands at the epoch. An expression that fails on a resource has no values there.
pub(super) fn extract<'a>(walk: &mut Walk<'_, 'a>, kind: ParamKind, expression: &Expr) {
    let resource = walk.resource();
    let context = Context::new(resource, Instant(0)).for_search();
    let Some(focus) = context.resource else {
        return;
    };
    let Ok(found) = expression.evaluate(&context, focus) else {
        return;
    };
    for value in &found {
        let element = value.as_element();
        let element = element.and_then(|element| element.type_id().zip(element.value()));
        match element {
            Some((type_id, node)) => {
                if let Some(convert) = Convert::of_kind(kind, type_id) {
                    // The result lives as short as the expression; the document lives longer.
                    convert.run(walk, resource.doc().node(node.id()));
                }
            }
            None => emit_system(walk, kind, value),
        }
    }
}

fn emit_system(walk: &mut Walk<'_, '_>, kind: ParamKind, value: &Value<'_>) {
    let text = match value {
        Value::Boolean(truth) => truth.to_string(),
        Value::String(text) => text.clone().into_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(date) => date.to_string(),
        Value::DateTime(moment) => moment.to_string(),
        _ => return,
    };
    let value = match kind {
        ParamKind::Token => IndexValue::Token {
            system: None,
            code: Some(Cow::Owned(text)),
            text: None,
        },
        ParamKind::String => IndexValue::String(Cow::Owned(text)),
        ParamKind::Uri => IndexValue::Uri(Cow::Owned(text)),
        ParamKind::Number => match text.parse() {
            Ok(number) => IndexValue::Number(Range::point(number)),
            Err(_) => return,
        },
        ParamKind::Date => match crate::normal::date_range(&text) {
            Some(range) => IndexValue::Date(range),
            None => return,
        },
        _ => return,
    };
    walk.emit(value);
}
