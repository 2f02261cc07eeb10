//! Text → tree, within limits and without a DTD.

use quick_xml::Reader;
use quick_xml::errors::{Error as XmlError, IllFormedError};
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::{Attribute, Element, Node};
use crate::error::ReadErrorReason as Reason;

/// What a message may cost before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Elements, texts, comments and instructions together.
    pub nodes: usize,
    /// Attributes of one element.
    pub attributes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            depth: 48,
            nodes: 100_000,
            attributes: 32,
        }
    }
}

/// A document: its outermost element and where that starts and ends in the text.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) root: Element<'a>,
    pub(crate) end: usize,
}

/// Reads well-formed XML of version 1.0 in UTF-8.
pub(crate) fn read<'a>(text: &'a str, limits: &Limits) -> Result<Tree<'a>, (Reason, usize)> {
    if text.len() > limits.bytes {
        return Err((Reason::TooLarge(limits.bytes), 0));
    }
    if let Some(at) = text.find(is_forbidden) {
        return Err((Reason::Character, at));
    }
    let body = text.trim_start_matches('\u{feff}');
    let mut builder = Builder {
        text,
        base: text.len() - body.len(),
        xml: Reader::from_str(body),
        limits: *limits,
        open: Vec::new(),
        defaults: Vec::new(),
        pending_text: None,
        nodes: 0,
        at: 0,
        root: None,
    };
    let outcome = builder.document();
    let at = builder.at;
    match (outcome, builder.root) {
        (Ok(()), Some((root, end))) => Ok(Tree { root, end }),
        (Ok(()), None) => Err((Reason::NotXml, at)),
        (Err(reason), _) => Err((reason, at)),
    }
}

struct Builder<'a> {
    text: &'a str,
    base: usize,
    xml: Reader<&'a [u8]>,
    limits: Limits,
    open: Vec<Element<'a>>,
    /// The default namespace at each open element.
    defaults: Vec<&'a str>,
    /// Where the run of text that is being read began.
    pending_text: Option<usize>,
    nodes: usize,
    /// Where the markup that is being read began.
    at: usize,
    root: Option<(Element<'a>, usize)>,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<(), Reason> {
        let mut is_first = true;
        loop {
            let start = self.position();
            self.at = start;
            let event = self.xml.read_event().map_err(|error| reason(&error))?;
            let end = self.position();
            let raw = self.text.get(start..end).ok_or(Reason::Markup)?;
            if !matches!(event, Event::Text(_) | Event::GeneralRef(_)) {
                self.flush_text(start)?;
            }
            match event {
                Event::Start(tag) => self.start(&tag, raw, start)?,
                Event::Empty(tag) => {
                    self.start(&tag, raw, start)?;
                    self.end("", end)?;
                }
                Event::End(_) => self.end(raw, end)?,
                Event::Text(_) => self.add_text(raw, start)?,
                Event::GeneralRef(_) => self.add_reference(raw, start)?,
                Event::CData(_) => self.add(Node::CData(raw))?,
                Event::Comment(_) | Event::PI(_) => self.add(Node::Verbatim(raw.into()))?,
                Event::Decl(declaration) => {
                    if !is_first {
                        return Err(Reason::Markup);
                    }
                    check_encoding(declaration.encoding())?;
                }
                Event::DocType(_) => return Err(Reason::DocumentType),
                Event::Eof => break,
            }
            is_first = false;
        }
        if self.open.is_empty() {
            Ok(())
        } else {
            Err(Reason::CutOff)
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, raw: &'a str, offset: usize) -> Result<(), Reason> {
        self.count()?;
        if self.root.is_some() {
            return Err(Reason::AfterRoot);
        }
        if self.open.len() >= self.limits.depth {
            return Err(Reason::TooDeep(self.limits.depth));
        }
        let length = tag.name().into_inner().len();
        let name = raw
            .get(1..=length)
            .filter(|name| is_name(name))
            .ok_or(Reason::Markup)?;
        let attributes = self.attributes(raw, length + 1)?;
        let inherited = self.defaults.last().copied().unwrap_or("");
        let declared = attributes
            .iter()
            .find(|attribute| attribute.name == "xmlns");
        let default = declared.map_or(inherited, |attribute| match attribute.value {
            std::borrow::Cow::Borrowed(value) => value,
            std::borrow::Cow::Owned(_) => inherited,
        });
        let foreign = self.open.first().is_some_and(|root| {
            let prefix = |name: &str| name.rsplit_once(':').map(|(prefix, _)| prefix.to_owned());
            prefix(name) != prefix(&root.qualified)
                || (!name.contains(':') && self.defaults.first() != Some(&default))
        });
        self.defaults.push(default);
        self.open.push(Element {
            qualified: name.into(),
            foreign,
            attributes,
            nodes: Vec::new(),
            open: raw,
            close: "",
            offset,
        });
        Ok(())
    }

    fn end(&mut self, raw: &'a str, end: usize) -> Result<(), Reason> {
        let mut element = self.open.pop().ok_or(Reason::TagMismatch)?;
        self.defaults.pop();
        element.close = raw;
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(element)),
            None => self.root = Some((element, end)),
        }
        Ok(())
    }

    /// The attributes in a start tag, borrowed from the text.
    fn attributes(&self, raw: &'a str, from: usize) -> Result<Vec<Attribute<'a>>, Reason> {
        let inside = raw.strip_suffix('>').unwrap_or(raw);
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let mut attributes = Vec::new();
        let parsed = quick_xml::events::attributes::Attributes::new(inside, from);
        for attribute in parsed {
            let attribute = attribute.map_err(|_| Reason::Attribute)?;
            if attributes.len() == self.limits.attributes {
                return Err(Reason::TooManyAttributes(self.limits.attributes));
            }
            let value = attribute.value;
            if value.contains('<') {
                return Err(Reason::Attribute);
            }
            check_entities(&value)?;
            attributes.push(Attribute {
                name: attribute.key.into_inner().into(),
                value,
            });
        }
        Ok(attributes)
    }

    fn add_text(&mut self, raw: &'a str, start: usize) -> Result<(), Reason> {
        if self.open.is_empty() {
            return if raw.trim().is_empty() {
                Ok(())
            } else {
                Err(Reason::AfterRoot)
            };
        }
        if raw.contains("]]>") {
            return Err(Reason::Markup);
        }
        self.pending_text.get_or_insert(start);
        Ok(())
    }

    fn add_reference(&mut self, raw: &'a str, start: usize) -> Result<(), Reason> {
        check_entities(raw)?;
        if self.open.is_empty() {
            return Err(Reason::AfterRoot);
        }
        self.pending_text.get_or_insert(start);
        Ok(())
    }

    fn flush_text(&mut self, end: usize) -> Result<(), Reason> {
        let Some(start) = self.pending_text.take() else {
            return Ok(());
        };
        let raw = self.text.get(start..end).ok_or(Reason::Markup)?;
        self.add(Node::Text(raw.into()))
    }

    fn add(&mut self, node: Node<'a>) -> Result<(), Reason> {
        self.count()?;
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(node),
            None if matches!(node, Node::CData(_)) => return Err(Reason::AfterRoot),
            None => {}
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), Reason> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(Reason::TooManyNodes(self.limits.nodes));
        }
        Ok(())
    }

    fn position(&self) -> usize {
        let read = usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX);
        self.base.saturating_add(read).min(self.text.len())
    }
}

/// Only the five entities of XML and references to allowed characters.
fn check_entities(raw: &str) -> Result<(), Reason> {
    if !raw.contains('&') {
        return Ok(());
    }
    let resolved = unescape(raw).map_err(|_| Reason::Entity)?;
    if resolved.contains(is_forbidden) {
        Err(Reason::Character)
    } else {
        Ok(())
    }
}

fn check_encoding<E>(declared: Option<Result<std::borrow::Cow<'_, str>, E>>) -> Result<(), Reason> {
    let is_ours = |name: &str| ["utf-8", "us-ascii"].contains(&name.to_ascii_lowercase().as_str());
    match declared {
        None => Ok(()),
        Some(Ok(name)) if is_ours(&name) => Ok(()),
        Some(_) => Err(Reason::Encoding),
    }
}

fn is_name(name: &str) -> bool {
    let is_start = |c: char| c.is_alphabetic() || c == '_';
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    name.starts_with(is_start) && name.chars().all(is_inner) && name.matches(':').count() < 2
}

fn is_forbidden(character: char) -> bool {
    matches!(character, '\u{fffe}' | '\u{ffff}')
        || (character < ' ' && !matches!(character, '\t' | '\n' | '\r'))
}

fn reason(error: &XmlError) -> Reason {
    match error {
        XmlError::IllFormed(IllFormedError::MissingEndTag(_)) => Reason::CutOff,
        XmlError::IllFormed(
            IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
        ) => Reason::TagMismatch,
        XmlError::IllFormed(IllFormedError::UnclosedReference) | XmlError::Escape(_) => {
            Reason::Entity
        }
        XmlError::Syntax(_) => Reason::CutOff,
        _ => Reason::Markup,
    }
}
