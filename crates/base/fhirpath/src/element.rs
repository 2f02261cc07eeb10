//! Elements of a FHIR tree as FHIRPath sees them: a value, its `_` sibling and its type.
//!
//! JSON splits a primitive into two fields and a choice into many names; here both are one again.

use mt_fhir::definitions::{ResourceType, TypeDef, TypeId, TypeKind};
use mt_fhir::json::Node;
use mt_fhir::names::{self, Name};

/// One element: cheap to copy, points into its document.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    value: Option<Node<'a>>,
    shadow: Option<Node<'a>>,
    type_id: Option<TypeId>,
}

impl<'a> Element<'a> {
    /// A resource, typed by its `resourceType`; without one that R4 knows, an untyped tree.
    #[must_use]
    pub fn resource(node: Node<'a>) -> Self {
        let type_id = node
            .resource_type()
            .and_then(ResourceType::from_name)
            .map(ResourceType::type_id);
        Self { value: Some(node), shadow: None, type_id }
    }

    /// An element of a known type: its JSON value (never an array) and its `_` sibling.
    #[must_use]
    pub fn typed(value: Option<Node<'a>>, shadow: Option<Node<'a>>, type_id: TypeId) -> Self {
        Self { value, shadow, type_id: Some(type_id) }
    }

    /// The JSON value, absent when the element has only extensions.
    #[must_use]
    pub const fn value(self) -> Option<Node<'a>> {
        self.value
    }

    /// The `_` sibling of a primitive.
    #[must_use]
    pub const fn shadow(self) -> Option<Node<'a>> {
        self.shadow
    }

    /// The FHIR type; `None` for trees that the definitions do not describe.
    #[must_use]
    pub const fn type_id(self) -> Option<TypeId> {
        self.type_id
    }

    /// Whether the element has children in its value.
    pub(crate) fn is_complex(self) -> bool {
        self.value.is_some_and(Node::is_object)
    }

    /// The text of a primitive's value.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        self.value?.scalar_text()
    }

    /// The object that holds the children: the value, or the `_` sibling of a primitive.
    fn object(self) -> Option<Node<'a>> {
        self.value.filter(|value| value.is_object()).or(self.shadow)
    }

    /// The first child called `name` (never a choice).
    pub(crate) fn child(self, name: Name) -> Option<Element<'a>> {
        let mut found = None;
        self.children_named(name, name.as_str(), &mut |child| {
            if found.is_none() {
                found = Some(child);
            }
        });
        found
    }

    /// Gives `sink` every child called `name`; for a choice, whatever type it has.
    pub(crate) fn children_named(
        self,
        name: Name,
        text: &str,
        sink: &mut impl FnMut(Element<'a>),
    ) {
        let Some(object) = self.object() else {
            return;
        };
        let Some(def) = self.object_type(object) else {
            pairs(object.get(text), shadow_of(object, text), None, sink);
            return;
        };
        if let Some(field) = def.field(name) {
            let element = def.element_of(field);
            // `valueQuantity` is how JSON spells it; the element is called `value`.
            if !element.is_choice {
                let value = object.get_name(name);
                let shadow = shadow_field(object, name, field.type_id);
                pairs(value, shadow, Some(field.type_id), sink);
            }
        } else if let Some(element) = def.element(name) {
            choice(object, def, element.symbol, text, sink);
        }
    }

    /// Gives `sink` every child, in document order.
    pub(crate) fn children(self, sink: &mut impl FnMut(Element<'a>)) {
        let Some(object) = self.object() else {
            return;
        };
        let def = self.object_type(object);
        for field in object.children() {
            let is_lone_shadow = field.is_shadow() && object.get(&field.key().unwrap_or_default()[1..]).is_none();
            if field.is_shadow() && !is_lone_shadow {
                continue;
            }
            let type_id = def.and_then(|def| def.field(field.name())).map(|f| f.type_id);
            // `resourceType` is no element.
            if def.is_some() && type_id.is_none() {
                continue;
            }
            if is_lone_shadow {
                pairs(None, Some(field), type_id, sink);
            } else {
                pairs(Some(field), shadow_of(object, field.key().unwrap_or_default()), type_id, sink);
            }
        }
    }

    /// The definition by which the fields of `object` are typed.
    fn object_type(self, object: Node<'a>) -> Option<&'static TypeDef> {
        let type_id = self.type_id?;
        let def = type_id.def();
        match def.kind {
            TypeKind::Primitive => Some(TypeId::ELEMENT.def()),
            TypeKind::Resource if def.is_abstract => {
                Element::resource(object).type_id.map(TypeId::def)
            }
            _ => Some(def),
        }
    }
}

/// Only primitives have a `_` sibling, so only for them it is looked for.
fn shadow_field(object: Node<'_>, name: Name, type_id: TypeId) -> Option<Node<'_>> {
    match type_id.def().kind {
        TypeKind::Primitive => object.get_shadow(name),
        _ => None,
    }
}

fn shadow_of<'a>(object: Node<'a>, key: &str) -> Option<Node<'a>> {
    object
        .children()
        .find(|field| field.is_shadow() && field.key().is_some_and(|k| &k[1..] == key))
}

/// The field of a choice element: its key starts with the element's name.
fn choice<'a>(
    object: Node<'a>,
    def: &'static TypeDef,
    symbol: Name,
    text: &str,
    sink: &mut impl FnMut(Element<'a>),
) {
    for value in object.children() {
        let key = value.key().unwrap_or_default();
        let bare = if value.is_shadow() { &key[1..] } else { key };
        if !bare.starts_with(text) {
            continue;
        }
        let Some(field) = def.field(value.name()) else {
            continue;
        };
        if def.element_of(field).symbol != symbol {
            continue;
        }
        if !value.is_shadow() {
            let shadow = shadow_field(object, value.name(), field.type_id);
            pairs(Some(value), shadow, Some(field.type_id), sink);
        } else if object.get_name(value.name()).is_none() {
            pairs(None, Some(value), Some(field.type_id), sink);
        }
    }
}

/// Pairs the items of a field with those of its `_` sibling.
fn pairs<'a>(
    value: Option<Node<'a>>,
    shadow: Option<Node<'a>>,
    type_id: Option<TypeId>,
    sink: &mut impl FnMut(Element<'a>),
) {
    let Some(value) = value else {
        if let Some(shadow) = shadow {
            shadow_only(shadow, type_id, sink);
        }
        return;
    };
    if !value.is_array() {
        emit(Some(value), shadow, type_id, sink);
        return;
    }
    let mut shadows = shadow.filter(|s| s.is_array()).map(Node::children);
    for item in value.children() {
        let shadow = shadows.as_mut().and_then(Iterator::next);
        emit(Some(item), shadow, type_id, sink);
    }
}

fn shadow_only<'a>(
    shadow: Node<'a>,
    type_id: Option<TypeId>,
    sink: &mut impl FnMut(Element<'a>),
) {
    if shadow.is_array() {
        for item in shadow.children() {
            emit(None, Some(item), type_id, sink);
        }
    } else {
        emit(None, Some(shadow), type_id, sink);
    }
}

fn emit<'a>(
    value: Option<Node<'a>>,
    shadow: Option<Node<'a>>,
    type_id: Option<TypeId>,
    sink: &mut impl FnMut(Element<'a>),
) {
    let value = value.filter(|v| !v.is_null());
    let shadow = shadow.filter(|s| s.is_object());
    if value.is_none() && shadow.is_none() {
        return;
    }
    let element = Element { value, shadow, type_id };
    let is_resource = type_id.is_some_and(|t| {
        let def = t.def();
        def.kind == TypeKind::Resource && def.is_abstract
    });
    match value {
        // A contained or bundled resource is of the type that it names.
        Some(node) if is_resource => {
            let resource = Element::resource(node);
            sink(if resource.type_id.is_some() { resource } else { element });
        }
        _ => sink(element),
    }
}

/// The extensions of an element with this URL.
pub(crate) fn extensions<'a>(element: Element<'a>, url: &str, sink: &mut impl FnMut(Element<'a>)) {
    element.children_named(names::EXTENSION, "extension", &mut |extension| {
        let matches = extension.child(names::URL).and_then(Element::text) == Some(url);
        if matches {
            sink(extension);
        }
    });
}
