//! Follows a plan through a resource.

use mt_fhir::Node;
use mt_fhir::definitions::ParamId;

use super::plan::{Branch, Edge};
use super::value::{Entry, IndexValue};
use crate::registry::ParamRegistry;

/// State of one extraction.
pub(super) struct Walk<'p, 'a> {
    registry: &'p ParamRegistry,
    resource: Node<'a>,
    /// The parameters that the values emitted now belong to.
    params: &'p [ParamId],
    pub(super) entries: Vec<Entry<'a>>,
    /// Combinations of composites so far.
    pub(super) combinations: usize,
    /// Values were left out because a limit was reached.
    pub(super) truncated: bool,
}

impl<'p, 'a> Walk<'p, 'a> {
    pub(super) const fn new(
        registry: &'p ParamRegistry,
        resource: Node<'a>,
        entries: Vec<Entry<'a>>,
    ) -> Self {
        Self {
            registry,
            resource,
            params: &[],
            entries,
            combinations: 0,
            truncated: false,
        }
    }

    /// A walk over the same resource with no values of its own yet.
    pub(super) const fn detached(&self) -> Self {
        Self::new(self.registry, self.resource, Vec::new())
    }

    pub(super) const fn registry(&self) -> &'p ParamRegistry {
        self.registry
    }

    pub(super) const fn resource(&self) -> Node<'a> {
        self.resource
    }

    /// The values of one parameter so far.
    pub(super) fn values_of(&self, param: ParamId) -> impl Iterator<Item = &IndexValue<'a>> {
        self.entries
            .iter()
            .filter(move |entry| entry.param == param)
            .map(|entry| &entry.value)
    }

    /// Takes what `branch` wants from `value`, and from below it.
    pub(super) fn visit(&mut self, branch: &'p Branch, value: Node<'a>) {
        for action in &branch.actions {
            self.params = &action.params;
            action.convert.run(self, value);
        }
        if let Some(group) = &branch.composites {
            group.extract(self, value);
        }
        if branch.edges.is_empty() {
            return;
        }
        for field in value.children() {
            let name = field.name();
            let edge = branch.edges.iter().find(|edge| edge.name == name);
            if let Some(edge) = edge.filter(|_| !field.is_shadow()) {
                self.follow(edge, field);
            }
        }
    }

    fn follow(&mut self, edge: &'p Edge, field: Node<'a>) {
        if !field.is_array() {
            return self.enter(edge, 0, field);
        }
        for (index, item) in field.children().enumerate() {
            self.enter(edge, index, item);
        }
    }

    fn enter(&mut self, edge: &'p Edge, index: usize, value: Node<'a>) {
        for (guard, below) in &edge.branches {
            if guard.admits(index, value) {
                self.visit(below, value);
            }
        }
    }

    /// Sets the parameter that values emitted from here on belong to.
    pub(super) const fn set_params(&mut self, params: &'p [ParamId]) {
        self.params = params;
    }

    /// Adds a value to the current parameters.
    pub(super) fn emit(&mut self, value: IndexValue<'a>) {
        if let Some((last, others)) = self.params.split_last() {
            for param in others {
                self.entries.push(Entry {
                    param: *param,
                    value: value.clone(),
                });
            }
            self.entries.push(Entry {
                param: *last,
                value,
            });
        }
    }
}
