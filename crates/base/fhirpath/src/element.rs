//! Elements as expressions see them: typed FHIR elements, and plain JSON that no definition
//! describes.

use mt_fhir::definitions::TypeId;
use mt_fhir::json::Node;
use mt_fhir::names::{self, Name};

/// One element: cheap to copy, points into its document.
#[derive(Clone, Copy, Debug)]
pub enum Element<'a> {
    /// An element of a type that R4 defines.
    Fhir(mt_fhir::Element<'a>),
    /// A JSON value without definition: logical models, resources of other versions.
    Json(Node<'a>),
}

impl<'a> From<mt_fhir::Element<'a>> for Element<'a> {
    fn from(element: mt_fhir::Element<'a>) -> Self {
        Self::Fhir(element)
    }
}

impl<'a> Element<'a> {
    /// A resource, typed by its `resourceType` when R4 knows that type.
    #[must_use]
    pub fn resource(node: Node<'a>) -> Self {
        mt_fhir::Element::resource(node).map_or(Self::Json(node), Self::Fhir)
    }

    /// The JSON value, absent when the element has only extensions.
    #[must_use]
    pub fn value(self) -> Option<Node<'a>> {
        match self {
            Self::Fhir(element) => element.value(),
            Self::Json(node) => Some(node),
        }
    }

    /// The `_` sibling of a primitive.
    #[must_use]
    pub fn shadow(self) -> Option<Node<'a>> {
        match self {
            Self::Fhir(element) => element.shadow(),
            Self::Json(_) => None,
        }
    }

    /// The FHIR type; `None` for plain JSON.
    #[must_use]
    pub fn type_id(self) -> Option<TypeId> {
        match self {
            Self::Fhir(element) => Some(element.type_id()),
            Self::Json(_) => None,
        }
    }

    /// The text of a primitive's value.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        self.value()?.scalar_text()
    }

    /// Whether the element has children in its value.
    pub(crate) fn is_complex(self) -> bool {
        self.value().is_some_and(Node::is_object)
    }

    /// The first child called `name`.
    pub(crate) fn child(self, name: Name) -> Option<Element<'a>> {
        match self {
            Self::Fhir(element) => element.child(name).next().map(Self::Fhir),
            Self::Json(node) => node.get(name.as_str()).map(Self::Json),
        }
    }

    /// Gives `sink` every child called `name`; for a choice, whatever type it has.
    pub(crate) fn children_named(self, name: Name, text: &str, sink: &mut impl FnMut(Element<'a>)) {
        match self {
            Self::Fhir(element) if name.is_known() => {
                element
                    .child(name)
                    .for_each(|child| sink(Self::Fhir(child)));
            }
            Self::Fhir(_) => {}
            Self::Json(node) => {
                if let Some(value) = node.get(text) {
                    items(value, sink);
                }
            }
        }
    }

    /// Gives `sink` what stands in the JSON field `field` of this element.
    pub(crate) fn field(self, field: Node<'a>, sink: &mut impl FnMut(Element<'a>)) {
        match self {
            Self::Fhir(element) if field.name().is_known() && !field.is_shadow() => {
                element
                    .field(field.name())
                    .for_each(|child| sink(Self::Fhir(child)));
            }
            _ => items(field, sink),
        }
    }

    /// Gives `sink` every child, in document order.
    pub(crate) fn children(self, sink: &mut impl FnMut(Element<'a>)) {
        match self {
            Self::Fhir(element) => element.children().for_each(|child| sink(Self::Fhir(child))),
            Self::Json(node) if node.is_object() => {
                node.children().for_each(|field| items(field, sink));
            }
            Self::Json(_) => {}
        }
    }

    /// Gives `sink` the extensions with this URL.
    pub(crate) fn extensions(self, url: &str, sink: &mut impl FnMut(Element<'a>)) {
        self.children_named(names::EXTENSION, "extension", &mut |extension| {
            if extension.child(names::URL).and_then(Element::text) == Some(url) {
                sink(extension);
            }
        });
    }
}

/// A JSON value, or the items of an array.
fn items<'a>(value: Node<'a>, sink: &mut impl FnMut(Element<'a>)) {
    if value.is_array() {
        let present = value.children().filter(|item| !item.is_null());
        present.for_each(|item| sink(Element::Json(item)));
    } else if !value.is_null() {
        sink(Element::Json(value));
    }
}
