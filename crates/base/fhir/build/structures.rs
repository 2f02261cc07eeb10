//! Resource types, types and their elements as Rust literals.

use std::fmt::Write;

use serde_json::Value;

use crate::model::{
    Model, Type, array, base_name, constant_name, is_choice, json_names, text, type_code,
};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

pub(crate) fn resource_types(model: &Model<'_>) -> String {
    let names = model.resource_types;
    let type_ids: Vec<usize> = names.iter().map(|n| model.type_number(n)).collect();
    let mut by_name: Vec<usize> = (0..names.len()).collect();
    by_name.sort_by_key(|i| &names[*i]);
    let count = names.len();
    let tags: Vec<String> = type_ids.iter().map(|t| format!("TypeId({t})")).collect();
    format!(
        "static RESOURCE_NAMES: [&str; {count}] = {names:?};\n\
         static RESOURCE_TYPE_IDS: [TypeId; {count}] = [{}];\n\
         static RESOURCES_BY_NAME: [u16; {count}] = {by_name:?};\n",
        tags.join(",")
    )
}

pub(crate) fn resource_type_constants(model: &Model<'_>) -> String {
    let mut out = String::from("impl ResourceType {\n");
    for (number, name) in model.resource_types.iter().enumerate() {
        let constant = constant_name(name);
        writeln!(
            out,
            "/// `{name}`\npub const {constant}: ResourceType = ResourceType({number});"
        )
        .expect("infallible");
    }
    out.push('}');
    out
}

pub(crate) fn type_constants(model: &Model<'_>) -> String {
    let mut out = String::from("impl TypeId {\n");
    for (number, name) in model.types.iter().map(|t| &t.name).enumerate() {
        // A backbone is reached through its parent; only `Patient`-like names get a constant.
        if !name.contains('.') {
            let constant = constant_name(name);
            writeln!(
                out,
                "/// `{name}`\npub const {constant}: TypeId = TypeId({number});"
            )
            .expect("infallible");
        }
    }
    out.push('}');
    out
}

pub(crate) fn types(model: &Model<'_>) -> String {
    let mut out = String::new();
    writeln!(
        out,
        "static CONSTRAINTS: [ConstraintDef; {}] = [",
        model.constraints.len()
    )
    .expect("infallible");
    for (id, (key, severity, human, expression)) in model.constraints.iter().enumerate() {
        let is_error = severity == "error";
        writeln!(
            out,
            "ConstraintDef{{id:{id},key:{key:?},is_error:{is_error},human:{human:?},expression:{expression:?}}},"
        )
        .expect("infallible");
    }
    writeln!(
        out,
        "];\nstatic TYPES: [TypeDef; {}] = [",
        model.types.len()
    )
    .expect("infallible");
    for def in &model.types {
        out.push_str(&type_def(model, def));
    }
    out.push_str("];\n");
    out
}

fn type_def(model: &Model<'_>, def: &Type<'_>) -> String {
    let kind = match text(&def.structure["kind"]) {
        _ if def.is_backbone => "Backbone",
        "primitive-type" => "Primitive",
        "resource" => "Resource",
        _ => "Complex",
    };
    let base = if def.is_backbone {
        array(&def.root["type"]).next().map(|t| text(&t["code"]))
    } else {
        def.structure["baseDefinition"]
            .as_str()
            .and_then(|url| url.strip_prefix(CORE))
    };
    let base = base.map_or("None".to_owned(), |b| {
        format!("Some(TypeId({}))", model.type_number(b))
    });
    let resource = (kind == "Resource")
        .then(|| model.resource_type(&def.name))
        .flatten();
    let resource = resource.map_or("None".to_owned(), |r| format!("Some(ResourceType({r}))"));
    let elements: Vec<String> = def.elements.iter().map(|e| element(model, e)).collect();
    format!(
        "TypeDef{{name:{:?},kind:TypeKind::{kind},base:{base},is_abstract:{},resource:{resource},\
         fields:&[{}],elements:&[{}],constraints:&[{}]}},\n",
        def.name,
        def.structure["abstract"] == true && !def.is_backbone,
        fields(model, def),
        elements.join(""),
        constraints(model, def.root),
    )
}

fn fields(model: &Model<'_>, def: &Type<'_>) -> String {
    let mut fields = Vec::new();
    for (index, element) in def.elements.iter().enumerate() {
        for (name, choice) in json_names(element) {
            fields.push((model.name(&name), index, type_id(model, element, choice)));
        }
    }
    fields.sort_unstable();
    let field = |(name, element, type_id): &(usize, usize, usize)| {
        format!("Field{{name:Name({name}),element:{element},type_id:TypeId({type_id})}},")
    };
    fields.iter().map(field).collect()
}

fn element(model: &Model<'_>, element: &Value) -> String {
    let max = element["max"]
        .as_str()
        .and_then(|m| m.parse::<u16>().ok())
        .unwrap_or(u16::MAX);
    let is = |key: &str| element[key] == true;
    let represented = |as_: &str| array(&element["representation"]).any(|r| r == as_);
    let path = text(&element["path"]);
    let is_type = model.types.iter().any(|t| t.name == path);
    format!(
        "ElementDef{{path:{path:?},name:{:?},symbol:Name({}),min:{},max:{max},is_choice:{},types:&[{}],\
         binding:{},is_summary:{},is_modifier:{},xml_attribute:{},constraints:&[{}]}},",
        base_name(element),
        model.name(base_name(element)),
        element["min"].as_u64().unwrap_or(0),
        is_choice(element),
        type_choices(model, element),
        binding(model, &element["binding"]),
        is("isSummary"),
        is("isModifier"),
        represented("xmlAttr"),
        // The constraints of a backbone are its type's, so that content references share them.
        if is_type {
            String::new()
        } else {
            constraints(model, element)
        },
    )
}

fn type_choices(model: &Model<'_>, element: &Value) -> String {
    if element["type"].is_null() {
        return type_choice(model, type_id(model, element, None), &Value::Null);
    }
    let choices = array(&element["type"]);
    choices
        .map(|t| type_choice(model, type_id(model, element, Some(t)), t))
        .collect()
}

fn type_choice(model: &Model<'_>, type_id: usize, choice: &Value) -> String {
    let targets: Vec<usize> = array(&choice["targetProfile"])
        .filter_map(|t| model.resource_type(text(t).strip_prefix(CORE)?))
        .collect();
    let profiles: Vec<&str> = array(&choice["profile"]).map(text).collect();
    let targets: String = targets
        .iter()
        .map(|t| format!("ResourceType({t}),"))
        .collect();
    format!("TypeChoice{{type_id:TypeId({type_id}),targets:&[{targets}],profiles:&{profiles:?}}},")
}

/// A backbone's own type, a content reference's target, or the type that is named.
fn type_id(model: &Model<'_>, element: &Value, choice: Option<&Value>) -> usize {
    if let Some(target) = element["contentReference"].as_str() {
        return model.type_number(target.trim_start_matches('#'));
    }
    let Some(choice) = choice else {
        panic!("no type: {}", element["path"]);
    };
    match type_code(element, choice) {
        "BackboneElement" | "Element" => model.type_number(text(&element["path"])),
        code => model.type_number(code),
    }
}

fn binding(model: &Model<'_>, binding: &Value) -> String {
    let strength = match text(&binding["strength"]) {
        "required" => "Required",
        "extensible" => "Extensible",
        "preferred" => "Preferred",
        "example" => "Example",
        _ => return "None".to_owned(),
    };
    let url = text(&binding["valueSet"])
        .split('|')
        .next()
        .unwrap_or_default();
    let max = text(&binding["max"]).split('|').next().unwrap_or_default();
    let codes = |url: &str| {
        let number = model.value_set(url);
        number.map_or("None".to_owned(), |n| format!("Some(&VALUE_SETS[{n}])"))
    };
    format!(
        "Some(Binding{{strength:BindingStrength::{strength},value_set:{url:?},codes:{},max_value_set:{max:?},max_codes:{}}})",
        codes(url),
        codes(max),
    )
}

fn constraints(model: &Model<'_>, element: &Value) -> String {
    let ids = array(&element["constraint"]).map(|c| model.constraint(c));
    ids.map(|id| format!("&CONSTRAINTS[{id}],")).collect()
}
