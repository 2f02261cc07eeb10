//! Search parameters and compartments as Rust literals.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::model::{Model, array, text};
use crate::source::Source;

/// Types without the elements of DomainResource.
const NOT_DOMAIN: [&str; 3] = ["Binary", "Bundle", "Parameters"];

pub(crate) fn params(source: &Source, model: &Model<'_>) -> String {
    let by_url: BTreeMap<&str, &Value> = source
        .search_parameters
        .iter()
        .map(|p| (text(&p["url"]), p))
        .collect();
    let params: Vec<&Value> = source
        .search_parameter_urls
        .iter()
        .map(|url| by_url[url.as_str()])
        .collect();
    let mut out = String::new();
    let mut by_type: Vec<Vec<(&str, usize)>> = vec![Vec::new(); model.resource_types.len()];
    writeln!(
        out,
        "static SEARCH_PARAMS: [SearchParamDef; {}] = [",
        params.len()
    )
    .expect("infallible");
    for (id, param) in params.iter().enumerate() {
        let base = base(model, param);
        for resource in &base {
            by_type[*resource].push((text(&param["code"]), id));
        }
        let components: String = array(&param["component"])
            .map(|c| component(c, source))
            .collect();
        writeln!(
            out,
            "SearchParamDef{{id:ParamId({id}),url:{:?},code:{:?},kind:ParamKind::{},base:&{},\
             expression:{:?},targets:&{},components:&[{components}],comparators:&{:?},\
             multiple_or:{},multiple_and:{}}},",
            text(&param["url"]),
            text(&param["code"]),
            capitalised(text(&param["type"])),
            resource_list(&base),
            text(&param["expression"]),
            resource_list(&targets(model, param)),
            array(&param["comparator"]).map(text).collect::<Vec<_>>(),
            param["multipleOr"] != false,
            param["multipleAnd"] != false,
        )
        .expect("infallible");
    }
    writeln!(
        out,
        "];\nstatic PARAMS_BY_TYPE: [&[u16]; {}] = [",
        by_type.len()
    )
    .expect("infallible");
    for mut params in by_type {
        params.sort_unstable();
        let ids: Vec<usize> = params.into_iter().map(|(_, id)| id).collect();
        write!(out, "&{ids:?},").expect("infallible");
    }
    out.push_str("];\n");
    out
}

pub(crate) fn compartments(source: &Source, model: &Model<'_>) -> String {
    let mut out = String::new();
    let (kinds, types) = (source.compartments.len(), model.resource_types.len());
    writeln!(
        out,
        "static COMPARTMENTS: [[&[&str]; {types}]; {kinds}] = ["
    )
    .expect("infallible");
    for compartment in &source.compartments {
        let mut params: Vec<Vec<&str>> = vec![Vec::new(); types];
        for resource in array(&compartment["resource"]) {
            let number = model
                .resource_type(text(&resource["code"]))
                .expect("a resource type");
            params[number] = array(&resource["param"]).map(text).collect();
        }
        let rows: String = params.iter().map(|p| format!("&{p:?},")).collect();
        writeln!(out, "[{rows}],").expect("infallible");
    }
    out.push_str("];\n");
    out
}

fn component(component: &Value, source: &Source) -> String {
    let url = text(&component["definition"]);
    let id = source.search_parameter_urls.iter().position(|u| u == url);
    let id = id.expect("a component is a search parameter");
    format!(
        "Component{{param:ParamId({id}),expression:{:?}}},",
        text(&component["expression"])
    )
}

fn base(model: &Model<'_>, param: &Value) -> Vec<usize> {
    let mut base: Vec<usize> = Vec::new();
    for name in array(&param["base"]).map(text) {
        match name {
            "Resource" => base.extend(0..model.resource_types.len()),
            "DomainResource" => base
                .extend((0..model.resource_types.len()).filter(|number| {
                    !NOT_DOMAIN.contains(&model.resource_types[*number].as_str())
                })),
            _ => base.push(model.resource_type(name).expect("a resource type")),
        }
    }
    base
}

fn targets(model: &Model<'_>, param: &Value) -> Vec<usize> {
    array(&param["target"])
        .filter_map(|t| model.resource_type(text(t)))
        .collect()
}

fn resource_list(numbers: &[usize]) -> String {
    let items: String = numbers
        .iter()
        .map(|n| format!("ResourceType({n}),"))
        .collect();
    format!("[{items}]")
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}
