//! `ConceptMap/$translate` (<http://hl7.org/fhir/R4/conceptmap-operation-translate.html>).

use mt_fhir::Node;
use mt_kernel::Fault;
use mt_terminology::{Canonical, Coded, ConceptMap, Dependency, Match, Scope, Translation};
use serde_json::{Map, Value};

use super::super::parameters::Inputs;
use super::input::{coded, flag, missing, refuse};
use super::output::Output;
use super::records::Records;
use super::scope;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::route::Place;

pub(in crate::operations) async fn run(call: &Call<'_>, place: &Place) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    refuse(&inputs, &["date"])?;
    let all = coded(&inputs, "version")?;
    let reverse = flag(&inputs, "reverse")?;
    let dependencies: Vec<Dependency> = inputs.all("dependency").filter_map(dependency).collect();
    let mut scope = scope(call);
    let map = named_map(call, place, &inputs, &mut scope).await?;
    let mut found = Vec::new();
    for coded in &all {
        let ask = Translation {
            system: coded.system.ok_or_else(|| missing("system"))?,
            code: coded.code,
            target_system: inputs.text("targetsystem"),
            reverse,
            dependencies: &dependencies,
        };
        let matches = match &map {
            Some(map) => scope.translate_by(map, &ask).map_err(Fault::from)?,
            None => any_map(call, &inputs, coded, &ask, &mut scope).await?,
        };
        found.extend(matches);
    }
    Ok(answer(&found))
}

/// The map that the request names: the instance, the resource in the body, or the one of the URL.
async fn named_map(
    call: &Call<'_>,
    place: &Place,
    inputs: &Inputs<'_>,
    scope: &mut Scope,
) -> Result<Option<std::sync::Arc<ConceptMap>>> {
    let records = Records(call);
    let read = |node: Node<'_>| ConceptMap::from_resource(node).map_err(Fault::from);
    let map = if let Place::Instance(kind, id) = place {
        Some(read(records.instance(*kind, id).await?.root())?)
    } else {
        inputs.resource("conceptMap").map(read).transpose()?
    };
    if let Some(map) = map {
        for next in map.references() {
            scope.gather_concept_map(&records, next).await?;
        }
        return Ok(Some(std::sync::Arc::new(map)));
    }
    let Some(url) = inputs.text("url") else {
        return Ok(None);
    };
    let mut canonical = Canonical::parse(url);
    if let Some(version) = inputs.text("conceptMapVersion") {
        canonical.version = Some(version.to_owned());
    }
    scope.gather_concept_map(&records, &canonical).await?;
    let map = scope.concept_map(&canonical).map_err(Fault::from)?;
    Ok(Some(std::sync::Arc::clone(map)))
}

/// Every map between the value sets, or from the code system, that the request gives.
async fn any_map(
    call: &Call<'_>,
    inputs: &Inputs<'_>,
    coded: &Coded<'_>,
    ask: &Translation<'_>,
    scope: &mut Scope,
) -> Result<Vec<Match>> {
    let system = coded.system.ok_or_else(|| missing("system"))?;
    let (source, target) = (inputs.text("source"), inputs.text("target"));
    if source.is_none() && target.is_none() && ask.target_system.is_none() {
        let message = "one of url, conceptMap, source, target and targetsystem is needed";
        return Err(FhirError::parameter("url", message));
    }
    scope.gather_maps_of(&Records(call), system).await?;
    Ok(scope.translate(ask, source, target).map_err(Fault::from)?)
}

/// `dependency` with the parts `element` and `concept`.
fn dependency(parameter: Node<'_>) -> Option<Dependency> {
    let parts = parameter.get("part")?;
    let value = |name: &str| {
        let part = parts
            .children()
            .find(|part| part.str("name") == Some(name))?;
        part.children()
            .find(|field| field.key().is_some_and(|key| key.starts_with("value")))
    };
    let concept = value("concept")?;
    let coding = concept
        .get("coding")
        .and_then(|codings| codings.item(0))
        .unwrap_or(concept);
    let text = coding.str("code").or_else(|| concept.scalar_text())?;
    Some(Dependency {
        property: value("element")?.scalar_text()?.to_owned(),
        system: coding.str("system").map(str::to_owned),
        value: text.to_owned(),
    })
}

fn answer(found: &[Match]) -> Answer {
    let maps = |found: &&Match| {
        found.code.is_some() && !matches!(found.equivalence.as_str(), "unmatched" | "disjoint")
    };
    let result = found.iter().any(|found| maps(&found));
    let mut output = Output::default();
    output.add("result", "valueBoolean", result);
    if !result {
        output.add("message", "valueString", "there is no mapping of the code");
    }
    for found in found {
        let mut parts = Output::default();
        parts.add("equivalence", "valueCode", found.equivalence.as_str());
        if found.code.is_some() {
            let texts = [
                ("system", found.system.as_deref()),
                ("code", found.code.as_deref()),
                ("display", found.display.as_deref()),
            ];
            parts.add("concept", "valueCoding", coding(&texts));
        }
        for product in &found.products {
            let mut inner = Output::default();
            inner.add("element", "valueUri", product.property.as_str());
            let texts = [
                ("system", product.system.as_deref()),
                ("code", Some(product.value.as_str())),
            ];
            inner.add("concept", "valueCoding", coding(&texts));
            parts.add_parts("product", inner);
        }
        if !found.source.is_empty() {
            parts.add("source", "valueUri", found.source.as_str());
        }
        output.add_parts("match", parts);
    }
    output.answer("translate")
}

fn coding(texts: &[(&str, Option<&str>)]) -> Value {
    let present = texts
        .iter()
        .filter_map(|(key, text)| Some(((*key).to_owned(), Value::from((*text)?))));
    Value::Object(present.collect::<Map<_, _>>())
}
