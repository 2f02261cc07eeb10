//! Where the walk stands, kept on the stack so that a valid resource costs no allocation.

use std::fmt::{self, Write};

use mt_fhir::definitions::{ElementDef, TypeId};

/// A step of the path, linked to the steps before it.
#[derive(Clone, Copy)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    name: &'p str,
    index: Option<usize>,
    /// What the definitions call the element and its type, where the walk knows.
    defined: Option<(&'static ElementDef, TypeId)>,
}

impl<'p> Path<'p> {
    /// The path of a resource or of a type.
    pub(crate) fn root(name: &'p str) -> Path<'p> {
        Path {
            parent: None,
            name,
            index: None,
            defined: None,
        }
    }

    /// An element that does not repeat.
    pub(crate) fn child(&'p self, name: &'p str) -> Path<'p> {
        Path {
            parent: Some(self),
            name,
            index: None,
            defined: None,
        }
    }

    /// An occurrence of a repeating element.
    pub(crate) fn item(&'p self, name: &'p str, index: usize) -> Path<'p> {
        Path {
            parent: Some(self),
            name,
            index: Some(index),
            defined: None,
        }
    }

    /// The same path, known to be of an element of the definitions.
    pub(crate) fn defined(self, element: &'static ElementDef, type_id: TypeId) -> Path<'p> {
        Path {
            defined: Some((element, type_id)),
            ..self
        }
    }

    /// The path of the element around this one.
    pub(crate) fn parent(&self) -> Option<&'p Path<'p>> {
        self.parent
    }

    /// The definition and type of the element, unless it is a resource.
    pub(crate) fn definition(&self) -> Option<(&'static ElementDef, TypeId)> {
        self.defined
            .filter(|(_, type_id)| *type_id != TypeId::RESOURCE)
    }

    /// Name in the innermost resource, which is of type `resource`: `Patient.name.given`.
    pub(crate) fn name_in(&self, resource: &str) -> String {
        match (self.definition(), self.parent) {
            (Some(_), Some(parent)) => format!("{}.{}", parent.name_in(resource), self.name),
            _ => resource.to_owned(),
        }
    }

    /// Whether this is where the walk started.
    pub(crate) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    /// Whether the element around this one is an extension.
    pub(crate) fn is_in_extension(&self) -> bool {
        let is_extension = |p: &Path<'_>| matches!(p.name, "extension" | "modifierExtension");
        self.parent.is_some_and(is_extension)
    }
}

impl fmt::Display for Path<'_> {
    /// FHIRPath, simple subset: `Patient.name[0].given[1]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The depth is bounded by the limit of the parser.
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
            f.write_char('.')?;
        }
        f.write_str(self.name)?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_fhirpath() {
        let root = Path::root("Patient");
        let name = root.item("name", 0);
        assert_eq!(
            name.item("given", 1).to_string(),
            "Patient.name[0].given[1]"
        );
        assert_eq!(root.child("active").to_string(), "Patient.active");
    }
}
