//! A Pratt parser over the lexer's tokens.
//!
//! Binding powers follow the order of the alternatives in the official grammar. Every node knows
//! its depth; a node deeper than [`MAX_DEPTH`] is refused, and so is nesting while it is parsed.

use std::sync::OnceLock;

use mt_fhir::TypeId;
use mt_fhir::names::Name;
use rust_decimal::Decimal;

use super::ast::{Ast, BinaryOp, Call, Literal, Node, NodeId, Step, StepKind, UnaryOp};
use super::lexer::{Lexer, ParseError, ParseErrorKind, Token};
use crate::functions::Function;
use crate::system::{Quantity, Unit};
use crate::type_spec::TypeSpec;
use crate::{MAX_DEPTH, MAX_LENGTH};

const UNARY_POWER: u8 = 11;

/// Parses a whole expression.
pub(crate) fn parse(text: &str) -> Result<Ast, ParseError> {
    let mut lexer = Lexer::new(text);
    if text.len() > MAX_LENGTH {
        return lexer.error(MAX_LENGTH, ParseErrorKind::TooLong);
    }
    let (token, position) = lexer.next()?;
    let mut parser = Parser {
        lexer,
        token,
        position,
        nodes: Vec::new(),
        positions: Vec::new(),
        depths: Vec::new(),
        nesting: 0,
    };
    let root = parser.expression(0)?;
    if parser.token != Token::End {
        return parser.fail(ParseErrorKind::Expected("an operator or the end"));
    }
    Ok(Ast {
        nodes: parser.nodes,
        positions: parser.positions,
        root,
    })
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    /// The token not yet consumed and where it starts.
    token: Token,
    position: usize,
    nodes: Vec<Node>,
    positions: Vec<u32>,
    depths: Vec<u16>,
    nesting: u16,
}

impl Parser<'_> {
    fn fail<T>(&self, kind: ParseErrorKind) -> Result<T, ParseError> {
        let kind = match (&self.token, kind) {
            (Token::End, ParseErrorKind::Expected(_)) => ParseErrorKind::UnexpectedEnd,
            (_, kind) => kind,
        };
        self.lexer.error(self.position, kind)
    }

    fn advance(&mut self) -> Result<Token, ParseError> {
        let (token, position) = self.lexer.next()?;
        self.position = position;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(s) if s == symbol)
    }

    fn at_keyword(&self, word: &str) -> bool {
        matches!(&self.token, Token::Identifier(w) if **w == *word)
    }

    fn accept(&mut self, symbol: &str) -> Result<bool, ParseError> {
        let found = self.at_symbol(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str, what: &'static str) -> Result<(), ParseError> {
        if self.accept(symbol)? {
            Ok(())
        } else {
            self.fail(ParseErrorKind::Expected(what))
        }
    }

    /// Adds a node whose deepest child has `depth`.
    fn push(&mut self, node: Node, position: usize, depth: u16) -> Result<NodeId, ParseError> {
        if depth >= MAX_DEPTH {
            return self.lexer.error(position, ParseErrorKind::TooDeep);
        }
        // Both fit: the text is at most MAX_LENGTH bytes long.
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.positions
            .push(u32::try_from(position).unwrap_or(u32::MAX));
        self.depths.push(depth + 1);
        Ok(id)
    }

    fn depth(&self, id: NodeId) -> u16 {
        self.depths[id.0 as usize]
    }

    fn expression(&mut self, least_power: u8) -> Result<NodeId, ParseError> {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return self.fail(ParseErrorKind::TooDeep);
        }
        let mut left = self.unary()?;
        while let Some((power, operator)) = self.operator() {
            if power < least_power {
                break;
            }
            let position = self.position;
            self.advance()?;
            left = match operator {
                Operator::Is => self.type_operator(left, position, Node::Is)?,
                Operator::As => self.type_operator(left, position, Node::As)?,
                Operator::Binary(operator) => {
                    let right = self.expression(power + 1)?;
                    let depth = self.depth(left).max(self.depth(right));
                    self.push(Node::Binary(operator, left, right), position, depth)?
                }
            };
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn type_operator(
        &mut self,
        operand: NodeId,
        position: usize,
        node: fn(NodeId, TypeSpec) -> Node,
    ) -> Result<NodeId, ParseError> {
        let type_spec = self.type_specifier()?;
        let depth = self.depth(operand);
        self.push(node(operand, type_spec), position, depth)
    }

    fn operator(&self) -> Option<(u8, Operator)> {
        let text = match &self.token {
            Token::Symbol(symbol) => symbol,
            Token::Identifier(word) => &**word,
            _ => return None,
        };
        let (power, operator) = match text {
            "implies" => (1, BinaryOp::Implies),
            "or" => (2, BinaryOp::Or),
            "xor" => (2, BinaryOp::Xor),
            "and" => (3, BinaryOp::And),
            "in" => (4, BinaryOp::In),
            "contains" => (4, BinaryOp::Contains),
            "=" => (5, BinaryOp::Equal),
            "!=" => (5, BinaryOp::NotEqual),
            "~" => (5, BinaryOp::Equivalent),
            "!~" => (5, BinaryOp::NotEquivalent),
            "<" => (6, BinaryOp::Less),
            "<=" => (6, BinaryOp::LessOrEqual),
            ">" => (6, BinaryOp::Greater),
            ">=" => (6, BinaryOp::GreaterOrEqual),
            "|" => (7, BinaryOp::Union),
            "is" => return Some((8, Operator::Is)),
            "as" => return Some((8, Operator::As)),
            "+" => (9, BinaryOp::Add),
            "-" => (9, BinaryOp::Subtract),
            "&" => (9, BinaryOp::Concatenate),
            "*" => (10, BinaryOp::Multiply),
            "/" => (10, BinaryOp::Divide),
            "div" => (10, BinaryOp::IntegerDivide),
            "mod" => (10, BinaryOp::Modulo),
            _ => return None,
        };
        Some((power, Operator::Binary(operator)))
    }

    fn unary(&mut self) -> Result<NodeId, ParseError> {
        let operator = match self.token {
            Token::Symbol("-") => UnaryOp::Minus,
            Token::Symbol("+") => UnaryOp::Plus,
            _ => return self.path(),
        };
        let position = self.position;
        self.advance()?;
        let operand = self.expression(UNARY_POWER)?;
        let depth = self.depth(operand);
        self.push(Node::Unary(operator, operand), position, depth)
    }

    /// A term and everything that `.` and `[` attach to it.
    fn path(&mut self) -> Result<NodeId, ParseError> {
        let position = self.position;
        let mut steps = Vec::new();
        let mut depth = 0;
        let start = match &self.token {
            Token::Identifier(word) if matches!(&**word, "true" | "false") => {
                let literal = Literal::Boolean(&**word == "true");
                self.advance()?;
                Some(self.push(Node::Literal(literal), position, 0)?)
            }
            Token::Identifier(_) | Token::Delimited(_) => {
                let step = self.invocation(true, &mut depth)?;
                steps.push(step);
                None
            }
            _ => Some(self.term()?),
        };
        loop {
            if self.accept(".")? {
                let step = self.dotted(&mut depth)?;
                steps.extend(step);
            } else if self.at_symbol("[") {
                let position = self.position;
                self.advance()?;
                let index = self.expression(0)?;
                self.expect("]", "]")?;
                depth = depth.max(self.depth(index));
                steps.push(step(StepKind::Indexer(index), position));
            } else {
                break;
            }
        }
        if let Some(start) = start {
            if steps.is_empty() {
                return Ok(start);
            }
            depth = depth.max(self.depth(start));
        }
        self.push(Node::Path { start, steps }, position, depth)
    }

    /// What follows a dot; `$this` there means the item itself.
    fn dotted(&mut self, depth: &mut u16) -> Result<Option<Step>, ParseError> {
        match &self.token {
            Token::Identifier(_) | Token::Delimited(_) => self.invocation(false, depth).map(Some),
            Token::Dollar(word) if **word == *"this" => {
                self.advance()?;
                Ok(None)
            }
            _ => self.fail(ParseErrorKind::Expected("a name or function")),
        }
    }

    fn invocation(&mut self, is_first: bool, depth: &mut u16) -> Result<Step, ParseError> {
        let position = self.position;
        let is_delimited = matches!(self.token, Token::Delimited(_));
        let text = self.identifier()?;
        if !is_delimited && self.at_symbol("(") {
            let kind = self.call(&text, position, depth)?;
            return Ok(step(kind, position));
        }
        let name = Name::intern(&text);
        let is_root = is_first && text.starts_with(|c: char| c.is_ascii_uppercase());
        let kind = if is_root {
            let type_id = TypeId::from_name(&text);
            StepKind::Root {
                text,
                name,
                type_id,
            }
        } else {
            StepKind::Member { text, name }
        };
        Ok(step(kind, position))
    }

    fn identifier(&mut self) -> Result<Box<str>, ParseError> {
        match self.token {
            Token::Identifier(_) | Token::Delimited(_) => match self.advance()? {
                Token::Identifier(text) | Token::Delimited(text) => Ok(text),
                _ => self.fail(ParseErrorKind::Expected("an identifier")),
            },
            _ => self.fail(ParseErrorKind::Expected("an identifier")),
        }
    }

    fn call(
        &mut self,
        name: &str,
        position: usize,
        depth: &mut u16,
    ) -> Result<StepKind, ParseError> {
        self.advance()?;
        if matches!(name, "is" | "as" | "ofType") {
            let type_spec = self.type_specifier()?;
            self.expect(")", ")")?;
            return Ok(match name {
                "is" => StepKind::Is(type_spec),
                "as" => StepKind::As(type_spec),
                _ => StepKind::OfType(type_spec),
            });
        }
        let Some((function, allowed)) = Function::lookup(name) else {
            let kind = ParseErrorKind::UnknownFunction(name.into());
            return self.lexer.error(position, kind);
        };
        let mut arguments = Vec::new();
        let mut descending = Vec::new();
        if !self.at_symbol(")") {
            loop {
                let argument = self.expression(0)?;
                *depth = (*depth).max(self.depth(argument));
                let (argument, is_descending) = match function {
                    Function::Sort => self.sort_key(argument)?,
                    _ => (argument, false),
                };
                arguments.push(argument);
                descending.push(is_descending);
                if !self.accept(",")? {
                    break;
                }
            }
        }
        self.expect(")", ") or a comma")?;
        if !allowed.contains(&arguments.len()) {
            let kind = ParseErrorKind::ArgumentCount(function.name());
            return self.lexer.error(position, kind);
        }
        Ok(StepKind::Call(Call {
            function,
            arguments,
            descending,
            regex: OnceLock::new(),
        }))
    }

    /// A sort key: a leading minus sign or a trailing `desc` means descending order.
    fn sort_key(&mut self, key: NodeId) -> Result<(NodeId, bool), ParseError> {
        let mut key = key;
        let mut descending = false;
        if let Node::Unary(UnaryOp::Minus, operand) = self.nodes[key.0 as usize] {
            key = operand;
            descending = true;
        }
        if self.at_keyword("desc") || self.at_keyword("asc") {
            descending ^= self.at_keyword("desc");
            self.advance()?;
        }
        Ok((key, descending))
    }

    fn type_specifier(&mut self) -> Result<TypeSpec, ParseError> {
        let mut text = String::from(self.identifier()?);
        while self.accept(".")? {
            text.push('.');
            text.push_str(&self.identifier()?);
        }
        Ok(TypeSpec::parse(&text))
    }

    /// A literal, variable, parenthesis or `{}`.
    fn term(&mut self) -> Result<NodeId, ParseError> {
        let position = self.position;
        let node = match self.advance()? {
            Token::Symbol("(") => {
                let inner = self.expression(0)?;
                self.expect(")", ")")?;
                return Ok(inner);
            }
            Token::Symbol("{") => {
                self.expect("}", "}")?;
                Node::Empty
            }
            Token::Symbol("%") => match self.advance()? {
                Token::Identifier(name) | Token::Delimited(name) | Token::String(name) => {
                    Node::Variable(name)
                }
                _ => {
                    let kind = ParseErrorKind::Expected("a variable name");
                    return self.lexer.error(position, kind);
                }
            },
            Token::Dollar(word) => match &*word {
                "this" => Node::This,
                "index" => Node::Index,
                "total" => Node::Total,
                _ => {
                    let kind = ParseErrorKind::Expected("$this, $index or $total");
                    return self.lexer.error(position, kind);
                }
            },
            token => self.literal(token, position)?,
        };
        self.push(node, position, 0)
    }

    fn literal(&mut self, token: Token, position: usize) -> Result<Node, ParseError> {
        let literal = match token {
            Token::String(text) => Literal::String(text),
            Token::Integer(value) => match self.unit()? {
                Some(unit) => Literal::Quantity(Quantity::new(Decimal::from(value), unit)),
                None => Literal::Integer(value),
            },
            Token::Decimal(value) => match self.unit()? {
                Some(unit) => Literal::Quantity(Quantity::new(value, unit)),
                None => Literal::Decimal(value),
            },
            Token::Date(date) => Literal::Date(date),
            Token::DateTime(date_time) => Literal::DateTime(date_time),
            Token::Time(time) => Literal::Time(time),
            Token::End => return self.lexer.error(position, ParseErrorKind::UnexpectedEnd),
            _ => {
                let kind = ParseErrorKind::Expected("an expression");
                return self.lexer.error(position, kind);
            }
        };
        Ok(Node::Literal(literal))
    }

    /// The unit after a number, when there is one.
    fn unit(&mut self) -> Result<Option<Unit<'static>>, ParseError> {
        let unit = match &self.token {
            Token::String(code) => Unit::ucum(String::from(&**code)),
            Token::Identifier(word) => match Unit::calendar(word) {
                Some(unit) => unit,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.advance()?;
        Ok(Some(unit))
    }
}

enum Operator {
    Binary(BinaryOp),
    Is,
    As,
}

fn step(kind: StepKind, position: usize) -> Step {
    Step {
        kind,
        position: u32::try_from(position).unwrap_or(u32::MAX),
    }
}
