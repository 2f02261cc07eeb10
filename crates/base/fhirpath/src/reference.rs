//! What a reference says by itself: its text, its type, and whether its target is at hand.

use std::borrow::Cow;

use mt_fhir::definitions::{ResourceType, TypeId};
use mt_fhir::names;

use crate::element::Element;
use crate::value::Value;

/// The text by which an item refers to a resource: `Reference.reference`, or a URI.
pub(crate) fn text_of<'a>(item: &Value<'a>) -> Option<Cow<'a, str>> {
    match item {
        Value::Element(element) if element.is_complex() => {
            element.child(names::REFERENCE)?.text().map(Cow::Borrowed)
        }
        item => item.to_text(),
    }
}

/// The resource type that a literal reference names: `Patient/1`, `https://x/Patient/1/_history/2`.
pub(crate) fn type_of(reference: &str) -> Option<ResourceType> {
    let path = reference.split(['?', '#', '|']).next().unwrap_or_default();
    let mut parts = path.rsplit('/');
    let mut id = parts.next()?;
    let mut type_name = parts.next()?;
    if type_name == "_history" {
        id = parts.next()?;
        type_name = parts.next()?;
    }
    ResourceType::from_name(type_name).filter(|_| !id.is_empty())
}

/// The target of a reference inside `root`: a contained resource, or a Bundle entry.
pub(crate) fn find_inside<'a>(root: Element<'a>, reference: &str) -> Option<Element<'a>> {
    if let Some(id) = reference.strip_prefix('#') {
        if id.is_empty() {
            return Some(root);
        }
        return find(root, "contained", |contained| {
            (contained.child(names::ID)?.text()? == id).then_some(contained)
        });
    }
    if root.type_id() != Some(TypeId::BUNDLE) {
        return None;
    }
    find(root, "entry", |entry| {
        let full_url = entry.child(names::FULL_URL)?.text()?;
        let is_target = full_url == reference
            || full_url
                .strip_suffix(reference)
                .is_some_and(|base| base.ends_with('/') && type_of(reference).is_some());
        entry.child(names::RESOURCE).filter(|_| is_target)
    })
}

fn find<'a>(
    parent: Element<'a>,
    name: &str,
    choose: impl Fn(Element<'a>) -> Option<Element<'a>>,
) -> Option<Element<'a>> {
    let mut found = None;
    parent.children_named(names::Name::intern(name), name, &mut |child| {
        if found.is_none() {
            found = choose(child);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_its_type() {
        for text in [
            "Patient/1",
            "http://a.b/fhir/Patient/1",
            "Patient/1/_history/2",
            "Patient/1#x",
        ] {
            assert_eq!(type_of(text), Some(ResourceType::PATIENT), "{text}");
        }
        for text in ["urn:uuid:1", "1", "Patient", "Foo/1", "Patient/", ""] {
            assert_eq!(type_of(text), None, "{text}");
        }
    }
}
