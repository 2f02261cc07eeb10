//! Reads a `CodeSystem` resource (<http://hl7.org/fhir/R4/codesystem.html>).

use mt_fhir::Node;

use super::{CodeSystem, Content, Header};
use crate::concepts::{AttributeKey, ConceptsBuilder, NewAttribute, NewConcept, PropertyKind};
use crate::error::TerminologyError;

/// Deepest nesting of concepts that is read.
const MAX_DEPTH: usize = 60;

impl CodeSystem {
    /// Reads a `CodeSystem` resource.
    ///
    /// # Errors
    /// When it has no URL, or is a supplement, which defines no codes.
    pub fn from_resource(resource: Node<'_>) -> Result<Self, TerminologyError> {
        let malformed = |reason| TerminologyError::Malformed {
            resource: "CodeSystem",
            reason,
        };
        let url = resource.str("url").ok_or(malformed("it has no url"))?;
        let content = match resource.str("content") {
            Some("complete") => Content::Complete,
            Some("not-present") => Content::NotPresent,
            Some("supplement") => return Err(malformed("it is a supplement")),
            _ => Content::Fragment,
        };
        let owned = |key: &str| resource.str(key).map(str::to_owned);
        let header = Header {
            url: url.to_owned(),
            version: owned("version"),
            name: owned("name").unwrap_or_else(|| url.to_owned()),
            title: owned("title"),
            value_set: owned("valueSet"),
            content,
            is_a: resource
                .str("hierarchyMeaning")
                .is_none_or(|meaning| meaning == "is-a"),
            copyright: owned("copyright"),
        };
        let case_sensitive = resource.get("caseSensitive").and_then(Node::as_bool) != Some(false);
        let mut reader = Reader {
            builder: ConceptsBuilder::new(case_sensitive),
        };
        reader.concepts(resource, None, 0)?;
        Ok(Self {
            header,
            concepts: reader.builder.build(),
            grammar: None,
        })
    }
}

struct Reader {
    builder: ConceptsBuilder,
}

impl Reader {
    fn concepts(
        &mut self,
        holder: Node<'_>,
        parent: Option<u32>,
        depth: usize,
    ) -> Result<(), TerminologyError> {
        if depth > MAX_DEPTH {
            return Err(TerminologyError::TooDeep(MAX_DEPTH));
        }
        for concept in items(holder, "concept") {
            let Some(code) = concept.str("code") else {
                continue;
            };
            let number = self.concept(code, concept);
            if let Some(parent) = parent {
                self.builder.link(number, parent);
            }
            self.properties(number, concept);
            self.designations(number, concept);
            self.concepts(concept, Some(number), depth + 1)?;
        }
        Ok(())
    }

    fn concept(&mut self, code: &str, concept: Node<'_>) -> u32 {
        let number = self.builder.concept(NewConcept {
            code,
            display: concept.str("display"),
            is_abstract: truth(concept, "notSelectable") || truth(concept, "abstract"),
            is_inactive: is_inactive(concept),
        });
        if let Some(definition) = concept.str("definition") {
            let key = AttributeKey::Property {
                code: "definition".into(),
                kind: PropertyKind::String,
            };
            self.builder.attribute(
                number,
                &NewAttribute {
                    key,
                    value: definition,
                },
            );
        }
        number
    }

    fn properties(&mut self, number: u32, concept: Node<'_>) {
        for property in items(concept, "property") {
            let Some(code) = property.str("code") else {
                continue;
            };
            let Some((kind, value)) = value(property) else {
                continue;
            };
            match code {
                "parent" | "subsumedBy" => self.builder.link_to_code(number, &value),
                "child" => self.builder.link_from_code(&value, number),
                _ => {
                    let key = AttributeKey::Property {
                        code: code.to_owned(),
                        kind,
                    };
                    self.builder
                        .attribute(number, &NewAttribute { key, value: &value });
                }
            }
        }
    }

    fn designations(&mut self, number: u32, concept: Node<'_>) {
        for designation in items(concept, "designation") {
            let Some(value) = designation.str("value") else {
                continue;
            };
            let key = designation_key(designation);
            self.builder.attribute(number, &NewAttribute { key, value });
        }
    }
}

/// Items of a repeating element.
pub(crate) fn items<'a>(node: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    node.get(key).into_iter().flat_map(Node::children)
}

/// Language and use of a designation.
pub(crate) fn designation_key(designation: Node<'_>) -> AttributeKey {
    let usage = designation.get("use").and_then(|usage| {
        Some((
            usage.str("system").unwrap_or("").to_owned(),
            usage.str("code")?.to_owned(),
        ))
    });
    AttributeKey::Designation {
        language: designation.str("language").map(str::to_owned),
        usage,
    }
}

fn value(property: Node<'_>) -> Option<(PropertyKind, String)> {
    let field = property
        .children()
        .find(|field| field.key().is_some_and(|k| k.starts_with("value")))?;
    let kind = match field.key()? {
        "valueCode" => PropertyKind::Code,
        "valueCoding" => {
            let (system, code) = (field.str("system").unwrap_or(""), field.str("code")?);
            return Some((PropertyKind::Coding, format!("{system}|{code}")));
        }
        "valueInteger" => PropertyKind::Integer,
        "valueBoolean" => PropertyKind::Boolean,
        "valueDateTime" => PropertyKind::DateTime,
        "valueDecimal" => PropertyKind::Decimal,
        _ => PropertyKind::String,
    };
    Some((kind, field.scalar_text()?.to_owned()))
}

fn property<'a>(concept: Node<'a>, code: &str) -> Option<Node<'a>> {
    let mut all = items(concept, "property");
    let found = all.find(|property| property.str("code") == Some(code))?;
    found
        .children()
        .find(|field| field.key().is_some_and(|key| key.starts_with("value")))
}

fn truth(concept: Node<'_>, code: &str) -> bool {
    property(concept, code).and_then(Node::as_bool) == Some(true)
}

/// `inactive = true`, or a status that says so. `deprecated` alone does not: such codes may still
/// be used (<http://hl7.org/fhir/R4/codesystem-concept-properties.html>).
fn is_inactive(concept: Node<'_>) -> bool {
    let status = property(concept, "status").and_then(Node::as_str);
    truth(concept, "inactive") || matches!(status, Some("retired" | "inactive"))
}
