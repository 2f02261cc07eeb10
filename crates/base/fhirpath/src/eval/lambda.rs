//! Functions whose arguments are evaluated anew for every item.

use std::cmp::Ordering;

use super::call::truth;
use super::{Evaluator, Result, Scope};
use crate::error::EvalErrorKind;
use crate::functions::Function;
use crate::syntax::{Call, NodeId};
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn lambda_call(
        &mut self,
        call: &'a Call,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let position = self.position;
        let result = match (call.function, &call.arguments[..]) {
            (Function::Exists, []) => Ok(truth(!input.is_empty())),
            (Function::Exists, [criteria]) => self.any(*criteria, input, scope),
            (Function::All, [criteria]) => self.all(*criteria, input, scope),
            (Function::Where, [criteria]) => self.filter(*criteria, input, scope),
            (Function::Select, [projection]) => self.select(*projection, input, scope),
            (Function::Repeat, [projection]) => self.repeat(*projection, input, scope, true),
            (Function::RepeatAll, [projection]) => self.repeat(*projection, input, scope, false),
            (Function::Aggregate, [step, rest @ ..]) => self.aggregate(*step, rest, input, scope),
            (Function::Iif, [criterion, branches @ ..]) => {
                self.iif(*criterion, branches, input, scope)
            }
            (Function::Trace, arguments) => self.trace(arguments, input, scope),
            (Function::DefineVariable, arguments) => self.define_variable(arguments, input, scope),
            (Function::Coalesce, arguments) => self.coalesce(arguments, scope),
            _ => self.sort(call, input, scope),
        };
        self.position = position;
        result
    }

    fn any(
        &mut self,
        criteria: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        for (index, item) in input.iter().enumerate() {
            if self.eval_boolean(criteria, Self::item_scope(item, index, scope))? == Some(true) {
                return Ok(truth(true));
            }
        }
        Ok(truth(false))
    }

    fn all(
        &mut self,
        criteria: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        for (index, item) in input.iter().enumerate() {
            if self.eval_boolean(criteria, Self::item_scope(item, index, scope))? != Some(true) {
                return Ok(truth(false));
            }
        }
        Ok(truth(true))
    }

    fn filter(
        &mut self,
        criteria: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        for (index, item) in input.iter().enumerate() {
            if self.eval_boolean(criteria, Self::item_scope(item, index, scope))? == Some(true) {
                output.push(item.clone());
            }
        }
        Ok(output)
    }

    fn select(
        &mut self,
        projection: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        for (index, item) in input.iter().enumerate() {
            output.extend(self.eval(projection, Self::item_scope(item, index, scope))?);
            self.check_size(output.len())?;
        }
        Ok(output)
    }

    /// Projects items, then what came out, until nothing new appears. Without `distinct`, a
    /// projection that never ends meets the limit on items.
    fn repeat(
        &mut self,
        projection: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
        distinct: bool,
    ) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        let mut queue: Vec<Value<'a>> = input.to_vec();
        while !queue.is_empty() {
            let mut next = Vec::new();
            for (index, item) in queue.iter().enumerate() {
                self.charge(1)?;
                for found in self.eval(projection, Self::item_scope(item, index, scope))? {
                    if distinct && self.is_member(&found, &output)? {
                        continue;
                    }
                    output.push(found.clone());
                    self.check_size(output.len())?;
                    next.push(found);
                }
            }
            queue = next;
        }
        Ok(output)
    }

    fn aggregate(
        &mut self,
        step: NodeId,
        initial: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let mut total = match initial {
            [initial, ..] => self.eval(*initial, scope)?,
            [] => Collection::new(),
        };
        for (index, item) in input.iter().enumerate() {
            let item_scope = Scope {
                focus: std::slice::from_ref(item),
                index: i64::try_from(index).ok(),
                total: Some(&total),
            };
            total = self.eval(step, item_scope)?;
            self.check_size(total.len())?;
        }
        Ok(total)
    }

    /// Evaluates only the branch that is taken.
    fn iif(
        &mut self,
        criterion: NodeId,
        branches: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        self.singleton(input)?;
        let scope = Scope {
            focus: input,
            ..scope
        };
        let condition = self.eval(criterion, scope)?;
        if let Some(item) = self.singleton(&condition)?
            && !matches!(item.to_system(), Some(Value::Boolean(_)))
        {
            return self.mismatch("iif", item);
        }
        match (self.boolean(&condition)?, branches) {
            (Some(true), [branch, ..]) | (_, [_, branch]) => self.eval(*branch, scope),
            _ => Ok(Collection::new()),
        }
    }

    fn sort(
        &mut self,
        call: &'a Call,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let mut keyed: Vec<(Vec<Option<Value<'a>>>, Value<'a>)> = Vec::with_capacity(input.len());
        for (index, item) in input.iter().enumerate() {
            let mut keys = Vec::with_capacity(call.arguments.len().max(1));
            if call.arguments.is_empty() {
                keys.push(self.system(std::slice::from_ref(item), "sort")?);
            }
            for argument in &call.arguments {
                let key = self.eval(*argument, Self::item_scope(item, index, scope))?;
                keys.push(self.system(&key, "sort")?);
            }
            keyed.push((keys, item.clone()));
        }
        self.charge(keyed.len() * 16)?;
        // Errors cannot leave the comparison, so the first one is kept aside.
        let mut failure = None;
        keyed.sort_by(|(left, _), (right, _)| {
            for (index, (a, b)) in left.iter().zip(right).enumerate() {
                let ordering = match self.compare_keys(a.as_ref(), b.as_ref()) {
                    Ok(ordering) => ordering,
                    Err(error) => {
                        failure = Some(error);
                        return Ordering::Equal;
                    }
                };
                if ordering != Ordering::Equal {
                    let is_descending = call.descending.get(index) == Some(&true);
                    return if is_descending {
                        ordering.reverse()
                    } else {
                        ordering
                    };
                }
            }
            Ordering::Equal
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
        }
    }

    fn trace(
        &mut self,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        if let (Some(trace), [name, rest @ ..]) = (self.context.trace, arguments) {
            let name = self
                .text_argument(*name, scope, "trace")?
                .unwrap_or_default();
            match rest {
                [projection, ..] => trace.trace(&name, &self.select(*projection, input, scope)?),
                [] => trace.trace(&name, input),
            }
        }
        Ok(input.into())
    }

    fn define_variable(
        &mut self,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let [name, rest @ ..] = arguments else {
            return Ok(input.into());
        };
        let Some(name) = self.text_argument(*name, scope, "defineVariable")? else {
            return self.fail(EvalErrorKind::InvalidArgument("defineVariable"));
        };
        let value = match rest {
            [value, ..] => self.eval(
                *value,
                Scope {
                    focus: input,
                    ..scope
                },
            )?,
            [] => input.into(),
        };
        let is_reserved = matches!(
            &*name,
            "context" | "resource" | "rootResource" | "ucum" | "sct" | "loinc"
        );
        if is_reserved || self.variables.iter().any(|(known, _)| **known == *name) {
            return self.fail(EvalErrorKind::VariableRedefined((&*name).into()));
        }
        self.variables.push(((&*name).into(), value));
        Ok(input.into())
    }

    fn coalesce(&mut self, arguments: &[NodeId], scope: Scope<'a, '_>) -> Result<Collection<'a>> {
        for argument in arguments {
            let value = self.eval(*argument, scope)?;
            if !value.is_empty() {
                return Ok(value);
            }
        }
        Ok(Collection::new())
    }
}
