//! Slicing: which occurrence belongs to which slice (R4 profiling.html#slicing).

use mt_fhir::Element;
use mt_fhir::definitions::TypeId;
use mt_fhir::json::Node;
use mt_fhir::names::{self, Name};
use mt_fhir::outcome::IssueCode;

use super::check::{place, resolve};
use super::model::{Discriminator, DiscriminatorKind, Rule, Step};
use crate::path::Path;
use crate::reference::Target;
use crate::walk::{Scope, Walk};

impl<'v> Walk<'v, '_> {
    /// Sorts the occurrences of a sliced element into its slices and checks each.
    pub(super) fn slices<'a>(
        &mut self,
        found: &[Element<'a>],
        sliced: &'v Rule,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if sliced.slices.is_empty() {
            return;
        }
        let name = sliced.name.map_or("", Name::as_str);
        let mut members: Vec<Vec<(usize, Element<'a>)>> = vec![Vec::new(); sliced.slices.len()];
        for (index, element) in found.iter().enumerate() {
            let slice = sliced
                .slices
                .iter()
                .position(|slice| self.is_in_slice(*element, slice, sliced, scope));
            match slice {
                Some(slice) => members[slice].push((index, *element)),
                None if sliced.slicing.as_ref().is_some_and(|s| s.is_closed) => {
                    let path = place(*element, name, index, path);
                    let text = "is in none of the slices, and the profile allows no other";
                    self.report.error(IssueCode::Structure, &path, text);
                }
                None => {}
            }
        }
        for (slice, members) in sliced.slices.iter().zip(&members) {
            self.count(slice, members.len(), path);
            for (index, element) in members {
                let path = place(*element, name, *index, path);
                self.rule(*element, slice, scope, &path);
            }
            let elements: Vec<Element<'a>> = members.iter().map(|(_, e)| *e).collect();
            self.slices(&elements, slice, scope, path);
        }
    }

    fn is_in_slice<'a>(
        &mut self,
        element: Element<'a>,
        slice: &'v Rule,
        sliced: &'v Rule,
        scope: Scope<'a>,
    ) -> bool {
        let discriminators = sliced
            .slicing
            .as_ref()
            .map_or(&[][..], |s| &s.discriminators);
        if discriminators.is_empty() {
            return self.is_in_implied_slice(element, slice, scope);
        }
        let mut told = false;
        for discriminator in discriminators {
            match self.discriminates(discriminator, element, slice, scope) {
                Some(false) => return false,
                Some(true) => told = true,
                None => {}
            }
        }
        told
    }

    /// Extensions are told apart by their URL and choices by their type also where no
    /// discriminator says so.
    fn is_in_implied_slice<'a>(
        &mut self,
        element: Element<'a>,
        slice: &'v Rule,
        scope: Scope<'a>,
    ) -> bool {
        if element.type_id() == TypeId::EXTENSION {
            let by_url = Discriminator {
                kind: DiscriminatorKind::Value,
                path: vec![Step::Child(names::URL)],
            };
            return self.discriminates(&by_url, element, slice, scope) == Some(true);
        }
        if element.def().is_some_and(|d| d.is_choice) && !slice.types.is_empty() {
            return slice
                .types
                .iter()
                .any(|t| element.type_id().is_a(t.type_id));
        }
        // Without anything that tells slices apart, an occurrence is in the slice that it fits.
        self.is_silently(element, scope, |walk, element, scope, path| {
            walk.rule(element, slice, scope, path);
        })
    }

    /// Whether an element is told to be in a slice; `None` when the slice says nothing there.
    fn discriminates<'a>(
        &mut self,
        discriminator: &Discriminator,
        element: Element<'a>,
        slice: &'v Rule,
        scope: Scope<'a>,
    ) -> Option<bool> {
        let rules = self.rules_at(slice, &discriminator.path);
        let elements = elements_at(element, &discriminator.path, scope);
        match discriminator.kind {
            DiscriminatorKind::Exists => {
                let must_be = rules.iter().any(|rule| rule.min > 0);
                let must_not_be = rules.iter().any(|rule| rule.max == Some(0));
                (must_be || must_not_be).then_some(elements.is_empty() == must_not_be)
            }
            DiscriminatorKind::Type => {
                let types = self.types_at(slice, &discriminator.path);
                let found = found_types(element, &discriminator.path, scope);
                let is_one = |found: &TypeId| types.iter().any(|t| found.is_a(*t));
                (!types.is_empty()).then(|| found.iter().any(is_one))
            }
            DiscriminatorKind::Value => {
                let telling = telling(&rules);
                (!telling.is_empty()).then(|| self.any_fits(&elements, &telling, scope))
            }
            DiscriminatorKind::Profile => {
                (!rules.is_empty()).then(|| self.any_fits(&elements, &rules, scope))
            }
        }
    }

    fn any_fits<'a>(
        &mut self,
        elements: &[Element<'a>],
        rules: &[&'v Rule],
        scope: Scope<'a>,
    ) -> bool {
        elements
            .iter()
            .any(|e| rules.iter().all(|rule| self.fits(*e, rule, scope)))
    }

    fn fits<'a>(&mut self, element: Element<'a>, rule: &'v Rule, scope: Scope<'a>) -> bool {
        self.is_silently(element, scope, |walk, element, scope, path| {
            walk.rule(element, rule, scope, path);
        })
    }

    /// The rules that a slice has at a path, also through the profiles of its types.
    fn rules_at(&self, slice: &'v Rule, path: &[Step]) -> Vec<&'v Rule> {
        let mut current = vec![slice];
        for step in path {
            let mut next = Vec::new();
            for rule in current {
                match step {
                    Step::Child(name) => next.extend(self.child_rules(rule, *name)),
                    Step::Extension(url) => {
                        let extensions = self.child_rules(rule, names::EXTENSION);
                        let slices = extensions.into_iter().flat_map(|e| &e.slices);
                        next.extend(slices.filter(|s| has_profile(s, url)));
                    }
                    Step::Resolve => next.extend(self.target_rules(rule)),
                    Step::OfType(_) => next.push(rule),
                }
            }
            current = next;
        }
        current
    }

    fn child_rules(&self, rule: &'v Rule, name: Name) -> Vec<&'v Rule> {
        let mut parents = vec![rule];
        for url in rule.types.iter().flat_map(|t| &t.profiles) {
            parents.extend(
                self.validator
                    .profiles
                    .get(url)
                    .map(|profile| &profile.root),
            );
        }
        let children = parents
            .iter()
            .flat_map(|p| &p.children)
            .filter(|c| c.name == Some(name));
        let mut found = Vec::new();
        for child in children {
            // What `valueString` says of its slice is what tells about `value`.
            if child.slicing.is_none() && child.types.is_empty() && !child.has_value() {
                found.extend(&child.slices);
            }
            found.push(child);
        }
        found
    }

    /// The types that a type discriminator tells apart; behind `resolve()`, those of the targets.
    fn types_at(&self, slice: &'v Rule, path: &[Step]) -> Vec<TypeId> {
        let Some((Step::Resolve, before)) = path.split_last() else {
            let rules = self.rules_at(slice, path);
            return rules
                .iter()
                .flat_map(|r| &r.types)
                .map(|t| t.type_id)
                .collect();
        };
        let rules = self.rules_at(slice, before);
        let targets = rules.iter().flat_map(|r| &r.types).flat_map(|t| &t.targets);
        targets
            .filter_map(|url| self.type_of_profile(url))
            .collect()
    }

    fn target_rules(&self, rule: &'v Rule) -> Vec<&'v Rule> {
        let urls = rule.types.iter().flat_map(|t| &t.targets);
        urls.filter_map(|url| self.validator.profiles.get(url))
            .map(|p| &p.root)
            .collect()
    }
}

/// The rules by which a slice is known: those with a value, or else those that have one further
/// down (`coding.code` under a discriminator `code`).
fn telling<'v>(rules: &[&'v Rule]) -> Vec<&'v Rule> {
    let valued: Vec<&'v Rule> = rules.iter().copied().filter(|r| r.has_value()).collect();
    if valued.is_empty() {
        let has_parts = |r: &&'v Rule| !r.children.is_empty() || !r.slices.is_empty();
        return rules.iter().copied().filter(has_parts).collect();
    }
    valued
}

fn has_profile(slice: &Rule, url: &str) -> bool {
    slice
        .types
        .iter()
        .flat_map(|t| &t.profiles)
        .any(|p| &**p == url)
}

/// The types at a discriminator's path; of a reference that leads elsewhere, the type it names.
fn found_types(element: Element<'_>, path: &[Step], scope: Scope<'_>) -> Vec<TypeId> {
    let mut types: Vec<TypeId> = elements_at(element, path, scope)
        .into_iter()
        .map(Element::type_id)
        .collect();
    if let (true, Some((Step::Resolve, before))) = (types.is_empty(), path.split_last()) {
        for reference in elements_at(element, before, scope) {
            let text = reference
                .child(names::REFERENCE)
                .next()
                .and_then(Element::text);
            if let Some(Target::Resource { resource_type, .. }) = text.map(Target::parse) {
                types.push(resource_type.type_id());
            }
        }
    }
    types
}

/// The elements at a discriminator's path.
fn elements_at<'a>(element: Element<'a>, path: &[Step], scope: Scope<'a>) -> Vec<Element<'a>> {
    let mut current = vec![element];
    for step in path {
        let mut next = Vec::new();
        for element in current {
            match step {
                Step::Child(name) => next.extend(element.child(*name)),
                Step::Extension(url) => {
                    let has_url = |e: &Element<'_>| {
                        let url_of =
                            |v: Node<'_>| v.get_name(names::URL)?.as_str().map(str::to_owned);
                        e.value().and_then(url_of).as_deref() == Some(&**url)
                    };
                    next.extend(element.child(names::EXTENSION).filter(has_url));
                }
                Step::Resolve => {
                    let text = element.value().and_then(|v| match v.as_str() {
                        Some(canonical) => Some(canonical),
                        None => v.get_name(names::REFERENCE)?.as_str(),
                    });
                    let target = text.and_then(|text| resolve(text, scope));
                    next.extend(target.and_then(Element::resource));
                }
                Step::OfType(type_id) => {
                    next.extend(Some(element).filter(|e| e.type_id().is_a(*type_id)));
                }
            }
        }
        current = next;
    }
    current
}
