//! The expression tree, as indexes into flat vectors.
//!
//! Paths are flattened into one list of steps: `a.b.where(c)` is one node with three steps, which
//! is also how it is evaluated (a loop, no recursion).

use std::sync::OnceLock;

use mt_fhir::TypeId;
use mt_fhir::names::Name;
use regex::Regex;
use rust_decimal::Decimal;

use crate::functions::Function;
use crate::system::{Date, DateTime, Quantity, Time};
use crate::type_spec::TypeSpec;

/// Index of a [`Node`] in [`Ast::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(crate) u32);

/// One compiled expression.
#[derive(Debug)]
pub(crate) struct Ast {
    pub(crate) nodes: Vec<Node>,
    /// Byte offset of each node in the source, for error messages.
    pub(crate) positions: Vec<u32>,
    pub(crate) root: NodeId,
}

impl Ast {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn position(&self, id: NodeId) -> u32 {
        self.positions[id.0 as usize]
    }
}

/// An expression.
#[derive(Debug)]
pub(crate) enum Node {
    /// `{}`
    Empty,
    Literal(Literal),
    /// `$this`
    This,
    /// `$index`
    Index,
    /// `$total`
    Total,
    /// `%name`
    Variable(Box<str>),
    /// A start (the current focus when absent) and the steps taken from it.
    Path {
        start: Option<NodeId>,
        steps: Vec<Step>,
    },
    Unary(UnaryOp, NodeId),
    Binary(BinaryOp, NodeId, NodeId),
    /// `operand is T` (operator form).
    Is(NodeId, TypeSpec),
    /// `operand as T` (operator form).
    As(NodeId, TypeSpec),
}

/// A value written in the expression.
#[derive(Debug)]
pub(crate) enum Literal {
    Boolean(bool),
    String(Box<str>),
    Integer(i64),
    Decimal(Decimal),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    Quantity(Quantity<'static>),
}

/// One step of a path.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    /// Byte offset in the source.
    pub(crate) position: u32,
}

/// What a step does with the collection before it.
#[derive(Debug)]
pub(crate) enum StepKind {
    /// `.name`
    Member {
        text: Box<str>,
        name: Name,
    },
    /// A capitalised first identifier: keeps items of that type (`Patient.name`).
    Root {
        text: Box<str>,
        name: Name,
        /// `None` for a capitalised name that is no type: an element of plain JSON.
        type_id: Option<TypeId>,
    },
    /// `[n]`
    Indexer(NodeId),
    Call(Call),
    /// `.is(T)`
    Is(TypeSpec),
    /// `.as(T)`
    As(TypeSpec),
    /// `.ofType(T)`
    OfType(TypeSpec),
}

/// A function call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<NodeId>,
    /// For `sort`: which keys are descending.
    pub(crate) descending: Vec<bool>,
    /// For `matches` and `replaceMatches` with a literal pattern: compiled at the first use.
    pub(crate) regex: OnceLock<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Plus,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Implies,
    Or,
    Xor,
    And,
    In,
    Contains,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Union,
    Add,
    Subtract,
    Concatenate,
    Multiply,
    Divide,
    IntegerDivide,
    Modulo,
}
