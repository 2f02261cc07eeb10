//! References: their form, the types they may point at, and what stands in the same document
//! (R4 references.html).

use mt_fhir::ResourceType;
use mt_fhir::json::Node;
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;

use crate::bundle::{full_url, resolvable};
use crate::path::Path;
use crate::primitive::{is_absolute, is_id};
use crate::walk::{Scope, Walk};

/// What the text of a reference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'t> {
    /// `#id`; the container itself when empty.
    Contained(&'t str),
    /// `Patient/1`, `Patient/1/_history/2`, also at the end of an absolute URL.
    Resource {
        resource_type: ResourceType,
        id: &'t str,
    },
    /// `Patient?identifier=…`, in a transaction.
    Conditional(ResourceType),
    /// An absolute URI that does not name a type: `urn:uuid:…`, a URL of another server.
    Opaque,
    /// A relative one that follows no rule.
    Malformed,
}

impl<'t> Target<'t> {
    pub(crate) fn parse(text: &'t str) -> Target<'t> {
        if let Some(id) = text.strip_prefix('#') {
            return Target::Contained(id);
        }
        let (is_absolute, path) = match text.split_once("://") {
            Some((_, rest)) => (true, rest),
            None if is_absolute(text) => return Target::Opaque,
            None => (false, text),
        };
        if let Some((before, _)) = path.split_once('?') {
            let name = before.rsplit('/').next().unwrap_or(before);
            return match ResourceType::from_name(name) {
                Some(resource_type) => Target::Conditional(resource_type),
                None if is_absolute => Target::Opaque,
                None => Target::Malformed,
            };
        }
        let path = path.split_once('#').map_or(path, |(path, _)| path);
        let mut parts = path.rsplit('/');
        let mut last = (parts.next(), parts.next());
        if let (Some(_), Some("_history")) = last {
            last = (parts.next(), parts.next());
        }
        let is_exact = is_absolute || parts.next().is_none();
        match last {
            (Some(id), Some(name)) if is_exact && is_id(id) => {
                match ResourceType::from_name(name) {
                    Some(resource_type) => Target::Resource { resource_type, id },
                    None if is_absolute => Target::Opaque,
                    None => Target::Malformed,
                }
            }
            _ if is_absolute => Target::Opaque,
            _ => Target::Malformed,
        }
    }
}

impl Walk<'_, '_> {
    pub(crate) fn reference(
        &mut self,
        node: Node<'_>,
        targets: &[ResourceType],
        scope: Scope<'_>,
        path: &Path<'_>,
    ) {
        let stated = node.get_name(names::TYPE).and_then(Node::as_str);
        let Some(text) = node.get_name(names::REFERENCE).and_then(Node::as_str) else {
            if let Some(resource_type) = stated.and_then(ResourceType::from_name) {
                self.target_type(resource_type, targets, path);
            }
            return;
        };
        let found = match Target::parse(text) {
            Target::Resource { resource_type, .. } | Target::Conditional(resource_type) => {
                Some(resource_type)
            }
            Target::Contained(id) => match contained(scope, id) {
                Some(resource) => resource.resource_type().and_then(ResourceType::from_name),
                None => {
                    let text = "ref-1: no contained resource has this id";
                    return self.report.error(IssueCode::Invariant, path, text);
                }
            },
            Target::Opaque => self.in_bundle(text, scope, path),
            Target::Malformed => {
                let text = "a relative reference must be Type/id";
                return self.report.error(IssueCode::Value, path, text);
            }
        };
        let Some(found) = found else { return };
        self.target_type(found, targets, path);
        if stated.is_some_and(|s| ResourceType::from_name(s).is_some_and(|s| s != found)) {
            let text = "type is not that of the resource that is referred to";
            self.report.error(IssueCode::Structure, path, text);
        }
    }

    fn target_type(&mut self, found: ResourceType, targets: &[ResourceType], path: &Path<'_>) {
        if !targets.is_empty() && !targets.contains(&found) {
            let text = format!("must not refer to a resource of type {found}");
            self.report.error(IssueCode::Structure, path, text);
        }
    }

    /// The type of the entry that a URN refers to.
    fn in_bundle(&mut self, text: &str, scope: Scope<'_>, path: &Path<'_>) -> Option<ResourceType> {
        if !self.report.is_full() || !text.starts_with("urn:") {
            return None;
        }
        let bundle = scope.bundle?;
        let entry = resolvable(bundle).find(|entry| full_url(*entry) == Some(text));
        if entry.is_none() && resolvable(bundle).next().is_none() {
            return None;
        }
        if entry.is_none() {
            let text = "no entry of the Bundle has this fullUrl";
            self.report.warning(IssueCode::NotFound, path, text);
        }
        ResourceType::from_name(entry?.get_name(names::RESOURCE)?.resource_type()?)
    }
}

/// The contained resource with an id; the container itself for the empty id.
pub(crate) fn contained<'a>(scope: Scope<'a>, id: &str) -> Option<Node<'a>> {
    if id.is_empty() {
        return Some(scope.root);
    }
    let has_id = |n: &Node<'_>| n.get_name(names::ID).and_then(Node::as_str) == Some(id);
    scope
        .root
        .get_name(names::CONTAINED)?
        .children()
        .find(has_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_apart_by_their_form() {
        let patient = |id| Target::Resource {
            resource_type: ResourceType::PATIENT,
            id,
        };
        let cases = [
            ("#", Target::Contained("")),
            ("#a", Target::Contained("a")),
            ("Patient/1", patient("1")),
            ("Patient/1/_history/2", patient("1")),
            ("https://a.org/fhir/Patient/1", patient("1")),
            ("https://a.org/fhir/Patient/1/_history/2", patient("1")),
            (
                "Patient?identifier=a|b",
                Target::Conditional(ResourceType::PATIENT),
            ),
            (
                "https://a.org/Patient?x=y/z",
                Target::Conditional(ResourceType::PATIENT),
            ),
            ("urn:uuid:0a", Target::Opaque),
            ("urn:oid:1.2", Target::Opaque),
            ("https://a.org/x", Target::Opaque),
            ("https://a.org/Nonsense/1", Target::Opaque),
            ("Nonsense/1", Target::Malformed),
            ("x/Patient/1", Target::Malformed),
            ("Patient", Target::Malformed),
            ("Patient/", Target::Malformed),
            ("Patient/a b", Target::Malformed),
            ("", Target::Malformed),
        ];
        for (text, target) in cases {
            assert_eq!(Target::parse(text), target, "{text}");
        }
    }
}
