//! String functions (FHIRPath §5.6) and the encodings that later versions add.

use std::borrow::Cow;

use smallvec::smallvec;

use super::call::{optional, truth};
use super::{Evaluator, Result, Scope};
use crate::encoding;
use crate::error::EvalErrorKind;
use crate::functions::Function;
use crate::syntax::NodeId;
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn string_call(
        &mut self,
        function: Function,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        if function == Function::Join {
            return self.join(arguments, input, scope);
        }
        let name = function.name();
        let Some(text) = self.string_input(input, name)? else {
            return Ok(Collection::new());
        };
        self.charge(text.len() / 64)?;
        if function == Function::ToChars {
            self.check_size(text.len())?;
        }
        if function == Function::Substring {
            return self.substring(&text, arguments, scope);
        }
        match arguments {
            [] => Ok(transform(function, &text)),
            [argument] => match self.text_argument(*argument, scope, name)? {
                Some(argument) => self.with_text(function, &text, &argument),
                None => Ok(Collection::new()),
            },
            [first, second, ..] => {
                let pattern = self.text_argument(*first, scope, name)?;
                let substitution = self.text_argument(*second, scope, name)?;
                let (Some(pattern), Some(substitution)) = (pattern, substitution) else {
                    return Ok(Collection::new());
                };
                let matches = text.matches(&*pattern).count();
                self.check_string(matches.saturating_mul(substitution.len()) + text.len())?;
                let replaced = if pattern.is_empty() {
                    interleave(&text, &substitution)
                } else {
                    text.replace(&*pattern, &substitution)
                };
                Ok(string(replaced))
            }
        }
    }

    /// The single string of the input; other types are an error.
    pub(super) fn string_input(
        &self,
        input: &[Value<'a>],
        operation: &'static str,
    ) -> Result<Option<Cow<'a, str>>> {
        match self.system(input, operation)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => self.mismatch(operation, &other),
        }
    }

    fn with_text(
        &mut self,
        function: Function,
        text: &str,
        argument: &str,
    ) -> Result<Collection<'a>> {
        use Function as F;
        let position = |byte: Option<usize>| {
            let index = byte.map_or(-1, |byte| text[..byte].chars().count() as i64);
            smallvec![Value::Integer(index)]
        };
        let decoded = match function {
            F::Contains => return Ok(truth(text.contains(argument))),
            F::StartsWith => return Ok(truth(text.starts_with(argument))),
            F::EndsWith => return Ok(truth(text.ends_with(argument))),
            F::IndexOf => return Ok(position(text.find(argument))),
            F::LastIndexOf => return Ok(position(text.rfind(argument))),
            F::Split => {
                self.check_size(text.matches(argument).count())?;
                let parts = text.split(argument).map(|part| part.to_owned());
                return Ok(parts.map(|part| Value::String(part.into())).collect());
            }
            F::Encode => encoding::encode(text, argument),
            F::Decode => encoding::decode(text, argument),
            F::Escape => encoding::escape(text, argument),
            _ => encoding::unescape(text, argument),
        };
        match decoded {
            Some(text) => {
                self.check_string(text.len())?;
                Ok(string(text))
            }
            None if encoding::is_known(function.name(), argument) => Ok(Collection::new()),
            None => self.fail(EvalErrorKind::InvalidArgument(function.name())),
        }
    }

    fn substring(
        &mut self,
        text: &str,
        arguments: &[NodeId],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let Some(start) = self.optional_integer(arguments, scope, "substring")? else {
            return Ok(Collection::new());
        };
        let length = match arguments {
            [_, length, ..] => self.integer_argument(*length, scope, "substring")?,
            _ => None,
        };
        let length = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0));
        let Some(rest) = usize::try_from(start)
            .ok()
            .and_then(|start| text.char_indices().nth(start))
            .map(|(byte, _)| &text[byte..])
        else {
            return Ok(Collection::new());
        };
        Ok(string(rest.chars().take(length).collect()))
    }

    fn join(
        &mut self,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let separator = match arguments {
            [separator, ..] => self
                .text_argument(*separator, scope, "join")?
                .unwrap_or_default(),
            [] => Cow::Borrowed(""),
        };
        if input.is_empty() {
            return Ok(Collection::new());
        }
        let mut joined = String::new();
        let mut is_first = true;
        for item in input {
            let Some(text) = self.string_input(std::slice::from_ref(item), "join")? else {
                continue;
            };
            if !is_first {
                joined.push_str(&separator);
            }
            is_first = false;
            joined.push_str(&text);
            self.check_string(joined.len())?;
        }
        Ok(string(joined))
    }

    /// Refuses strings that the limits do not allow an expression to build.
    pub(super) fn check_string(&self, length: usize) -> Result<()> {
        if length > self.context.limits.string {
            return self.fail(EvalErrorKind::LimitExceeded("string length"));
        }
        Ok(())
    }
}

/// The functions without argument.
fn transform<'a>(function: Function, text: &str) -> Collection<'a> {
    match function {
        Function::Length => {
            let length = i64::try_from(text.chars().count()).ok();
            optional(length.map(Value::Integer))
        }
        Function::Lower => string(text.to_lowercase()),
        Function::Upper => string(text.to_uppercase()),
        Function::Trim => string(text.trim().to_owned()),
        _ => text
            .chars()
            .map(|c| Value::String(c.to_string().into()))
            .collect(),
    }
}

pub(super) fn string<'a>(text: String) -> Collection<'a> {
    smallvec![Value::String(Cow::Owned(text))]
}

/// Replacing the empty string puts the substitution around every character.
fn interleave(text: &str, substitution: &str) -> String {
    let mut output = String::from(substitution);
    for character in text.chars() {
        output.push(character);
        output.push_str(substitution);
    }
    output
}
