//! What a note is to its rules: its state, its signatures, what they cover; visits, prescriptions, problems, allergies and
//! files as people enter them. Pure.

pub(crate) mod acknowledgement;
pub(crate) mod allergy;
pub(crate) mod course;
pub(crate) mod file;
pub(crate) mod narrative;
pub(crate) mod note;
pub(crate) mod person;
pub(crate) mod problem;

use mt_fhir::Node;

/// Items of a list.
pub(crate) fn items<'a>(node: Node<'a>, name: &str) -> impl Iterator<Item = Node<'a>> {
    node.get(name).into_iter().flat_map(Node::children)
}
