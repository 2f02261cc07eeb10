//! `ValueSet/$expand` (<http://hl7.org/fhir/R4/valueset-operation-expand.html>).

use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_terminology::{Canonical, Entry, ExpandOptions, Expansion, Scope, ValueSet};
use serde_json::{Map, Value, json};

use super::super::parameters::Inputs;
use super::input::{flag, missing, number, refuse};
use super::output::designation;
use super::records::Records;
use super::scope;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::route::Place;

pub(in crate::operations) async fn run(call: &Call<'_>, place: &Place) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    refuse(
        &inputs,
        &[
            "context",
            "contextDirection",
            "designation",
            "date",
            "system-version",
            "force-system-version",
            "check-system-version",
        ],
    )?;
    if flag(&inputs, "includeDefinition")? {
        refuse(&inputs, &["includeDefinition"])?;
    }
    // Lists are flat and hold no expressions, whether or not that is asked for.
    for name in ["excludeNested", "excludePostCoordinated"] {
        flag(&inputs, name)?;
    }
    let mut scope = scope(call);
    let set = value_set(call, place, &inputs, &mut scope).await?;
    let options = ExpandOptions {
        offset: number(&inputs, "offset")?.unwrap_or(0),
        count: number(&inputs, "count")?,
        filter: inputs.text("filter").map(str::to_owned),
        active_only: flag(&inputs, "activeOnly")?,
        exclude_abstract: flag(&inputs, "excludeNotForUI")?,
        designations: flag(&inputs, "includeDesignations")?,
        language: inputs.text("displayLanguage").map(str::to_owned),
        exclude_systems: inputs
            .texts("exclude-system")
            .into_iter()
            .map(str::to_owned)
            .collect(),
    };
    // Listing a large system takes milliseconds of one core; it must not hold up other requests.
    let listed = tokio::task::spawn_blocking(move || {
        let expansion = scope.expand(&set, &options);
        expansion.map(|expansion| render(&set, &expansion, &options))
    });
    let failed = |_| FhirError::new(mt_kernel::ErrorKind::Internal, "the expansion was cut off");
    let mut body = listed
        .await
        .map_err(failed)?
        .map_err(mt_kernel::Fault::from)?;
    body["expansion"]["identifier"] = format!("urn:uuid:{}", call.correlation_id).into();
    body["expansion"]["timestamp"] = call.now.to_fhir().into();
    Ok(Answer::resource("expand", body.to_string()))
}

/// The value set that the request means, with everything that it needs in `scope`: the instance,
/// the resource in the body, or the one of the URL.
pub(super) async fn value_set(
    call: &Call<'_>,
    place: &Place,
    inputs: &Inputs<'_>,
    scope: &mut Scope,
) -> Result<Arc<ValueSet>> {
    let records = Records(call);
    let stored;
    let given = match place {
        Place::Instance(kind, id) => {
            stored = records.instance(*kind, id).await?;
            Some(stored.root())
        }
        _ => inputs
            .bare_resource()
            .or_else(|| inputs.resource("valueSet")),
    };
    if let Some(resource) = given {
        if resource.resource_type() != Some(ResourceType::VALUE_SET.name()) {
            return Err(FhirError::parameter("valueSet", "it is no ValueSet"));
        }
        let set = ValueSet::from_resource(resource).map_err(mt_kernel::Fault::from)?;
        scope.gather_needs(&records, &set).await?;
        return Ok(Arc::new(set));
    }
    let url = inputs.text("url").ok_or_else(|| missing("url"))?;
    let mut canonical = Canonical::parse(url);
    if let Some(version) = inputs.text("valueSetVersion") {
        canonical.version = Some(version.to_owned());
    }
    scope.gather_value_set(&records, &canonical).await?;
    Ok(scope
        .value_set(&canonical.to_string())
        .map_err(mt_kernel::Fault::from)?)
}

fn render(set: &ValueSet, expansion: &Expansion, options: &ExpandOptions) -> Value {
    let mut parameters = Vec::new();
    let mut note = |name: &str, field: &str, value: Value| {
        let mut parameter = Map::new();
        parameter.insert("name".to_owned(), name.into());
        parameter.insert(field.to_owned(), value);
        parameters.push(Value::Object(parameter));
    };
    if let Some(filter) = &options.filter {
        note("filter", "valueString", filter.as_str().into());
    }
    if let Some(language) = &options.language {
        note("displayLanguage", "valueCode", language.as_str().into());
    }
    if let Some(count) = options.count {
        note("count", "valueInteger", count.into());
        note("offset", "valueInteger", options.offset.into());
    }
    for (name, value) in [
        ("activeOnly", options.active_only),
        ("excludeNotForUI", options.exclude_abstract),
        ("includeDesignations", options.designations),
    ] {
        if value {
            note(name, "valueBoolean", true.into());
        }
    }
    for system in &expansion.used {
        note("version", "valueUri", system.as_str().into());
    }
    for system in &expansion.fragments {
        note("warning-fragment", "valueUri", system.as_str().into());
    }
    let contains: Vec<Value> = expansion.contains.iter().map(entry).collect();
    let mut body = Map::new();
    body.insert("resourceType".to_owned(), "ValueSet".into());
    let texts = [
        ("url", Some(set.url.as_str()).filter(|url| !url.is_empty())),
        ("version", set.version.as_deref()),
        ("name", set.name.as_deref()),
        ("title", set.title.as_deref()),
        ("status", Some(set.status.as_deref().unwrap_or("active"))),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            body.insert(key.to_owned(), text.into());
        }
    }
    let mut part = json!({ "total": expansion.total });
    if options.count.is_some() || expansion.offset > 0 {
        part["offset"] = expansion.offset.into();
    }
    if !parameters.is_empty() {
        part["parameter"] = parameters.into();
    }
    if !contains.is_empty() {
        part["contains"] = contains.into();
    }
    body.insert("expansion".to_owned(), part);
    Value::Object(body)
}

fn entry(entry: &Entry) -> Value {
    let mut out = Map::new();
    out.insert("system".to_owned(), entry.system.as_str().into());
    for (key, truth) in [
        ("abstract", entry.is_abstract),
        ("inactive", entry.is_inactive),
    ] {
        if truth {
            out.insert(key.to_owned(), true.into());
        }
    }
    if let Some(version) = &entry.version {
        out.insert("version".to_owned(), version.as_str().into());
    }
    out.insert("code".to_owned(), entry.code.as_str().into());
    if let Some(display) = &entry.display {
        out.insert("display".to_owned(), display.as_str().into());
    }
    let designations: Vec<Value> = entry
        .designations
        .iter()
        .map(|(key, value)| {
            let (language, usage) = designation(key);
            let mut out = Map::new();
            if let Some(language) = language {
                out.insert("language".to_owned(), language.into());
            }
            if let Some(usage) = usage {
                out.insert("use".to_owned(), usage);
            }
            out.insert("value".to_owned(), value.as_str().into());
            Value::Object(out)
        })
        .collect();
    if !designations.is_empty() {
        out.insert("designation".to_owned(), designations.into());
    }
    Value::Object(out)
}
