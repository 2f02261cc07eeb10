//! Why a text is not an acceptable FHIR XML document.

/// Kinds of refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlErrorKind {
    /// Not well-formed XML.
    #[error("not well-formed XML")]
    NotWellFormed,
    /// The bytes are not UTF-8, or the declaration names another encoding.
    #[error("not UTF-8")]
    NotUtf8,
    /// A document type declaration.
    #[error("a document type declaration is not allowed")]
    DocumentType,
    /// An entity other than the five of XML.
    #[error("an entity reference is not allowed")]
    Entity,
    /// An element outside the namespaces of FHIR.
    #[error("element outside the namespace http://hl7.org/fhir")]
    Namespace,
    /// The outermost element, or a resource inside it, is no R4 resource type.
    #[error("no such resource type")]
    ResourceType,
    /// An element that the type around it does not have.
    #[error("no such element in {0}")]
    Element(&'static str),
    /// An attribute that the element does not have.
    #[error("no such attribute")]
    Attribute,
    /// An element stands before one that the definition puts before it.
    #[error("elements are not in the order of the definition")]
    Order,
    /// An element that occurs once at most stands twice.
    #[error("element repeated")]
    Repeated,
    /// An element without value, id and content.
    #[error("empty element")]
    Empty,
    /// Text where FHIR has none.
    #[error("text outside an attribute")]
    Text,
    /// A value that the JSON of its type cannot hold.
    #[error("not a value of type {0}")]
    Value(&'static str),
    /// The narrative is not a `div` in the XHTML namespace.
    #[error("the narrative is no div in the XHTML namespace")]
    Narrative,
    /// The text is larger than the limit.
    #[error("the document is larger than the limit")]
    TooLarge,
    /// Nested deeper than the limit.
    #[error("nested deeper than the limit")]
    TooDeep,
    /// More values or attributes than the limit.
    #[error("more values than the limit")]
    TooManyValues,
    /// A value longer than the limit.
    #[error("a string is longer than the limit")]
    StringTooLong,
}

/// A refusal and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line}, column {column}")]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

impl XmlError {
    pub(super) fn new(kind: XmlErrorKind, text: &[u8], offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        XmlError {
            kind,
            line,
            column: before.len() - line_start + 1,
        }
    }
}
