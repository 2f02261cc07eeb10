//! Bindings of coded values to value sets (R4 terminologies.html#binding).

use mt_fhir::definitions::{Binding, BindingStrength, TypeId, ValueSet};
use mt_fhir::json::Node;
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;

use crate::path::Path;
use crate::walk::Walk;

/// Any MIME type: a value set by grammar, so checked as one.
const MIME_TYPES: &str = "http://hl7.org/fhir/ValueSet/mimetypes";

/// Any currency of ISO 4217: three capital letters.
const CURRENCIES: &str = "http://hl7.org/fhir/ValueSet/currencies";

/// A code as it is asked about.
#[derive(Clone, Copy)]
pub(crate) struct CodeRef<'c> {
    /// None for the type `code`, whose system is given by the binding.
    pub(crate) system: Option<&'c str>,
    pub(crate) code: &'c str,
}

/// Whether a code is in a value set; `None` when nobody here can tell.
pub(crate) type Membership = Option<bool>;

impl Walk<'_, '_> {
    /// A `code`, `uri` or `string` that is bound.
    pub(crate) fn bound_code(&mut self, binding: &Binding, code: &str, path: &Path<'_>) {
        if !self.is_checked(binding) {
            return;
        }
        let code = CodeRef { system: None, code };
        let found = self.membership(binding.value_set, binding.codes, code);
        self.judge(binding, found, path);
    }

    /// A `Coding`, `CodeableConcept` or `Quantity` that is bound.
    pub(crate) fn bound(
        &mut self,
        binding: &Binding,
        node: Node<'_>,
        type_id: TypeId,
        path: &Path<'_>,
    ) {
        if !self.is_checked(binding) {
            return;
        }
        let found = self.any_member(node, type_id, binding.value_set, binding.codes);
        let is_concept = type_id == TypeId::CODEABLE_CONCEPT;
        if is_concept && node.get_name(names::CODING).is_none() {
            if binding.strength == BindingStrength::Required
                && node.get_name(names::EXTENSION).is_none()
            {
                let text = format!("a code of the value set {} is required", binding.value_set);
                self.report.error(IssueCode::CodeInvalid, path, text);
            }
            return;
        }
        self.judge(binding, found, path);
        if !binding.max_value_set.is_empty() && self.report.is_full() {
            let found = self.any_member(node, type_id, binding.max_value_set, binding.max_codes);
            if found == Some(false) {
                let text = format!("no code of the value set {}", binding.max_value_set);
                self.report.error(IssueCode::CodeInvalid, path, text);
            }
        }
    }

    /// Whether any code of a value is in a value set.
    pub(crate) fn any_member(
        &self,
        node: Node<'_>,
        type_id: TypeId,
        value_set: &str,
        codes: Option<&ValueSet>,
    ) -> Membership {
        let member = |node: Node<'_>| {
            let code = node.get_name(names::CODE)?.as_str()?;
            let system = node.get_name(names::SYSTEM).and_then(Node::as_str);
            // A coding without system is of no known system: never a member.
            let code = CodeRef {
                system: Some(system.unwrap_or_default()),
                code,
            };
            self.membership(value_set, codes, code)
        };
        if type_id != TypeId::CODEABLE_CONCEPT {
            return member(node);
        }
        let mut found = Some(false);
        for coding in node.get_name(names::CODING)?.children() {
            match member(coding) {
                Some(true) => return Some(true),
                None => found = None,
                Some(false) => {}
            }
        }
        found
    }

    pub(crate) fn membership(
        &self,
        value_set: &str,
        codes: Option<&ValueSet>,
        code: CodeRef<'_>,
    ) -> Membership {
        if let Some(codes) = codes {
            return Some(match code.system {
                None => codes.has_code(code.code),
                Some(system) => codes.contains(system, code.code),
            });
        }
        match value_set {
            MIME_TYPES => Some(is_mime_type(code.code)),
            CURRENCIES => Some(is_currency(code.code)),
            _ => self.validator.member_of(value_set, code),
        }
    }

    /// Writes only ask about required bindings; the rest gives warnings at most.
    fn is_checked(&self, binding: &Binding) -> bool {
        match binding.strength {
            BindingStrength::Required => true,
            BindingStrength::Extensible => self.report.is_full(),
            BindingStrength::Preferred => {
                self.report.is_full() && !binding.max_value_set.is_empty()
            }
            BindingStrength::Example => false,
        }
    }

    fn judge(&mut self, binding: &Binding, found: Membership, path: &Path<'_>) {
        let value_set = binding.value_set;
        match (binding.strength, found) {
            (BindingStrength::Required, Some(false)) => {
                let text = format!("not a code of the value set {value_set}");
                self.report.error(IssueCode::CodeInvalid, path, text);
            }
            (BindingStrength::Extensible, Some(false)) => {
                let text = format!(
                    "not a code of the value set {value_set}, which has to be used unless it has no fitting code"
                );
                self.report.warning(IssueCode::CodeInvalid, path, text);
            }
            (BindingStrength::Required | BindingStrength::Extensible, None) => {
                let text = format!("could not be checked against the value set {value_set}");
                self.report.information(IssueCode::NotSupported, path, text);
            }
            _ => {}
        }
    }
}

/// `type/subtype` with optional parameters (BCP 13).
fn is_mime_type(text: &str) -> bool {
    let (essence, _) = text.split_once(';').unwrap_or((text, ""));
    let is_token = |part: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+*".contains(&b);
        !part.is_empty() && part.bytes().all(allowed)
    };
    // R4 itself uses `xml`, `json`, `turtle` and the like as short forms.
    match essence.trim().split_once('/') {
        Some((kind, subtype)) => is_token(kind) && is_token(subtype),
        None => is_token(essence.trim()),
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammars_stand_in_for_value_sets_without_a_list() {
        assert!(is_mime_type("text/plain; charset=UTF-8") && is_mime_type("application/fhir+json"));
        assert!(!is_mime_type("text/") && !is_mime_type("a b/c") && !is_mime_type(""));
        assert!(is_currency("EUR") && !is_currency("eur") && !is_currency("EURO"));
    }
}
