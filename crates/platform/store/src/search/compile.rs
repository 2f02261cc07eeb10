//! A search on one resource type as a condition, with what it suggests about the way to the rows.

use std::pin::Pin;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_fhir::definitions::{Compartment, compartment_params};
use mt_search::query::{Chain, CompartmentRef, DateValue, Has, Leaf, ReferenceValue, Test};
use mt_search::{Clause, IndexValue, Query, extract};
use uuid::Uuid;

use super::check::Checks;
use super::cond::{Compiled, Cond, RangeTest};
use super::leaf::LeafCompiler;
use crate::commit::parse_stored;
use crate::index::indexed_as;
use crate::source::Source;
use crate::tenants::Tenant;
use crate::{Caller, Grant, Result, Store};

/// What is needed to compile a search.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) caller: &'a Caller,
    pub(crate) tenant: &'a Arc<Tenant>,
    /// Whether a frequent `_has` may be looked for patient by patient in SQL.
    pub(crate) streaming: bool,
}

/// What a search suggests about the way to its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hints {
    /// Every match is in the compartment of one of these patients.
    pub(crate) patients: Option<Vec<i64>>,
    /// Every match has one of these main codes; with the condition that this stands for.
    pub(crate) main_codes: Option<(Vec<i64>, Cond)>,
    /// Some required key is rare by nature: an identifier, a reference, part of a name.
    pub(crate) selective: bool,
}

/// A search on one type, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) resource_type: ResourceType,
    pub(crate) compiled: Compiled,
    pub(crate) hints: Hints,
    pub(crate) checks: Checks,
}

type Compiling<'a> = Pin<Box<dyn Future<Output = Result<Compiled>> + Send + 'a>>;

impl Store {
    /// Compiles what `query` and the caller's filter say about resources of a type.
    pub(crate) async fn plan_search(
        &self,
        scope: Scope<'_>,
        resource_type: ResourceType,
        query: &Query,
    ) -> Result<Plan> {
        let leaves = LeafCompiler::new(scope.tenant, resource_type);
        let (mut hints, mut checks) = (Hints::default(), Checks::default());
        let mut all = Vec::new();
        if let Some(compartment) = &query.compartment {
            all.push(compile_compartment(&leaves, compartment, &mut hints));
        }
        for clause in query.conditions() {
            if let Clause::Leaf(leaf) = clause {
                hint(&leaves, leaf, &mut hints);
            }
            let compiled = self
                .compile_clause(scope, &leaves, clause, &mut hints)
                .await?;
            if !compiled.exact {
                checks.require(resource_type, clause)?;
            } else if compiled.cond.tests_date() {
                checks.require_dated(resource_type, clause)?;
            }
            all.push(compiled);
        }
        match scope.caller.access.grant(resource_type) {
            Grant::Everything => {}
            Grant::Nothing => all.push(Compiled::exact(Cond::False)),
            Grant::Matching(grants) => {
                all.push(
                    self.compile_grants(scope, &leaves, grants, &mut hints, &mut checks)
                        .await?,
                );
            }
        }
        for withheld in scope.caller.access.withheld(resource_type) {
            all.push(
                self.compile_withheld(scope, &leaves, withheld, &mut checks)
                    .await?,
            );
        }
        Ok(Plan {
            resource_type,
            compiled: Compiled::and(all),
            hints,
            checks,
        })
    }

    /// What the caller may see: at least one of the grants must match.
    async fn compile_grants(
        &self,
        scope: Scope<'_>,
        leaves: &LeafCompiler<'_>,
        grants: &[Query],
        hints: &mut Hints,
        checks: &mut Checks,
    ) -> Result<Compiled> {
        let mut any = Vec::with_capacity(grants.len());
        for grant in grants {
            let mut own = Hints::default();
            let mut all = Vec::new();
            if let Some(compartment) = &grant.compartment {
                all.push(compile_compartment(leaves, compartment, &mut own));
            }
            for clause in grant.conditions() {
                if let Clause::Leaf(leaf) = clause {
                    hint(leaves, leaf, &mut own);
                }
                all.push(self.compile_clause(scope, leaves, clause, &mut own).await?);
            }
            any.push(Compiled::and(all));
            if grants.len() == 1 && hints.patients.is_none() {
                hints.patients = own.patients;
            }
        }
        let granted = Compiled::or(any);
        if !granted.exact || granted.cond.tests_date() {
            for grant in grants {
                checks.allow(grant)?;
            }
        }
        Ok(granted)
    }

    /// What the caller may not see. Columns decide what they can decide exactly; the rest is checked
    /// on the opened resource, and several main dates are known by their hull only.
    async fn compile_withheld(
        &self,
        scope: Scope<'_>,
        leaves: &LeafCompiler<'_>,
        withheld: &Query,
        checks: &mut Checks,
    ) -> Result<Compiled> {
        let mut none = Hints::default();
        let mut all = Vec::new();
        if let Some(compartment) = &withheld.compartment {
            all.push(compile_compartment(leaves, compartment, &mut none));
        }
        for clause in withheld.conditions() {
            all.push(
                self.compile_clause(scope, leaves, clause, &mut none)
                    .await?,
            );
        }
        let matched = Compiled::and(all);
        if matched.exact && !matched.cond.tests_date() {
            return Ok(matched.not());
        }
        checks.forbid(withheld)?;
        Ok(Compiled::unknown())
    }

    fn compile_clause<'a>(
        &'a self,
        scope: Scope<'a>,
        leaves: &'a LeafCompiler<'a>,
        clause: &'a Clause,
        hints: &'a mut Hints,
    ) -> Compiling<'a> {
        Box::pin(async move {
            Ok(match clause {
                Clause::Leaf(leaf) => leaves.leaf(leaf),
                Clause::Id { ids, negated } => {
                    let key = |id: &String| scope.tenant.key_of(leaves.resource_type, id);
                    let any = Compiled::exact(Cond::Ids(ids.iter().map(key).collect()));
                    if *negated { any.not() } else { any }
                }
                Clause::LastUpdated(values) => Compiled::or(values.iter().map(updated)),
                Clause::Chain(chain) => self.compile_chain(scope, leaves, chain, hints).await?,
                Clause::Has(has) => self.compile_has(scope, leaves, has, hints).await?,
                Clause::Text(_) => Compiled::unknown(),
                Clause::List(lists) => self.compile_lists(scope, leaves, lists).await?,
                Clause::And(parts) => Compiled::and(self.compile_all(scope, leaves, parts).await?),
                Clause::Or(parts) => Compiled::or(self.compile_all(scope, leaves, parts).await?),
                Clause::Not(inner) => {
                    let mut none = Hints::default();
                    self.compile_clause(scope, leaves, inner, &mut none)
                        .await?
                        .not()
                }
            })
        })
    }

    async fn compile_all(
        &self,
        scope: Scope<'_>,
        leaves: &LeafCompiler<'_>,
        parts: &[Clause],
    ) -> Result<Vec<Compiled>> {
        let mut compiled = Vec::with_capacity(parts.len());
        for part in parts {
            let mut none = Hints::default();
            compiled.push(self.compile_clause(scope, leaves, part, &mut none).await?);
        }
        Ok(compiled)
    }

    /// Two steps, never a join: first the targets, then what refers to them.
    async fn compile_chain(
        &self,
        scope: Scope<'_>,
        leaves: &LeafCompiler<'_>,
        chain: &Chain,
        hints: &mut Hints,
    ) -> Result<Compiled> {
        let Some(def) = chain.param.def_for(leaves.resource_type) else {
            return Ok(Compiled::exact(Cond::False));
        };
        let params = leaves.indexed(def);
        let (mut any, mut patients, mut only_patients) = (Vec::new(), Vec::new(), true);
        for (target, clause) in &chain.targets {
            let ids = self.ids_of(scope, *target, clause).await?;
            only_patients &= *target == ResourceType::PATIENT || ids.is_empty();
            for id in ids {
                any.push(leaves.refers(&params, *target, id));
                patients.push(leaves.tokens.patient(id));
            }
        }
        let in_compartment = params
            .iter()
            .any(|param| leaves.shape.patient.contains(param));
        if only_patients && in_compartment && hints.patients.is_none() {
            hints.patients = Some(patients);
        }
        hints.selective = true;
        Ok(Compiled::or(any))
    }

    /// Two steps as well: what refers here first, then the targets it names.
    async fn compile_has(
        &self,
        scope: Scope<'_>,
        leaves: &LeafCompiler<'_>,
        has: &Has,
        hints: &mut Hints,
    ) -> Result<Compiled> {
        let Some(def) = has.param.def_for(has.source) else {
            return Ok(Compiled::exact(Cond::False));
        };
        let param = indexed_as(has.source, def.id);
        if leaves.resource_type == ResourceType::PATIENT
            && let Some(cond) = self.patients_with(scope, has, param).await?
        {
            if let Cond::Patients(patients) = &cond {
                hints.patients.get_or_insert(patients.clone());
            }
            return Ok(Compiled::exact(cond));
        }
        let ids = self.targets_of(scope, leaves.resource_type, has).await?;
        Ok(Compiled::exact(Cond::Ids(ids)))
    }

    /// `_list`: the items of lists that the caller may see.
    async fn compile_lists(
        &self,
        scope: Scope<'_>,
        leaves: &LeafCompiler<'_>,
        lists: &[String],
    ) -> Result<Compiled> {
        let of = Clause::Id {
            ids: lists.to_vec(),
            negated: false,
        };
        let query = super::query_of(ResourceType::LIST, of);
        let found =
            Box::pin(self.matching_in(scope, ResourceType::LIST, &query, lists.len())).await?;
        let mut ids = Vec::new();
        for list in &found {
            let doc = parse_stored(&list.stored.body)?;
            let extracted = extract(&scope.tenant.params, ResourceType::LIST, doc.root());
            let Some(item) = scope.tenant.params.get(ResourceType::LIST, "item") else {
                continue;
            };
            for value in extracted.values(item.id) {
                if let IndexValue::Reference(reference) = value
                    && let Some((target, id)) = &reference.local
                    && *target == leaves.resource_type
                {
                    ids.push(scope.tenant.key_of(*target, id));
                }
            }
        }
        Ok(Compiled::exact(if ids.is_empty() {
            Cond::False
        } else {
            Cond::Ids(ids)
        }))
    }

    /// The keys of the resources of a type that satisfy a clause and that the caller may see.
    async fn ids_of(
        &self,
        scope: Scope<'_>,
        resource_type: ResourceType,
        clause: &Clause,
    ) -> Result<Vec<Uuid>> {
        if let Clause::Id {
            ids,
            negated: false,
        } = clause
            && scope.caller.access.is_everything()
        {
            return Ok(ids
                .iter()
                .map(|id| scope.tenant.key_of(resource_type, id))
                .collect());
        }
        let query = super::query_of(resource_type, clause.clone());
        Box::pin(self.matching_ids(scope, resource_type, &query, self.limits().chain)).await
    }
}

fn updated(value: &DateValue) -> Compiled {
    Compiled::exact(Cond::Updated(RangeTest {
        comparator: value.comparator,
        lo: value.range.lo,
        hi: value.range.hi,
    }))
}

fn compile_compartment(
    leaves: &LeafCompiler<'_>,
    compartment: &CompartmentRef,
    hints: &mut Hints,
) -> Compiled {
    let owner = compartment.compartment.resource_type();
    let id = leaves.tenant.key_of(owner, &compartment.id);
    let params = compartment_params(compartment.compartment, leaves.resource_type);
    let refers = params.iter().filter_map(|code| {
        let def = leaves.tenant.params.get(leaves.resource_type, code)?;
        Some(leaves.refers(&leaves.indexed(def), owner, id))
    });
    let itself = (owner == leaves.resource_type).then(|| Compiled::exact(Cond::Ids(vec![id])));
    let compiled = Compiled::or(refers.chain(itself));
    hints.selective = true;
    if compartment.compartment == Compartment::Patient && owner != leaves.resource_type {
        hints.patients = Some(vec![leaves.tokens.patient(id)]);
    }
    compiled
}

/// Takes note of what a required test says about the way to the rows.
fn hint(leaves: &LeafCompiler<'_>, leaf: &Leaf, hints: &mut Hints) {
    let Some(def) = leaf.param.def_for(leaves.resource_type) else {
        return;
    };
    let params = leaves.indexed(def);
    match &leaf.test {
        Test::Reference { values, .. } => {
            hints.selective = true;
            let patient = |value: &ReferenceValue| match value {
                ReferenceValue::Local {
                    resource_type, id, ..
                } if *resource_type == Some(ResourceType::PATIENT)
                    || (resource_type.is_none() && *def.targets == [ResourceType::PATIENT]) =>
                {
                    let key = leaves.tenant.key_of(ResourceType::PATIENT, id);
                    Some(leaves.tokens.patient(key))
                }
                _ => None,
            };
            let all: Option<Vec<i64>> = values.iter().map(patient).collect();
            let in_compartment = params
                .iter()
                .all(|param| leaves.shape.patient.contains(param));
            if let Some(all) = all.filter(|_| in_compartment) {
                hints.patients = Some(all);
            }
        }
        Test::Token {
            values,
            negated: false,
        } => {
            if def.code == "identifier" {
                hints.selective = true;
            }
            if leaves.shape.code.is_some() && leaves.shape.code == params.first().copied() {
                let main = |value| leaves.main_code(value);
                let codes: Option<Vec<i64>> = values.iter().map(main).collect();
                if let Some(codes) = codes.filter(|_| params.len() == 1) {
                    hints.main_codes = Some((codes, leaves.leaf(leaf).cond));
                }
            }
        }
        Test::String { values, .. } => {
            hints.selective |= values.iter().all(|value| value.folded.chars().count() >= 3);
        }
        Test::ReferenceIdentifier(_) | Test::OfType(_) => hints.selective = true,
        _ => {}
    }
}
