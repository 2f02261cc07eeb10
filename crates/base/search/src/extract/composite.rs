//! Composite parameters: combinations of values of the same element.

use mt_fhir::Node;
use mt_fhir::definitions::{ParamId, ResourceType, TypeId};

use super::path;
use super::plan::{Branch, Compiler, NotPlain, ParamFacts};
use super::value::{Entry, IndexValue};
use super::walk::Walk;
use crate::registry::{ParamDef, ParamKind, ParamRegistry};

/// Combinations of one resource that are extracted; more are a mistake or an attack.
const MAX_COMBINATIONS: usize = 4096;

/// The composites that start at one element. Components that several of them share are taken
/// from the element once.
#[derive(Debug, Default)]
pub(super) struct CompositeGroup {
    /// Takes components from the element; the "parameters" of its values are slots.
    element: Branch,
    /// The same from the resource, for `%resource.…`.
    resource: Branch,
    /// What each slot stands for.
    slots: Vec<(String, ParamId)>,
    composites: Vec<(ParamId, Vec<ParamId>)>,
}

impl CompositeGroup {
    /// Adds a composite whose element is of `type_id`.
    pub(super) fn add(
        &mut self,
        registry: &ParamRegistry,
        resource_type: ResourceType,
        type_id: TypeId,
        composite: &ParamDef,
    ) -> Result<(), NotPlain> {
        if self
            .composites
            .iter()
            .any(|(param, _)| *param == composite.id)
        {
            return Ok(());
        }
        let mut slots = Vec::new();
        for component in &composite.components {
            let def = registry.by_id(component.param).ok_or(NotPlain)?;
            slots.push(self.slot(registry, resource_type, type_id, def, &component.expression)?);
        }
        self.composites.push((composite.id, slots));
        Ok(())
    }

    fn slot(
        &mut self,
        registry: &ParamRegistry,
        resource_type: ResourceType,
        type_id: TypeId,
        def: &ParamDef,
        expression: &str,
    ) -> Result<ParamId, NotPlain> {
        let known = |(text, param): &(String, ParamId)| text == expression && *param == def.id;
        if let Some(index) = self.slots.iter().position(known) {
            return slot_id(index);
        }
        let slot = slot_id(self.slots.len())?;
        self.slots.push((expression.to_owned(), def.id));
        // Values are tagged with the slot instead of the component's own parameter.
        let tagged = ParamDef {
            id: slot,
            ..def.clone()
        };
        let facts = &mut ParamFacts::default();
        let mut compiler = Compiler {
            registry,
            resource_type,
            param: &tagged,
            facts,
        };
        for path in path::parse(expression).ok_or(NotPlain)? {
            if path.from_resource {
                let root = resource_type.type_id();
                compiler.insert(&mut self.resource, root, None, &path.steps)?;
            } else {
                compiler.insert(&mut self.element, type_id, None, &path.steps)?;
            }
        }
        Ok(slot)
    }

    /// Appends the combinations at `element`.
    pub(super) fn extract<'a>(&self, walk: &mut Walk<'_, 'a>, element: Node<'a>) {
        let mut parts = walk.detached();
        parts.visit(&self.element, element);
        parts.visit(&self.resource, walk.resource());
        for (composite, slots) in &self.composites {
            let values =
                |slot: &ParamId| -> Vec<&IndexValue<'a>> { parts.values_of(*slot).collect() };
            let parts: Vec<_> = slots.iter().map(values).collect();
            combine(walk, *composite, &parts);
        }
    }

    #[cfg(test)]
    pub(super) fn has_values(&self, param: ParamId) -> bool {
        self.composites
            .iter()
            .any(|(composite, _)| *composite == param)
    }
}

fn slot_id(index: usize) -> Result<ParamId, NotPlain> {
    u16::try_from(index).map(ParamId).map_err(|_| NotPlain)
}

/// Appends every combination of one value of each part.
fn combine<'a>(walk: &mut Walk<'_, 'a>, composite: ParamId, parts: &[Vec<&IndexValue<'a>>]) {
    let total = parts
        .iter()
        .try_fold(1usize, |total, part| total.checked_mul(part.len()));
    let room = MAX_COMBINATIONS.saturating_sub(walk.combinations);
    let count = total.unwrap_or(usize::MAX).min(room);
    walk.truncated |= total != Some(count);
    walk.combinations += count;
    for number in 0..count {
        let mut rest = number;
        let pick = |part: &Vec<&IndexValue<'a>>| {
            let value = part[rest % part.len()].clone();
            rest /= part.len();
            value
        };
        let value = IndexValue::Composite(parts.iter().map(pick).collect());
        walk.entries.push(Entry {
            param: composite,
            value,
        });
    }
}

impl ParamDef {
    /// True for a kind whose values can be a part of a composite.
    pub(crate) const fn can_be_component(&self) -> bool {
        !matches!(self.kind, ParamKind::Composite | ParamKind::Special)
    }
}
