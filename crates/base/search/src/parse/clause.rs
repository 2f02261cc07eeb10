//! Conditions: `code`, `code:modifier`, chains and `_has`.

use std::cell::Cell;
use std::sync::Arc;

use mt_fhir::definitions::ResourceType;
use smallvec::SmallVec;

use super::{ParseOptions, clip, escape, value};
use crate::normal;
use crate::query::{
    Chain, Clause, Has, Leaf, Limit, ParamRef, QueryError, Test, TextScope, TextSearch, Types,
};
use crate::registry::{ParamKind, ParamRegistry};

/// What reading a condition needs.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) registry: &'a ParamRegistry,
    pub(super) options: &'a ParseOptions<'a>,
    /// Conditions read so far for one parameter: unqualified chains multiply.
    pub(super) read: &'a Cell<usize>,
}

/// Conditions that one parameter may stand for, attempts on types without the parameter included.
const MAX_CONDITIONS: usize = 4096;

/// The parameter `code` on all of `types`; `None` when one of them lacks it.
///
/// # Errors
/// [`QueryError::Chain`] when the types define it with different kinds.
pub(super) fn resolve(
    registry: &ParamRegistry,
    types: &Types,
    code: &str,
) -> Result<Option<ParamRef>, QueryError> {
    // What every type has is defined once; any type leads to it.
    let every = [ResourceType::PATIENT];
    let mut defs: SmallVec<[_; 1]> = SmallVec::new();
    for resource_type in types.listed().unwrap_or(&every) {
        let Some(def) = registry.get(*resource_type, code) else {
            return Ok(None);
        };
        if !defs.iter().any(|other| Arc::ptr_eq(other, def)) {
            defs.push(Arc::clone(def));
        }
    }
    let Some(first) = defs.first() else {
        return Ok(None);
    };
    let kind = first.kind;
    if *types == Types::All && first.base.len() != ResourceType::all().len() {
        return Ok(None);
    }
    if defs.iter().any(|def| def.kind != kind) {
        let reason = "the types searched define it differently";
        return Err(QueryError::Chain {
            name: clip(code),
            reason,
        });
    }
    Ok(Some(ParamRef {
        code: code.to_owned(),
        kind,
        defs,
    }))
}

impl Reader<'_> {
    /// Reads one condition on `types`; `depth` counts the hops above it.
    pub(super) fn clause(
        self,
        types: &Types,
        key: &str,
        value: &str,
        depth: usize,
    ) -> Result<Clause, QueryError> {
        if let Some(rest) = key.strip_prefix("_has:") {
            return self.has(types, key, rest, value, depth);
        }
        let end = key.find([':', '.']).unwrap_or(key.len());
        let (code, rest) = key.split_at(end);
        let (modifier, chained) = match rest.strip_prefix(':') {
            Some(rest) => match rest.split_once('.') {
                Some((modifier, chained)) => (Some(modifier), Some(chained)),
                None => (Some(rest), None),
            },
            None => (None, rest.strip_prefix('.')),
        };
        if let Some(chained) = chained {
            return self.chain(types, code, modifier, chained, value, depth);
        }
        if let Some(clause) = self.special(code, modifier, value)? {
            return Ok(clause);
        }
        let param = resolve(self.registry, types, code)?
            .ok_or_else(|| QueryError::UnknownParameter { name: clip(key) })?;
        let test = value::Values::new(self, &param, types, key).test(modifier, value)?;
        Ok(Clause::Leaf(Leaf { param, test }))
    }

    /// Conditions that are not on values of a search parameter.
    fn special(
        self,
        code: &str,
        modifier: Option<&str>,
        value: &str,
    ) -> Result<Option<Clause>, QueryError> {
        let plain = |clause: Clause| match modifier {
            None => Ok(Some(clause)),
            Some(modifier) => Err(QueryError::Modifier {
                name: code.to_owned(),
                modifier: clip(modifier),
            }),
        };
        match code {
            "_id" if modifier == Some("not") => Ok(Some(Clause::Id {
                ids: self.ids(code, value)?,
                negated: true,
            })),
            "_id" => plain(Clause::Id {
                ids: self.ids(code, value)?,
                negated: false,
            }),
            "_lastUpdated" => {
                let pieces = self.alternatives(code, value)?;
                let dates = pieces
                    .iter()
                    .map(|piece| value::date(code, piece, self.options.now));
                plain(Clause::LastUpdated(dates.collect::<Result<_, _>>()?))
            }
            "_text" => plain(Clause::Text(self.text(
                code,
                TextScope::Narrative,
                value,
            )?)),
            "_content" => plain(Clause::Text(self.text(code, TextScope::Content, value)?)),
            "_list" => {
                if value.starts_with('$') {
                    let reason = "there are no functional lists";
                    return Err(QueryError::Unsupported {
                        name: code.to_owned(),
                        reason,
                    });
                }
                plain(Clause::List(self.ids(code, value)?))
            }
            _ => Ok(None),
        }
    }

    fn ids(self, code: &str, value: &str) -> Result<Vec<String>, QueryError> {
        let pieces = self.alternatives(code, value)?;
        let id = |piece: &&str| {
            if value::is_id(piece) {
                Ok((*piece).to_owned())
            } else {
                Err(QueryError::Value {
                    name: code.to_owned(),
                    reason: "not a logical id",
                })
            }
        };
        pieces.iter().map(id).collect()
    }

    fn text(self, code: &str, scope: TextScope, value: &str) -> Result<TextSearch, QueryError> {
        let pieces = self.alternatives(code, value)?;
        let alternative = |piece: &&str| {
            let text = value::unescaped(code, piece)?;
            let mut words = Vec::new();
            normal::words(&text, |word| words.push(word.to_owned()));
            if words.is_empty() {
                return Err(QueryError::Value {
                    name: code.to_owned(),
                    reason: "no word to look for",
                });
            }
            Ok((words, text))
        };
        let alternatives = pieces.iter().map(alternative).collect::<Result<_, _>>()?;
        Ok(TextSearch {
            scope,
            alternatives,
        })
    }

    /// Splits at commas, within the limit.
    pub(super) fn alternatives<'v>(
        self,
        name: &str,
        value: &'v str,
    ) -> Result<Vec<&'v str>, QueryError> {
        let pieces = escape::split(value, ',');
        let max = self.options.limits.alternatives;
        if pieces.len() > max {
            return Err(QueryError::TooMuch {
                name: clip(name),
                limit: Limit::Alternatives,
                max,
            });
        }
        if pieces.iter().any(|piece| piece.is_empty()) {
            return Err(QueryError::Value {
                name: clip(name),
                reason: "an alternative is empty",
            });
        }
        Ok(pieces)
    }

    fn chain(
        self,
        types: &Types,
        code: &str,
        qualifier: Option<&str>,
        chained: &str,
        value: &str,
        depth: usize,
    ) -> Result<Clause, QueryError> {
        self.check_depth(code, depth)?;
        let (param, candidates) = self.chain_targets(types, code, qualifier)?;
        let is_canonical = |kind: &ResourceType| {
            let def = param.defs.iter().find(|def| def.applies_to(*kind));
            def.is_some_and(|def| def.is_canonical(*kind))
        };
        if types
            .listed()
            .is_some_and(|types| types.iter().all(is_canonical))
        {
            let reason = "it holds canonical URLs, which chains do not follow";
            return Err(QueryError::Chain {
                name: clip(code),
                reason,
            });
        }
        let mut targets = Vec::new();
        let mut refusal = None;
        for target in candidates {
            self.count_and_check(code, targets.len())?;
            match self.clause(&Types::One(target), chained, value, depth + 1) {
                Ok(clause) => targets.push((target, clause)),
                Err(error @ QueryError::TooMuch { .. }) => return Err(error),
                Err(error @ QueryError::UnknownParameter { .. }) => {
                    refusal.get_or_insert(error);
                }
                // A bad value or modifier says more than "unknown" on some other type.
                Err(error) => refusal = Some(error),
            }
        }
        if targets.is_empty() {
            let unknown = || QueryError::UnknownParameter {
                name: clip(&format!("{code}.{chained}")),
            };
            return Err(refusal.unwrap_or_else(unknown));
        }
        Ok(Clause::Chain(Chain {
            param,
            qualified: qualifier.is_some(),
            targets,
        }))
    }

    /// The reference to follow and the types it may lead to.
    pub(super) fn chain_targets(
        self,
        types: &Types,
        code: &str,
        qualifier: Option<&str>,
    ) -> Result<(ParamRef, Vec<ResourceType>), QueryError> {
        let param = resolve(self.registry, types, code)?
            .ok_or_else(|| QueryError::UnknownParameter { name: clip(code) })?;
        let refuse = |reason| QueryError::Chain {
            name: clip(code),
            reason,
        };
        if param.kind != ParamKind::Reference {
            return Err(refuse("it is not a reference"));
        }
        let may_target = |target: ResourceType| param.defs.iter().any(|def| def.may_target(target));
        let candidates = match qualifier {
            None => ResourceType::all()
                .filter(|target| may_target(*target))
                .collect(),
            Some(name) => {
                let target = ResourceType::from_name(name).ok_or_else(|| QueryError::Modifier {
                    name: clip(code),
                    modifier: clip(name),
                })?;
                if !may_target(target) {
                    return Err(refuse("the reference never has this type of target"));
                }
                vec![target]
            }
        };
        Ok((param, candidates))
    }

    fn has(
        self,
        types: &Types,
        key: &str,
        rest: &str,
        value: &str,
        depth: usize,
    ) -> Result<Clause, QueryError> {
        self.check_depth(key, depth)?;
        let bad = |reason| QueryError::Value {
            name: clip(key),
            reason,
        };
        let mut parts = rest.splitn(3, ':');
        let (Some(source), Some(code), Some(inner)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(bad("expected _has:Type:reference:parameter"));
        };
        let source = ResourceType::from_name(source)
            .ok_or_else(|| QueryError::UnknownType { name: clip(key) })?;
        let param = resolve(self.registry, &Types::One(source), code)?
            .ok_or_else(|| QueryError::UnknownParameter { name: clip(key) })?;
        let leads_here = |def: &Arc<_>| match types.listed() {
            Some(listed) => listed
                .iter()
                .any(|target| crate::registry::ParamDef::may_target(def, *target)),
            None => true,
        };
        if param.kind != ParamKind::Reference || !param.defs.iter().any(leads_here) {
            let reason = "it is not a reference to the types searched";
            return Err(QueryError::Chain {
                name: clip(key),
                reason,
            });
        }
        let clause = Box::new(self.clause(&Types::One(source), inner, value, depth + 1)?);
        Ok(Clause::Has(Has {
            source,
            param,
            clause,
        }))
    }

    pub(super) fn check_depth(self, name: &str, depth: usize) -> Result<(), QueryError> {
        let max = self.options.limits.chain_depth;
        if depth < max {
            return Ok(());
        }
        Err(QueryError::TooMuch {
            name: clip(name),
            limit: Limit::ChainDepth,
            max,
        })
    }

    /// Counts one more condition and refuses too many of them, or `count` targets of one chain.
    pub(super) fn count_and_check(self, name: &str, count: usize) -> Result<(), QueryError> {
        self.read.set(self.read.get() + 1);
        let max = self.options.limits.chain_targets;
        if count <= max && self.read.get() <= MAX_CONDITIONS {
            return Ok(());
        }
        Err(QueryError::TooMuch {
            name: clip(name),
            limit: Limit::ChainTargets,
            max,
        })
    }
}

impl Leaf {
    /// True for a leaf that asks whether there is a value at all.
    #[must_use]
    pub const fn is_missing_test(&self) -> bool {
        matches!(self.test, Test::Missing(_))
    }
}
