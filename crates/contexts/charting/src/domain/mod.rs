//! What a note is to its rules: its state, its signatures, what they cover; visits and prescriptions. Pure.

pub(crate) mod acknowledgement;
pub(crate) mod course;
pub(crate) mod narrative;
pub(crate) mod note;
pub(crate) mod person;

use mt_fhir::Node;

/// Items of a list.
pub(crate) fn items<'a>(node: Node<'a>, name: &str) -> impl Iterator<Item = Node<'a>> {
    node.get(name).into_iter().flat_map(Node::children)
}
