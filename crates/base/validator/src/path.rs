//! Where the walk stands, kept on the stack so that a valid resource costs no allocation.

use std::fmt::{self, Write};

/// A step of the path, linked to the steps before it.
#[derive(Clone, Copy)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    name: &'p str,
    index: Option<usize>,
}

impl<'p> Path<'p> {
    /// The path of a resource or of a type.
    pub(crate) fn root(name: &'p str) -> Path<'p> {
        Path {
            parent: None,
            name,
            index: None,
        }
    }

    /// An element that does not repeat.
    pub(crate) fn child(&'p self, name: &'p str) -> Path<'p> {
        Path {
            parent: Some(self),
            name,
            index: None,
        }
    }

    /// An occurrence of a repeating element.
    pub(crate) fn item(&'p self, name: &'p str, index: usize) -> Path<'p> {
        Path {
            parent: Some(self),
            name,
            index: Some(index),
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
