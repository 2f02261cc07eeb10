//! `SearchParameter` resources of a tenant.

use std::borrow::Cow;

use mt_fhir::Node;
use mt_fhir::definitions::{ParamId, ParamKind, ResourceType};
use mt_fhirpath::Expr;

use super::{ComponentDef, ParamDef, ParamRegistry};
use crate::extract::{Values, values_of};

/// Why a `SearchParameter` resource cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomParamError {
    /// An element is missing or has an impossible value.
    #[error("SearchParameter.{element}: {reason}")]
    Element {
        /// Path below `SearchParameter`.
        element: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The expression cannot be evaluated.
    #[error("SearchParameter.expression: {reason}")]
    Expression {
        /// What is wrong, from the FHIRPath parser.
        reason: String,
    },
}

/// Reads a `SearchParameter` resource. `id` is a number of the range that the caller keeps for its
/// own parameters ([`ParamId::COUNT`] and above). Components must be known to `registry`.
///
/// # Errors
/// [`CustomParamError`] names the element that is wrong.
pub fn parse_search_parameter(
    registry: &ParamRegistry,
    resource: Node<'_>,
    id: ParamId,
) -> Result<ParamDef, CustomParamError> {
    let code = text(resource, "code")?;
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !code.chars().all(is_code) || code.starts_with('_') {
        return Err(element(
            "code",
            "expected letters, digits and hyphens, no underscore first",
        ));
    }
    let kind = kind(text(resource, "type")?).ok_or_else(|| {
        element(
            "type",
            "expected a search parameter type other than special",
        )
    })?;
    let base = resource_types(resource, "base")?;
    if base.is_empty() {
        return Err(element("base", "expected at least one resource type"));
    }
    let expression = expression(resource)?;
    for kind in &base {
        if let Values::NoElement(name) = values_of(expression, *kind) {
            let reason = format!("{kind} has no element '{name}' there");
            return Err(CustomParamError::Expression { reason });
        }
    }
    Ok(ParamDef {
        id,
        url: Cow::Owned(text(resource, "url")?.to_owned()),
        code: Cow::Owned(code.to_owned()),
        kind,
        base: Cow::Owned(base),
        expression: Cow::Owned(expression.to_owned()),
        targets: Cow::Owned(resource_types(resource, "target")?),
        components: components(registry, resource, kind)?,
        multiple_or: flag(resource, "multipleOr"),
        multiple_and: flag(resource, "multipleAnd"),
    })
}

/// An expression that the engine understands and whose value does not depend on when it is asked.
fn expression(resource: Node<'_>) -> Result<&str, CustomParamError> {
    let expression = text(resource, "expression")?;
    if ["now()", "today()", "timeOfDay()"]
        .iter()
        .any(|clock| expression.contains(clock))
    {
        return Err(element(
            "expression",
            "it depends on the moment of indexing",
        ));
    }
    match Expr::parse(expression) {
        Ok(_) => Ok(expression),
        Err(error) => Err(CustomParamError::Expression {
            reason: error.to_string(),
        }),
    }
}

fn components(
    registry: &ParamRegistry,
    resource: Node<'_>,
    kind: ParamKind,
) -> Result<Vec<ComponentDef>, CustomParamError> {
    let items = resource
        .get("component")
        .into_iter()
        .flat_map(Node::children);
    let component = |item: Node<'_>| {
        let definition = item.str("definition").and_then(|url| registry.by_url(url));
        let definition = definition
            .filter(|def| def.can_be_component())
            .ok_or_else(|| element("component.definition", "no such search parameter"))?;
        let expression = item
            .str("expression")
            .ok_or_else(|| element("component.expression", "missing"))?;
        Ok(ComponentDef {
            param: definition.id,
            expression: Cow::Owned(expression.to_owned()),
        })
    };
    let components = items.map(component).collect::<Result<Vec<_>, _>>()?;
    if (kind == ParamKind::Composite) == components.is_empty() {
        return Err(element(
            "component",
            "composite parameters, and only they, have components",
        ));
    }
    Ok(components)
}

fn kind(code: &str) -> Option<ParamKind> {
    Some(match code {
        "number" => ParamKind::Number,
        "date" => ParamKind::Date,
        "string" => ParamKind::String,
        "token" => ParamKind::Token,
        "reference" => ParamKind::Reference,
        "composite" => ParamKind::Composite,
        "quantity" => ParamKind::Quantity,
        "uri" => ParamKind::Uri,
        _ => return None,
    })
}

fn text<'a>(resource: Node<'a>, key: &'static str) -> Result<&'a str, CustomParamError> {
    resource
        .str(key)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| element(key, "missing"))
}

fn resource_types(
    resource: Node<'_>,
    key: &'static str,
) -> Result<Vec<ResourceType>, CustomParamError> {
    let mut out = Vec::new();
    for item in resource.get(key).into_iter().flat_map(Node::children) {
        match item.as_str() {
            Some("Resource" | "DomainResource") => out.extend(ResourceType::all()),
            name => out.push(
                name.and_then(ResourceType::from_name)
                    .ok_or_else(|| element(key, "unknown resource type"))?,
            ),
        }
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

/// Repetition is allowed unless the definition says otherwise.
fn flag(resource: Node<'_>, key: &str) -> bool {
    resource.get(key).and_then(Node::as_bool).unwrap_or(true)
}

const fn element(element: &'static str, reason: &'static str) -> CustomParamError {
    CustomParamError::Element { element, reason }
}
