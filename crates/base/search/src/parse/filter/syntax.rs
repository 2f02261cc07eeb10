//! The grammar of `_filter`, without knowledge of parameters.

use crate::query::{Limit, QueryError};

/// An expression as written.
#[derive(Debug, PartialEq)]
pub(super) enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Term(Term),
}

/// `path operator value`
#[derive(Debug, PartialEq)]
pub(super) struct Term {
    /// At least one step.
    pub(super) path: Vec<Step>,
    pub(super) operator: Operator,
    pub(super) value: String,
    /// Where the term starts, in characters.
    pub(super) position: usize,
}

/// A parameter on the way, with the type and the condition its target must have.
#[derive(Debug, PartialEq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) target: Option<String>,
    pub(super) condition: Option<Expression>,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Lt,
    Ge,
    Le,
    Ap,
    Sa,
    Eb,
    Pr,
    Po,
    Ss,
    Sb,
    In,
    Ni,
    Re,
}

impl Operator {
    fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "co" => Self::Co,
            "sw" => Self::Sw,
            "ew" => Self::Ew,
            "gt" => Self::Gt,
            "lt" => Self::Lt,
            "ge" => Self::Ge,
            "le" => Self::Le,
            "ap" => Self::Ap,
            "sa" => Self::Sa,
            "eb" => Self::Eb,
            "pr" => Self::Pr,
            "po" => Self::Po,
            "ss" => Self::Ss,
            "sb" => Self::Sb,
            "in" => Self::In,
            "ni" => Self::Ni,
            "re" => Self::Re,
            _ => return None,
        })
    }
}

/// Parses a whole expression of at most `max_terms` terms and nestings.
pub(super) fn parse(text: &str, max_terms: usize) -> Result<Expression, QueryError> {
    let mut parser = Parser {
        rest: text,
        consumed: 0,
        terms: 0,
        max_terms,
    };
    let expression = parser.or()?;
    parser.space();
    if parser.rest.is_empty() {
        Ok(expression)
    } else {
        Err(parser.error("expected the end, 'and' or 'or'"))
    }
}

struct Parser<'a> {
    rest: &'a str,
    consumed: usize,
    terms: usize,
    max_terms: usize,
}

impl<'a> Parser<'a> {
    fn or(&mut self) -> Result<Expression, QueryError> {
        let mut operands = vec![self.and()?];
        while self.keyword("or") {
            operands.push(self.and()?);
        }
        Ok(one_or(operands, Expression::Or))
    }

    fn and(&mut self) -> Result<Expression, QueryError> {
        let mut operands = vec![self.operand()?];
        while self.keyword("and") {
            operands.push(self.operand()?);
        }
        Ok(one_or(operands, Expression::And))
    }

    fn operand(&mut self) -> Result<Expression, QueryError> {
        self.count()?;
        self.space();
        let before = (self.rest, self.consumed);
        let negated = self.word() == "not" && {
            self.space();
            self.rest.starts_with('(')
        };
        if !negated {
            (self.rest, self.consumed) = before;
        }
        if self.symbol('(') {
            let inner = self.or()?;
            self.space();
            if !self.symbol(')') {
                return Err(self.error("expected ')'"));
            }
            return Ok(if negated {
                Expression::Not(Box::new(inner))
            } else {
                inner
            });
        }
        self.term()
    }

    fn term(&mut self) -> Result<Expression, QueryError> {
        let position = self.consumed;
        let mut path = vec![self.step()?];
        while self.symbol('.') {
            path.push(self.step()?);
        }
        self.space();
        let operator = self.word();
        let operator =
            Operator::from_code(operator).ok_or_else(|| self.error("unknown operator"))?;
        self.space();
        let value = self.value()?;
        Ok(Expression::Term(Term {
            path,
            operator,
            value,
            position,
        }))
    }

    fn step(&mut self) -> Result<Step, QueryError> {
        let name = self.name()?;
        let target = if self.symbol(':') {
            Some(self.name()?)
        } else {
            None
        };
        let condition = if self.symbol('[') {
            let condition = self.or()?;
            self.space();
            if !self.symbol(']') {
                return Err(self.error("expected ']'"));
            }
            Some(condition)
        } else {
            None
        };
        Ok(Step {
            name,
            target,
            condition,
        })
    }

    fn name(&mut self) -> Result<String, QueryError> {
        let word = self.word();
        if word.is_empty() {
            Err(self.error("expected a parameter name"))
        } else {
            Ok(word.to_owned())
        }
    }

    fn word(&mut self) -> &'a str {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// A JSON string, or everything up to white space, `)` or `]`.
    fn value(&mut self) -> Result<String, QueryError> {
        if self.symbol('"') {
            return self.quoted();
        }
        let is_end = |c: char| c.is_whitespace() || matches!(c, ')' | ']');
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let word = self.take(end);
        if word.is_empty() {
            Err(self.error("expected a value"))
        } else {
            Ok(word.to_owned())
        }
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let mut out = String::new();
        loop {
            let Some(character) = self.character() else {
                return Err(self.error("the string is not closed"));
            };
            match character {
                '"' => return Ok(out),
                '\\' => {
                    let escaped = self.character().and_then(|c| self.escaped(c));
                    out.push(escaped.ok_or_else(|| self.error("unknown escape"))?);
                }
                other => out.push(other),
            }
        }
    }

    fn escaped(&mut self, character: char) -> Option<char> {
        Some(match character {
            '"' | '\\' | '/' => character,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let digits = self.rest.get(..4)?;
                let code = u32::from_str_radix(digits, 16).ok()?;
                self.take(4);
                char::from_u32(code)?
            }
            _ => return None,
        })
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let before = (self.rest, self.consumed);
        self.space();
        if self.word() == keyword {
            return true;
        }
        (self.rest, self.consumed) = before;
        false
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let found = self.rest.starts_with(symbol);
        if found {
            self.take(symbol.len_utf8());
        }
        found
    }

    fn character(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.take(character.len_utf8());
        Some(character)
    }

    fn space(&mut self) {
        let trimmed = self.rest.trim_start();
        self.take(self.rest.len() - trimmed.len());
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.consumed += taken.chars().count();
        self.rest = rest;
        taken
    }

    fn count(&mut self) -> Result<(), QueryError> {
        self.terms += 1;
        if self.terms <= self.max_terms {
            return Ok(());
        }
        Err(QueryError::TooMuch {
            name: "_filter".to_owned(),
            limit: Limit::FilterTerms,
            max: self.max_terms,
        })
    }

    const fn error(&self, reason: &'static str) -> QueryError {
        QueryError::Filter {
            position: self.consumed,
            reason,
        }
    }
}

fn one_or(mut operands: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    match operands.pop() {
        Some(only) if operands.is_empty() => only,
        Some(last) => {
            operands.push(last);
            several(operands)
        }
        None => several(operands),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(expression: &Expression) -> String {
        let list = |operands: &[Expression], name: &str| {
            let shapes: Vec<_> = operands.iter().map(shape).collect();
            format!("{name}({})", shapes.join(" "))
        };
        match expression {
            Expression::And(operands) => list(operands, "and"),
            Expression::Or(operands) => list(operands, "or"),
            Expression::Not(operand) => format!("not({})", shape(operand)),
            Expression::Term(term) => {
                let step = |step: &Step| {
                    let target = step
                        .target
                        .as_deref()
                        .map_or(String::new(), |t| format!(":{t}"));
                    let condition = step
                        .condition
                        .as_ref()
                        .map_or(String::new(), |c| format!("[{}]", shape(c)));
                    format!("{}{target}{condition}", step.name)
                };
                let path: Vec<_> = term.path.iter().map(step).collect();
                format!("{}~{:?}~{}", path.join("."), term.operator, term.value)
            }
        }
    }

    #[test]
    fn and_binds_tighter_than_or() {
        for (text, expected) in [
            ("name co \"pet\"", "name~Co~pet"),
            (
                "a eq 1 or b eq 2 and c eq 3",
                "or(a~Eq~1 and(b~Eq~2 c~Eq~3))",
            ),
            (
                "(a eq 1 or b eq 2) and not (c pr true)",
                "and(or(a~Eq~1 b~Eq~2) not(c~Pr~true))",
            ),
            ("not eq 5", "not~Eq~5"),
            (
                "subject:Patient[birthdate ge 1990].name sw \"a \\\"b\\u0041\"",
                "subject:Patient[birthdate~Ge~1990].name~Sw~a \"bA",
            ),
            (
                "code eq http://loinc.org|1234-5",
                "code~Eq~http://loinc.org|1234-5",
            ),
        ] {
            let parsed = parse(text, 50).expect(text);
            assert_eq!(shape(&parsed), expected, "{text}");
        }
    }

    #[test]
    fn what_breaks_the_grammar_is_refused_with_its_place() {
        for (text, position) in [
            ("", 0),
            ("name", 4),
            ("name co", 7),
            ("name zz \"x\"", 7),
            ("name co \"x", 10),
            ("(a eq 1", 7),
            ("a eq 1)", 6),
            ("a eq 1 b eq 2", 7),
            ("a[b eq 1.c eq 2", 11),
            ("a eq \"\\x\"", 8),
            ("not(a eq 1", 10),
        ] {
            match parse(text, 50) {
                Err(QueryError::Filter { position: at, .. }) => assert_eq!(at, position, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        let deep = "(".repeat(100_000);
        assert!(matches!(parse(&deep, 64), Err(QueryError::TooMuch { .. })));
    }
}
