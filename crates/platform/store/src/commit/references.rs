//! References between the entries of a batch, and references by criteria.
//!
//! `urn:uuid:…` and `fullUrl` become the id that the server gave; `Patient?identifier=…` becomes the one
//! resource that matches (<http://hl7.org/fhir/R4/http.html#trules>).

use std::collections::HashMap;

use mt_fhir::json::NodeId;
use mt_fhir::{Doc, Node, ResourceType};

use super::prepare::Planned;
use crate::Change;

/// Elements of type `uri`, `url`, `oid`, `uuid` and `canonical` that may name an entry.
const URI_KEYS: [&str; 7] = [
    "url",
    "uri",
    "valueUri",
    "valueUrl",
    "valueOid",
    "valueUuid",
    "instantiatesUri",
];

/// What entries are called, and what they are called from now on (`Type/id`).
#[derive(Debug, Default)]
pub(crate) struct Renames {
    names: HashMap<String, String>,
}

impl Renames {
    /// The names of the entries of a batch.
    pub(crate) fn of(changes: &[Change], planned: &[Planned]) -> Self {
        let mut names = HashMap::new();
        for plan in planned {
            let Some(url) = changes
                .get(plan.entry)
                .and_then(|change| change.full_url.as_deref())
            else {
                continue;
            };
            let target = format!("{}/{}", plan.resource_type, plan.literal);
            if url.starts_with("http")
                && let Some(relative) = relative_part(url)
                && relative != target
            {
                names.insert(relative.to_owned(), target.clone());
            }
            names.insert(url.to_owned(), target);
        }
        Self { names }
    }

    /// Adds what criteria were resolved to.
    pub(crate) fn add(&mut self, criteria: String, target: String) {
        self.names.insert(criteria, target);
    }

    /// Whether nothing is renamed.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    /// Puts the new names into the resource at `id`.
    pub(crate) fn apply(&self, doc: &mut Doc, id: NodeId) {
        let mut edits = Vec::new();
        walk(doc.node(id), &mut |node, place| {
            let Some(text) = node.as_str() else { return };
            match place {
                Place::Reference | Place::Uri => {
                    edits.extend(self.get(text).map(|new| (node.id(), new.to_owned())));
                }
                Place::Narrative => {
                    edits.extend(self.in_narrative(text).map(|new| (node.id(), new)))
                }
            }
        });
        for (node, text) in edits {
            doc.set_string(node, &text);
        }
    }

    /// Links in narrative (`href`, `src`) that name an entry by `urn:uuid:…`.
    fn in_narrative(&self, text: &str) -> Option<String> {
        const URN_LEN: usize = 45;
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("urn:uuid:") {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let urn = from.get(..URN_LEN).unwrap_or(from);
            out.push_str(self.get(urn).unwrap_or(urn));
            rest = &from[urn.len()..];
        }
        out.push_str(rest);
        (out != text).then_some(out)
    }
}

/// `Type/id` at the end of an absolute URL.
fn relative_part(url: &str) -> Option<&str> {
    let mut slashes = url.rmatch_indices('/').map(|(at, _)| at);
    let (_, start) = (slashes.next()?, slashes.next()?);
    url.get(start + 1..)
}

/// A reference by criteria.
#[derive(Clone, Debug)]
pub(crate) struct Criteria {
    /// The first entry of the batch that has it.
    pub(crate) entry: usize,
    pub(crate) resource_type: ResourceType,
    /// `Patient?identifier=…`
    pub(crate) text: String,
}

/// The references by criteria in a resource, each once.
pub(crate) fn criteria_in(node: Node<'_>, found: &mut Vec<(ResourceType, String)>) {
    walk(node, &mut |node, place| {
        let Some(text) = node.as_str().filter(|_| matches!(place, Place::Reference)) else {
            return;
        };
        let named = text
            .split_once('?')
            .and_then(|(name, _)| ResourceType::from_name(name));
        if let Some(resource_type) = named
            && !found.iter().any(|(_, known)| known == text)
        {
            found.push((resource_type, text.to_owned()));
        }
    });
}

/// Where a string stands.
#[derive(Clone, Copy)]
enum Place {
    Reference,
    Uri,
    Narrative,
}

/// Visits the strings of a resource that can name another one.
fn walk<'a>(top: Node<'a>, visit: &mut impl FnMut(Node<'a>, Place)) {
    let mut pending = vec![top];
    while let Some(node) = pending.pop() {
        if !node.is_empty() {
            pending.extend(node.children());
            continue;
        }
        match node.key() {
            Some("reference") => visit(node, Place::Reference),
            Some("div") => visit(node, Place::Narrative),
            Some(key) if URI_KEYS.contains(&key) => visit(node, Place::Uri),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use mt_fhir::json::Limits;

    use super::*;

    const URN: &str = "urn:uuid:0193f0a2-7c1e-7b3a-9c4d-2f6e8a1b0c3d";

    fn renamed(text: &str) -> String {
        let mut renames = Renames::default();
        renames.add(URN.to_owned(), "Patient/1".to_owned());
        renames.add("Patient?identifier=a".to_owned(), "Patient/2".to_owned());
        let mut doc = Doc::parse(text, &Limits::default()).unwrap();
        let root = doc.root().id();
        renames.apply(&mut doc, root);
        String::from_utf8(doc.to_json()).unwrap()
    }

    #[test]
    fn references_uris_and_links_take_the_new_names() {
        let text = format!(
            r#"{{"subject":{{"reference":"{URN}"}},"extension":[{{"url":"x","valueUri":"{URN}"}}],"text":{{"div":"<a href='{URN}'>{URN}x</a>"}}}}"#
        );
        assert_eq!(
            renamed(&text),
            r#"{"subject":{"reference":"Patient/1"},"extension":[{"url":"x","valueUri":"Patient/1"}],"text":{"div":"<a href='Patient/1'>Patient/1x</a>"}}"#
        );
        assert_eq!(
            renamed(r#"{"subject":{"reference":"Patient?identifier=a"}}"#),
            r#"{"subject":{"reference":"Patient/2"}}"#
        );
    }

    #[test]
    fn other_strings_stay() {
        let text = format!(r#"{{"identifier":[{{"value":"{URN}"}}]}}"#);
        assert_eq!(renamed(&text), text);
    }

    #[test]
    fn criteria_are_collected_once() {
        let text = r#"{"a":{"reference":"Patient?identifier=a"},"b":[{"reference":"Patient?identifier=a"},{"reference":"Patient/1"},{"reference":"Nothing?x=1"}]}"#;
        let doc = Doc::parse(text, &Limits::default()).unwrap();
        let mut found = Vec::new();
        criteria_in(doc.root(), &mut found);
        assert_eq!(
            found,
            [(ResourceType::PATIENT, "Patient?identifier=a".to_owned())]
        );
    }
}
