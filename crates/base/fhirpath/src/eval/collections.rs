//! Functions on whole collections: sets, subsets, counting and truth of many.

use smallvec::smallvec;

use super::call::truth;
use super::{Evaluator, Result, Scope};
use crate::functions::Function;
use crate::syntax::NodeId;
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn collection_call(
        &mut self,
        function: Function,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use Function as F;
        if let [argument, ..] = arguments {
            return self.with_argument(function, *argument, input, scope);
        }
        Ok(match function {
            F::First => input.first().cloned().into_iter().collect(),
            F::Last => input.last().cloned().into_iter().collect(),
            F::Tail => input.iter().skip(1).cloned().collect(),
            F::Single => self.singleton(input)?.cloned().into_iter().collect(),
            F::Count => smallvec![Value::Integer(input.len() as i64)],
            F::Empty => truth(input.is_empty()),
            F::Not => self
                .boolean(input)?
                .map(|value| Value::Boolean(!value))
                .into_iter()
                .collect(),
            F::Distinct => self.union(input, &[])?,
            F::IsDistinct => truth(self.union(input, &[])?.len() == input.len()),
            F::AllTrue => truth(self.truths(input)?.all(|value| value)),
            F::AllFalse => truth(self.truths(input)?.all(|value| !value)),
            F::AnyTrue => truth(self.truths(input)?.any(|value| value)),
            F::AnyFalse => truth(self.truths(input)?.any(|value| !value)),
            F::Children => self.children(input)?,
            _ => self.descendants(input)?,
        })
    }

    fn with_argument(
        &mut self,
        function: Function,
        argument: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use Function as F;
        if matches!(function, F::Skip | F::Take) {
            let Some(count) = self.integer_argument(argument, scope, function.name())? else {
                return Ok(Collection::new());
            };
            let count = usize::try_from(count).unwrap_or(0).min(input.len());
            let (taken, skipped) = input.split_at(count);
            return Ok(if function == F::Take { taken } else { skipped }.into());
        }
        let other = self.eval(argument, scope)?;
        match function {
            F::Combine => {
                let mut output: Collection<'a> = input.into();
                output.extend(other);
                self.check_size(output.len())?;
                Ok(output)
            }
            F::Union => self.union(input, &other),
            F::Intersect => {
                let mut output = Collection::new();
                for item in input {
                    if self.is_member(item, &other)? && !self.is_member(item, &output)? {
                        output.push(item.clone());
                    }
                }
                Ok(output)
            }
            F::Exclude => {
                let mut output = Collection::new();
                for item in input {
                    if !self.is_member(item, &other)? {
                        output.push(item.clone());
                    }
                }
                Ok(output)
            }
            F::SubsetOf => self.is_subset(input, &other).map(truth),
            _ => self.is_subset(&other, input).map(truth),
        }
    }

    /// Both collections without duplicates.
    pub(super) fn union(
        &mut self,
        left: &[Value<'a>],
        right: &[Value<'a>],
    ) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        for item in left.iter().chain(right) {
            if !self.is_member(item, &output)? {
                output.push(item.clone());
            }
        }
        self.check_size(output.len())?;
        Ok(output)
    }

    pub(super) fn is_member(&mut self, item: &Value<'a>, collection: &[Value<'a>]) -> Result<bool> {
        for candidate in collection {
            if self.equal(item, candidate)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_subset(&mut self, part: &[Value<'a>], whole: &[Value<'a>]) -> Result<bool> {
        for item in part {
            if !self.is_member(item, whole)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The items as Booleans; an error for any other type.
    fn truths(&self, input: &[Value<'a>]) -> Result<impl Iterator<Item = bool> + use<>> {
        let mut truths = Vec::with_capacity(input.len());
        for item in input {
            match item.to_system() {
                Some(Value::Boolean(value)) => truths.push(value),
                _ => return self.mismatch("allTrue and its kin", item),
            }
        }
        Ok(truths.into_iter())
    }

    /// Every element below the input, level by level.
    fn descendants(&mut self, input: &[Value<'a>]) -> Result<Collection<'a>> {
        let mut output = self.children(input)?;
        let mut level = 0;
        while level < output.len() {
            let end = output.len();
            let next = {
                let items: Collection<'a> = output[level..end].into();
                self.children(&items)?
            };
            output.extend(next);
            self.check_size(output.len())?;
            level = end;
        }
        Ok(output)
    }
}
