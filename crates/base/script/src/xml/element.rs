//! Elements, their attributes and content.

use std::borrow::Cow;

use quick_xml::escape::unescape;

/// An element with its content, borrowed from the text it was read from.
#[derive(Debug, Clone, Default)]
pub struct Element<'a> {
    /// The name as written, with its prefix.
    pub(crate) qualified: Cow<'a, str>,
    /// The element is in another namespace than the root.
    pub(crate) foreign: bool,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) nodes: Vec<Node<'a>>,
    /// The start tag as read; empty when it was built or changed.
    pub(crate) open: &'a str,
    /// The end tag as read; empty when there was none.
    pub(crate) close: &'a str,
    pub(crate) offset: usize,
}

/// A piece of content.
#[derive(Debug, Clone)]
pub enum Node<'a> {
    /// An element.
    Element(Element<'a>),
    /// Text as written, with its entities.
    Text(Cow<'a, str>),
    /// A CDATA section with its markers.
    CData(&'a str),
    /// A comment, a processing instruction, or content passed through as it came.
    Verbatim(Cow<'a, str>),
}

/// An attribute; the value is as written, with its entities.
#[derive(Debug, Clone)]
pub struct Attribute<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
}

impl<'a> Attribute<'a> {
    /// The name with its prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value without entities.
    pub fn value(&self) -> Cow<'_, str> {
        resolve(&self.value)
    }
}

impl<'a> Element<'a> {
    /// An empty element.
    pub(crate) fn new(name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            qualified: name.into(),
            ..Self::default()
        }
    }

    /// The name without its prefix.
    pub fn name(&self) -> &str {
        self.qualified
            .rsplit_once(':')
            .map_or(&self.qualified, |(_, name)| name)
    }

    /// Whether the element is in another namespace than the message.
    pub fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Where the element starts, in bytes from the start of the text.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The content in document order.
    pub fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// The attributes in document order.
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The value of an attribute without entities.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(Attribute::value)
    }

    /// The child elements of the namespace of the message.
    pub fn elements(&self) -> impl Iterator<Item = &Element<'a>> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) if !element.foreign => Some(element),
            _ => None,
        })
    }

    /// The first child element of a name.
    pub fn child<'s>(&'s self, name: &str) -> Option<&'s Element<'a>> {
        self.elements().find(|element| element.name() == name)
    }

    /// The text of the element itself, without entities and surrounding white space.
    pub fn text(&self) -> Cow<'_, str> {
        if let [Node::Text(raw)] = self.nodes.as_slice()
            && !raw.contains(['&', '\r'])
        {
            return Cow::Borrowed(raw.trim());
        }
        let mut text = String::new();
        for node in &self.nodes {
            match node {
                Node::Text(raw) => text.push_str(&resolve(raw)),
                Node::CData(raw) => text.push_str(section(raw)),
                Node::Element(_) | Node::Verbatim(_) => {}
            }
        }
        Cow::Owned(text.trim().to_owned())
    }

    /// An element beside this one's other children: the same prefix, another name.
    pub(crate) fn new_child(&self, name: &str) -> Element<'a> {
        let qualified = match self.qualified.rsplit_once(':') {
            Some((prefix, _)) => format!("{prefix}:{name}"),
            None => name.to_owned(),
        };
        Element {
            offset: self.offset,
            ..Element::new(qualified)
        }
    }

    /// Replaces text and sections by one text; elements and comments stay.
    pub(crate) fn set_text(&mut self, text: &str) {
        self.nodes
            .retain(|node| !matches!(node, Node::Text(_) | Node::CData(_)));
        if !text.is_empty() {
            self.nodes.insert(0, Node::Text(Cow::Owned(escape(text))));
        }
    }

    /// Sets or removes an attribute.
    pub(crate) fn set_attribute(&mut self, name: &str, value: Option<&str>) {
        if self.attribute(name).as_deref() == value {
            return;
        }
        self.open = "";
        let value = value.map(|value| Cow::Owned(escape(value)));
        let place = self
            .attributes
            .iter()
            .position(|attribute| attribute.name == name);
        match (place, value) {
            (Some(place), Some(value)) => self.attributes[place].value = value,
            (Some(place), None) => drop(self.attributes.remove(place)),
            (None, Some(value)) => {
                self.attributes.push(Attribute {
                    name: Cow::Owned(name.to_owned()),
                    value,
                });
            }
            (None, None) => {}
        }
    }

    /// Places of the child elements that a test accepts.
    pub(crate) fn places(&self, accepts: impl Fn(&str) -> bool) -> Vec<usize> {
        let is_meant = |node: &Node<'_>| match node {
            Node::Element(element) => !element.foreign && accepts(element.name()),
            _ => false,
        };
        (0..self.nodes.len())
            .filter(|&place| is_meant(&self.nodes[place]))
            .collect()
    }

    /// The element at a place found by [`Element::places`].
    pub(crate) fn at(&mut self, place: usize) -> Option<&mut Element<'a>> {
        match self.nodes.get_mut(place) {
            Some(Node::Element(element)) => Some(element),
            _ => None,
        }
    }
}

/// Text without entities, line ends as XML reads them. Entities were checked when the text was read.
pub(crate) fn resolve(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['&', '\r']) {
        return Cow::Borrowed(raw);
    }
    let ends = raw.replace("\r\n", "\n").replace('\r', "\n");
    let resolved = unescape(&ends).map(Cow::into_owned);
    Cow::Owned(resolved.unwrap_or(ends))
}

/// The text between the markers of a CDATA section.
pub(crate) fn section(raw: &str) -> &str {
    raw.strip_prefix("<![CDATA[")
        .and_then(|rest| rest.strip_suffix("]]>"))
        .unwrap_or(raw)
}

/// Text with entities for what XML would read otherwise.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}
