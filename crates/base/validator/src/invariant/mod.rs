//! Invariants of the definitions: FHIRPath, compiled once, with native forms of the frequent ones.

mod native;

use mt_fhir::definitions::{ConstraintDef, TypeId, constraints};
use mt_fhir::json::Node;
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;
use mt_fhirpath::{Context, Element, EvalError, EvalErrorKind, Expr, Resolve};

use crate::bundle::{full_url, refers_to, resolvable};
use crate::path::Path;
use crate::reference::{Target, contained};
use crate::walk::{Occurrence, Scope, Walk};

/// Checked by the walk itself, which has what they need at hand: containment, references, the
/// narrative and the uniqueness of full URLs.
const BY_THE_WALK: [&str; 9] = [
    "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "txt-1", "txt-2", "bdl-7", "ele-1",
];

/// Every invariant in the form in which it is checked, by its number.
pub(crate) struct Invariants {
    compiled: Vec<Compiled>,
}

enum Compiled {
    ByTheWalk,
    Checked {
        native: Option<native::Check>,
        expr: Expr,
    },
    /// An expression of the definitions that does not parse: told in full validation.
    Broken,
}

impl Invariants {
    pub(crate) fn compile() -> Invariants {
        Invariants {
            compiled: constraints().iter().map(Compiled::of).collect(),
        }
    }
}

impl Compiled {
    fn of(constraint: &ConstraintDef) -> Compiled {
        if BY_THE_WALK.contains(&constraint.key) {
            return Compiled::ByTheWalk;
        }
        match Expr::parse(constraint.expression) {
            Ok(expr) => Compiled::Checked {
                native: native::check_of(constraint),
                expr,
            },
            Err(_) => Compiled::Broken,
        }
    }
}

impl Walk<'_, '_> {
    pub(crate) fn invariants<'a>(
        &mut self,
        constraints: &[&'static ConstraintDef],
        occurrence: Occurrence<'a>,
        type_id: TypeId,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        for constraint in constraints {
            // A write is only refused for errors.
            if !constraint.is_error && !self.report.is_full() {
                continue;
            }
            match &self.rules.invariants.compiled[usize::from(constraint.id)] {
                Compiled::ByTheWalk => {}
                Compiled::Broken => self.not_checked(constraint.key, path),
                Compiled::Checked { native, expr } => {
                    let node = occurrence.value;
                    let known = native.zip(node).and_then(|(check, node)| check(node));
                    let is_met = match known {
                        Some(is_met) => Ok(is_met),
                        None => self.evaluate(expr, occurrence, type_id, scope),
                    };
                    self.judge_invariant(constraint, is_met, path);
                }
            }
        }
    }

    /// Whether an expression is not false of an element. An empty result does not break a rule: it
    /// says nothing of this value, as in `probability is decimal implies …` without probability.
    pub(crate) fn evaluate<'a>(
        &self,
        expr: &Expr,
        occurrence: Occurrence<'a>,
        type_id: TypeId,
        scope: Scope<'a>,
    ) -> Result<bool, EvalError> {
        let local = Local(scope);
        let mut context = Context::new(scope.resource, self.options.now);
        context.root_resource = Some(Element::resource(scope.root));
        context.resolver = Some(&local);
        context.terminology = Some(self.validator.terminology());
        let focus = mt_fhir::Element::paired(occurrence.value, occurrence.shadow, type_id);
        Ok(expr.evaluate_boolean(&context, focus)? != Some(false))
    }

    fn judge_invariant(
        &mut self,
        constraint: &ConstraintDef,
        is_met: Result<bool, EvalError>,
        path: &Path<'_>,
    ) {
        match is_met {
            Ok(true) => {}
            Ok(false) => {
                let text = format!("{}: {}", constraint.key, constraint.human);
                self.report
                    .graded(constraint.is_error, IssueCode::Invariant, path, text);
            }
            Err(EvalError {
                kind: EvalErrorKind::LimitExceeded(_),
                ..
            }) => {
                let text = format!("{}: too costly to check", constraint.key);
                self.report.error(IssueCode::TooCostly, path, text);
            }
            Err(_) => self.not_checked(constraint.key, path),
        }
    }

    pub(crate) fn not_checked(&mut self, key: &str, path: &Path<'_>) {
        let text = format!("{key}: could not be checked");
        self.report.information(IssueCode::NotSupported, path, text);
    }
}

/// Resolves what stands in the same document.
pub(crate) struct Local<'n>(pub(crate) Scope<'n>);

impl Resolve for Local<'_> {
    fn resolve<'a>(&'a self, reference: &str) -> Option<Node<'a>> {
        if let Target::Contained(id) = Target::parse(reference) {
            return contained(self.0, id);
        }
        let bundle = self.0.bundle?;
        let is_own = |entry: &Node<'_>| {
            let resource = entry.get_name(names::RESOURCE);
            resource.is_some_and(|r| r.id() == self.0.root.id())
        };
        let base = resolvable(bundle).find(is_own).and_then(full_url);
        let base = base.unwrap_or_default();
        let entry = resolvable(bundle).find(|entry| refers_to(base, reference, *entry))?;
        entry.get_name(names::RESOURCE)
    }
}
