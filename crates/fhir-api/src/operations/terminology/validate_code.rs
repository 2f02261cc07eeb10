//! `$validate-code` on value sets and code systems
//! (<http://hl7.org/fhir/R4/valueset-operation-validate-code.html>,
//! <http://hl7.org/fhir/R4/codesystem-operation-validate-code.html>).

use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::Fault;
use mt_terminology::{Canonical, CodeSystem, Coded, Scope, TerminologyError, Verdict};

use super::super::parameters::Inputs;
use super::expand::value_set;
use super::input::{coded, flag, missing, refuse};
use super::output::Output;
use super::records::Records;
use super::scope;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::Result;
use crate::route::Place;

pub(in crate::operations) async fn run(call: &Call<'_>, place: &Place) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    refuse(&inputs, &["context", "date"])?;
    let mut scope = scope(call);
    let allow_abstract = flag(&inputs, "abstract")?;
    let language = inputs.text("displayLanguage");
    let on_value_set = matches!(place, Place::Type(kind) | Place::Instance(kind, _) if *kind == ResourceType::VALUE_SET);
    let verdict = if on_value_set {
        let set = value_set(call, place, &inputs, &mut scope).await?;
        let all = coded(&inputs, "systemVersion")?;
        best(&all, |coded| {
            scope.validate_in_value_set(&set, coded, allow_abstract, language)
        })
    } else {
        let all = coded(&inputs, "version")?;
        let system = code_system(call, place, &inputs, &all, &mut scope).await?;
        let url = system.header.url.as_str();
        let all: Vec<Coded<'_>> = all
            .into_iter()
            .filter(|coded| coded.system.is_none_or(|own| own == url))
            .collect();
        best(&all, |coded| {
            scope.validate_in_code_system(&system, coded, allow_abstract, language)
        })
    };
    let verdict = verdict.map_err(Fault::from)?;
    let mut output = Output::default();
    output.add("result", "valueBoolean", verdict.result);
    output.add_text("message", verdict.message.as_deref());
    output.add_text("display", verdict.display.as_deref());
    Ok(output.answer("validate-code"))
}

/// One good coding makes a concept good; otherwise the first refusal is told.
fn best(
    all: &[Coded<'_>],
    check: impl Fn(&Coded<'_>) -> Result<Verdict, TerminologyError>,
) -> Result<Verdict, TerminologyError> {
    let mut refusal = None;
    for coded in all {
        match check(coded) {
            Ok(verdict) if verdict.result => return Ok(verdict),
            other => refusal = refusal.or(Some(other)),
        }
    }
    let message = "no code is of this code system".to_owned();
    let none = Verdict {
        result: false,
        message: Some(message),
        display: None,
    };
    refusal.unwrap_or(Ok(none))
}

/// The instance, the resource in the body, or the system of the URL.
async fn code_system(
    call: &Call<'_>,
    place: &Place,
    inputs: &Inputs<'_>,
    all: &[Coded<'_>],
    scope: &mut Scope,
) -> Result<Arc<CodeSystem>> {
    let records = Records(call);
    if let Place::Instance(kind, id) = place {
        let stored = records.instance(*kind, id).await?;
        let system = CodeSystem::from_resource(stored.root()).map_err(Fault::from)?;
        return Ok(Arc::new(system));
    }
    if let Some(resource) = inputs.resource("codeSystem") {
        return Ok(Arc::new(
            CodeSystem::from_resource(resource).map_err(Fault::from)?,
        ));
    }
    let named = inputs
        .text("url")
        .or_else(|| all.iter().find_map(|coded| coded.system));
    let url = named.ok_or_else(|| missing("url"))?;
    let version = all.first().and_then(|coded| coded.version);
    scope
        .gather_code_system(&records, &Canonical::new(url, version))
        .await?;
    Ok(scope.code_system(url, version).map_err(Fault::from)?)
}
