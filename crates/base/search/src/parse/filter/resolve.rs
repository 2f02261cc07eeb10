//! The meaning of a `_filter` expression on given types.

use mt_fhir::definitions::ResourceType;

use super::super::clause::{Reader, resolve};
use super::super::value::{Values, is_id, string_value};
use super::super::{clip, ordered};
use super::syntax::{Expression, Operator, Step, Term};
use crate::query::{
    Chain, Clause, Comparator, Leaf, ParamRef, QueryError, StringMatch, Test, Types, UriMatch,
};
use crate::registry::ParamKind;

/// Gives `expression` its meaning; `depth` counts the hops above it.
pub(super) fn clause(
    reader: Reader<'_>,
    types: &Types,
    expression: &Expression,
    depth: usize,
) -> Result<Clause, QueryError> {
    let all = |operands: &[Expression]| -> Result<Vec<Clause>, QueryError> {
        operands
            .iter()
            .map(|operand| clause(reader, types, operand, depth))
            .collect()
    };
    Ok(match expression {
        Expression::And(operands) => Clause::And(all(operands)?),
        Expression::Or(operands) => Clause::Or(all(operands)?),
        Expression::Not(operand) => Clause::Not(Box::new(clause(reader, types, operand, depth)?)),
        Expression::Term(term) => path(reader, types, term, &term.path, depth)?,
    })
}

fn path(
    reader: Reader<'_>,
    types: &Types,
    term: &Term,
    steps: &[Step],
    depth: usize,
) -> Result<Clause, QueryError> {
    match steps {
        [] => Err(refuse(term, "expected a parameter name")),
        [last] if last.target.is_none() && last.condition.is_none() => {
            leaf(reader, types, term, &last.name)
        }
        [_] => Err(refuse(
            term,
            "a type or a condition stands before a further parameter",
        )),
        [hop, rest @ ..] => {
            reader.check_depth("_filter", depth)?;
            let (param, candidates) =
                reader.chain_targets(types, &hop.name, hop.target.as_deref())?;
            let mut targets = Vec::new();
            let mut refusal = None;
            for target in candidates {
                reader.count_and_check("_filter", targets.len())?;
                match target_clause(reader, term, hop, rest, target, depth + 1) {
                    Ok(clause) => targets.push((target, clause)),
                    Err(error @ QueryError::TooMuch { .. }) => return Err(error),
                    Err(error @ QueryError::UnknownParameter { .. }) => {
                        refusal.get_or_insert(error);
                    }
                    Err(error) => refusal = Some(error),
                }
            }
            match refusal {
                Some(error) if targets.is_empty() => Err(error),
                _ => Ok(Clause::Chain(Chain {
                    param,
                    qualified: hop.target.is_some(),
                    targets,
                })),
            }
        }
    }
}

fn target_clause(
    reader: Reader<'_>,
    term: &Term,
    hop: &Step,
    rest: &[Step],
    target: ResourceType,
    depth: usize,
) -> Result<Clause, QueryError> {
    let types = Types::One(target);
    let beyond = path(reader, &types, term, rest, depth)?;
    match &hop.condition {
        None => Ok(beyond),
        Some(condition) => Ok(Clause::And(vec![
            clause(reader, &types, condition, depth)?,
            beyond,
        ])),
    }
}

fn leaf(reader: Reader<'_>, types: &Types, term: &Term, name: &str) -> Result<Clause, QueryError> {
    if let Some(clause) = built_in(reader, term, name)? {
        return Ok(clause);
    }
    let param = resolve(reader.registry, types, name)?
        .ok_or_else(|| QueryError::UnknownParameter { name: clip(name) })?;
    if param.defs.iter().any(|def| def.is_computed()) {
        return Err(refuse(term, "the parameter has no values"));
    }
    if term.operator == Operator::Pr {
        let present = boolean(term)?;
        return Ok(Clause::Leaf(Leaf {
            param,
            test: Test::Missing(!present),
        }));
    }
    // `ne` on unordered values is the opposite of `eq`.
    let unordered = matches!(
        param.kind,
        ParamKind::String
            | ParamKind::Token
            | ParamKind::Uri
            | ParamKind::Reference
            | ParamKind::Composite
    );
    let negated = unordered && term.operator == Operator::Ne;
    let operator = if negated { Operator::Eq } else { term.operator };
    let test = test(reader, types, term, &param, operator)?;
    let clause = Clause::Leaf(Leaf { param, test });
    Ok(if negated {
        Clause::Not(Box::new(clause))
    } else {
        clause
    })
}

fn built_in(reader: Reader<'_>, term: &Term, name: &str) -> Result<Option<Clause>, QueryError> {
    match (name, term.operator) {
        ("_id", Operator::Eq | Operator::Ne) if is_id(&term.value) => Ok(Some(Clause::Id {
            ids: vec![term.value.clone()],
            negated: term.operator == Operator::Ne,
        })),
        ("_lastUpdated", operator) => {
            let comparator = comparator(operator).ok_or_else(|| no_operator(term))?;
            let date = ordered::date_value("_filter", comparator, &term.value, reader.options.now)?;
            Ok(Some(Clause::LastUpdated(vec![date])))
        }
        ("_id" | "_text" | "_content" | "_list" | "_query", _) => Err(no_operator(term)),
        _ => Ok(None),
    }
}

fn test(
    reader: Reader<'_>,
    types: &Types,
    term: &Term,
    param: &ParamRef,
    operator: Operator,
) -> Result<Test, QueryError> {
    let values = Values::new(reader, param, types, "_filter");
    let text = term.value.as_str();
    match param.kind {
        ParamKind::String => {
            let how = match operator {
                Operator::Eq => StringMatch::Equal,
                Operator::Co => StringMatch::Contains,
                Operator::Sw => StringMatch::Prefix,
                Operator::Ew => StringMatch::Suffix,
                _ => return Err(no_operator(term)),
            };
            let how = if param.defs.iter().any(|def| def.is_phonetic()) {
                StringMatch::Phonetic
            } else {
                how
            };
            Ok(Test::String {
                how,
                values: vec![string_value("_filter", how, text.to_owned())?],
            })
        }
        ParamKind::Token => match operator {
            Operator::Eq => Ok(Test::Token {
                values: vec![values.token_value(text)?],
                negated: false,
            }),
            Operator::Ss => values.test(Some("below"), text),
            Operator::Sb => values.test(Some("above"), text),
            Operator::In => values.test(Some("in"), text),
            Operator::Ni => values.test(Some("not-in"), text),
            _ => Err(no_operator(term)),
        },
        ParamKind::Reference => match operator {
            Operator::Eq | Operator::Re => values.test(None, text),
            _ => Err(no_operator(term)),
        },
        ParamKind::Uri => {
            let how = match operator {
                Operator::Eq => UriMatch::Exact,
                Operator::Ss => UriMatch::Below,
                Operator::Sb => UriMatch::Above,
                _ => return Err(no_operator(term)),
            };
            Ok(Test::Uri {
                how,
                values: vec![text.to_owned()],
            })
        }
        ParamKind::Composite if operator == Operator::Eq => values.test(None, text),
        ParamKind::Composite | ParamKind::Special => Err(no_operator(term)),
        ParamKind::Date | ParamKind::Number | ParamKind::Quantity => {
            let comparator = comparator(operator).ok_or_else(|| no_operator(term))?;
            ordered_test(reader, param.kind, comparator, text)
        }
    }
}

fn ordered_test(
    reader: Reader<'_>,
    kind: ParamKind,
    comparator: Comparator,
    text: &str,
) -> Result<Test, QueryError> {
    Ok(match kind {
        ParamKind::Date => Test::Date(vec![ordered::date_value(
            "_filter",
            comparator,
            text,
            reader.options.now,
        )?]),
        ParamKind::Number => {
            Test::Number(vec![ordered::number_value("_filter", comparator, text)?])
        }
        _ => Test::Quantity(vec![ordered::quantity_value("_filter", comparator, text)?]),
    })
}

const fn comparator(operator: Operator) -> Option<Comparator> {
    Some(match operator {
        Operator::Eq => Comparator::Eq,
        Operator::Ne => Comparator::Ne,
        Operator::Gt => Comparator::Gt,
        Operator::Lt => Comparator::Lt,
        Operator::Ge => Comparator::Ge,
        Operator::Le => Comparator::Le,
        Operator::Sa => Comparator::Sa,
        Operator::Eb => Comparator::Eb,
        Operator::Ap => Comparator::Ap,
        Operator::Po => Comparator::Overlaps,
        _ => return None,
    })
}

fn boolean(term: &Term) -> Result<bool, QueryError> {
    match term.value.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refuse(term, "pr takes true or false")),
    }
}

const fn no_operator(term: &Term) -> QueryError {
    refuse(
        term,
        "the operator does not apply to this kind of parameter",
    )
}

const fn refuse(term: &Term, reason: &'static str) -> QueryError {
    QueryError::Filter {
        position: term.position,
        reason,
    }
}
