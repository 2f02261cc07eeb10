//! Elements against the rules of a profile.

use mt_fhir::definitions::{BindingStrength, TypeId, ValueSet};
use mt_fhir::json::Node;
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;
use mt_fhir::{Element, ResourceType};
use mt_fhirpath::Resolve;

use super::compare::{has_pattern, is_fixed, is_less};
use super::model::{BindingRule, Profile, Rule, TypeRule};
use super::unversioned;
use crate::Level;
use crate::binding::CodeRef;
use crate::invariant::Local;
use crate::path::Path;
use crate::reference::Target;
use crate::report::Report;
use crate::walk::{Occurrence, Scope, Walk};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Profiles that lead to each other through types and references, at most this deep.
const MAX_DEPTH: usize = 12;

impl<'v> Walk<'v, '_> {
    /// The profiles that a resource claims, and for the outermost one those that were asked for.
    pub(crate) fn profiles<'a>(&mut self, node: Node<'a>, scope: Scope<'a>, path: &Path<'_>) {
        let Some(element) = Element::resource(node) else {
            return;
        };
        let claimed = node
            .get_name(names::META)
            .and_then(|m| m.get_name(names::PROFILE));
        for canonical in claimed
            .into_iter()
            .flat_map(Node::children)
            .filter_map(Node::as_str)
        {
            self.profile(canonical, element, scope, path);
        }
        if path.is_root() {
            for canonical in self.options.profiles {
                self.profile(canonical, element, scope, path);
            }
        }
    }

    /// The definition of an extension, when it is known.
    pub(crate) fn known_extension<'a>(
        &mut self,
        url: &str,
        node: Node<'a>,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if url.contains('|') {
            let text = "the url of an extension has no version";
            return self.report.error(IssueCode::Extension, path, text);
        }
        match self.validator.profiles.get(url) {
            Some(profile) => {
                self.extension_context(profile, scope, path);
                self.conform(
                    Element::typed(node, TypeId::EXTENSION),
                    profile,
                    scope,
                    path,
                );
            }
            None if path.is_in_extension() => {}
            None => {
                let text = "the definition of this extension is not known";
                self.report.information(IssueCode::NotFound, path, text);
            }
        }
    }

    fn profile<'a>(
        &mut self,
        canonical: &str,
        element: Element<'a>,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        match self.validator.profiles.get(canonical) {
            Some(profile) => self.conform(element, profile, scope, path),
            None if is_core(canonical, element) => {}
            None => {
                let text = format!("the profile {} is not known", unversioned(canonical));
                self.report.warning(IssueCode::NotFound, path, text);
            }
        }
    }

    /// An element against a profile and what that is based on.
    pub(super) fn conform<'a>(
        &mut self,
        element: Element<'a>,
        profile: &'v Profile,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if !element.type_id().is_a(profile.type_id) {
            let text = format!("{} is a profile of {:?}", profile.url, profile.type_id);
            return self.report.error(IssueCode::Structure, path, text);
        }
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        if let Some(base) = profile
            .base
            .as_deref()
            .and_then(|b| self.validator.profiles.get(b))
        {
            self.conform(element, base, scope, path);
        }
        self.rule(element, &profile.root, scope, path);
        self.depth -= 1;
    }

    /// Whether an element conforms, without telling why not.
    pub(super) fn is_silently<'a>(
        &mut self,
        element: Element<'a>,
        scope: Scope<'a>,
        check: impl FnOnce(&mut Self, Element<'a>, Scope<'a>, &Path<'_>),
    ) -> bool {
        let report = std::mem::replace(&mut self.report, Report::new(Level::Write));
        check(self, element, scope, &Path::root(""));
        std::mem::replace(&mut self.report, report).errors() == 0
    }

    /// One occurrence against everything that a rule says.
    pub(super) fn rule<'a>(
        &mut self,
        element: Element<'a>,
        rule: &'v Rule,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        self.types(element, rule, scope, path);
        self.values(element, rule, path);
        for binding in &rule.bindings {
            self.profile_binding(element, binding, path);
        }
        for invariant in &rule.invariants {
            let Some(expr) = &invariant.expr else {
                self.not_checked(&invariant.key, path);
                continue;
            };
            let occurrence = Occurrence {
                value: element.value(),
                shadow: element.shadow(),
            };
            match self.evaluate(expr, occurrence, element.type_id(), scope) {
                Ok(true) => {}
                Ok(false) => {
                    let text = format!("{}: {}", invariant.key, invariant.human);
                    self.report
                        .graded(invariant.is_error, IssueCode::Invariant, path, text);
                }
                Err(_) => self.not_checked(&invariant.key, path),
            }
        }
        self.children(element, rule, scope, path);
    }

    /// The children that a rule names: how many, and each of them.
    fn children<'a>(
        &mut self,
        element: Element<'a>,
        rule: &'v Rule,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        let scope = scope_of(element, scope);
        for child in &rule.children {
            let Some(name) = child.name else { continue };
            let found: Vec<Element<'a>> = element.child(name).collect();
            self.count(child, found.len(), path);
            for (index, occurrence) in found.iter().enumerate() {
                let path = place(*occurrence, name.as_str(), index, path);
                self.rule(*occurrence, child, scope, &path);
            }
            self.slices(&found, child, scope, path);
        }
    }

    pub(super) fn count(&mut self, rule: &Rule, count: usize, path: &Path<'_>) {
        let name = rule.name.map_or("", |n| n.as_str());
        let what = match &rule.slice {
            Some(slice) => format!("{name}:{slice}"),
            None => name.to_owned(),
        };
        if count < rule.min as usize {
            let text = format!("{what}: the profile asks for at least {}", rule.min);
            self.report.error(IssueCode::Required, path, text);
        }
        if let Some(max) = rule.max.filter(|max| count > *max as usize) {
            let text = format!("{what}: the profile allows at most {max}");
            self.report.error(IssueCode::Structure, path, text);
        }
    }

    fn types<'a>(
        &mut self,
        element: Element<'a>,
        rule: &'v Rule,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if rule.types.is_empty() {
            return;
        }
        let found = element.type_id();
        let is_backbone = |t: TypeId| matches!(t, TypeId::BACKBONE_ELEMENT | TypeId::ELEMENT);
        let of_type: Vec<&TypeRule> = rule
            .types
            .iter()
            .filter(|t| found.is_a(t.type_id) || is_backbone(t.type_id))
            .collect();
        if of_type.is_empty() {
            // A single type may be restricted to one derived from it, which JSON does not show.
            let is_choice = element.def().is_some_and(|d| d.is_choice);
            if is_choice || !rule.types.iter().any(|t| t.type_id.is_a(found)) {
                let text = format!("the profile does not allow the type {found:?}");
                self.report.error(IssueCode::Structure, path, text);
            }
            return;
        }
        if of_type.iter().all(|t| !t.profiles.is_empty()) {
            let urls: Vec<&'v str> = of_type
                .iter()
                .flat_map(|t| &t.profiles)
                .map(|url| &**url)
                .collect();
            self.any_profile(element, &urls, scope, path);
        }
        let targets: Vec<&'v str> = of_type
            .iter()
            .flat_map(|t| &t.targets)
            .map(|url| &**url)
            .collect();
        if found == TypeId::REFERENCE && !targets.is_empty() {
            self.target_profiles(element, &targets, scope, path);
        }
    }

    /// An element meets at least one of the profiles; of unknown ones nothing can be said.
    fn any_profile<'a>(
        &mut self,
        element: Element<'a>,
        urls: &[&'v str],
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        let known: Vec<&'v Profile> = urls
            .iter()
            .filter_map(|url| self.validator.profiles.get(url))
            .collect();
        if known.len() < urls.len() {
            return;
        }
        if let [only] = known[..] {
            return self.conform(element, only, scope, path);
        }
        let meets = |walk: &mut Self, profile: &'v Profile| {
            walk.is_silently(element, scope, |walk, element, scope, path| {
                walk.conform(element, profile, scope, path);
            })
        };
        if !known.iter().any(|profile| meets(self, profile)) {
            let text = format!("meets none of the profiles {}", urls.join(", "));
            self.report.error(IssueCode::Structure, path, text);
        }
    }

    /// The target of a reference, where it stands in the same document, meets a profile.
    fn target_profiles<'a>(
        &mut self,
        reference: Element<'a>,
        urls: &[&'v str],
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        let node = reference.value().and_then(|v| v.get_name(names::REFERENCE));
        let Some(text) = node.and_then(Node::as_str) else {
            return;
        };
        let Some(target) = resolve(text, scope) else {
            if let Target::Resource { resource_type, .. } = Target::parse(text)
                && !urls.iter().any(|url| self.may_be_of(url, resource_type))
            {
                let text = format!("the profile does not allow a reference to {resource_type}");
                self.report.error(IssueCode::Structure, path, text);
            }
            return;
        };
        let Some(target) = Element::resource(target) else {
            return;
        };
        let scope = resource_scope(target, scope);
        let meets = |walk: &mut Self, url: &'v str| match walk.validator.profiles.get(url) {
            Some(profile) => walk.is_silently(target, scope, |walk, element, scope, path| {
                walk.conform(element, profile, scope, path);
            }),
            None => !url.starts_with(CORE) || is_core(url, target),
        };
        if !urls.iter().any(|url| meets(self, url)) {
            let text = format!(
                "what it refers to meets none of the profiles {}",
                urls.join(", ")
            );
            self.report.error(IssueCode::Structure, path, text);
        }
    }

    fn may_be_of(&self, url: &str, resource_type: ResourceType) -> bool {
        self.type_of_profile(url)
            .is_none_or(|t| resource_type.type_id().is_a(t))
    }

    /// The type that a profile is of, or that a URL of the definitions names.
    pub(super) fn type_of_profile(&self, url: &str) -> Option<TypeId> {
        match self.validator.profiles.get(url) {
            Some(profile) => Some(profile.type_id),
            None => url.strip_prefix(CORE).and_then(TypeId::from_name),
        }
    }

    fn values(&mut self, element: Element<'_>, rule: &Rule, path: &Path<'_>) {
        let Some(value) = element.value() else { return };
        if let Some(fixed) = &rule.fixed
            && !is_fixed(value, fixed.root())
        {
            self.report.error(
                IssueCode::Value,
                path,
                "is not the value that the profile fixes",
            );
        }
        if let Some(pattern) = &rule.pattern
            && !has_pattern(value, pattern.root())
        {
            self.report.error(
                IssueCode::Value,
                path,
                "does not have the pattern of the profile",
            );
        }
        if let Some(least) = &rule.min_value
            && is_less(value, least.root())
        {
            self.report.error(
                IssueCode::Value,
                path,
                "is below the least value of the profile",
            );
        }
        if let Some(most) = &rule.max_value
            && is_less(most.root(), value)
        {
            self.report.error(
                IssueCode::Value,
                path,
                "is above the greatest value of the profile",
            );
        }
        let length = value.as_str().map_or(0, |s| s.chars().count());
        if rule.max_length.is_some_and(|max| length > max) {
            self.report.error(
                IssueCode::TooLong,
                path,
                "is longer than the profile allows",
            );
        }
    }

    fn profile_binding(&mut self, element: Element<'_>, rule: &BindingRule, path: &Path<'_>) {
        let Some(value) = element.value() else { return };
        let codes = ValueSet::from_url(&rule.value_set);
        let found = match (element.is_primitive(), value.as_str()) {
            (true, Some(code)) => {
                self.membership(&rule.value_set, codes, CodeRef { system: None, code })
            }
            (true, None) => return,
            (false, _) => {
                let type_id = element.type_id();
                let is_coded = value.get_name(names::CODE).is_some()
                    || value.get_name(names::CODING).is_some();
                if !is_coded && rule.strength != BindingStrength::Required {
                    return;
                }
                let found = self.any_member(value, type_id, &rule.value_set, codes);
                if is_coded {
                    found
                } else {
                    Some(type_id == TypeId::QUANTITY)
                }
            }
        };
        let value_set = &rule.value_set;
        let is_error = rule.strength == BindingStrength::Required;
        match found {
            Some(true) => {}
            Some(false) => {
                let text = format!("not a code of the value set {value_set}");
                self.report
                    .graded(is_error, IssueCode::CodeInvalid, path, text);
            }
            None => {
                let text = format!("could not be checked against the value set {value_set}");
                self.report.information(IssueCode::NotSupported, path, text);
            }
        }
    }
}

/// Whether the URL is that of the element's own type or one that it specialises.
fn is_core(canonical: &str, element: Element<'_>) -> bool {
    let name = unversioned(canonical).strip_prefix(CORE);
    name.and_then(TypeId::from_name)
        .is_some_and(|t| element.type_id().is_a(t))
}

/// The resource behind a reference inside the same document.
pub(super) fn resolve<'a>(reference: &str, scope: Scope<'a>) -> Option<Node<'a>> {
    // Copied out by its id, as the resolver lends its results only as long as it lives itself.
    let local = Local(scope);
    let found = local.resolve(reference)?.id();
    Some(scope.root.doc().node(found))
}

/// Inside a resource that stands in an entry, references are those of that resource.
fn scope_of<'a>(element: Element<'a>, scope: Scope<'a>) -> Scope<'a> {
    if element.is_resource() {
        resource_scope(element, scope)
    } else {
        scope
    }
}

fn resource_scope<'a>(resource: Element<'a>, scope: Scope<'a>) -> Scope<'a> {
    let Some(node) = resource.value() else {
        return scope;
    };
    if node.id() == scope.resource.id() {
        return scope;
    }
    let is_contained = |c: Node<'a>| c.children().any(|r| r.id() == node.id());
    if scope
        .root
        .get_name(names::CONTAINED)
        .is_some_and(is_contained)
    {
        return Scope {
            resource: node,
            ..scope
        };
    }
    let is_bundle = scope.resource.resource_type() == Some("Bundle");
    let bundle = if is_bundle {
        Some(scope.resource)
    } else {
        scope.bundle
    };
    Scope {
        resource: node,
        root: node,
        bundle,
    }
}

pub(super) fn place<'p>(
    element: Element<'_>,
    name: &'p str,
    index: usize,
    path: &'p Path<'p>,
) -> Path<'p> {
    if element.def().is_some_and(|d| d.is_list()) {
        path.item(name, index)
    } else {
        path.child(name)
    }
}
