//! A message as it was received: text, tree, version and transaction.

use crate::error::{Position, ReadError, ReadErrorReason as Reason};
use crate::message::Message;
use crate::transaction::Transaction;
use crate::version::{DOMAIN, Stated, Version};
use crate::xml::{self, Element, Limits};

/// A received message. [`Document::write`] gives back what was read, byte for byte, but for what was changed.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    text: &'a str,
    end: usize,
    pub(crate) root: Element<'a>,
    version: Version,
    transaction: Transaction,
}

impl<'a> Document<'a> {
    /// Reads a message of at most the default [`Limits`].
    ///
    /// # Errors
    /// [`ReadError`] when the bytes are no SCRIPT message in XML of an adopted version.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ReadError> {
        Self::parse_within(bytes, &Limits::default())
    }

    /// Reads a message within limits.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_within(bytes: &'a [u8], limits: &Limits) -> Result<Self, ReadError> {
        let start = Position {
            offset: 0,
            line: 1,
            column: 1,
        };
        let refuse = |reason| ReadError {
            reason,
            position: start,
        };
        if bytes.len() > limits.bytes {
            return Err(refuse(Reason::TooLarge(limits.bytes)));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let readable = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or("");
            let position = Position::at(readable, readable.len());
            ReadError {
                reason: Reason::NotUtf8,
                position,
            }
        })?;
        if let Some(reason) = other_syntax(text) {
            return Err(refuse(reason));
        }
        let fail = |(reason, offset)| ReadError {
            reason,
            position: Position::at(text, offset),
        };
        let tree = xml::read(text, limits).map_err(fail)?;
        let (version, transaction) = identify(&tree.root).map_err(fail)?;
        Ok(Self {
            text,
            end: tree.end,
            root: tree.root,
            version,
            transaction,
        })
    }

    /// The version that the message states.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The transaction in the body.
    pub fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// The outermost element.
    pub fn root(&self) -> &Element<'a> {
        &self.root
    }

    /// The text that was read.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The typed content. A value that does not have the form of its field reads as absent, and
    /// [`crate::validate`] says so: act only on a message whose report is valid.
    pub fn message(&self) -> Message {
        Message::read(self)
    }

    /// Changes what differs from `message` and nothing else: unknown elements, comments and white space stay.
    /// Version and transaction stay as well; a message of another kind is not taken.
    pub fn update(&mut self, message: &Message) -> bool {
        message.transaction() == self.transaction && {
            message.merge(&mut self.root);
            true
        }
    }

    /// The message as text.
    pub fn write(&self) -> String {
        let mut out = String::with_capacity(self.text.len());
        out.push_str(&self.text[..self.root.offset]);
        xml::write(&self.root, &mut out);
        out.push_str(&self.text[self.end..]);
        out
    }

    /// The element at a path such as `Message/Body/NewRx`, or the deepest one on the way there.
    pub(crate) fn nearest(&self, path: &str) -> &Element<'a> {
        let mut element = &self.root;
        for step in path.split('/').skip(1) {
            let (name, index) = match step.split_once('[') {
                Some((name, index)) => {
                    (name, index.trim_end_matches(']').parse().unwrap_or(1_usize))
                }
                None => (step, 1),
            };
            let mut named = element.elements().filter(|child| child.name() == name);
            match named.nth(index.saturating_sub(1)) {
                Some(child) => element = child,
                None => break,
            }
        }
        element
    }
}

/// Syntaxes that pharmacies also send and that are no XML.
fn other_syntax(text: &str) -> Option<Reason> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n', '\u{2}']);
    if text.starts_with('<') {
        return None;
    }
    if ["UNA", "UIB"].iter().any(|tag| text.starts_with(tag)) {
        return Some(Reason::Edifact);
    }
    let is_version = |at: usize| {
        ["D0B", "D0E", "D0N", "D0P", "D0R", "D0S", "F6"]
            .iter()
            .any(|version| text.get(at..).is_some_and(|rest| rest.starts_with(version)))
    };
    let has_segments = text.contains(['\u{1c}', '\u{1d}', '\u{1e}']);
    (is_version(0) || is_version(6) || has_segments)
        .then_some(Reason::Telecommunication)
        .or(Some(Reason::NotXml))
}

fn identify(root: &Element<'_>) -> Result<(Version, Transaction), (Reason, usize)> {
    let at_root = |reason| (reason, root.offset());
    if root.name() != "Message" {
        return Err(at_root(Reason::NotMessage));
    }
    if root
        .attribute(DOMAIN)
        .is_some_and(|domain| domain != "SCRIPT")
    {
        return Err(at_root(Reason::NotScript));
    }
    let version = match Version::stated(root) {
        Stated::Version(version) => version,
        Stated::Unsupported => return Err(at_root(Reason::UnsupportedVersion)),
        Stated::Nothing => return Err(at_root(Reason::NoVersion)),
    };
    root.child("Header")
        .ok_or(at_root(Reason::Missing("Header")))?;
    let body = root.child("Body").ok_or(at_root(Reason::Missing("Body")))?;
    let mut transactions = body.elements();
    match (transactions.next(), transactions.count()) {
        (None, _) => Err((Reason::Transactions(0), body.offset())),
        (Some(only), 0) => Transaction::of_name(only.name())
            .map(|transaction| (version, transaction))
            .ok_or((Reason::UnknownTransaction, only.offset())),
        (Some(_), more) => Err((Reason::Transactions(more + 1), body.offset())),
    }
}
