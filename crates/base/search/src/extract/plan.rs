//! The compiled extraction of one resource type: all its expressions merged into one tree.

use std::collections::HashMap;

use mt_fhir::definitions::{
    Compartment, ElementDef, ParamId, ResourceType, TypeId, TypeKind, compartment_params,
};
use mt_fhir::{Name, Node};
use mt_fhirpath::Expr;
use smallvec::SmallVec;

use super::composite::CompositeGroup;
use super::convert::Convert;
use super::main_values;
use super::path::{self, Path, Step};
use crate::registry::{ParamDef, ParamKind, ParamRegistry};

/// What the query parser must know about the elements behind a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParamFacts {
    /// Some element is an `Identifier`.
    pub(crate) has_identifier: bool,
    /// The system that the value set of a `code` element fixes.
    pub(crate) implied_system: Option<String>,
}

/// How the values of one resource type are extracted.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) root: Branch,
    /// Expressions beyond the plain part, evaluated by the engine.
    pub(super) general: Vec<(ParamId, ParamKind, Expr)>,
    /// Reference parameters that lead into compartments.
    pub(super) compartments: Vec<(ParamId, Compartment)>,
    pub(super) main_code: Option<ParamId>,
    pub(super) main_dates: SmallVec<[ParamId; 2]>,
    facts: HashMap<ParamId, ParamFacts>,
}

/// What to do at an element: take values from it, and go further down.
#[derive(Debug, Default)]
pub(super) struct Branch {
    pub(super) actions: Vec<Action>,
    pub(super) composites: Option<Box<CompositeGroup>>,
    pub(super) edges: Vec<Edge>,
}

/// One conversion for all the parameters that want it.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) convert: Convert,
    pub(super) params: SmallVec<[ParamId; 4]>,
}

/// A field to follow, under one guard or several.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) name: Name,
    pub(super) branches: SmallVec<[(Guard, Branch); 1]>,
}

/// Which values of a field are followed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Guard {
    All,
    Index(usize),
    Equals { field: Name, literal: Box<str> },
    Target(ResourceType),
}

impl Guard {
    pub(super) fn admits(&self, index: usize, value: Node<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Index(wanted) => *wanted == index,
            Self::Equals { field, literal } => {
                let found = value.get_name(*field).and_then(Node::scalar_text);
                found == Some(literal)
            }
            Self::Target(wanted) => super::reference::refers_to(value, *wanted),
        }
    }
}

/// The expression needs the engine.
#[derive(Debug)]
pub(super) struct NotPlain;

impl Plan {
    /// Compiles the parameters of `resource_type`.
    pub(crate) fn compile(registry: &ParamRegistry, resource_type: ResourceType) -> Self {
        let mut plan = Self {
            root: Branch::default(),
            general: Vec::new(),
            compartments: compartments(registry, resource_type),
            main_code: main_values::code_param(registry, resource_type),
            main_dates: main_values::date_params(registry, resource_type),
            facts: HashMap::new(),
        };
        for param in registry
            .params(resource_type)
            .filter(|param| !param.is_computed())
        {
            plan.add(registry, resource_type, param);
        }
        plan
    }

    fn add(&mut self, registry: &ParamRegistry, resource_type: ResourceType, param: &ParamDef) {
        let facts = self.facts.entry(param.id).or_default();
        let mut compiler = Compiler {
            registry,
            resource_type,
            param,
            facts,
        };
        let plain = path::parse(&param.expression)
            .ok_or(NotPlain)
            .and_then(|paths| compiler.insert_all(&mut self.root, &paths));
        // Parameters are checked when they are added; an expression that does not even parse
        // has no values.
        if plain.is_err()
            && param.kind != ParamKind::Composite
            && let Ok(expression) = Expr::parse(&param.expression)
        {
            self.general.push((param.id, param.kind, expression));
        }
    }

    /// What is known about the elements behind a parameter.
    pub(crate) fn facts(&self, param: ParamId) -> Option<&ParamFacts> {
        self.facts.get(&param)
    }

    /// True when some element yields values for the parameter.
    #[cfg(test)]
    pub(crate) fn has_values(&self, param: ParamId) -> bool {
        self.general.iter().any(|(id, ..)| *id == param) || self.root.has_values(param)
    }
}

/// The parameters that lead from resources of a type into a compartment.
fn compartments(
    registry: &ParamRegistry,
    resource_type: ResourceType,
) -> Vec<(ParamId, Compartment)> {
    let codes = Compartment::ALL.into_iter().flat_map(|compartment| {
        let codes = compartment_params(compartment, resource_type).iter();
        codes.map(move |code| (*code, compartment))
    });
    let param = |(code, compartment)| Some((registry.get(resource_type, code)?.id, compartment));
    codes.filter_map(param).collect()
}

/// Inserts the paths of one parameter.
pub(super) struct Compiler<'a> {
    pub(super) registry: &'a ParamRegistry,
    pub(super) resource_type: ResourceType,
    pub(super) param: &'a ParamDef,
    pub(super) facts: &'a mut ParamFacts,
}

impl Compiler<'_> {
    fn insert_all(&mut self, root: &mut Branch, paths: &[Path]) -> Result<(), NotPlain> {
        let type_id = self.resource_type.type_id();
        for Path { steps, .. } in paths {
            let Some((Step::Field(first), rest)) = steps.split_first() else {
                return Err(NotPlain);
            };
            let applies = first == self.resource_type.name()
                || matches!(first.as_str(), "Resource" | "DomainResource");
            if applies {
                self.insert(root, type_id, None, rest)?;
            } else if ResourceType::from_name(first).is_none() {
                // Some expressions leave the type out.
                self.insert(root, type_id, None, steps)?;
            }
        }
        Ok(())
    }

    /// Inserts `steps` below `branch`, which stands at an element of `type_id`.
    pub(super) fn insert(
        &mut self,
        branch: &mut Branch,
        type_id: TypeId,
        element: Option<&'static ElementDef>,
        steps: &[Step],
    ) -> Result<(), NotPlain> {
        let (name, mut rest) = match steps.split_first() {
            None => return self.finish(branch, type_id, element),
            Some((Step::Field(name), rest)) => (Name::intern(name), rest),
            // A type test on an element that has this type already.
            Some((Step::As(wanted), rest)) if names_type(wanted, type_id) => {
                return self.insert(branch, type_id, element, rest);
            }
            Some((Step::As(_), _)) => return Ok(()),
            Some(_) => return Err(NotPlain),
        };
        let guard = match rest.split_first() {
            Some((step, beyond)) => match guard(step)? {
                Some(guard) => {
                    rest = beyond;
                    guard
                }
                None => Guard::All,
            },
            None => Guard::All,
        };
        let def = type_id.def();
        if let Some(field) = def.field(name) {
            let element = Some(def.element_of(field));
            let below = branch.below(name, &guard);
            return self.insert(below, field.type_id, element, rest);
        }
        let Some(element) = def.element(name).filter(|element| element.is_choice) else {
            return Err(NotPlain);
        };
        for field in def.choices(element) {
            // What cannot lead to a value must not cost time in every walk.
            let mut probe = Branch::default();
            self.insert(&mut probe, field.type_id, Some(element), rest)?;
            if !probe.is_empty() {
                let below = branch.below(field.name, &guard);
                self.insert(below, field.type_id, Some(element), rest)?;
            }
        }
        Ok(())
    }

    fn finish(
        &mut self,
        branch: &mut Branch,
        type_id: TypeId,
        element: Option<&'static ElementDef>,
    ) -> Result<(), NotPlain> {
        if self.param.kind == ParamKind::Composite {
            let group = branch.composites.get_or_insert_default();
            return group.add(self.registry, self.resource_type, type_id, self.param);
        }
        let Some(convert) = Convert::of(self.param, type_id) else {
            return Ok(());
        };
        self.facts.has_identifier |= convert == Convert::Identifier;
        if self.facts.implied_system.is_none() {
            self.facts.implied_system = implied_system(type_id, element);
        }
        branch.take(convert, self.param.id);
        Ok(())
    }
}

impl Branch {
    /// The branch below a field, made when it is not there.
    fn below(&mut self, name: Name, guard: &Guard) -> &mut Branch {
        let edge = match self.edges.iter().position(|edge| edge.name == name) {
            Some(index) => index,
            None => {
                self.edges.push(Edge {
                    name,
                    branches: SmallVec::new(),
                });
                self.edges.len() - 1
            }
        };
        let branches = &mut self.edges[edge].branches;
        let index = match branches.iter().position(|(other, _)| other == guard) {
            Some(index) => index,
            None => {
                branches.push((guard.clone(), Branch::default()));
                branches.len() - 1
            }
        };
        &mut branches[index].1
    }

    /// Converts the element for `param`.
    pub(super) fn take(&mut self, convert: Convert, param: ParamId) {
        match self
            .actions
            .iter_mut()
            .find(|action| action.convert == convert)
        {
            Some(action) if action.params.contains(&param) => {}
            Some(action) => action.params.push(param),
            None => self.actions.push(Action {
                convert,
                params: [param].into_iter().collect(),
            }),
        }
    }

    fn is_empty(&self) -> bool {
        self.actions.is_empty()
            && self.composites.is_none()
            && self
                .edges
                .iter()
                .all(|edge| edge.branches.iter().all(|(_, below)| below.is_empty()))
    }

    #[cfg(test)]
    fn has_values(&self, param: ParamId) -> bool {
        self.actions
            .iter()
            .any(|action| action.params.contains(&param))
            || self
                .composites
                .as_ref()
                .is_some_and(|group| group.has_values(param))
            || self.edges.iter().any(|edge| {
                edge.branches
                    .iter()
                    .any(|(_, below)| below.has_values(param))
            })
    }
}

fn guard(step: &Step) -> Result<Option<Guard>, NotPlain> {
    Ok(match step {
        Step::Index(index) => Some(Guard::Index(*index)),
        Step::WhereEquals { field, literal } => {
            let field = Name::intern(field);
            let literal = literal.as_str().into();
            Some(Guard::Equals { field, literal })
        }
        Step::WhereTarget(name) => Some(Guard::Target(
            ResourceType::from_name(name).ok_or(NotPlain)?,
        )),
        Step::Field(_) | Step::As(_) => None,
    })
}

/// True when an expression that writes `wanted` means `type_id`; some write `DateTime`.
fn names_type(wanted: &str, type_id: TypeId) -> bool {
    let name = type_id.name();
    let primitive = type_id.def().kind == TypeKind::Primitive;
    wanted == name || (primitive && wanted.eq_ignore_ascii_case(name))
}

/// The one system of the codes that a `code` or `boolean` element can have.
fn implied_system(type_id: TypeId, element: Option<&'static ElementDef>) -> Option<String> {
    match type_id.name() {
        "boolean" => Some("http://terminology.hl7.org/CodeSystem/special-values".to_owned()),
        "code" => {
            let codes = element?.binding.as_ref()?.codes?.codes;
            let system = codes.first()?.system;
            let only = codes.iter().all(|code| code.system == system);
            only.then(|| system.to_owned())
        }
        _ => None,
    }
}
