//! Elements against their shapes: known, in number, in order, of their form.

use super::Severity::{Error, Warning};
use super::format;
use super::sink::Sink;
use crate::document::Document;
use crate::model::{Field, Header, Kind, Shape, Usage, loose};
use crate::version::{DOMAIN, STAMPS, Version};
use crate::xml::{Element, Node};

/// Checks the envelope and everything in it.
pub(super) fn check(document: &Document<'_>, sink: &mut Sink<'_, '_>) {
    let root = document.root();
    let version = document.version();
    stamps(root, version, sink);
    let walk = Walk { version };
    let transaction = document.transaction();
    for element in root.elements() {
        match element.name() {
            "Header" => walk.record(element, Header::SHAPE, "Message/Header", sink),
            "Body" => {
                let path = format!("Message/Body/{}", transaction.name());
                for element in element.elements() {
                    walk.record(element, transaction.shape(), &path, sink);
                }
            }
            name => unknown(element, &format!("Message/{name}"), sink),
        }
    }
    if let Some(usual) = transaction.only_in()
        && usual != version
    {
        let path = format!("Message/Body/{}", transaction.name());
        sink.warning(
            "version",
            &path,
            format!("the transaction is one of version {usual}"),
        );
    }
}

/// The attributes of `Message` that state domain and versions.
fn stamps(root: &Element<'_>, version: Version, sink: &mut Sink<'_, '_>) {
    let missing = STAMPS
        .iter()
        .chain([&DOMAIN])
        .filter(|name| root.attribute(name).is_none());
    let missing: Vec<&str> = missing.copied().collect();
    if !missing.is_empty() {
        let sentence = format!("the attributes {} are missing", missing.join(", "));
        sink.warning("stamp", "Message", sentence);
    }
    for name in STAMPS.iter().chain([&"version"]) {
        let Some(stamp) = root.attribute(name) else {
            continue;
        };
        let path = format!("Message/@{name}");
        match Version::of_stamp(&stamp) {
            Some(stated) if stated == version => {}
            Some(_) => sink.error("stamp", &path, "the stamps are of different versions"),
            None => sink.error("stamp", &path, "the stamp is of no adopted version"),
        }
    }
}

struct Walk {
    version: Version,
}

impl Walk {
    fn record(&self, element: &Element<'_>, shape: &Shape, path: &str, sink: &mut Sink<'_, '_>) {
        let mut seen = vec![0_usize; shape.fields.len()];
        let mut latest = 0;
        for child in element.elements() {
            let place = shape
                .fields
                .iter()
                .position(|field| field.is_named(child.name()));
            let Some(place) = place else {
                unknown(child, &format!("{path}/{}", child.name()), sink);
                continue;
            };
            let field = &shape.fields[place];
            seen[place] += 1;
            let path = match seen[place] {
                1 => format!("{path}/{}", child.name()),
                index => format!("{path}/{}[{index}]", child.name()),
            };
            if place < latest {
                sink.add(
                    Warning,
                    "order",
                    path.clone(),
                    child.offset(),
                    "the element is out of order",
                );
            }
            latest = latest.max(place);
            if seen[place] == 2 && !field.many {
                sink.add(
                    Error,
                    "repeated",
                    path.clone(),
                    child.offset(),
                    "the element may occur once only",
                );
            }
            self.field(child, field, &path, sink);
        }
        for (field, seen) in shape.fields.iter().zip(&seen) {
            if *seen == 0 && self.version >= field.rule.since {
                absent(element, field, path, sink);
            }
        }
        let is_text = |node: &Node<'_>| match node {
            Node::Text(raw) => !raw.trim().is_empty(),
            Node::CData(_) => true,
            Node::Element(_) | Node::Verbatim(_) => false,
        };
        let takes_text = shape
            .fields
            .iter()
            .any(|field| field.rule.loose == Some(""));
        if !takes_text && element.nodes().iter().any(is_text) {
            sink.add(
                Warning,
                "text",
                path.to_owned(),
                element.offset(),
                "text among elements has no meaning",
            );
        }
    }

    fn field(&self, element: &Element<'_>, field: &Field, path: &str, sink: &mut Sink<'_, '_>) {
        if element.name() != field.name {
            let sentence = format!("the element is to be named {}", field.name);
            sink.add(Warning, "name", path.to_owned(), element.offset(), sentence);
        }
        if field.rule.since > self.version {
            let sentence = format!("the element exists since version {}", field.rule.since);
            sink.add(
                Warning,
                "version",
                path.to_owned(),
                element.offset(),
                sentence,
            );
        }
        match field.kind {
            Kind::Record(shape) => self.record(element, shape, path, sink),
            Kind::Opaque(_) => {}
            _ => format::check(element, field, path, sink),
        }
    }
}

/// A field that no element fills: perhaps an attribute or the text around does.
fn absent(element: &Element<'_>, field: &Field, path: &str, sink: &mut Sink<'_, '_>) {
    let path = format!("{path}/{}", field.name);
    if let Some(value) = loose(element, field) {
        let sentence = "the value is to be in an element of its own";
        sink.add(Warning, "variant", path.clone(), element.offset(), sentence);
        format::check(&value, field, &path, sink);
        return;
    }
    let severity = match field.rule.usage {
        Usage::Required => Error,
        Usage::Expected => Warning,
        Usage::Optional => return,
    };
    sink.add(
        severity,
        "missing",
        path,
        element.offset(),
        format!("{} is missing", field.name),
    );
}

fn unknown(element: &Element<'_>, path: &str, sink: &mut Sink<'_, '_>) {
    let sentence = "the element is unknown here; it is kept as it is";
    sink.add(
        Warning,
        "unknown",
        path.to_owned(),
        element.offset(),
        sentence,
    );
}
