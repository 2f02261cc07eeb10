//! What is believed of a patient, as functions of their arguments.

mod demographics;
pub mod details;
pub mod find;
pub mod merge;
pub mod number;
mod photo;
mod vitals;

pub use demographics::check_patient;
pub use photo::{LARGEST_PHOTO, kind_of_photo};
pub use vitals::check_vitals;

use mt_fhir::Node;

/// Items of a list.
pub(crate) fn items<'a>(node: Node<'a>, name: &str) -> impl Iterator<Item = Node<'a>> {
    node.get(name).into_iter().flat_map(Node::children)
}
