#![doc = include_str!("../README.md")]

mod check;
mod context;
mod element;
mod encoding;
mod error;
mod eval;
mod functions;
pub mod patch;
mod reference;
mod syntax;
pub mod system;
mod type_spec;
mod value;

pub use check::{CheckError, CheckErrorKind};
pub use context::{Context, Dialect, Limits, Profiles, Resolve, Terminology, Trace};
pub use element::Element;
pub use error::{EvalError, EvalErrorKind};
pub use syntax::{ParseError, ParseErrorKind};
pub use type_spec::SystemType;
pub use value::{Collection, TypeName, Value};

use eval::Evaluator;
use mt_fhir::TypeId;

/// Deepest nesting of an expression.
pub const MAX_DEPTH: u16 = 100;

/// Longest expression, in bytes.
pub const MAX_LENGTH: usize = 64 << 10;

/// A compiled expression: parsed once, evaluated any number of times from any thread.
#[derive(Debug)]
pub struct Expr {
    source: Box<str>,
    ast: syntax::Ast,
}

impl Expr {
    /// Compiles an expression.
    ///
    /// # Errors
    /// [`ParseError`] with the offset of the first problem; function names and argument counts
    /// are checked here too.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        Ok(Self {
            ast: syntax::parse(source)?,
            source: source.into(),
        })
    }

    /// Checks that the elements which the expression names exist, for a focus of type `root`.
    ///
    /// Evaluation does not need this: there an unknown element is empty.
    ///
    /// # Errors
    /// [`CheckError`] for the first name that cannot mean anything.
    pub fn check(&self, root: TypeId) -> Result<(), CheckError> {
        check::check(&self.ast, root)
    }

    /// The text that was compiled.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates on one element, usually a resource.
    ///
    /// # Errors
    /// [`EvalError`] where the specification asks for one, and when a limit is reached.
    pub fn evaluate<'a>(
        &'a self,
        context: &Context<'a>,
        focus: impl Into<Element<'a>>,
    ) -> Result<Collection<'a>, EvalError> {
        self.evaluate_on(context, &[Value::Element(focus.into())])
    }

    /// Evaluates on any collection.
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn evaluate_on<'a>(
        &'a self,
        context: &Context<'a>,
        focus: &[Value<'a>],
    ) -> Result<Collection<'a>, EvalError> {
        Evaluator::new(&self.ast, context, focus).run(focus)
    }

    /// Evaluates to a truth value as invariants use it: a single item that is no Boolean is true,
    /// an empty result is `None`.
    ///
    /// # Errors
    /// As [`Expr::evaluate`], and for more than one item.
    pub fn evaluate_boolean<'a>(
        &'a self,
        context: &Context<'a>,
        focus: impl Into<Element<'a>>,
    ) -> Result<Option<bool>, EvalError> {
        let focus = [Value::Element(focus.into())];
        Evaluator::new(&self.ast, context, &focus).run_boolean(&focus)
    }
}
