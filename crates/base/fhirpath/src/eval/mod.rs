//! The evaluator: walks the expression arena with collections of borrowed values.
//!
//! Recursion follows only the nesting of the expression, which the parser limits; paths, `repeat`
//! and `descendants` are loops. Every item visited is charged to a work budget.

mod call;
mod collections;
mod compare;
mod convert;
mod equality;
mod fhir;
mod lambda;
mod math;
mod operators;
mod path;
mod regex;
mod strings;
mod temporal;
mod types;

use std::borrow::Cow;

use smallvec::smallvec;

use crate::context::{Context, Dialect};
use crate::error::{EvalError, EvalErrorKind};
use crate::syntax::{Ast, Literal, Node, NodeId};
use crate::value::{Collection, Value};

type Result<T> = std::result::Result<T, EvalError>;

/// What `$this`, `$index` and `$total` mean at one place.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a, 's> {
    focus: &'s [Value<'a>],
    index: Option<i64>,
    total: Option<&'s Collection<'a>>,
}

/// One evaluation of one expression.
pub(crate) struct Evaluator<'a, 'c> {
    ast: &'a Ast,
    context: &'c Context<'a>,
    /// `%context`
    original: &'c [Value<'a>],
    /// Variables that `defineVariable` made, innermost last.
    variables: Vec<(Box<str>, Collection<'a>)>,
    work: u64,
    /// Offset of the step being evaluated, for errors.
    position: u32,
}

impl<'a, 'c> Evaluator<'a, 'c> {
    pub(crate) fn new(ast: &'a Ast, context: &'c Context<'a>, original: &'c [Value<'a>]) -> Self {
        Self {
            ast,
            context,
            original,
            variables: Vec::new(),
            work: context.limits.work,
            position: 0,
        }
    }

    pub(crate) fn run(mut self, focus: &[Value<'a>]) -> Result<Collection<'a>> {
        let scope = Scope {
            focus,
            index: None,
            total: None,
        };
        self.eval(self.ast.root, scope)
    }

    pub(crate) fn run_boolean(mut self, focus: &[Value<'a>]) -> Result<Option<bool>> {
        let scope = Scope {
            focus,
            index: None,
            total: None,
        };
        self.eval_boolean(self.ast.root, scope)
    }

    fn eval(&mut self, id: NodeId, scope: Scope<'a, '_>) -> Result<Collection<'a>> {
        let ast = self.ast;
        match ast.node(id) {
            Node::Path { start, steps } => self.eval_path(*start, steps, scope),
            Node::Literal(literal) => Ok(smallvec![literal_value(literal)]),
            Node::Empty => Ok(Collection::new()),
            Node::This => {
                self.charge(cost(scope.focus))?;
                Ok(scope.focus.into())
            }
            Node::Index => Ok(scope.index.map(Value::Integer).into_iter().collect()),
            Node::Total => {
                let total = scope.total.cloned().unwrap_or_default();
                self.charge(cost(&total))?;
                Ok(total)
            }
            Node::Variable(name) => {
                self.position = ast.position(id);
                let value = self.variable(name)?;
                self.charge(cost(&value))?;
                Ok(value)
            }
            Node::Unary(operator, operand) => {
                let operand = self.eval(*operand, scope)?;
                self.position = ast.position(id);
                self.unary(*operator, operand)
            }
            Node::Binary(operator, left, right) => {
                self.binary(*operator, *left, *right, ast.position(id), scope)
            }
            Node::Is(operand, type_spec) => {
                let operand = self.eval(*operand, scope)?;
                self.position = ast.position(id);
                self.is(&operand, type_spec)
            }
            Node::As(operand, type_spec) => {
                let operand = self.eval(*operand, scope)?;
                self.position = ast.position(id);
                self.cast(operand, type_spec)
            }
        }
    }

    /// Evaluates to a truth value (FHIRPath §4.5: a single item that is no Boolean is true).
    fn eval_boolean(&mut self, id: NodeId, scope: Scope<'a, '_>) -> Result<Option<bool>> {
        let collection = self.eval(id, scope)?;
        self.boolean(&collection)
    }

    fn boolean(&self, collection: &[Value<'a>]) -> Result<Option<bool>> {
        let Some(item) = self.singleton(collection)? else {
            return Ok(None);
        };
        Ok(Some(match item {
            Value::Boolean(value) => *value,
            Value::Element(_) => !matches!(item.to_system(), Some(Value::Boolean(false))),
            _ => true,
        }))
    }

    /// The only item; an error when there are more.
    fn singleton<'v>(&self, collection: &'v [Value<'a>]) -> Result<Option<&'v Value<'a>>> {
        match collection {
            [] => Ok(None),
            [item] => Ok(Some(item)),
            items => self.fail(EvalErrorKind::NotSingleton(items.len())),
        }
    }

    /// The only item as a System value; elements that convert to none are an error.
    fn system(
        &self,
        collection: &[Value<'a>],
        operation: &'static str,
    ) -> Result<Option<Value<'a>>> {
        let Some(item) = self.singleton(collection)? else {
            return Ok(None);
        };
        match item.to_system() {
            Some(value) => Ok(Some(value)),
            // A primitive that holds only extensions has no value to operate on.
            None if is_valueless(item) => Ok(None),
            None => self.mismatch(operation, item),
        }
    }

    /// The only item of an argument, evaluated in the scope of the call.
    fn argument(
        &mut self,
        id: NodeId,
        scope: Scope<'a, '_>,
        operation: &'static str,
    ) -> Result<Option<Value<'a>>> {
        let collection = self.eval(id, scope)?;
        self.system(&collection, operation)
    }

    fn integer_argument(
        &mut self,
        id: NodeId,
        scope: Scope<'a, '_>,
        operation: &'static str,
    ) -> Result<Option<i64>> {
        match self.argument(id, scope, operation)? {
            None => Ok(None),
            Some(Value::Integer(value)) => Ok(Some(value)),
            Some(other) => self.mismatch(operation, &other),
        }
    }

    fn text_argument(
        &mut self,
        id: NodeId,
        scope: Scope<'a, '_>,
        operation: &'static str,
    ) -> Result<Option<Cow<'a, str>>> {
        match self.argument(id, scope, operation)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => self.mismatch(operation, &other),
        }
    }

    fn variable(&mut self, name: &str) -> Result<Collection<'a>> {
        if let Some((_, value)) = self.variables.iter().rev().find(|(n, _)| **n == *name) {
            return Ok(value.clone());
        }
        if let Some((_, value)) = self.context.variables.iter().find(|(n, _)| **n == *name) {
            return Ok(value.as_slice().into());
        }
        let element = |element: Option<_>| element.map(Value::Element).into_iter().collect();
        Ok(match name {
            "context" => self.original.into(),
            "resource" => element(self.context.resource),
            "rootResource" => element(self.context.root_resource),
            "ucum" => smallvec![Value::text("http://unitsofmeasure.org")],
            "sct" => smallvec![Value::text("http://snomed.info/sct")],
            "loinc" => smallvec![Value::text("http://loinc.org")],
            _ => {
                let url = if let Some(id) = name.strip_prefix("vs-") {
                    format!("http://hl7.org/fhir/ValueSet/{id}")
                } else if let Some(id) = name.strip_prefix("ext-") {
                    format!("http://hl7.org/fhir/StructureDefinition/{id}")
                } else {
                    return self.fail(EvalErrorKind::UnknownVariable(name.into()));
                };
                smallvec![Value::String(url.into())]
            }
        })
    }

    /// Charges `units` of work.
    fn charge(&mut self, units: usize) -> Result<()> {
        match self.work.checked_sub(units as u64) {
            Some(left) => {
                self.work = left;
                Ok(())
            }
            None => self.fail(EvalErrorKind::LimitExceeded("work")),
        }
    }

    fn check_size(&self, items: usize) -> Result<()> {
        if items > self.context.limits.items {
            return self.fail(EvalErrorKind::LimitExceeded("items"));
        }
        Ok(())
    }

    fn is_search(&self) -> bool {
        self.context.dialect == Dialect::Search
    }

    fn fail<T>(&self, kind: EvalErrorKind) -> Result<T> {
        Err(EvalError {
            position: self.position as usize,
            kind,
        })
    }

    fn mismatch<T>(&self, operation: &'static str, item: &Value<'a>) -> Result<T> {
        let found = item.type_name().map_or("an untyped element", |t| t.name);
        self.fail(EvalErrorKind::TypeMismatch { operation, found })
    }
}

/// Work for passing items on: copies of strings that the expression made count by their length.
fn cost(items: &[Value<'_>]) -> usize {
    let item = |value: &Value<'_>| match value {
        Value::String(Cow::Owned(text)) => 1 + (text.len() >> 8),
        _ => 1,
    };
    items.iter().map(item).sum()
}

/// An element without value, of a primitive or unknown type.
fn is_valueless(item: &Value<'_>) -> bool {
    item.as_element()
        .is_some_and(|element| element.value().is_none())
}

fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::String(text) => Value::text(text),
        Literal::Integer(value) => Value::Integer(*value),
        Literal::Decimal(value) => Value::Decimal(*value),
        Literal::Date(date) => Value::Date(*date),
        Literal::DateTime(date_time) => Value::DateTime(*date_time),
        Literal::Time(time) => Value::Time(*time),
        Literal::Quantity(quantity) => Value::Quantity(quantity.clone()),
    }
}
