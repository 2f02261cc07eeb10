//! Where a node stands: nodes know their children but not their parents.

use mt_fhir::json::{Doc, NodeId};

/// The way from the root down to a node: every container, then the node itself.
pub(super) struct Location(Vec<NodeId>);

impl Location {
    /// Looks for `target` in the linked tree.
    pub(super) fn of(doc: &Doc, target: NodeId) -> Option<Self> {
        // Depth first; a `None` marks the end of a container's children.
        let mut way = Vec::new();
        let mut pending = vec![Some(doc.root().id())];
        while let Some(next) = pending.pop() {
            let Some(id) = next else {
                way.pop();
                continue;
            };
            way.push(id);
            if id == target {
                return Some(Self(way));
            }
            pending.push(None);
            pending.extend(doc.node(id).children().map(|child| Some(child.id())));
        }
        None
    }

    fn ancestor(&self, levels: usize) -> Option<NodeId> {
        let at = self.0.len().checked_sub(levels + 1)?;
        self.0.get(at).copied()
    }

    /// The node itself.
    pub(super) fn node(&self) -> Option<NodeId> {
        self.ancestor(0)
    }

    /// The array in which the node stands, and its index there.
    pub(super) fn array(&self, doc: &Doc) -> Option<(NodeId, usize)> {
        let parent = self
            .ancestor(1)
            .filter(|parent| doc.node(*parent).is_array())?;
        let node = self.node()?;
        let index = doc
            .node(parent)
            .children()
            .position(|child| child.id() == node)?;
        Some((parent, index))
    }

    /// The object that holds the element, and the field: the node, or the array around it.
    pub(super) fn field(&self, doc: &Doc) -> Option<(NodeId, NodeId)> {
        let level = usize::from(self.array(doc).is_some());
        Some((self.ancestor(level + 1)?, self.ancestor(level)?))
    }

    /// Takes the node out, and every container that this leaves empty, except the root.
    pub(super) fn remove(&self, doc: &mut Doc) {
        for pair in self.0.windows(2).rev() {
            let [parent, child] = pair else { return };
            doc.remove_child(*parent, *child);
            if !doc.node(*parent).is_empty() {
                return;
            }
        }
    }
}
