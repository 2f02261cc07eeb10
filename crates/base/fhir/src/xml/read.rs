//! XML → tree.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use smallvec::SmallVec;

use super::{
    FHIR, MAX_ATTRIBUTES, MAX_NAMESPACES, XHTML, XmlError, XmlErrorKind, has_forbidden_character,
};
use crate::definitions::{Field, ResourceType, TypeDef, TypeId, TypeKind};
use crate::json::{Doc, Limits, NodeId};
use crate::names::Name;
use crate::xhtml;

type Step<T> = Result<T, XmlErrorKind>;

/// Reads a FHIR XML document whose outermost element is a resource.
///
/// # Errors
/// [`XmlError`] with the place of the first problem.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Doc, XmlError> {
    if bytes.len() > limits.max_bytes {
        return Err(XmlError::new(XmlErrorKind::TooLarge, &[], 0));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| XmlError::new(XmlErrorKind::NotUtf8, bytes, error.valid_up_to()))?;
    let mut xml = NsReader::from_str(text);
    xml.config_mut().expand_empty_elements = true;
    let mut reader = Reader {
        xml,
        text,
        limits,
        doc: Doc::object(),
        values: 0,
        depth: 0,
        namespaces: 0,
    };
    match reader.document() {
        Ok(()) => Ok(reader.doc),
        Err(kind) => {
            let offset = usize::try_from(reader.xml.buffer_position()).unwrap_or(usize::MAX);
            Err(XmlError::new(kind, bytes, offset))
        }
    }
}

struct Reader<'x> {
    xml: NsReader<&'x [u8]>,
    text: &'x str,
    limits: &'x Limits,
    doc: Doc,
    values: usize,
    depth: usize,
    namespaces: usize,
}

/// What an event means to FHIR.
enum Token<'x> {
    Start {
        tag: BytesStart<'x>,
        is_fhir: bool,
        is_xhtml: bool,
        offset: usize,
    },
    End,
    Eof,
}

/// An element that was read: its value, and its id and extensions when it is a primitive.
struct Read {
    value: Option<NodeId>,
    shadow: Option<NodeId>,
}

/// The attributes of an element that FHIR uses.
#[derive(Default)]
struct Attributes {
    id: Option<String>,
    url: Option<String>,
    value: Option<String>,
    namespaces: usize,
}

impl<'x> Reader<'x> {
    fn document(&mut self) -> Step<()> {
        let root = match self.next()? {
            Token::Start {
                tag, is_fhir: true, ..
            } => self.resource(&tag)?,
            Token::Start { .. } => return Err(XmlErrorKind::Namespace),
            Token::End | Token::Eof => return Err(XmlErrorKind::NotWellFormed),
        };
        self.doc.set_root(root);
        match self.next()? {
            Token::Eof => Ok(()),
            Token::Start { .. } | Token::End => Err(XmlErrorKind::NotWellFormed),
        }
    }

    /// A resource whose start tag has been read, up to and with its end tag.
    fn resource(&mut self, tag: &BytesStart<'_>) -> Step<NodeId> {
        let name = tag.local_name();
        let resource_type =
            ResourceType::from_name(name.into_inner()).ok_or(XmlErrorKind::ResourceType)?;
        let attributes = self.attributes(tag)?;
        if attributes.id.is_some() || attributes.url.is_some() || attributes.value.is_some() {
            return Err(XmlErrorKind::Attribute);
        }
        let object = self.object()?;
        let name = self.string(resource_type.name())?;
        self.doc.set_field(object, "resourceType", name);
        self.content(object, resource_type.type_id())?;
        self.namespaces -= attributes.namespaces;
        Ok(object)
    }

    /// The child elements of `object`, up to and with its end tag.
    fn content(&mut self, object: NodeId, type_id: TypeId) -> Step<()> {
        self.depth += 1;
        if self.depth > self.limits.max_depth {
            return Err(XmlErrorKind::TooDeep);
        }
        let def = type_id.def();
        let mut list = Repetition::default();
        let mut last: Option<&'static Field> = None;
        loop {
            let (tag, is_fhir, is_xhtml, offset) = match self.next()? {
                Token::End => break,
                Token::Eof => return Err(XmlErrorKind::NotWellFormed),
                Token::Start {
                    tag,
                    is_fhir,
                    is_xhtml,
                    offset,
                } => (tag, is_fhir, is_xhtml, offset),
            };
            let local = tag.local_name();
            let name = Name::intern(local.into_inner());
            let field = def.field(name).ok_or(XmlErrorKind::Element(def.name))?;
            let is_narrative = field.type_id == TypeId::XHTML;
            if !(is_fhir || (is_xhtml && is_narrative)) {
                return Err(XmlErrorKind::Namespace);
            }
            let element = def.element_of(field);
            if let Some(last) = last {
                match field.element.cmp(&last.element) {
                    std::cmp::Ordering::Less => return Err(XmlErrorKind::Order),
                    std::cmp::Ordering::Equal if !element.is_list() => {
                        return Err(XmlErrorKind::Repeated);
                    }
                    std::cmp::Ordering::Equal => {}
                    std::cmp::Ordering::Greater => self.finish(object, &mut list),
                }
            }
            last = Some(field);
            let read = if is_narrative {
                self.narrative(&tag, is_xhtml, offset)?
            } else {
                self.element(&tag, field.type_id)?
            };
            if element.is_list() {
                list.name = name;
                list.items.push((read.value, read.shadow));
            } else {
                self.link(object, name, &read);
            }
        }
        self.finish(object, &mut list);
        self.depth -= 1;
        Ok(())
    }

    fn element(&mut self, tag: &BytesStart<'_>, type_id: TypeId) -> Step<Read> {
        if type_id == TypeId::RESOURCE {
            return self.inner_resource(tag);
        }
        let attributes = self.attributes(tag)?;
        let def = type_id.def();
        let object = self.object()?;
        if let Some(id) = &attributes.id {
            let id = self.string(id)?;
            self.doc.set_field(object, "id", id);
        }
        if let Some(url) = &attributes.url {
            if type_id != TypeId::EXTENSION {
                return Err(XmlErrorKind::Attribute);
            }
            let url = self.string(url)?;
            self.doc.set_field(object, "url", url);
        }
        self.content(object, type_id)?;
        self.namespaces -= attributes.namespaces;
        let has_content = !self.doc.node(object).is_empty();
        if def.kind == TypeKind::Primitive {
            let value = attributes
                .value
                .map(|v| self.primitive(&v, def))
                .transpose()?;
            if value.is_none() && !has_content {
                return Err(XmlErrorKind::Empty);
            }
            return Ok(Read {
                value,
                shadow: has_content.then_some(object),
            });
        }
        if attributes.value.is_some() {
            return Err(XmlErrorKind::Attribute);
        }
        if has_content {
            Ok(Read {
                value: Some(object),
                shadow: None,
            })
        } else {
            Err(XmlErrorKind::Empty)
        }
    }

    /// `<contained>`, `<resource>`: an element around exactly one resource.
    fn inner_resource(&mut self, tag: &BytesStart<'_>) -> Step<Read> {
        let attributes = self.attributes(tag)?;
        let resource = match self.next()? {
            Token::Start {
                tag, is_fhir: true, ..
            } => self.resource(&tag)?,
            Token::Start { .. } => return Err(XmlErrorKind::Namespace),
            Token::End => return Err(XmlErrorKind::Empty),
            Token::Eof => return Err(XmlErrorKind::NotWellFormed),
        };
        self.namespaces -= attributes.namespaces;
        match self.next()? {
            Token::End => Ok(Read {
                value: Some(resource),
                shadow: None,
            }),
            Token::Start { .. } => Err(XmlErrorKind::Repeated),
            Token::Eof => Err(XmlErrorKind::NotWellFormed),
        }
    }

    /// The `div`, kept as it is written.
    fn narrative(&mut self, tag: &BytesStart<'_>, is_xhtml: bool, start: usize) -> Step<Read> {
        let declares = |a: quick_xml::events::attributes::Attribute<'_>| {
            a.key.into_inner() == "xmlns" && a.value == XHTML
        };
        let mut attributes = tag.attributes();
        let is_self_contained = attributes.with_checks(false).flatten().any(declares);
        if !is_xhtml || tag.name().prefix().is_some() || !is_self_contained {
            return Err(XmlErrorKind::Narrative);
        }
        let mut open = 1_usize;
        while open > 0 {
            match self.event()? {
                Event::Start(_) => {
                    open += 1;
                    if self.depth + open > self.limits.max_depth {
                        return Err(XmlErrorKind::TooDeep);
                    }
                }
                Event::End(_) => open -= 1,
                Event::GeneralRef(entity) if !is_allowed_reference(&entity) => {
                    return Err(XmlErrorKind::Entity);
                }
                Event::DocType(_) => return Err(XmlErrorKind::DocumentType),
                Event::Eof => return Err(XmlErrorKind::NotWellFormed),
                _ => {}
            }
        }
        let source = &self.text[start..self.offset()];
        if !xhtml::is_well_formed(source) {
            return Err(XmlErrorKind::Narrative);
        }
        let value = if source.contains('\r') {
            self.string(&source.replace("\r\n", "\n").replace('\r', "\n"))?
        } else {
            self.string(source)?
        };
        Ok(Read {
            value: Some(value),
            shadow: None,
        })
    }

    fn primitive(&mut self, text: &str, def: &'static TypeDef) -> Step<NodeId> {
        let bad = XmlErrorKind::Value(def.name);
        let number = |reader: &mut Self, digits: &str| {
            reader.count()?;
            reader.doc.new_number(digits).ok_or(bad.clone())
        };
        match def.name {
            "boolean" => {
                self.count()?;
                match text {
                    "true" => Ok(self.doc.new_bool(true)),
                    "false" => Ok(self.doc.new_bool(false)),
                    _ => Err(bad),
                }
            }
            // XML may write `+5`; JSON may not.
            "integer" | "positiveInt" | "unsignedInt" => {
                number(self, text.strip_prefix('+').unwrap_or(text))
            }
            "decimal" => number(self, text),
            _ => self.string(text),
        }
    }

    fn attributes(&mut self, tag: &BytesStart<'_>) -> Step<Attributes> {
        self.attribute_limits(tag)?;
        let mut found = Attributes::default();
        let mut attributes = tag.attributes();
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|_| XmlErrorKind::NotWellFormed)?;
            let place = match attribute.key.into_inner() {
                "id" => &mut found.id,
                "url" => &mut found.url,
                "value" => &mut found.value,
                key if key == "xmlns" || key.starts_with("xmlns:") => {
                    found.namespaces += 1;
                    continue;
                }
                // A hint for schema processors without meaning for the record.
                "xsi:schemaLocation" => continue,
                _ => return Err(XmlErrorKind::Attribute),
            };
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            *place = Some(value.map_err(|_| XmlErrorKind::Entity)?.into_owned());
        }
        self.namespaces += found.namespaces;
        if self.namespaces > MAX_NAMESPACES {
            return Err(XmlErrorKind::TooManyValues);
        }
        Ok(found)
    }

    /// Few attributes, none twice, all well-formed.
    fn attribute_limits(&self, tag: &BytesStart<'_>) -> Step<()> {
        let mut keys: SmallVec<[&str; 8]> = SmallVec::new();
        let mut attributes = tag.attributes();
        let mut namespaces = self.namespaces;
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|_| XmlErrorKind::NotWellFormed)?;
            let key = attribute.key.into_inner();
            namespaces += usize::from(key.starts_with("xmlns"));
            if keys.len() == MAX_ATTRIBUTES || namespaces > MAX_NAMESPACES {
                return Err(XmlErrorKind::TooManyValues);
            }
            if keys.contains(&key) {
                return Err(XmlErrorKind::NotWellFormed);
            }
            keys.push(key);
        }
        Ok(())
    }

    /// Links a list that is complete under its name.
    fn finish(&mut self, object: NodeId, list: &mut Repetition) {
        let items = std::mem::take(&mut list.items);
        let (mut values, mut shadows) = (None, None);
        let any = |of: fn(&(Option<NodeId>, Option<NodeId>)) -> bool| items.iter().any(of);
        let (has_values, has_shadows) = (any(|i| i.0.is_some()), any(|i| i.1.is_some()));
        for (value, shadow) in items {
            if has_values {
                let array = *values.get_or_insert_with(|| self.doc.new_array());
                let item = value.unwrap_or_else(|| self.doc.new_null());
                self.doc.push(array, item);
            }
            if has_shadows {
                let array = *shadows.get_or_insert_with(|| self.doc.new_array());
                let item = shadow.unwrap_or_else(|| self.doc.new_null());
                self.doc.push(array, item);
            }
        }
        self.link(
            object,
            list.name,
            &Read {
                value: values,
                shadow: shadows,
            },
        );
    }

    fn link(&mut self, object: NodeId, name: Name, read: &Read) {
        if let Some(value) = read.value {
            self.doc.set_field(object, name.as_str(), value);
        }
        if let Some(shadow) = read.shadow {
            self.doc.set_field(object, &format!("_{name}"), shadow);
        }
    }

    fn object(&mut self) -> Step<NodeId> {
        self.count()?;
        Ok(self.doc.new_object())
    }

    fn string(&mut self, text: &str) -> Step<NodeId> {
        if text.len() > self.limits.max_string {
            return Err(XmlErrorKind::StringTooLong);
        }
        if has_forbidden_character(text) {
            return Err(XmlErrorKind::NotWellFormed);
        }
        self.count()?;
        Ok(self.doc.new_string(text))
    }

    fn count(&mut self) -> Step<()> {
        self.values += 1;
        if self.values > self.limits.max_values {
            return Err(XmlErrorKind::TooManyValues);
        }
        Ok(())
    }

    /// The next tag; comments, instructions and white space mean nothing to FHIR.
    fn next(&mut self) -> Step<Token<'x>> {
        loop {
            let offset = self.offset();
            let (namespace, event) = self
                .xml
                .read_resolved_event()
                .map_err(|_| XmlErrorKind::NotWellFormed)?;
            let is_in = |wanted: &str| matches!(&namespace, ResolveResult::Bound(n) if n.into_inner() == wanted);
            match event {
                Event::Start(tag) => {
                    let (is_fhir, is_xhtml) = (is_in(FHIR), is_in(XHTML));
                    return Ok(Token::Start {
                        tag,
                        is_fhir,
                        is_xhtml,
                        offset,
                    });
                }
                Event::End(_) => return Ok(Token::End),
                Event::Eof => return Ok(Token::Eof),
                Event::DocType(_) => return Err(XmlErrorKind::DocumentType),
                Event::GeneralRef(_) => return Err(XmlErrorKind::Entity),
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::Text(_) | Event::CData(_) | Event::Empty(_) => {
                    return Err(XmlErrorKind::Text);
                }
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding().transpose();
                    let encoding = encoding.map_err(|_| XmlErrorKind::NotWellFormed)?;
                    if encoding.is_some_and(|e| !e.eq_ignore_ascii_case("utf-8")) {
                        return Err(XmlErrorKind::NotUtf8);
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
            }
        }
    }

    fn event(&mut self) -> Step<Event<'x>> {
        self.xml
            .read_event()
            .map_err(|_| XmlErrorKind::NotWellFormed)
    }

    fn offset(&self) -> usize {
        usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }
}

/// Occurrences of a repeating element that have been read so far.
struct Repetition {
    name: Name,
    items: Vec<(Option<NodeId>, Option<NodeId>)>,
}

impl Default for Repetition {
    fn default() -> Self {
        Repetition {
            name: Name::UNKNOWN,
            items: Vec::new(),
        }
    }
}

/// A character by number, or one of the five entities of XML itself.
pub(crate) fn is_allowed_reference(entity: &quick_xml::events::BytesRef<'_>) -> bool {
    match entity.resolve_char_ref() {
        Ok(Some(_)) => true,
        Ok(None) => matches!(&**entity, "lt" | "gt" | "amp" | "quot" | "apos"),
        Err(_) => false,
    }
}
