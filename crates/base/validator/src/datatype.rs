//! Rules of single data types that no invariant states: extensions, attachments, codings.

use mt_fhir::definitions::TypeId;
use mt_fhir::json::Node;
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;

use crate::path::Path;
use crate::primitive::{Primitive, decoded_len, is_absolute};
use crate::walk::{Scope, Walk};

impl Walk<'_, '_> {
    /// ext-1, and the URL: absolute, unless the extension is part of another one.
    pub(crate) fn extension<'a>(&mut self, node: Node<'a>, scope: Scope<'a>, path: &Path<'_>) {
        let def = TypeId::EXTENSION.def();
        let has_children = node.get_name(names::EXTENSION).is_some();
        let is_value = |n: &Node<'_>| {
            def.field(n.name())
                .is_some_and(|f| def.element_of(f).symbol == names::VALUE)
        };
        let has_value = node.children().any(|n| is_value(&n));
        if has_children == has_value {
            let text = "ext-1: must have either extensions or a value, not both";
            self.report.error(IssueCode::Invariant, path, text);
        }
        let Some(url) = node.get_name(names::URL).and_then(Node::as_str) else {
            return;
        };
        if !is_absolute(url) && !path.is_in_extension() {
            let text = "the url of an extension must be absolute";
            self.report.error(IssueCode::Extension, path, text);
        }
        if self.report.is_full() {
            self.known_extension(url, node, scope, path);
        }
    }

    /// The stated size is that of the data, and the content type is one.
    pub(crate) fn attachment(&mut self, node: Node<'_>, path: &Path<'_>) {
        let data = node
            .get_name(names::DATA)
            .and_then(Node::as_str)
            .and_then(decoded_len);
        let size = node.get_name(names::SIZE).and_then(Node::number_text);
        if let (Some(data), Some(size)) = (data, size.and_then(|s| s.parse::<usize>().ok()))
            && data != size
        {
            self.report
                .error(IssueCode::Value, path, "size is not that of the data");
        }
    }

    /// A system is an absolute URI, and not that of a value set.
    pub(crate) fn coding(&mut self, node: Node<'_>, path: &Path<'_>) {
        if !self.report.is_full() {
            return;
        }
        let Some(system) = node.get_name(names::SYSTEM).and_then(Node::as_str) else {
            if node.get_name(names::CODE).is_some() {
                self.report.warning(
                    IssueCode::CodeInvalid,
                    path,
                    "a code without system means nothing",
                );
            }
            return;
        };
        if !is_absolute(system) {
            self.report.error(
                IssueCode::CodeInvalid,
                path,
                "system must be an absolute URI",
            );
        } else if self.validator.is_value_set(system) {
            let text = "system is the URL of a value set, not of a code system";
            self.report.error(IssueCode::CodeInvalid, path, text);
        }
    }

    /// Findings that do not make a value wrong.
    pub(crate) fn primitive_warnings(
        &mut self,
        primitive: Primitive,
        value: Node<'_>,
        path: &Path<'_>,
    ) {
        if !self.report.is_full() {
            return;
        }
        let text = value.as_str().unwrap_or_default();
        let is_padded =
            text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
        if primitive == Primitive::String && is_padded {
            self.report
                .warning(IssueCode::Value, path, "white space at the start or end");
        }
        if primitive == Primitive::Canonical && !text.starts_with('#') && !is_absolute(text) {
            self.report
                .error(IssueCode::Value, path, "a canonical URL must be absolute");
        }
    }
}
