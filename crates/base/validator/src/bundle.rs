//! Bundles: full URLs and what each type of Bundle asks of its entries (R4 bundle.html).

use std::collections::HashSet;

use mt_fhir::json::Node;
use mt_fhir::names::{self, Name};
use mt_fhir::outcome::IssueCode;

use crate::path::Path;
use crate::primitive::is_absolute;
use crate::reference::Target;
use crate::walk::Walk;

/// References are looked up among at most this many entries, each time from the first: beyond it
/// they are not resolved, so that no Bundle costs the square of its size.
const MAX_RESOLVED: usize = 2_000;

impl Walk<'_, '_> {
    pub(crate) fn bundle(&mut self, bundle: Node<'_>, path: &Path<'_>) {
        let bundle_type = bundle
            .get_name(names::TYPE)
            .and_then(Node::as_str)
            .unwrap_or_default();
        self.links(bundle, path);
        let Some(entries) = bundle.get_name(names::ENTRY).filter(|e| e.is_array()) else {
            return;
        };
        let mut versions = HashSet::new();
        for (index, entry) in entries.children().enumerate() {
            let path = path.item("entry", index);
            let resource = entry.get_name(names::RESOURCE);
            if let Some(url) = full_url(entry) {
                self.full_url(url, resource, bundle_type, &path);
                // bdl-7: the same resource twice only as two versions.
                if bundle_type != "history" && !versions.insert((url, version(resource))) {
                    let text = "bdl-7: fullUrl is unique, or the entries have different versions";
                    self.report.error(IssueCode::Invariant, &path, text);
                }
            } else {
                self.missing_full_url(bundle_type, resource, &path);
            }
            if bundle_type == "searchset" {
                self.search_entry(resource, &path);
            }
        }
        if bundle_type == "document" && self.report.is_full() {
            self.document(bundle, path);
        }
    }

    /// A page has one neighbour of each kind.
    fn links(&mut self, bundle: Node<'_>, path: &Path<'_>) {
        let mut seen = HashSet::new();
        let links = bundle
            .get_name(names::LINK)
            .into_iter()
            .flat_map(Node::children);
        for relation in links.filter_map(|l| l.get_name(names::RELATION)?.as_str()) {
            let is_single = matches!(relation, "self" | "first" | "previous" | "next" | "last");
            if is_single && !seen.insert(relation) {
                let text = format!("more than one link {relation}");
                self.report.error(IssueCode::Duplicate, path, text);
            }
        }
    }

    fn full_url(
        &mut self,
        url: &str,
        resource: Option<Node<'_>>,
        bundle_type: &str,
        path: &Path<'_>,
    ) {
        if !is_absolute(url) {
            return self
                .report
                .error(IssueCode::Value, path, "fullUrl must be absolute");
        }
        let Target::Resource {
            resource_type,
            id: url_id,
        } = Target::parse(url)
        else {
            return;
        };
        let Some(resource) = resource.filter(|_| !is_request(bundle_type)) else {
            return;
        };
        match resource.get_name(names::ID).and_then(Node::as_str) {
            Some(id) if id == url_id && resource.resource_type() == Some(resource_type.name()) => {}
            Some(_) => {
                let text = "fullUrl does not agree with type and id of the resource";
                self.report.error(IssueCode::Value, path, text);
            }
            None if self.report.is_full() => {
                let text = "fullUrl is that of a stored resource, but the resource has no id";
                self.report.error(IssueCode::Required, path, text);
            }
            None => {}
        }
    }

    fn missing_full_url(&mut self, bundle_type: &str, resource: Option<Node<'_>>, path: &Path<'_>) {
        let is_exempt = bundle_type.starts_with("transaction") || bundle_type.starts_with("batch");
        // A write takes what others have stored without; references to it cannot be resolved.
        if resource.is_some() && !is_exempt && self.report.is_full() {
            let text = "every entry must have a fullUrl, except in transactions and batches";
            self.report.error(IssueCode::Required, path, text);
        }
    }

    fn search_entry(&mut self, resource: Option<Node<'_>>, path: &Path<'_>) {
        let Some(resource) = resource else { return };
        let is_outcome = resource.resource_type() == Some("OperationOutcome");
        if !is_outcome && resource.get_name(names::ID).is_none() {
            self.report
                .error(IssueCode::Required, path, "a search result must have an id");
        }
    }

    /// What a Composition is made of stands in the same document (R4 documents.html#content).
    fn document(&mut self, bundle: Node<'_>, path: &Path<'_>) {
        let entries = || resolvable(bundle);
        let Some(first) = entries().next() else {
            return;
        };
        let composition = first.get_name(names::RESOURCE);
        let Some(composition) = composition.filter(|c| c.resource_type() == Some("Composition"))
        else {
            return;
        };
        let entry_path = path.item("entry", 0);
        let path = entry_path.child("resource");
        let base = full_url(first).unwrap_or_default();
        let mut references = Vec::new();
        for name in [
            names::SUBJECT,
            names::ENCOUNTER,
            names::AUTHOR,
            names::CUSTODIAN,
        ] {
            collect(composition, name, &mut references);
        }
        for attester in items(composition, names::ATTESTER) {
            collect(attester, names::PARTY, &mut references);
        }
        for event in items(composition, names::EVENT) {
            collect(event, names::DETAIL, &mut references);
        }
        let mut sections: Vec<Node<'_>> = items(composition, names::SECTION).collect();
        while let Some(section) = sections.pop() {
            for name in [names::AUTHOR, names::FOCUS, names::ENTRY] {
                collect(section, name, &mut references);
            }
            sections.extend(items(section, names::SECTION));
        }
        for (name, reference) in references {
            let found = entries()
                .filter(|entry| refers_to(base, reference, *entry))
                .count();
            let path = path.child(name.as_str());
            match found {
                1 => {}
                0 => {
                    let text = "what the Composition refers to must be in the document";
                    self.report.error(IssueCode::NotFound, &path, text);
                }
                _ => {
                    let text = "the reference fits several entries of the document";
                    self.report.error(IssueCode::MultipleMatches, &path, text);
                }
            }
        }
    }
}

/// Whether a reference made by the resource at the full URL `base` means an entry (R4
/// bundle.html#references).
pub(crate) fn refers_to(base: &str, reference: &str, entry: Node<'_>) -> bool {
    let Some(url) = full_url(entry) else {
        return false;
    };
    let (unversioned, version_wanted) = match reference.split_once("/_history/") {
        Some((before, version)) => (before, Some(version)),
        None => (reference, None),
    };
    if version_wanted.is_some() && version_wanted != version(entry.get_name(names::RESOURCE)) {
        return false;
    }
    if is_absolute(unversioned) {
        return url == unversioned;
    }
    // A relative reference is under the base of the server that the referring resource is from.
    let Target::Resource { resource_type, id } = Target::parse(base) else {
        return false;
    };
    let own = base.strip_suffix(id).and_then(|b| b.strip_suffix('/'));
    let server = own.and_then(|b| b.strip_suffix(resource_type.name()));
    server.is_some_and(|server| url.strip_prefix(server) == Some(unversioned))
}

/// The entries that references are looked up in.
pub(crate) fn resolvable<'a>(bundle: Node<'a>) -> impl Iterator<Item = Node<'a>> {
    let entries = bundle
        .get_name(names::ENTRY)
        .filter(|e| e.len() <= MAX_RESOLVED);
    entries.into_iter().flat_map(Node::children)
}

pub(crate) fn full_url<'a>(entry: Node<'a>) -> Option<&'a str> {
    entry.get_name(names::FULL_URL).and_then(Node::as_str)
}

fn is_request(bundle_type: &str) -> bool {
    matches!(bundle_type, "transaction" | "batch")
}

fn version<'a>(resource: Option<Node<'a>>) -> Option<&'a str> {
    resource?
        .get_name(names::META)?
        .get_name(names::VERSION_ID)?
        .as_str()
}

/// An element's occurrences, be it a list or not.
fn items<'a>(node: Node<'a>, name: Name) -> impl Iterator<Item = Node<'a>> {
    let found = node.get_name(name);
    let (list, single) = (
        found.filter(|n| n.is_array()),
        found.filter(|n| !n.is_array()),
    );
    list.into_iter().flat_map(Node::children).chain(single)
}

/// References that lead out of the resource.
fn collect<'a>(node: Node<'a>, name: Name, references: &mut Vec<(Name, &'a str)>) {
    for reference in items(node, name) {
        let text = reference.get_name(names::REFERENCE).and_then(Node::as_str);
        references.extend(text.filter(|t| !t.starts_with('#')).map(|t| (name, t)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mt_fhir::json::{Doc, Limits};

    #[test]
    fn a_reference_is_resolved_from_where_it_stands() {
        let json = r#"{"fullUrl":"http://a/Patient/1","resource":{"meta":{"versionId":"2"}}}"#;
        let entry = Doc::parse(json, &Limits::default()).expect("valid JSON");
        let refers = |base, reference| refers_to(base, reference, entry.root());
        assert!(refers("http://a/Composition/9", "Patient/1"));
        assert!(refers("http://a/Composition/9", "Patient/1/_history/2"));
        assert!(refers("urn:uuid:0", "http://a/Patient/1"));
        assert!(!refers("http://b/Composition/9", "Patient/1"));
        assert!(!refers("urn:uuid:0", "Patient/1"));
        assert!(!refers("http://a/Composition/9", "Patient/1/_history/3"));
    }
}
