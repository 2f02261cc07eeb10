//! Static check of an expression against a root type.
//!
//! Evaluation treats an element that does not exist like one that is absent, as FHIRPath must for
//! data; for an author that is a typing error, and this finds it before any data does.

mod types;

use mt_fhir::definitions::TypeId;
use mt_fhir::names::Name;

use crate::functions::Function;
use crate::syntax::{Ast, BinaryOp, Call, Literal, Node, NodeId, Step, StepKind};
use crate::type_spec::SystemType;
use types::{Kind, Types};

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {position}")]
pub struct CheckError {
    /// Byte offset in the expression.
    pub position: usize,
    /// What is wrong.
    pub kind: CheckErrorKind,
}

/// The kinds of [`CheckError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckErrorKind {
    /// No type that the items may have has an element of this name.
    #[error("unknown element {0}")]
    UnknownElement(Box<str>),
    /// The path starts with a type that the focus cannot be.
    #[error("the focus is no {0}")]
    WrongRoot(Box<str>),
    /// A function that depends on order after one that promises none.
    #[error("{0} depends on the order of an unordered collection")]
    Unordered(&'static str),
}

type Result<T> = std::result::Result<T, CheckError>;

/// Checks `ast` for a focus of type `root`.
pub(crate) fn check(ast: &Ast, root: TypeId) -> Result<()> {
    let root = Types::of(Kind::Fhir(root));
    Checker { ast, root: &root }
        .node(ast.root, &root)
        .map(|_| ())
}

struct Checker<'e> {
    ast: &'e Ast,
    root: &'e Types,
}

impl Checker<'_> {
    fn node(&self, id: NodeId, focus: &Types) -> Result<Types> {
        Ok(match self.ast.node(id) {
            Node::Empty => Types::none(),
            Node::Literal(literal) => Types::system(literal_type(literal)),
            Node::This => focus.clone(),
            Node::Index => Types::system(SystemType::Integer),
            Node::Total => Types::unknown(),
            Node::Variable(name) => match &**name {
                "context" => self.root.clone(),
                // The resource around an element of a data type may be any.
                "resource" => self.root.clone().if_resource(),
                "ucum" | "sct" | "loinc" => Types::system(SystemType::String),
                _ => Types::unknown(),
            },
            Node::Path { start, steps } => {
                let mut current = match start {
                    Some(start) => self.node(*start, focus)?,
                    None => focus.clone(),
                };
                for step in steps {
                    current = self.step(step, &current, focus)?;
                }
                current
            }
            Node::Unary(_, operand) => self.node(*operand, focus)?,
            Node::Binary(operator, left, right) => {
                let left = self.node(*left, focus)?;
                let right = self.node(*right, focus)?;
                binary(*operator, left, right)
            }
            Node::Is(operand, _) => {
                self.node(*operand, focus)?;
                Types::system(SystemType::Boolean)
            }
            Node::As(operand, type_spec) => self.node(*operand, focus)?.cast(type_spec),
        })
    }

    fn step(&self, step: &Step, input: &Types, focus: &Types) -> Result<Types> {
        let fail = |kind| {
            Err(CheckError {
                position: step.position as usize,
                kind,
            })
        };
        match &step.kind {
            StepKind::Member { text, name } => self.member(step, input, text, *name),
            StepKind::Root {
                text,
                name,
                type_id,
            } => match type_id {
                None => self.member(step, input, text, *name),
                Some(type_id) => match input.narrowed(*type_id) {
                    Some(types) => Ok(types),
                    None => fail(CheckErrorKind::WrongRoot(text.clone())),
                },
            },
            StepKind::Indexer(index) => {
                self.node(*index, focus)?;
                if input.is_unordered() {
                    return fail(CheckErrorKind::Unordered("[]"));
                }
                Ok(input.clone())
            }
            StepKind::Is(_) => Ok(Types::system(SystemType::Boolean)),
            StepKind::As(type_spec) | StepKind::OfType(type_spec) => {
                Ok(input.clone().cast(type_spec))
            }
            StepKind::Call(call) => {
                let is_ordered = matches!(
                    call.function,
                    Function::First
                        | Function::Last
                        | Function::Tail
                        | Function::Skip
                        | Function::Take
                );
                if is_ordered && input.is_unordered() {
                    return fail(CheckErrorKind::Unordered(call.function.name()));
                }
                self.call(call, input, focus)
            }
        }
    }

    fn member(&self, step: &Step, input: &Types, text: &str, name: Name) -> Result<Types> {
        input.member(name).ok_or_else(|| CheckError {
            position: step.position as usize,
            kind: CheckErrorKind::UnknownElement(text.into()),
        })
    }

    fn call(&self, call: &Call, input: &Types, focus: &Types) -> Result<Types> {
        use Function as F;
        // Lambdas see each item; other arguments see what the call stands in.
        let is_lambda = matches!(
            call.function,
            F::Where
                | F::Select
                | F::All
                | F::Exists
                | F::Repeat
                | F::RepeatAll
                | F::Aggregate
                | F::Iif
                | F::Sort
                | F::Trace
                | F::DefineVariable
        );
        let scope = if is_lambda { input } else { focus };
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.node(*argument, scope)?);
        }
        Ok(match (call.function, &arguments[..]) {
            (
                F::Where
                | F::First
                | F::Last
                | F::Tail
                | F::Skip
                | F::Take
                | F::Single
                | F::Distinct
                | F::Trace
                | F::DefineVariable
                | F::Exclude
                | F::Intersect
                | F::CheckModifiers,
                _,
            ) => input.clone(),
            (F::Sort, _) => input.clone().ordered(),
            (F::Select | F::Repeat | F::RepeatAll, [projection]) => projection.clone(),
            (F::Union | F::Combine, [other, ..]) => input.clone().or(other.clone()),
            (F::Iif, [_, branch]) => branch.clone(),
            (F::Iif, [_, first, second]) => first.clone().or(second.clone()),
            (F::Children | F::Descendants, _) => Types::unknown().unordered(),
            (F::Extension, _) => Types::of(Kind::Fhir(TypeId::EXTENSION)),
            (F::Count | F::Length | F::IndexOf | F::LastIndexOf, _) => {
                Types::system(SystemType::Integer)
            }
            (
                F::Exists
                | F::All
                | F::Empty
                | F::Not
                | F::HasValue
                | F::Contains
                | F::StartsWith
                | F::EndsWith
                | F::Matches
                | F::MatchesFull
                | F::IsDistinct
                | F::SubsetOf
                | F::SupersetOf
                | F::ConformsTo
                | F::MemberOf
                | F::HtmlChecks,
                _,
            ) => Types::system(SystemType::Boolean),
            (
                F::ToString | F::Upper | F::Lower | F::Trim | F::Replace | F::Substring | F::Join,
                _,
            ) => Types::system(SystemType::String),
            _ => Types::unknown(),
        })
    }
}

fn binary(operator: BinaryOp, left: Types, right: Types) -> Types {
    match operator {
        BinaryOp::Union => left.or(right),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::IntegerDivide
        | BinaryOp::Modulo => Types::unknown(),
        BinaryOp::Concatenate => Types::system(SystemType::String),
        _ => Types::system(SystemType::Boolean),
    }
}

fn literal_type(literal: &Literal) -> SystemType {
    match literal {
        Literal::Boolean(_) => SystemType::Boolean,
        Literal::String(_) => SystemType::String,
        Literal::Integer(_) => SystemType::Integer,
        Literal::Decimal(_) => SystemType::Decimal,
        Literal::Date(_) => SystemType::Date,
        Literal::DateTime(_) => SystemType::DateTime,
        Literal::Time(_) => SystemType::Time,
        Literal::Quantity(_) => SystemType::Quantity,
    }
}
