//! `matches`, `matchesFull` and `replaceMatches`.
//!
//! Patterns run on a linear-time engine without look-around or back-references; a literal pattern
//! is compiled once per expression.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::call::truth;
use super::strings::string;
use super::{Evaluator, Result, Scope};
use crate::error::EvalErrorKind;
use crate::functions::Function;
use crate::syntax::{Call, Literal, Node, NodeId};
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn regex_call(
        &mut self,
        call: &'a Call,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let name = call.function.name();
        let Some(text) = self.string_input(input, name)? else {
            return Ok(Collection::new());
        };
        self.charge(text.len() / 16)?;
        let [pattern, rest @ ..] = &call.arguments[..] else {
            return Ok(Collection::new());
        };
        if call.function == Function::ReplaceMatches {
            let [substitution, flags @ ..] = rest else {
                return Ok(Collection::new());
            };
            let Some(regex) = self.pattern(call, *pattern, flags, scope)? else {
                return Ok(Collection::new());
            };
            let Some(substitution) = self.text_argument(*substitution, scope, name)? else {
                return Ok(Collection::new());
            };
            return self.replace_matches(&text, &regex, &substitution);
        }
        match self.pattern(call, *pattern, rest, scope)? {
            Some(regex) => Ok(truth(regex.is_match(&text))),
            None => Ok(Collection::new()),
        }
    }

    fn replace_matches(
        &mut self,
        text: &str,
        regex: &Regex,
        substitution: &str,
    ) -> Result<Collection<'a>> {
        // The empty pattern replaces nothing.
        if regex.as_str().is_empty() {
            return Ok(string(text.to_owned()));
        }
        let mut output = String::new();
        let mut end = 0;
        for captures in regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else {
                continue;
            };
            output.push_str(&text[end..whole.start()]);
            captures.expand(substitution, &mut output);
            end = whole.end();
            self.charge(1)?;
            self.check_string(output.len())?;
        }
        output.push_str(&text[end..]);
        self.check_string(output.len())?;
        Ok(string(output))
    }

    fn pattern(
        &mut self,
        call: &'a Call,
        pattern: NodeId,
        flags: &[NodeId],
        scope: Scope<'a, '_>,
    ) -> Result<Option<Cow<'a, Regex>>> {
        if let Some(regex) = call.regex.get() {
            return Ok(Some(Cow::Borrowed(regex)));
        }
        let name = call.function.name();
        let Some(text) = self.text_argument(pattern, scope, name)? else {
            return Ok(None);
        };
        let flags = match flags {
            [flags, ..] => self.text_argument(*flags, scope, name)?.unwrap_or_default(),
            [] => Cow::Borrowed(""),
        };
        let is_literal =
            flags.is_empty() && matches!(self.ast.node(pattern), Node::Literal(Literal::String(_)));
        self.charge(text.len())?;
        let regex = self.compile(&text, &flags, call.function == Function::MatchesFull)?;
        if is_literal {
            return Ok(Some(Cow::Borrowed(call.regex.get_or_init(|| regex))));
        }
        Ok(Some(Cow::Owned(regex)))
    }

    /// Single-line mode: a dot matches line ends.
    fn compile(&self, pattern: &str, flags: &str, whole: bool) -> Result<Regex> {
        if !flags.chars().all(|flag| matches!(flag, 'i' | 'm')) {
            return self.fail(EvalErrorKind::InvalidArgument("regular expression flags"));
        }
        let limit = self.context.limits.regex;
        let anchored = if whole {
            format!("^(?:{pattern})$")
        } else {
            pattern.to_owned()
        };
        RegexBuilder::new(&anchored)
            .dot_matches_new_line(true)
            .multi_line(flags.contains('m'))
            .case_insensitive(flags.contains('i'))
            .size_limit(limit)
            .dfa_size_limit(limit)
            .nest_limit(50)
            .build()
            .or_else(|_| self.fail(EvalErrorKind::InvalidRegex))
    }
}
