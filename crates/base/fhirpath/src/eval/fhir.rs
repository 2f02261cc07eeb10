//! The functions that FHIR adds to FHIRPath.

use mt_fhir::definitions::{ResourceType, TypeId};
use mt_fhir::names;

use super::call::{optional, truth};
use super::{Evaluator, Result, Scope};
use crate::element::Element;
use crate::error::EvalErrorKind;
use crate::functions::Function;
use crate::reference;
use crate::syntax::NodeId;
use crate::value::{Collection, Value};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

impl<'a> Evaluator<'a, '_> {
    pub(super) fn fhir_call(
        &mut self,
        function: Function,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use Function as F;
        match (function, arguments) {
            (F::Extension, [url]) => self.extension(*url, input, scope),
            (F::HasValue, _) => {
                let has_value = matches!(input, [item] if primitive_value(item).is_some());
                Ok(truth(has_value))
            }
            (F::GetValue, _) => Ok(match input {
                [item] => optional(primitive_value(item)),
                _ => Collection::new(),
            }),
            (F::Resolve, _) => self.resolve(input),
            (F::ConformsTo, [profile]) => self.conforms_to(*profile, input, scope),
            (F::MemberOf, [value_set]) => self.member_of(*value_set, input, scope),
            (F::Subsumes | F::SubsumedBy, [other]) => self.subsumes(function, *other, input, scope),
            (F::HtmlChecks, _) => match self.string_input(input, "htmlChecks")? {
                Some(text) => Ok(truth(mt_fhir::xhtml::check(&text).is_ok())),
                None => Ok(Collection::new()),
            },
            (F::CheckModifiers, urls) => self.check_modifiers(urls, input, scope),
            _ => self.fail(EvalErrorKind::ServiceUnavailable(function.name())),
        }
    }

    fn extension(
        &mut self,
        url: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let Some(url) = self.text_argument(url, scope, "extension")? else {
            return Ok(Collection::new());
        };
        let mut output = Collection::new();
        for element in input.iter().filter_map(Value::as_element) {
            element.extensions(&url, &mut |extension| {
                output.push(Value::Element(extension))
            });
        }
        Ok(output)
    }

    fn resolve(&mut self, input: &[Value<'a>]) -> Result<Collection<'a>> {
        let mut output = Collection::new();
        for item in input {
            self.charge(4)?;
            let Some(text) = reference::text_of(item) else {
                continue;
            };
            // A contained resource belongs to the resource at hand, a Bundle entry to the Bundle.
            let places = [self.context.resource, self.context.root_resource];
            let found = places
                .into_iter()
                .flatten()
                .find_map(|place| reference::find_inside(place, &text))
                .or_else(|| self.context.resolver?.resolve(&text).map(Element::resource));
            if let Some(found) = found {
                output.push(Value::Element(found));
            } else if self.is_search() {
                let type_id = item
                    .as_element()
                    .and_then(|element| element.child(names::TYPE)?.text())
                    .and_then(ResourceType::from_name)
                    .or_else(|| reference::type_of(&text));
                output.extend(type_id.map(|t| Value::Unresolved(t.type_id())));
            }
        }
        Ok(output)
    }

    fn conforms_to(
        &mut self,
        profile: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let Some(profile) = self.text_argument(profile, scope, "conformsTo")? else {
            return Ok(Collection::new());
        };
        let Some(element) = self.singleton(input)?.and_then(Value::as_element) else {
            return Ok(Collection::new());
        };
        let core_type = profile.strip_prefix(CORE).and_then(TypeId::from_name);
        if let Some(wanted) = core_type {
            return Ok(truth(
                element.type_id().is_some_and(|found| found.is_a(wanted)),
            ));
        }
        let answer = self
            .context
            .profiles
            .and_then(|p| p.conforms_to(element, &profile));
        match answer {
            Some(conforms) => Ok(truth(conforms)),
            None => self.fail(EvalErrorKind::ServiceUnavailable("conformsTo")),
        }
    }

    /// True when any code of the input is in the value set.
    fn member_of(
        &mut self,
        value_set: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let value_set = self.text_argument(value_set, scope, "memberOf")?;
        let (Some(value_set), Some(item)) = (value_set, self.singleton(input)?) else {
            return Ok(Collection::new());
        };
        let Some(terminology) = self.context.terminology else {
            return self.fail(EvalErrorKind::ServiceUnavailable("memberOf"));
        };
        let mut answer = Some(false);
        for (system, code) in codes(item) {
            match terminology.member_of(&value_set, system, code) {
                Some(true) => return Ok(truth(true)),
                Some(false) => {}
                None => answer = None,
            }
        }
        Ok(optional(answer.map(Value::Boolean)))
    }

    fn subsumes(
        &mut self,
        function: Function,
        other: NodeId,
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let other = self.eval(other, scope)?;
        let (Some(here), Some(there)) = (self.singleton(input)?, self.singleton(&other)?) else {
            return Ok(Collection::new());
        };
        let Some(terminology) = self.context.terminology else {
            return self.fail(EvalErrorKind::ServiceUnavailable("subsumes"));
        };
        let (upper, lower) = match function {
            Function::Subsumes => (here, there),
            _ => (there, here),
        };
        let mut answer = Some(false);
        for (system_a, a) in codes(upper) {
            for (system_b, b) in codes(lower) {
                let (Some(system), true) = (system_a, system_a == system_b) else {
                    continue;
                };
                match terminology.subsumes(system, a, b) {
                    Some(true) => return Ok(truth(true)),
                    Some(false) => {}
                    None => answer = None,
                }
            }
        }
        Ok(optional(answer.map(Value::Boolean)))
    }

    /// The input, or an error when it has modifier extensions other than those named.
    fn check_modifiers(
        &mut self,
        urls: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let mut known = Vec::with_capacity(urls.len());
        for url in urls {
            known.extend(self.text_argument(*url, scope, "checkModifiers")?);
        }
        for element in input.iter().filter_map(Value::as_element) {
            let mut is_known = true;
            element.children_named(
                names::MODIFIER_EXTENSION,
                "modifierExtension",
                &mut |modifier| {
                    let url = modifier.child(names::URL).and_then(Element::text);
                    is_known &= url.is_some_and(|url| known.iter().any(|k| k == url));
                },
            );
            if !is_known {
                return self.fail(EvalErrorKind::InvalidArgument("checkModifiers"));
            }
        }
        Ok(input.into())
    }
}

/// The value of a FHIR primitive, or a System value itself.
fn primitive_value<'a>(item: &Value<'a>) -> Option<Value<'a>> {
    match item {
        Value::Element(element) if element.is_complex() => None,
        Value::Type(_) | Value::Unresolved(_) | Value::Quantity(_) => None,
        item => item.to_system(),
    }
}

/// System and code of a `code`, string, `Coding` or of every coding of a `CodeableConcept`.
fn codes<'v>(item: &'v Value<'_>) -> Vec<(Option<&'v str>, &'v str)> {
    let coding = |element: Element<'v>| {
        let code = element.child(names::CODE)?.text()?;
        Some((element.child(names::SYSTEM).and_then(Element::text), code))
    };
    match item {
        Value::String(text) => vec![(None, text)],
        Value::Element(element) if !element.is_complex() => element
            .text()
            .map(|code| (None, code))
            .into_iter()
            .collect(),
        Value::Element(element) if element.type_id() == Some(TypeId::CODEABLE_CONCEPT) => {
            let mut found = Vec::new();
            element.children_named(names::CODING, "coding", &mut |c| found.extend(coding(c)));
            found
        }
        Value::Element(element) => coding(*element).into_iter().collect(),
        _ => Vec::new(),
    }
}
