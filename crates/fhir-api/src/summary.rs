//! `_summary` and `_elements`: a resource cut down to what the client wants to see
//! (<http://hl7.org/fhir/R4/search.html#summary>).

use mt_fhir::definitions::ElementDef;
use mt_fhir::json::{Limits, NodeId};
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::ErrorKind;
use mt_search::query::Summary;

use crate::error::{FhirError, Result};

/// What of a resource is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// `_summary=true`: elements marked as summary.
    Summary,
    /// `_summary=text`: narrative, identity and mandatory elements.
    Text,
    /// `_summary=data`: everything but the narrative.
    Data,
    /// `_elements`: these top-level elements and mandatory ones.
    Elements(Vec<String>),
}

impl View {
    /// The view that the parameters of a read ask for; `None` is the whole resource.
    pub(crate) fn read(query: &[(String, String)]) -> Result<Option<Self>> {
        let value = |name: &str| {
            query
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        match value("_summary") {
            None | Some("false") => {}
            Some("true") => return Ok(Some(Self::Summary)),
            Some("text") => return Ok(Some(Self::Text)),
            Some("data") => return Ok(Some(Self::Data)),
            Some(_) => {
                return Err(FhirError::parameter(
                    "_summary",
                    "the value must be true, text, data or false",
                ));
            }
        }
        Ok(value("_elements")
            .map(|list| Self::Elements(list.split(',').map(str::to_owned).collect())))
    }

    /// The view that a search asks for.
    pub(crate) fn of(summary: Option<Summary>, elements: &[String]) -> Option<Self> {
        match summary {
            Some(Summary::True) => Some(Self::Summary),
            Some(Summary::Text) => Some(Self::Text),
            Some(Summary::Data) => Some(Self::Data),
            Some(Summary::Count | Summary::False) | None if elements.is_empty() => None,
            Some(Summary::Count | Summary::False) | None => Some(Self::Elements(elements.to_vec())),
        }
    }

    /// The resource in this view, marked `SUBSETTED`.
    pub(crate) fn apply(&self, body: &[u8]) -> Result<Vec<u8>> {
        let damaged = |_| FhirError::new(ErrorKind::Internal, "a stored resource cannot be read");
        let mut doc = Doc::parse(body, &Limits::default()).map_err(damaged)?;
        let Some(kind) = doc.root().resource_type().and_then(ResourceType::from_name) else {
            return Ok(body.to_vec());
        };
        let root = doc.root();
        let hidden: Vec<NodeId> = root
            .children()
            .filter(|field| !self.shows(kind, *field))
            .map(Node::id)
            .collect();
        let root = root.id();
        for field in hidden {
            doc.remove_child(root, field);
        }
        mark_subsetted(&mut doc);
        Ok(doc.to_json())
    }

    fn shows(&self, kind: ResourceType, field: Node<'_>) -> bool {
        let Some(key) = field.key() else { return true };
        let bare = key.strip_prefix('_').unwrap_or(key);
        if matches!(bare, "resourceType" | "id" | "meta") {
            return true;
        }
        let def = kind.type_id().def().element(field.name());
        let is_mandatory = def.is_some_and(|def| def.min > 0);
        match self {
            Self::Summary => def.is_some_and(|def| def.is_summary),
            Self::Text => bare == "text" || is_mandatory,
            Self::Data => bare != "text",
            Self::Elements(wanted) => {
                let matches = |name: &str| wanted.iter().any(|one| one == name);
                is_mandatory
                    || matches(bare)
                    || def.is_some_and(|def: &ElementDef| matches(def.name))
            }
        }
    }
}

/// A client must not take a part for the whole (R4 resource.html#tags).
fn mark_subsetted(doc: &mut Doc) {
    let root = doc.root().id();
    let meta = match doc.root().get("meta").map(Node::id) {
        Some(meta) => meta,
        None => {
            let meta = doc.new_object();
            doc.set_field(root, "meta", meta);
            meta
        }
    };
    let tag = match doc.node(meta).get("tag").map(Node::id) {
        Some(tag) => tag,
        None => {
            let tag = doc.new_array();
            doc.set_field(meta, "tag", tag);
            tag
        }
    };
    let coding = doc.new_object();
    let system = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
    doc.set_string_field(coding, "system", system);
    doc.set_string_field(coding, "code", "SUBSETTED");
    doc.push(tag, coding);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = r#"{"resourceType":"Patient","id":"1","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"birthDate":"1970","_birthDate":{"id":"b"},"maritalStatus":{"text":"M"}}"#;

    fn fields(view: &View) -> Vec<String> {
        let shown =
            Doc::parse(view.apply(PATIENT.as_bytes()).unwrap(), &Limits::default()).unwrap();
        shown
            .root()
            .children()
            .filter_map(|field| field.key().map(str::to_owned))
            .collect()
    }

    #[test]
    fn each_view_shows_its_elements_and_says_that_it_is_a_part() {
        assert_eq!(
            fields(&View::Summary),
            ["resourceType", "id", "birthDate", "_birthDate", "meta"]
        );
        assert_eq!(fields(&View::Text), ["resourceType", "id", "text", "meta"]);
        let elements = View::Elements(vec!["maritalStatus".into()]);
        assert_eq!(
            fields(&elements),
            ["resourceType", "id", "maritalStatus", "meta"]
        );
        assert!(!fields(&View::Data).contains(&"text".to_owned()));
        let json = String::from_utf8(View::Data.apply(PATIENT.as_bytes()).unwrap()).unwrap();
        assert!(json.contains("SUBSETTED"));
    }
}
