//! Contained resources (dom-2 to dom-5) and element ids.

use std::collections::HashSet;

use mt_fhir::json::{Kind, Node};
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;

use crate::path::Path;
use crate::walk::{Scope, Walk};

impl Walk<'_, '_> {
    /// The invariants of containment, natively: they are stated of every resource and hold for
    /// almost all because nothing is contained.
    pub(crate) fn contained_rules(&mut self, node: Node<'_>, scope: Scope<'_>, path: &Path<'_>) {
        let Some(contained) = node.get_name(names::CONTAINED).filter(|c| c.is_array()) else {
            return;
        };
        if scope.root.id() != node.id() {
            let text = "dom-2: a contained resource must not contain others";
            return self.report.error(IssueCode::Invariant, path, text);
        }
        let mut fragments = HashSet::new();
        collect_fragments(node, &mut fragments);
        let mut ids = HashSet::new();
        for (index, resource) in contained.children().enumerate() {
            let path = path.item("contained", index);
            let Some(id) = resource.get_name(names::ID).and_then(Node::as_str) else {
                let text = "a contained resource must have an id";
                self.report.error(IssueCode::Required, &path, text);
                continue;
            };
            if !ids.insert(id) {
                self.report.error(
                    IssueCode::Duplicate,
                    &path,
                    "another contained resource has this id",
                );
            }
            let mut own = HashSet::new();
            collect_fragments(resource, &mut own);
            if !fragments.contains(id) && !own.contains("") {
                let text = "dom-3: nothing refers to this contained resource";
                self.report.error(IssueCode::Invariant, &path, text);
            }
            self.contained_meta(resource, &path);
        }
    }

    /// Element ids are unique within a resource; resources inside it have their own.
    pub(crate) fn element_ids(&mut self, node: Node<'_>, path: &Path<'_>) {
        let mut ids = HashSet::new();
        let mut pending: Vec<Node<'_>> = node.children().collect();
        while let Some(node) = pending.pop() {
            let is_resource = node.get_name(names::RESOURCE_TYPE).is_some();
            if node.kind() == Kind::Object
                && !is_resource
                && let Some(id) = node.get_name(names::ID).and_then(Node::as_str)
                && !ids.insert(id)
            {
                self.report
                    .error(IssueCode::Duplicate, path, "two elements have the same id");
            }
            if !is_resource {
                pending.extend(node.children());
            }
        }
    }

    fn contained_meta(&mut self, resource: Node<'_>, path: &Path<'_>) {
        let Some(meta) = resource.get_name(names::META) else {
            return;
        };
        let has = |name| meta.get_name(name).is_some();
        if has(names::VERSION_ID) || has(names::LAST_UPDATED) {
            let text = "dom-4: a contained resource has no versionId and no lastUpdated";
            self.report.error(IssueCode::Invariant, path, text);
        }
        if has(names::SECURITY) {
            let text = "dom-5: a contained resource has no security label";
            self.report.error(IssueCode::Invariant, path, text);
        }
    }
}

/// What follows the `#` in every string that starts with one.
fn collect_fragments<'a>(node: Node<'a>, fragments: &mut HashSet<&'a str>) {
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        let text = node.as_str().unwrap_or_default();
        if let Some(fragment) = text.strip_prefix('#') {
            fragments.insert(fragment);
        } else if node.name() == names::DIV {
            // Links and images of the narrative.
            let linked = text
                .split("=\"#")
                .skip(1)
                .filter_map(|rest| rest.split('"').next());
            fragments.extend(linked);
        }
        pending.extend(node.children());
    }
}
