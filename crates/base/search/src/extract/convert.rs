//! From an element of a type to index values of a kind
//! (<http://hl7.org/fhir/R4/search.html#table>).

use std::borrow::Cow;

use mt_fhir::definitions::{ResourceType, TypeId, TypeKind};
use mt_fhir::{Node, names};

use super::quantity;
use super::reference;
use super::value::IndexValue;
use super::walk::Walk;
use crate::normal::{self, date_range, parse_number};
use crate::query::Range;
use crate::registry::{ParamDef, ParamKind};

/// How an element becomes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convert {
    /// A primitive as token.
    Code,
    Coding,
    CodeableConcept,
    Identifier,
    ContactPoint,
    Text,
    HumanName,
    Address,
    /// A string or name by its sound.
    Sound,
    Date,
    Period,
    Timing,
    Number,
    Quantity,
    Money,
    /// `Range` for quantity parameters.
    QuantityRange,
    SampledData,
    Reference,
    /// A canonical or uri for reference parameters.
    Canonical,
    /// A resource within the resource, for reference parameters.
    Embedded,
    Uri,
    Position,
}

impl Convert {
    /// The conversion of elements of `type_id` for `param`; `None` when there is none.
    pub(super) fn of(param: &ParamDef, type_id: TypeId) -> Option<Self> {
        if param.is_phonetic() {
            return Some(Self::Sound);
        }
        Self::of_kind(param.kind, type_id)
    }

    /// The conversion of elements of `type_id` for parameters of `kind`.
    pub(super) fn of_kind(kind: ParamKind, type_id: TypeId) -> Option<Self> {
        let name = type_id.name();
        let is_primitive = type_id.def().kind == TypeKind::Primitive;
        Some(match (kind, name) {
            (ParamKind::Token, "Coding") => Self::Coding,
            (ParamKind::Token, "CodeableConcept") => Self::CodeableConcept,
            (ParamKind::Token, "Identifier") => Self::Identifier,
            (ParamKind::Token, "ContactPoint") => Self::ContactPoint,
            (ParamKind::Token, "base64Binary" | "xhtml") => return None,
            (ParamKind::Token, _) if is_primitive => Self::Code,
            (ParamKind::String, "HumanName") => Self::HumanName,
            (ParamKind::String, "Address") => Self::Address,
            (ParamKind::String, "string" | "markdown" | "code" | "id") => Self::Text,
            (ParamKind::String, "uri" | "url" | "canonical" | "oid" | "uuid") => Self::Text,
            (ParamKind::Date, "date" | "dateTime" | "instant") => Self::Date,
            (ParamKind::Date, "Period") => Self::Period,
            (ParamKind::Date, "Timing") => Self::Timing,
            (ParamKind::Number, "decimal" | "integer" | "positiveInt" | "unsignedInt") => {
                Self::Number
            }
            (ParamKind::Quantity, "Money") => Self::Money,
            (ParamKind::Quantity, "Range") => Self::QuantityRange,
            (ParamKind::Quantity, "SampledData") => Self::SampledData,
            (ParamKind::Quantity, _) if type_id.is_a(TypeId::QUANTITY) => Self::Quantity,
            (ParamKind::Reference, "Reference") => Self::Reference,
            (ParamKind::Reference, "canonical" | "uri" | "url" | "oid" | "uuid") => Self::Canonical,
            (ParamKind::Reference, "Resource") => Self::Embedded,
            (ParamKind::Uri, "uri" | "url" | "canonical" | "oid" | "uuid") => Self::Uri,
            (ParamKind::Special, "Location.position") => Self::Position,
            _ => return None,
        })
    }

    /// Emits the values of `node`.
    pub(super) fn run<'a>(self, walk: &mut Walk<'_, 'a>, node: Node<'a>) {
        match self {
            Self::Code => emit_code(walk, node.scalar_text()),
            Self::Coding => emit_coding(walk, node),
            Self::CodeableConcept => emit_concept(walk, node),
            Self::Identifier => emit_identifier(walk, node),
            Self::ContactPoint => emit_contact(walk, text(node, names::VALUE)),
            Self::Text => emit_text(walk, node.as_str()),
            Self::HumanName => name_parts(node, |part| walk.emit(IndexValue::String(part))),
            Self::Address => address_parts(node, |part| emit_text(walk, Some(part))),
            Self::Sound => emit_sounds(walk, node),
            Self::Date => emit_date(walk, node.as_str().and_then(date_range)),
            Self::Period => emit_date(walk, period(node)),
            Self::Timing => emit_date(walk, timing(node)),
            Self::Number => {
                let number = node.number_text().and_then(parse_number);
                if let Some(number) = number {
                    walk.emit(IndexValue::Number(Range::point(number.value)));
                }
            }
            Self::Quantity => emit_quantity(walk, quantity::quantity(node)),
            Self::Money => emit_quantity(walk, quantity::money(node)),
            Self::QuantityRange => emit_quantity(walk, quantity::range(node)),
            Self::SampledData => emit_quantity(walk, quantity::sampled(node)),
            Self::Reference => emit_reference(walk, reference::of_element(walk.registry(), node)),
            Self::Canonical => {
                let found = node
                    .as_str()
                    .and_then(|url| reference::canonical(walk.registry(), url));
                emit_reference(walk, found);
            }
            Self::Embedded => emit_embedded(walk, node),
            Self::Uri => {
                if let Some(uri) = node.as_str() {
                    walk.emit(IndexValue::Uri(Cow::Borrowed(uri)));
                }
            }
            Self::Position => emit_position(walk, node),
        }
    }
}

/// Text of a primitive field.
pub(super) fn text(node: Node<'_>, name: mt_fhir::Name) -> Option<&str> {
    node.get_name(name)?
        .scalar_text()
        .filter(|text| !text.is_empty())
}

/// The items of a field that may be a list, or a single value where an array is expected.
pub(super) fn items<'a>(node: Node<'a>, name: mt_fhir::Name) -> impl Iterator<Item = Node<'a>> {
    let field = node.get_name(name);
    let single = field.filter(|field| !field.is_array());
    let list = field.filter(|field| field.is_array());
    single
        .into_iter()
        .chain(list.into_iter().flat_map(Node::children))
}

fn emit_code<'a>(walk: &mut Walk<'_, 'a>, code: Option<&'a str>) {
    if let Some(code) = code {
        let code = Some(Cow::Borrowed(code));
        walk.emit(IndexValue::Token {
            system: None,
            code,
            text: None,
        });
    }
}

/// The value as it is written and, of a telephone, what the ways to write it share.
fn emit_contact<'a>(walk: &mut Walk<'_, 'a>, value: Option<&'a str>) {
    emit_code(walk, value);
    if let Some(code) = value.and_then(normal::telephone_code) {
        walk.emit(IndexValue::Token {
            system: None,
            code: Some(Cow::Owned(code)),
            text: None,
        });
    }
}

fn emit_coding<'a>(walk: &mut Walk<'_, 'a>, node: Node<'a>) {
    let (mut system, mut code, mut display) = (None, None, None);
    for field in node.children().filter(|field| !field.is_shadow()) {
        let value = field
            .as_str()
            .filter(|text| !text.is_empty())
            .map(Cow::Borrowed);
        match field.name() {
            names::SYSTEM => system = value,
            names::CODE => code = value,
            names::DISPLAY => display = value,
            _ => {}
        }
    }
    if system.is_some() || code.is_some() || display.is_some() {
        walk.emit(IndexValue::Token {
            system,
            code,
            text: display,
        });
    }
}

fn emit_concept<'a>(walk: &mut Walk<'_, 'a>, node: Node<'a>) {
    for coding in items(node, names::CODING) {
        emit_coding(walk, coding);
    }
    if let Some(text) = text(node, names::TEXT) {
        let text = Some(Cow::Borrowed(text));
        walk.emit(IndexValue::Token {
            system: None,
            code: None,
            text,
        });
    }
}

fn emit_identifier<'a>(walk: &mut Walk<'_, 'a>, node: Node<'a>) {
    let value = text(node, names::VALUE);
    let kind = node.get_name(names::TYPE);
    let system = text(node, names::SYSTEM).map(Cow::Borrowed);
    let kind_text = kind
        .and_then(|kind| text(kind, names::TEXT))
        .map(Cow::Borrowed);
    if value.is_some() || system.is_some() {
        let code = value.map(Cow::Borrowed);
        walk.emit(IndexValue::Token {
            system,
            code,
            text: kind_text,
        });
    }
    let (Some(kind), Some(value)) = (kind, value) else {
        return;
    };
    for coding in items(kind, names::CODING) {
        if let (Some(system), Some(code)) = (text(coding, names::SYSTEM), text(coding, names::CODE))
        {
            walk.emit(IndexValue::TypedIdentifier {
                system: Cow::Borrowed(system),
                code: Cow::Borrowed(code),
                value: Cow::Borrowed(value),
            });
        }
    }
}

fn emit_text<'a>(walk: &mut Walk<'_, 'a>, text: Option<&'a str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        walk.emit(IndexValue::String(Cow::Borrowed(text)));
    }
}

/// The strings by which a name is found: each part, the text, and "given … family" as one, since
/// that is how people type it.
fn name_parts<'a>(node: Node<'a>, mut found: impl FnMut(Cow<'a, str>)) {
    let mut full = String::new();
    for name in [names::GIVEN, names::FAMILY] {
        for part in items(node, name)
            .filter_map(Node::as_str)
            .filter(|part| !part.is_empty())
        {
            if !full.is_empty() {
                full.push(' ');
            }
            full.push_str(part);
            found(Cow::Borrowed(part));
        }
    }
    for name in [names::PREFIX, names::SUFFIX, names::TEXT] {
        for part in items(node, name)
            .filter_map(Node::as_str)
            .filter(|part| !part.is_empty())
        {
            found(Cow::Borrowed(part));
        }
    }
    if full.contains(' ') {
        found(Cow::Owned(full));
    }
}

fn address_parts<'a>(node: Node<'a>, mut found: impl FnMut(&'a str)) {
    for field in node.children().filter(|field| !field.is_shadow()) {
        match field.name() {
            names::LINE => field
                .children()
                .filter_map(Node::as_str)
                .for_each(&mut found),
            names::CITY
            | names::DISTRICT
            | names::STATE
            | names::POSTAL_CODE
            | names::COUNTRY
            | names::TEXT => field.as_str().into_iter().for_each(&mut found),
            _ => {}
        }
    }
}

/// The sound code of each word; of people's names, given and family alike, also what misspellings share.
fn emit_sounds<'a>(walk: &mut Walk<'_, 'a>, node: Node<'a>) {
    let sounds = |walk: &mut Walk<'_, 'a>, text: &str| {
        for word in text.split_whitespace() {
            if let Some(code) = normal::sound_code(word) {
                walk.emit(IndexValue::String(Cow::Owned(code)));
            }
        }
    };
    match node.as_str() {
        Some(text) => sounds(walk, text),
        None => {
            for part in [names::GIVEN, names::FAMILY]
                .into_iter()
                .flat_map(|name| items(node, name))
                .filter_map(Node::as_str)
            {
                sounds(walk, part);
                for code in normal::alike_codes(part) {
                    walk.emit(IndexValue::String(Cow::Owned(code)));
                }
            }
        }
    }
}

fn emit_date(walk: &mut Walk<'_, '_>, range: Option<Range<i64>>) {
    if let Some(range) = range.filter(|range| range.lo <= range.hi) {
        walk.emit(IndexValue::Date(range));
    }
}

/// From the start of `start` to the end of `end`; a missing end is open.
fn period(node: Node<'_>) -> Option<Range<i64>> {
    let start = text(node, names::START).and_then(date_range);
    let end = text(node, names::END).and_then(date_range);
    (start.is_some() || end.is_some()).then(|| Range {
        lo: start.map_or(i64::MIN, |start| start.lo),
        hi: end.map_or(i64::MAX, |end| end.hi),
    })
}

/// From the first to the last of the events and the bounds; other schedules have no dates.
fn timing(node: Node<'_>) -> Option<Range<i64>> {
    let events = items(node, names::EVENT).filter_map(|event| date_range(event.as_str()?));
    let bounds = node
        .get_name(names::REPEAT)
        .and_then(|repeat| repeat.get_name(names::BOUNDS_PERIOD));
    let join = |a: Range<i64>, b: Range<i64>| Range {
        lo: a.lo.min(b.lo),
        hi: a.hi.max(b.hi),
    };
    events.chain(bounds.and_then(period)).reduce(join)
}

fn emit_quantity<'a>(walk: &mut Walk<'_, 'a>, quantity: Option<super::value::QuantityIndex<'a>>) {
    if let Some(quantity) = quantity {
        walk.emit(IndexValue::Quantity(Box::new(quantity)));
    }
}

fn emit_reference<'a>(
    walk: &mut Walk<'_, 'a>,
    reference: Option<super::value::ReferenceIndex<'a>>,
) {
    if let Some(reference) = reference {
        walk.emit(IndexValue::Reference(Box::new(reference)));
    }
}

fn emit_embedded<'a>(walk: &mut Walk<'_, 'a>, node: Node<'a>) {
    let resource_type = node.resource_type().and_then(ResourceType::from_name);
    if let (Some(resource_type), Some(id)) = (resource_type, text(node, names::ID)) {
        let local = Some((resource_type, Cow::Borrowed(id)));
        emit_reference(
            walk,
            Some(super::value::ReferenceIndex {
                local,
                ..Default::default()
            }),
        );
    }
}

fn emit_position(walk: &mut Walk<'_, '_>, node: Node<'_>) {
    let degrees = |name| node.get_name(name)?.number_text()?.parse::<f64>().ok();
    let position = degrees(names::LATITUDE).zip(degrees(names::LONGITUDE));
    if let Some((latitude, longitude)) = position {
        walk.emit(IndexValue::Position {
            latitude,
            longitude,
        });
    }
}
