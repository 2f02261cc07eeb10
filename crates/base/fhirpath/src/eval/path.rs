//! Paths: a start and the steps taken from it.

use super::{Evaluator, Result, Scope, cost};
use crate::element::Element;
use crate::syntax::{NodeId, Step, StepKind};
use crate::value::{Collection, TypeName, Value};
use mt_fhir::definitions::TypeId;
use mt_fhir::names::Name;

impl<'a> Evaluator<'a, '_> {
    pub(super) fn eval_path(
        &mut self,
        start: Option<NodeId>,
        steps: &'a [Step],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let variables = self.variables.len();
        let (mut current, rest) = match (start, steps) {
            (Some(start), steps) => (self.eval(start, scope)?, steps),
            (None, [first, rest @ ..]) => (self.step(first, scope.focus, scope)?, rest),
            (None, []) => (scope.focus.into(), steps),
        };
        for step in rest {
            // Member access and filters of nothing are nothing; functions may say otherwise.
            if current.is_empty() && matches!(step.kind, StepKind::Member { .. }) {
                continue;
            }
            current = self.step(step, &current, scope)?;
        }
        self.variables.truncate(variables);
        Ok(current)
    }

    fn step(
        &mut self,
        step: &'a Step,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        self.position = step.position;
        self.charge(cost(input) + 1)?;
        match &step.kind {
            StepKind::Member { text, name } => self.member(input, text, *name),
            StepKind::Root {
                text,
                name,
                type_id,
            } => match type_id {
                Some(type_id) => self.root(input, text, *name, *type_id),
                None => self.plain_root(input, text, *name),
            },
            StepKind::Indexer(index) => {
                let index = self.integer_argument(*index, scope, "[]")?;
                let item = index
                    .and_then(|index| usize::try_from(index).ok())
                    .and_then(|index| input.get(index));
                Ok(item.cloned().into_iter().collect())
            }
            StepKind::Call(call) => self.call(call, input, scope),
            StepKind::Is(type_spec) => self.is(input, type_spec),
            StepKind::As(type_spec) => self.cast(input.into(), type_spec),
            StepKind::OfType(type_spec) => self.of_type(input.into(), type_spec),
        }
    }

    fn member(&mut self, input: &[Value<'a>], text: &str, name: Name) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        for item in input {
            match item {
                Value::Element(element) => {
                    element.children_named(name, text, &mut |child| {
                        output.push(Value::Element(child));
                    });
                }
                Value::Type(type_name) => output.extend(type_member(*type_name, text)),
                Value::Quantity(quantity) => match text {
                    "value" => output.push(Value::Decimal(quantity.value)),
                    "unit" => output.push(Value::String(quantity.unit.code().to_owned().into())),
                    _ => {}
                },
                _ => {}
            }
        }
        self.charge(output.len())?;
        self.check_size(output.len())?;
        Ok(output)
    }

    /// `Patient.…`: the items that are of that type.
    fn root(
        &mut self,
        input: &[Value<'a>],
        text: &str,
        name: Name,
        type_id: TypeId,
    ) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        for item in input {
            let found = match item {
                Value::Element(element) => element.type_id(),
                Value::Unresolved(found) => Some(*found),
                _ => None,
            };
            match found {
                Some(found) if found.is_a(type_id) => output.push(item.clone()),
                Some(_) => {}
                None => output.extend(self.plain_root(std::slice::from_ref(item), text, name)?),
            }
        }
        Ok(output)
    }

    /// A capitalised first name on plain JSON: its `resourceType`, or a field.
    fn plain_root(
        &mut self,
        input: &[Value<'a>],
        text: &str,
        name: Name,
    ) -> Result<Collection<'a>> {
        let is_named = |item: &Value<'a>| match item {
            Value::Element(Element::Json(node)) => node.resource_type() == Some(text),
            _ => false,
        };
        if input.iter().any(is_named) {
            return Ok(input
                .iter()
                .filter(|item| is_named(item))
                .cloned()
                .collect());
        }
        self.member(input, text, name)
    }

    /// Every child of every item, in document order.
    pub(super) fn children(&mut self, input: &[Value<'a>]) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        for element in input.iter().filter_map(Value::as_element) {
            element.children(&mut |child: Element<'a>| output.push(Value::Element(child)));
        }
        self.charge(output.len())?;
        self.check_size(output.len())?;
        Ok(output)
    }
}

fn type_member(type_name: TypeName, member: &str) -> Option<Value<'static>> {
    match member {
        "name" => Some(Value::text(type_name.name)),
        "namespace" => Some(Value::text(type_name.namespace)),
        _ => None,
    }
}
