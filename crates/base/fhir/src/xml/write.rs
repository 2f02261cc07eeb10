//! Tree → XML.

use smallvec::SmallVec;

use super::FHIR;
use crate::definitions::{Field, ResourceType, TypeDef, TypeId, TypeKind};
use crate::json::Node;
use crate::names;
use crate::xhtml;

/// Why a tree cannot be written as XML. A resource that was validated always can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Not an object with the `resourceType` of R4.
    #[error("no such resource type")]
    ResourceType,
    /// A field that the type does not have.
    #[error("no such element in {0}")]
    Element(&'static str),
    /// A value of the wrong JSON kind, or `null` alone.
    #[error("{0} has a value of the wrong kind")]
    Value(&'static str),
    /// A character that XML cannot carry.
    #[error("{0} has a character that XML does not allow")]
    Character(&'static str),
    /// A narrative that is not well-formed XHTML.
    #[error("the narrative is not well-formed XHTML")]
    Narrative,
}

type Step = Result<(), WriteError>;

/// Writes a resource as a FHIR XML document.
///
/// # Errors
/// [`WriteError`] for what XML cannot carry: unknown elements, `null`s, control characters,
/// a narrative that is not well-formed.
pub fn write(resource: Node<'_>) -> Result<Vec<u8>, WriteError> {
    let mut out = br#"<?xml version="1.0" encoding="UTF-8"?>"#.to_vec();
    write_resource(resource, true, &mut out)?;
    Ok(out)
}

/// A present element: its field, value and sibling.
struct Present<'a> {
    field: &'static Field,
    value: Option<Node<'a>>,
    shadow: Option<Node<'a>>,
}

fn write_resource(resource: Node<'_>, is_root: bool, out: &mut Vec<u8>) -> Step {
    let resource_type = resource
        .get_name(names::RESOURCE_TYPE)
        .and_then(Node::as_str)
        .and_then(ResourceType::from_name)
        .ok_or(WriteError::ResourceType)?;
    let def = resource_type.type_id().def();
    out.push(b'<');
    out.extend_from_slice(def.name.as_bytes());
    if is_root {
        out.extend_from_slice(b" xmlns=\"");
        out.extend_from_slice(FHIR.as_bytes());
        out.push(b'"');
    }
    out.push(b'>');
    write_content(&present(resource, def)?, def, out)?;
    close(def.name, out);
    Ok(())
}

/// The fields of an object in the order of the definition, siblings joined.
fn present<'a>(
    object: Node<'a>,
    def: &'static TypeDef,
) -> Result<SmallVec<[Present<'a>; 16]>, WriteError> {
    if !object.is_object() {
        return Err(WriteError::Value(def.name));
    }
    let mut found: SmallVec<[Present<'a>; 16]> = SmallVec::new();
    for node in object.children() {
        let name = node.name();
        if name == names::RESOURCE_TYPE && def.kind == TypeKind::Resource && !node.is_shadow() {
            continue;
        }
        let field = def.field(name).ok_or(WriteError::Element(def.name))?;
        let at = found
            .iter()
            .position(|p| p.field.name == name)
            .unwrap_or_else(|| {
                found.push(Present {
                    field,
                    value: None,
                    shadow: None,
                });
                found.len() - 1
            });
        if node.is_shadow() {
            if field.type_id.def().kind != TypeKind::Primitive {
                return Err(WriteError::Element(def.name));
            }
            found[at].shadow = Some(node);
        } else {
            found[at].value = Some(node);
        }
    }
    found.sort_by_key(|p| p.field.element);
    Ok(found)
}

fn write_content(fields: &[Present<'_>], def: &'static TypeDef, out: &mut Vec<u8>) -> Step {
    for present in fields {
        let element = def.element_of(present.field);
        if element.xml_attribute {
            continue;
        }
        let (value, shadow) = (present.value, present.shadow);
        let is_array = |n: Option<Node<'_>>| n.is_some_and(Node::is_array);
        if !is_array(value) && !is_array(shadow) {
            write_element(present.field, value, shadow, out)?;
            continue;
        }
        let is_split =
            value.is_some_and(|v| !v.is_array()) || shadow.is_some_and(|s| !s.is_array());
        if is_split || !element.is_list() {
            return Err(WriteError::Value(element.path));
        }
        let items = |n: Option<Node<'_>>| n.map_or(0, Node::len);
        let mut values = value.into_iter().flat_map(Node::children);
        let mut shadows = shadow.into_iter().flat_map(Node::children);
        for _ in 0..items(value).max(items(shadow)) {
            write_element(present.field, values.next(), shadows.next(), out)?;
        }
    }
    Ok(())
}

fn write_element(
    field: &'static Field,
    value: Option<Node<'_>>,
    shadow: Option<Node<'_>>,
    out: &mut Vec<u8>,
) -> Step {
    let name = field.name.as_str();
    let not_null = |n: Option<Node<'_>>| n.is_some_and(|n| !n.is_null());
    if !not_null(value) && !not_null(shadow) {
        return Err(WriteError::Value(name));
    }
    let def = field.type_id.def();
    if field.type_id == TypeId::XHTML {
        return write_narrative(value, shadow, out);
    }
    if field.type_id == TypeId::RESOURCE {
        open(name, out);
        out.push(b'>');
        write_resource(value.ok_or(WriteError::Value(name))?, false, out)?;
        close(name, out);
        return Ok(());
    }
    open(name, out);
    let (object, text) = if def.kind == TypeKind::Primitive {
        let value = value.filter(|v| !v.is_null());
        let text = value
            .map(|v| v.scalar_text().ok_or(WriteError::Value(name)))
            .transpose()?;
        (shadow.filter(|s| !s.is_null()), text)
    } else {
        (value, None)
    };
    let fields = object
        .map(|o| present(o, def))
        .transpose()?
        .unwrap_or_default();
    write_attributes(&fields, def, out)?;
    if let Some(text) = text {
        write_attribute("value", name, text, out)?;
    }
    if fields.iter().all(|p| def.element_of(p.field).xml_attribute) {
        out.extend_from_slice(b"/>");
        return Ok(());
    }
    out.push(b'>');
    write_content(&fields, def, out)?;
    close(name, out);
    Ok(())
}

/// `id`, and the `url` of an extension.
fn write_attributes(fields: &[Present<'_>], def: &'static TypeDef, out: &mut Vec<u8>) -> Step {
    for present in fields
        .iter()
        .filter(|p| def.element_of(p.field).xml_attribute)
    {
        let name = present.field.name.as_str();
        let value = present.value.filter(|_| present.shadow.is_none());
        let text = value
            .and_then(Node::as_str)
            .ok_or(WriteError::Value(name))?;
        write_attribute(name, name, text, out)?;
    }
    Ok(())
}

fn write_narrative(value: Option<Node<'_>>, shadow: Option<Node<'_>>, out: &mut Vec<u8>) -> Step {
    let text = value.and_then(Node::as_str).filter(|_| shadow.is_none());
    let text = text.ok_or(WriteError::Value("div"))?;
    if !xhtml::is_well_formed(text) {
        return Err(WriteError::Narrative);
    }
    out.extend_from_slice(text.trim().as_bytes());
    Ok(())
}

fn write_attribute(name: &str, element: &'static str, text: &str, out: &mut Vec<u8>) -> Step {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    for character in text.chars() {
        match character {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            // Written as such they would be read as spaces.
            '\n' => out.extend_from_slice(b"&#10;"),
            '\r' => out.extend_from_slice(b"&#13;"),
            '\t' => out.extend_from_slice(b"&#9;"),
            '\0'..' ' | '\u{FFFE}' | '\u{FFFF}' => return Err(WriteError::Character(element)),
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
    Ok(())
}

fn open(name: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
}

fn close(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}
