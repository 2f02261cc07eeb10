//! FHIRPath text to an expression arena.
//!
//! The tree lives in flat vectors and its depth is limited while it is built, so that neither
//! parsing nor evaluating a hostile expression can exhaust the stack.

mod ast;
mod lexer;
mod parser;

pub(crate) use ast::{Ast, BinaryOp, Call, Literal, Node, NodeId, Step, StepKind, UnaryOp};
pub use lexer::ParseError;
pub use lexer::ParseErrorKind;
pub(crate) use lexer::parse_quantity_text;
pub(crate) use parser::parse;
