//! Names, types, constraints and value sets with the numbers that the tables use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::source::Source;

/// JSON names that no StructureDefinition lists.
const EXTRA_NAMES: [&str; 1] = ["resourceType"];

/// Type codes of the definitions that stand for the values inside primitives.
const SYSTEM_TYPE: &str = "http://hl7.org/fhirpath/System.";

pub(crate) struct Model<'s> {
    /// Element names in alphabetical order; a name's number is its index plus one.
    pub(crate) names: Vec<String>,
    /// Types in alphabetical order; a type's number is its index.
    pub(crate) types: Vec<Type<'s>>,
    /// Distinct constraints: (key, severity, human, expression).
    pub(crate) constraints: Vec<Constraint>,
    /// Enumerated value sets in alphabetical order of their URLs.
    pub(crate) value_sets: Vec<&'s Value>,
    pub(crate) resource_types: &'s [String],
    type_numbers: BTreeMap<String, usize>,
    name_numbers: BTreeMap<String, usize>,
    value_set_numbers: BTreeMap<String, usize>,
    constraint_numbers: BTreeMap<Constraint, usize>,
}

pub(crate) type Constraint = (String, String, String, String);

pub(crate) struct Type<'s> {
    pub(crate) name: String,
    pub(crate) structure: &'s Value,
    /// The element of the snapshot that the type starts from.
    pub(crate) root: &'s Value,
    pub(crate) elements: Vec<&'s Value>,
    pub(crate) is_backbone: bool,
}

impl<'s> Model<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        let mut types: Vec<Type<'s>> = Vec::new();
        for structure in &source.structures {
            if structure["derivation"] != "constraint" {
                types.extend(types_of(structure));
            }
        }
        types.sort_by(|a, b| a.name.cmp(&b.name));
        let type_numbers = types
            .iter()
            .enumerate()
            .map(|(i, t)| (t.name.clone(), i))
            .collect();

        let mut names: BTreeSet<String> = EXTRA_NAMES.iter().map(|n| (*n).to_owned()).collect();
        let mut constraints = BTreeSet::new();
        for element in types
            .iter()
            .flat_map(|t| t.elements.iter().copied().chain([t.root]))
        {
            names.extend(json_names(element).into_iter().map(|(name, _)| name));
            names.insert(base_name(element).to_owned());
            constraints.extend(array(&element["constraint"]).map(constraint));
        }
        names.retain(|n| n.starts_with(|c: char| c.is_ascii_lowercase()));
        let names: Vec<String> = names.into_iter().collect();
        let constraints: Vec<Constraint> = constraints.into_iter().collect();
        let value_sets: Vec<&Value> = source.value_sets.iter().collect();
        Model {
            name_numbers: names
                .iter()
                .enumerate()
                .map(|(i, n)| (n.clone(), i + 1))
                .collect(),
            constraint_numbers: constraints.iter().cloned().zip(0..).collect(),
            value_set_numbers: value_sets
                .iter()
                .map(|v| text(&v["url"]).to_owned())
                .zip(0..)
                .collect(),
            resource_types: &source.resource_types,
            names,
            types,
            constraints,
            value_sets,
            type_numbers,
        }
    }

    pub(crate) fn name(&self, name: &str) -> usize {
        self.name_numbers[name]
    }

    pub(crate) fn type_number(&self, name: &str) -> usize {
        *self
            .type_numbers
            .get(name)
            .unwrap_or_else(|| panic!("no type {name}"))
    }

    pub(crate) fn constraint(&self, source: &Value) -> usize {
        self.constraint_numbers[&constraint(source)]
    }

    pub(crate) fn value_set(&self, url: &str) -> Option<usize> {
        self.value_set_numbers.get(url).copied()
    }

    pub(crate) fn resource_type(&self, name: &str) -> Option<usize> {
        self.resource_types.iter().position(|r| r == name)
    }
}

/// A structure's own type and one for each of its backbone elements.
fn types_of(structure: &Value) -> Vec<Type<'_>> {
    let elements: Vec<&Value> = array(&structure["element"]).collect();
    let mut types = Vec::new();
    for root in &elements {
        let path = text(&root["path"]);
        let is_own = !path.contains('.');
        let children: Vec<&Value> = elements
            .iter()
            .copied()
            .filter(|e| {
                text(&e["path"])
                    .rsplit_once('.')
                    .is_some_and(|(parent, _)| parent == path)
            })
            .filter(|e| {
                structure["kind"] != "primitive-type" || !text(&e["path"]).ends_with(".value")
            })
            .collect();
        if is_own || !children.is_empty() {
            types.push(Type {
                name: path.to_owned(),
                structure,
                root,
                elements: children,
                is_backbone: !is_own,
            });
        }
    }
    types
}

/// The JSON names of an element with the type each stands for; several for a choice.
pub(crate) fn json_names(element: &Value) -> Vec<(String, Option<&Value>)> {
    let name = base_name(element);
    if !is_choice(element) {
        return vec![(name.to_owned(), array(&element["type"]).next())];
    }
    let expanded = |t| {
        let code = type_code(element, t);
        let (first, rest) = code.split_at(1);
        (
            format!("{name}{}{rest}", first.to_ascii_uppercase()),
            Some(t),
        )
    };
    array(&element["type"]).map(expanded).collect()
}

/// The type a choice stands for, with the stand-ins of the definitions resolved.
pub(crate) fn type_code<'e>(element: &'e Value, choice: &'e Value) -> &'e str {
    let code = text(&choice["code"]);
    if !code.starts_with(SYSTEM_TYPE) {
        return code;
    }
    match text(&element["path"]) {
        "Extension.url" => "uri",
        path if path.ends_with(".id")
            && path.matches('.').count() == 1
            && element["isSummary"] == true =>
        {
            "id"
        }
        _ => "string",
    }
}

pub(crate) fn base_name(element: &Value) -> &str {
    let path = text(&element["path"]);
    let name = path.rsplit('.').next().unwrap_or(path);
    name.strip_suffix("[x]").unwrap_or(name)
}

pub(crate) fn is_choice(element: &Value) -> bool {
    text(&element["path"]).ends_with("[x]")
}

pub(crate) fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `clinicalStatus` → `CLINICAL_STATUS`; a keyword or digit in front needs no care, as constants
/// are upper case and no FHIR name starts with a digit.
pub(crate) fn constant_name(name: &str) -> String {
    let mut constant = String::new();
    let mut previous = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && !previous.is_ascii_uppercase() && previous != '_' {
            constant.push('_');
        }
        constant.push(c.to_ascii_uppercase());
        previous = c;
    }
    constant
}

fn constraint(source: &Value) -> Constraint {
    let part = |key: &str| text(&source[key]).to_owned();
    (
        part("key"),
        part("severity"),
        part("human"),
        part("expression"),
    )
}
