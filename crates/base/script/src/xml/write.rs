//! Tree → text: what was read as it was read, what was built indented.

use std::borrow::Cow;

use super::{Element, Node};

/// Appends an element.
pub(crate) fn write(element: &Element<'_>, out: &mut String) {
    let had_no_end = element.close.is_empty() && element.open.ends_with("/>");
    if element.open.is_empty() || (had_no_end && !element.nodes.is_empty()) {
        write_tag(element, out);
    } else {
        out.push_str(element.open);
        if had_no_end {
            return;
        }
    }
    if element.nodes.is_empty() && element.open.is_empty() {
        return;
    }
    for node in &element.nodes {
        match node {
            Node::Element(child) => write(child, out),
            Node::CData(raw) => out.push_str(raw),
            Node::Text(raw) | Node::Verbatim(raw) => out.push_str(raw),
        }
    }
    if element.close.is_empty() {
        out.push_str("</");
        out.push_str(&element.qualified);
        out.push('>');
    } else {
        out.push_str(element.close);
    }
}

/// Sets every child element of a built element on its own line.
pub(crate) fn indent(element: &mut Element<'_>, depth: usize) {
    let is_structure = element
        .nodes
        .iter()
        .all(|node| matches!(node, Node::Element(_)));
    if !is_structure || element.nodes.is_empty() {
        return;
    }
    let line = |depth: usize| Node::Text(Cow::Owned(format!("\n{}", "  ".repeat(depth))));
    let children = std::mem::take(&mut element.nodes);
    for mut child in children {
        if let Node::Element(child) = &mut child {
            indent(child, depth + 1);
        }
        element.nodes.push(line(depth + 1));
        element.nodes.push(child);
    }
    element.nodes.push(line(depth));
}

fn write_tag(element: &Element<'_>, out: &mut String) {
    out.push('<');
    out.push_str(&element.qualified);
    for attribute in &element.attributes {
        let quote = if attribute.value.contains('"') {
            '\''
        } else {
            '"'
        };
        out.push(' ');
        out.push_str(&attribute.name);
        out.push('=');
        out.push(quote);
        out.push_str(&attribute.value);
        out.push(quote);
    }
    out.push_str(if element.nodes.is_empty() { "/>" } else { ">" });
}
