//! The walk over a resource: structure, cardinality, types and formats in one pass.

use mt_fhir::definitions::{ElementDef, Field, TypeDef, TypeId, TypeKind};
use mt_fhir::json::Node;
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;

use crate::path::Path;
use crate::primitive::Primitive;
use crate::report::Report;
use crate::rules::{Class, RULES, Rules, resource_type};
use crate::{Options, Validator};

/// Longest part of an unknown name that is repeated in an issue.
const MAX_NAME: usize = 64;

const ELE_1: &str = "ele-1: must have a value or children";

/// One validation of one resource.
pub(crate) struct Walk<'v, 'o> {
    pub(crate) validator: &'v Validator,
    pub(crate) options: &'v Options<'o>,
    pub(crate) rules: &'static Rules,
    pub(crate) report: Report,
    /// How many profiles led to each other to come here.
    pub(crate) depth: usize,
}

/// The resources around an element.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The innermost resource.
    pub(crate) resource: Node<'a>,
    /// The resource that contains it, or itself.
    pub(crate) root: Node<'a>,
    /// The Bundle around it.
    pub(crate) bundle: Option<Node<'a>>,
}

/// An occurrence: value and `_` sibling.
#[derive(Clone, Copy)]
pub(crate) struct Occurrence<'a> {
    pub(crate) value: Option<Node<'a>>,
    pub(crate) shadow: Option<Node<'a>>,
}

/// The element that a value stands under.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) element: &'static ElementDef,
    pub(crate) type_id: TypeId,
}

impl<'v, 'o> Walk<'v, 'o> {
    pub(crate) fn new(validator: &'v Validator, options: &'v Options<'o>) -> Self {
        Walk {
            validator,
            options,
            rules: &RULES,
            report: Report::new(options.level),
            depth: 0,
        }
    }

    /// A resource that stands alone or in a Bundle entry.
    pub(crate) fn resource<'a>(
        &mut self,
        node: Node<'a>,
        bundle: Option<Node<'a>>,
        path: Option<&Path<'_>>,
    ) {
        let scope = Scope {
            resource: node,
            root: node,
            bundle,
        };
        self.resource_in(node, scope, path);
    }

    /// A resource inside a scope; contained ones keep the root of their container.
    pub(crate) fn resource_in<'a>(
        &mut self,
        node: Node<'a>,
        scope: Scope<'a>,
        path: Option<&Path<'_>>,
    ) {
        let start = Path::root("Resource");
        if !node.is_object() {
            let path = path.unwrap_or(&start);
            return self
                .report
                .error(IssueCode::Structure, path, "a resource must be an object");
        }
        let name = node.get_name(names::RESOURCE_TYPE).and_then(Node::as_str);
        let resource_type = match resource_type(name) {
            Ok(resource_type) => resource_type,
            Err(problem) => {
                return self
                    .report
                    .error(IssueCode::Structure, path.unwrap_or(&start), problem);
            }
        };
        let own = Path::root(resource_type.name());
        let path = path.unwrap_or(&own);
        self.object(node, resource_type.type_id(), scope, path);
        self.contained_rules(node, scope, path);
        if resource_type.type_id() == TypeId::BUNDLE {
            self.bundle(node, path);
        }
        if self.report.is_full() {
            if resource_type.type_id() == TypeId::QUESTIONNAIRE_RESPONSE {
                self.questionnaire_response(node, scope, path);
            }
            self.element_ids(node, path);
            self.profiles(node, scope, path);
        }
    }

    /// An object of a type: every field, then what is missing, then the rules of the type.
    pub(crate) fn object<'a>(
        &mut self,
        node: Node<'a>,
        type_id: TypeId,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if !node.is_object() {
            return self
                .report
                .error(IssueCode::Structure, path, "must be an object");
        }
        let def = type_id.def();
        let rules = self.rules.of(type_id);
        let has_shadows = node.children().any(Node::is_shadow);
        let mut seen = 0_u128;
        for child in node.children() {
            self.field(child, node, def, has_shadows, &mut seen, scope, path);
        }
        let mut missing = rules.required & !seen;
        while missing != 0 {
            let element = &def.elements[missing.trailing_zeros() as usize];
            let text = format!("{} is required", element.name);
            self.report.error(IssueCode::Required, path, text);
            missing &= missing - 1;
        }
        if rules.class == Class::Extension {
            self.extension(node, scope, path);
        }
        if !def.constraints.is_empty() {
            let occurrence = Occurrence {
                value: Some(node),
                shadow: None,
            };
            self.invariants(def.constraints, occurrence, type_id, scope, path);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the loop body of `object`, apart for its length"
    )]
    fn field<'a>(
        &mut self,
        child: Node<'a>,
        parent: Node<'a>,
        def: &'static TypeDef,
        has_shadows: bool,
        seen: &mut u128,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        let name = child.name();
        if name == names::RESOURCE_TYPE && def.kind == TypeKind::Resource && !child.is_shadow() {
            return;
        }
        let Some(field) = def.field(name) else {
            return self.unknown(child, def, path);
        };
        let is_primitive = matches!(self.rules.of(field.type_id).class, Class::Primitive(_));
        let mut occurrence = Occurrence {
            value: Some(child),
            shadow: None,
        };
        if child.is_shadow() {
            if !is_primitive {
                return self.unknown(child, def, path);
            }
            // Told together with the value, where there is one.
            if parent.get_name(name).is_some() {
                return;
            }
            occurrence = Occurrence {
                value: None,
                shadow: Some(child),
            };
        } else if has_shadows && is_primitive {
            occurrence.shadow = parent.get_shadow(name);
        }
        let bit = 1_u128.checked_shl(field.element.into()).unwrap_or(0);
        let element = def.element_of(field);
        if *seen & bit != 0 {
            let text = format!("{} is given with more than one type", element.name);
            self.report.error(IssueCode::Structure, path, text);
        }
        *seen |= bit;
        self.occurrences(occurrence, field, element, scope, path);
    }

    fn occurrences<'a>(
        &mut self,
        Occurrence { value, shadow }: Occurrence<'a>,
        field: &'static Field,
        element: &'static ElementDef,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        let place = Place {
            element,
            type_id: field.type_id,
        };
        let mut both = value.into_iter().chain(shadow);
        if !element.is_list() {
            let path = path.child(element.name).defined(element, field.type_id);
            if both.any(Node::is_array) {
                return self
                    .report
                    .error(IssueCode::Structure, &path, "must not be an array");
            }
            return self.occurrence(Occurrence { value, shadow }, place, scope, &path);
        }
        if !both.all(Node::is_array) {
            let path = path.child(element.name);
            return self
                .report
                .error(IssueCode::Structure, &path, "must be an array");
        }
        let len = |n: Option<Node<'_>>| n.map_or(0, Node::len);
        let count = len(value).max(len(shadow));
        let is_empty = |n: Option<Node<'_>>| n.is_some_and(Node::is_empty);
        if is_empty(value) || is_empty(shadow) {
            let path = path.child(element.name);
            self.report
                .error(IssueCode::Structure, &path, "an array must not be empty");
        }
        if count > usize::from(element.max) && element.max != u16::MAX {
            let path = path.child(element.name);
            self.report.error(
                IssueCode::Structure,
                &path,
                format!("at most {}", element.max),
            );
        }
        let mut values = value.into_iter().flat_map(Node::children);
        let mut shadows = shadow.into_iter().flat_map(Node::children);
        for index in 0..count {
            let not_null = |n: Option<Node<'a>>| n.filter(|n| !n.is_null());
            let (value, shadow) = (not_null(values.next()), not_null(shadows.next()));
            let path = path
                .item(element.name, index)
                .defined(element, field.type_id);
            self.occurrence(Occurrence { value, shadow }, place, scope, &path);
        }
    }

    fn occurrence<'a>(
        &mut self,
        occurrence: Occurrence<'a>,
        place: Place,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        let class = self.rules.of(place.type_id).class;
        if let Class::Primitive(primitive) = class {
            self.primitive(occurrence, primitive, place, scope, path);
        } else if let Some(value) = occurrence.value.filter(|v| !v.is_null()) {
            self.complex(value, class, place, scope, path);
        } else {
            self.report
                .error(IssueCode::Structure, path, "must not be null");
        }
        if !place.element.constraints.is_empty() {
            self.invariants(
                place.element.constraints,
                occurrence,
                place.type_id,
                scope,
                path,
            );
        }
    }

    fn primitive<'a>(
        &mut self,
        Occurrence { value, shadow }: Occurrence<'a>,
        primitive: Primitive,
        place: Place,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if let Some(value) = value {
            match primitive.check(value) {
                Err(problem) => self.report.error(IssueCode::Value, path, problem),
                Ok(()) => {
                    if let (Some(binding), Some(code)) = (&place.element.binding, value.as_str()) {
                        self.bound_code(binding, code, path);
                    }
                    self.primitive_warnings(primitive, value, path);
                }
            }
        }
        let shadow = shadow.filter(|s| !s.is_null());
        if value.is_none() && !shadow.is_some_and(has_content) {
            self.report.error(IssueCode::Invariant, path, ELE_1);
        }
        if let Some(shadow) = shadow {
            if shadow.is_object() && shadow.is_empty() {
                self.report
                    .error(IssueCode::Structure, path, "must not be empty");
            }
            self.object(shadow, place.type_id, scope, path);
        }
    }

    fn complex<'a>(
        &mut self,
        value: Node<'a>,
        class: Class,
        place: Place,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if class == Class::Resource {
            return self.inner_resource(value, place, scope, path);
        }
        if value.is_object() && !has_content(value) {
            self.report.error(IssueCode::Invariant, path, ELE_1);
        }
        self.object(value, place.type_id, scope, path);
        match class {
            Class::Reference => self.reference(value, place.targets(), scope, path),
            Class::Attachment => self.attachment(value, path),
            Class::Coding => self.coding(value, path),
            _ => {}
        }
        if let Some(binding) = &place.element.binding {
            self.bound(binding, value, place.type_id, path);
        }
        if place.is_simple_quantity() && value.get_name(names::COMPARATOR).is_some() {
            self.report.error(
                IssueCode::Invariant,
                path,
                "sqty-1: a SimpleQuantity has no comparator",
            );
        }
    }

    /// `contained` stays in the container; a resource in a Bundle or in Parameters is on its own.
    fn inner_resource<'a>(
        &mut self,
        value: Node<'a>,
        place: Place,
        scope: Scope<'a>,
        path: &Path<'_>,
    ) {
        if place.element.symbol == names::CONTAINED {
            let scope = Scope {
                resource: value,
                ..scope
            };
            return self.resource_in(value, scope, Some(path));
        }
        let is_entry = place.element.path.starts_with("Bundle.");
        let bundle = if is_entry {
            Some(scope.resource)
        } else {
            scope.bundle
        };
        self.resource(value, bundle, Some(path));
    }

    fn unknown(&mut self, child: Node<'_>, def: &TypeDef, path: &Path<'_>) {
        let key: String = child
            .key()
            .unwrap_or_default()
            .chars()
            .take(MAX_NAME)
            .collect();
        let text = format!("{} has no element '{key}'", def.name);
        self.report.error(IssueCode::Structure, path, text);
    }
}

/// Whether an object has more than an id.
fn has_content(object: Node<'_>) -> bool {
    object.children().any(|child| child.name() != names::ID)
}

impl Place {
    /// The types that a Reference or canonical may point at; empty means any.
    pub(crate) fn targets(self) -> &'static [mt_fhir::ResourceType] {
        let choice = self
            .element
            .types
            .iter()
            .find(|t| t.type_id == self.type_id);
        choice.map_or(&[], |c| c.targets)
    }

    fn is_simple_quantity(self) -> bool {
        self.type_id == TypeId::QUANTITY
            && self.element.types.iter().any(|t| {
                t.type_id == TypeId::QUANTITY
                    && t.profiles.iter().any(|p| p.ends_with("/SimpleQuantity"))
            })
    }
}
