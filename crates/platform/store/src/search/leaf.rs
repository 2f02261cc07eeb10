//! One test of one parameter as a condition on columns.

use mt_fhir::ResourceType;
use mt_fhir::definitions::{ParamId, ParamKind};
use mt_search::ParamDef;
use mt_search::normal::{fold, prefix_probe, token_code, trigram_probe};
use mt_search::query::{
    DateValue, Leaf, NumberValue, QuantityValue, Range, ReferenceValue, StringMatch, StringValue,
    SystemMatch, Test, TokenValue, TypedIdentifierValue, UnitMatch, UriMatch,
};

use uuid::Uuid;

use super::cond::{Compiled, Cond, RangeTest};
use crate::index::{Shape, Tokens, indexed_as, sortable, superset_of, uri_root};
use crate::tenants::Tenant;

/// Compiles tests for one resource type.
pub(crate) struct LeafCompiler<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) resource_type: ResourceType,
    pub(crate) shape: &'static Shape,
    pub(crate) tokens: Tokens,
}

impl<'a> LeafCompiler<'a> {
    pub(crate) fn new(tenant: &'a Tenant, resource_type: ResourceType) -> Self {
        Self {
            tenant,
            resource_type,
            shape: Shape::of(resource_type),
            tokens: Tokens::new(&tenant.blind, resource_type),
        }
    }

    /// Compiles a test; a parameter that the type does not have matches nothing.
    pub(crate) fn leaf(&self, leaf: &Leaf) -> Compiled {
        match leaf.param.def_for(self.resource_type) {
            Some(def) => self.test(def, &leaf.test),
            None => Compiled::exact(Cond::False),
        }
    }

    /// The numbers under which values of a parameter are indexed.
    pub(crate) fn indexed(&self, def: &ParamDef) -> Vec<ParamId> {
        let param = indexed_as(self.resource_type, def.id);
        let part = superset_of(self.resource_type, param);
        [param].into_iter().chain(part).collect()
    }

    fn test(&self, def: &ParamDef, test: &Test) -> Compiled {
        let params = self.indexed(def);
        let or = |values: &mut dyn Iterator<Item = Compiled>| Compiled::or(values);
        match test {
            Test::Missing(missing) if self.shape.date == params.first().copied() => {
                let present = Compiled::exact(Cond::HasDate);
                if *missing { present.not() } else { present }
            }
            Test::String { how, values } => {
                or(&mut values.iter().map(|value| self.string(&params, *how, value)))
            }
            Test::Token { values, negated } => {
                let any = or(&mut values.iter().map(|value| self.token(&params, value)));
                if *negated { any.not() } else { any }
            }
            Test::OfType(values) => {
                or(&mut values.iter().map(|value| self.of_type(&params, value)))
            }
            Test::Reference { values, .. } => or(&mut values
                .iter()
                .map(|value| self.reference(def, &params, value))),
            Test::ReferenceIdentifier(values) => or(&mut values
                .iter()
                .map(|value| self.reference_identifier(&params, value))),
            Test::Date(values) => or(&mut values.iter().map(|value| self.date(&params, value))),
            Test::Number(values) => or(&mut values.iter().map(|value| self.number(&params, value))),
            Test::Quantity(values) => {
                or(&mut values.iter().map(|value| self.quantity(&params, value)))
            }
            Test::Uri { how, values } => {
                or(&mut values.iter().map(|value| self.uri(&params, *how, value)))
            }
            Test::Composite(alternatives) => {
                or(&mut alternatives.iter().map(|parts| self.composite(def, parts)))
            }
            Test::Missing(_)
            | Test::TokenText(_)
            | Test::ValueSet { .. }
            | Test::Subsumption { .. }
            | Test::Near(_) => Compiled::unknown(),
        }
    }

    /// A key under any of the parameter's numbers.
    fn keyed(params: &[ParamId], exact: bool, token: impl Fn(ParamId) -> i64) -> Compiled {
        let keys = params
            .iter()
            .map(|param| Compiled::exact(Cond::All(vec![token(*param)])));
        Compiled {
            exact,
            ..Compiled::or(keys)
        }
    }

    fn string(&self, params: &[ParamId], how: StringMatch, value: &StringValue) -> Compiled {
        let tokens = &self.tokens;
        match how {
            StringMatch::Phonetic => {
                Self::keyed(params, true, |param| tokens.phonetic(param, &value.folded))
            }
            StringMatch::Prefix | StringMatch::Equal => self.prefix(params, how, &value.folded),
            StringMatch::Exact => self.prefix(params, how, &fold(&value.text)),
            StringMatch::Contains | StringMatch::Suffix => {
                let parts = trigram_probe(&value.folded);
                if parts.is_empty() {
                    return Compiled::unknown();
                }
                let of = |param: ParamId| {
                    let all = parts
                        .iter()
                        .map(|part| tokens.trigram(param, part))
                        .collect();
                    let long = Cond::All(vec![tokens.long_string(param)]);
                    [Compiled::exact(Cond::All(all)), Compiled::exact(long)]
                };
                Compiled {
                    exact: false,
                    ..Compiled::or(params.iter().copied().flat_map(of))
                }
            }
        }
    }

    fn prefix(&self, params: &[ParamId], how: StringMatch, folded: &str) -> Compiled {
        let Some(probe) = prefix_probe(folded) else {
            return Compiled::unknown();
        };
        let exact = probe.exact && how == StringMatch::Prefix;
        Self::keyed(params, exact, |param| {
            self.tokens.prefix(param, probe.token)
        })
    }

    fn token(&self, params: &[ParamId], value: &TokenValue) -> Compiled {
        let (Some(key), Some(code)) = (&value.key, &value.code) else {
            return Compiled::unknown();
        };
        let bare = token_code(None, code);
        match &value.system {
            SystemMatch::Is(system) => Self::keyed(params, true, |param| {
                self.tokens.system_code(param, system, key)
            }),
            SystemMatch::Any => Self::keyed(params, true, |param| self.tokens.code(param, &bare)),
            SystemMatch::Absent | SystemMatch::Implied(_) => {
                Self::keyed(params, false, |param| self.tokens.code(param, &bare))
            }
        }
    }

    /// The hash in `k1` that stands for a token, when it names system and code.
    pub(crate) fn main_code(&self, value: &TokenValue) -> Option<i64> {
        let param = self.shape.code?;
        match (&value.system, &value.key) {
            (SystemMatch::Is(system), Some(key)) => Some(self.tokens.main_code(param, system, key)),
            _ => None,
        }
    }

    fn of_type(&self, params: &[ParamId], value: &TypedIdentifierValue) -> Compiled {
        let bare = token_code(None, &value.value);
        Self::keyed(params, false, |param| self.tokens.code(param, &bare))
    }

    fn reference(&self, def: &ParamDef, params: &[ParamId], value: &ReferenceValue) -> Compiled {
        match value {
            ReferenceValue::Local {
                resource_type,
                id,
                version,
                ..
            } => {
                let every: Vec<ResourceType>;
                let targets = match resource_type {
                    Some(one) => std::slice::from_ref(one),
                    None if def.targets.is_empty() => {
                        every = ResourceType::all().collect();
                        &every
                    }
                    None => &def.targets[..],
                };
                let exact = version.is_none();
                let one = |target: &ResourceType| {
                    let key = self.tenant.key_of(*target, id);
                    self.refers(params, *target, key)
                };
                Compiled {
                    exact,
                    ..Compiled::or(targets.iter().map(one))
                }
            }
            ReferenceValue::Url { url, version } => {
                let exact = version.is_none();
                Self::keyed(params, exact, |param| self.tokens.reference_url(param, url))
            }
        }
    }

    /// A reference under any of the parameter's numbers to one resource.
    pub(crate) fn refers(&self, params: &[ParamId], target: ResourceType, key: Uuid) -> Compiled {
        Compiled::or(params.iter().map(|param| {
            let by_owner = target == ResourceType::PATIENT && self.shape.owner_says_all(*param);
            Compiled::exact(if by_owner {
                Cond::Patients(vec![self.tokens.patient(key)])
            } else {
                Cond::All(vec![self.tokens.reference(*param, target, key)])
            })
        }))
    }

    fn reference_identifier(&self, params: &[ParamId], value: &TokenValue) -> Compiled {
        let Some(code) = &value.code else {
            return Compiled::unknown();
        };
        let bare = token_code(None, code);
        let exact = value.system == SystemMatch::Any;
        Self::keyed(params, exact, |param| {
            self.tokens.reference_identifier(param, &bare)
        })
    }

    fn date(&self, params: &[ParamId], value: &DateValue) -> Compiled {
        let shift = &self.tenant.shift;
        let test = RangeTest {
            comparator: value.comparator,
            lo: shift.apply(value.range.lo),
            hi: shift.apply(value.range.hi),
        };
        if self.shape.date == params.first().copied() {
            return Compiled::exact(Cond::Date(test.clear_of_mark()));
        }
        self.range(params, test)
    }

    fn number(&self, params: &[ParamId], value: &NumberValue) -> Compiled {
        self.range(params, number_test(value, value.range))
    }

    fn quantity(&self, params: &[ParamId], value: &QuantityValue) -> Compiled {
        let tokens = &self.tokens;
        let (hashes, range): (Vec<i64>, _) = match (&value.canonical, &value.unit) {
            (Some(same), _) => {
                let hash = |param: &ParamId| tokens.canonical_range(*param, &same.unit);
                (params.iter().map(hash).collect(), same.range)
            }
            (None, UnitMatch::Code { system, code }) => {
                let hash = |param: &ParamId| tokens.unit_range(*param, system, code);
                (params.iter().map(hash).collect(), value.number.range)
            }
            (None, UnitMatch::Any | UnitMatch::Text(_)) => return Compiled::unknown(),
        };
        Compiled::exact(Cond::Aux {
            hashes,
            test: number_test(&value.number, range),
        })
    }

    fn range(&self, params: &[ParamId], test: RangeTest) -> Compiled {
        let hashes = params
            .iter()
            .map(|param| self.tokens.range(*param))
            .collect();
        Compiled::exact(Cond::Aux { hashes, test })
    }

    fn uri(&self, params: &[ParamId], how: UriMatch, value: &str) -> Compiled {
        match how {
            UriMatch::Exact => Self::keyed(params, true, |param| self.tokens.uri(param, value)),
            UriMatch::Below => match uri_root(value) {
                Some(root) => {
                    Self::keyed(params, false, |param| self.tokens.uri_below(param, root))
                }
                None => Compiled::unknown(),
            },
            UriMatch::Above => {
                let ends = value
                    .match_indices('/')
                    .map(|(at, _)| at)
                    .chain([value.len()]);
                let parents = ends.filter(|end| *end > 0).flat_map(|end| {
                    // With and without the slash: both may stand in a resource.
                    [&value[..end], &value[..(end + 1).min(value.len())]]
                });
                let one = |parent: &str| {
                    Self::keyed(params, false, |param| self.tokens.uri(param, parent))
                };
                Compiled {
                    exact: false,
                    ..Compiled::or(parents.map(one))
                }
            }
        }
    }

    /// A composite implies its first part on the parameter that the composite's code begins with:
    /// `combo-code-value-quantity` implies `combo-code`.
    fn composite(&self, def: &ParamDef, parts: &[Leaf]) -> Compiled {
        let first = parts.first().map(|part| &part.test);
        let begins = |other: &ParamDef| {
            other.kind == ParamKind::Token
                && def
                    .code
                    .strip_prefix(&*other.code)
                    .is_some_and(|rest| rest.starts_with('-'))
        };
        let all = self.tenant.params.params(self.resource_type);
        let sibling = all
            .filter(|other| begins(other))
            .max_by_key(|other| other.code.len());
        match (sibling, first) {
            (Some(sibling), Some(test @ Test::Token { negated: false, .. })) => Compiled {
                exact: false,
                ..self.test(sibling, test)
            },
            _ => Compiled::unknown(),
        }
    }
}

fn number_test(value: &NumberValue, range: Range<f64>) -> RangeTest {
    RangeTest {
        comparator: value.comparator,
        lo: sortable(range.lo),
        hi: sortable(range.hi),
    }
}
