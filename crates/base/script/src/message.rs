//! Messages with typed content: read from a document, merged into one, built anew.

use std::fmt;

use thiserror::Error;

use crate::document::Document;
use crate::error::ReadError;
use crate::model::{Header, Value};
use crate::transaction::{Body, Transaction};
use crate::validate::{Report, validate};
use crate::version::{DOMAIN, STAMPS, Version};
use crate::xml::{self, Element, Node};

/// A message: version, header and body.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The version whose rules it follows.
    pub version: Version,
    /// `Header`.
    pub header: Header,
    /// What is in `Body`.
    pub body: Body,
}

/// Why a message is not written.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum BuildError {
    /// It breaks rules; warnings count, for only readers are tolerant.
    #[error("the message breaks rules:\n{0}")]
    Rules(Report),
    /// A text that XML cannot hold, such as a control character.
    #[error("a text cannot be written as XML: {0}")]
    Text(ReadError),
    /// A text that reads differently once written: surrounding white space, empty text, markup passed through that
    /// leaves its element.
    #[error(
        "a value does not survive being written, for it is empty, has surrounding white space or breaks the markup"
    )]
    Unstable,
}

impl Message {
    /// A message of a version.
    pub fn new(version: Version, header: Header, body: Body) -> Self {
        Self {
            version,
            header,
            body,
        }
    }

    /// The kind of its transaction.
    pub fn transaction(&self) -> Transaction {
        self.body.transaction()
    }

    /// Writes the message, if it keeps every rule.
    ///
    /// # Errors
    /// [`BuildError`]: missing parts, lengths, formats and all other rules of [`crate::validate`].
    pub fn build(&self) -> Result<String, BuildError> {
        let text = self.render();
        let document = Document::parse(text.as_bytes()).map_err(BuildError::Text)?;
        if Self::read(&document) != *self {
            return Err(BuildError::Unstable);
        }
        let report = validate(text.as_bytes());
        if report.issues.is_empty() {
            Ok(text)
        } else {
            Err(BuildError::Rules(report))
        }
    }

    /// Writes the message as it is, whatever the rules say.
    pub(crate) fn render(&self) -> String {
        let mut root = Element::new("Message");
        for stamp in STAMPS {
            root.set_attribute(stamp, Some(self.version.stamp()));
        }
        root.set_attribute(DOMAIN, Some("SCRIPT"));
        let mut body = Element::new("Body");
        body.nodes
            .push(Node::Element(Element::new(self.transaction().name())));
        root.nodes.push(Node::Element(Element::new("Header")));
        root.nodes.push(Node::Element(body));
        self.merge(&mut root);
        xml::indent(&mut root, 0);
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml::write(&root, &mut text);
        text.push('\n');
        text
    }

    pub(crate) fn read(document: &Document<'_>) -> Self {
        let root = document.root();
        let transaction = document.transaction();
        let header = root
            .child("Header")
            .and_then(Header::read)
            .unwrap_or_default();
        let body = root
            .child("Body")
            .and_then(|body| body.child(transaction.name()));
        let empty = Element::default();
        let body = Body::read(transaction, body.unwrap_or(&empty));
        Self {
            version: document.version(),
            header,
            body,
        }
    }

    /// Merges header and body into an outermost element that has both.
    pub(crate) fn merge(&self, root: &mut Element<'_>) {
        for place in root.places(|name| name == "Header").into_iter().take(1) {
            if let Some(header) = root.at(place) {
                self.header.write(header);
            }
        }
        for place in root.places(|name| name == "Body").into_iter().take(1) {
            let Some(body) = root.at(place) else { continue };
            for place in body.places(|name| name == self.transaction().name()) {
                if let Some(element) = body.at(place) {
                    self.body.write(element);
                }
            }
        }
    }
}

/// The message as it would be written, whatever the rules say.
impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render())
    }
}
