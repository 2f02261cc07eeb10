//! `CodeSystem/$lookup` (<http://hl7.org/fhir/R4/codesystem-operation-lookup.html>).

use mt_kernel::Fault;
use mt_terminology::Canonical;

use super::super::parameters::Inputs;
use super::input::{coded, missing, refuse};
use super::output::{Output, designation, property_value};
use super::records::Records;
use super::scope;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::Result;

pub(in crate::operations) async fn run(call: &Call<'_>) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    refuse(&inputs, &["date"])?;
    let all = coded(&inputs, "version")?;
    let asked = all.first().ok_or_else(|| missing("code"))?;
    let url = asked.system.ok_or_else(|| missing("system"))?;
    let mut scope = scope(call);
    scope
        .gather_code_system(&Records(call), &Canonical::new(url, asked.version))
        .await?;
    let system = scope.code_system(url, asked.version).map_err(Fault::from)?;
    let language = inputs.text("displayLanguage");
    let details = scope
        .lookup(&system, asked.code, language)
        .map_err(Fault::from)?;

    // Without a wish everything is told; `lang.X` asks for names in a language.
    let wishes = inputs.texts("property");
    let wanted = |code: &str| wishes.is_empty() || wishes.contains(&code);
    let mut output = Output::default();
    output.add_text("name", Some(&details.name));
    output.add_text("version", details.version.as_deref());
    output.add_text("display", Some(&details.display));
    for (key, value) in &details.designations {
        let (language, usage) = designation(key);
        let in_language =
            language.is_some_and(|own| wishes.contains(&format!("lang.{own}").as_str()));
        if !(wanted("designation") || in_language) {
            continue;
        }
        let mut parts = Output::default();
        if let Some(language) = language {
            parts.add("language", "valueCode", language);
        }
        if let Some(usage) = usage {
            parts.add("use", "valueCoding", usage);
        }
        parts.add("value", "valueString", value.as_str());
        output.add_parts("designation", parts);
    }
    for (code, kind, value) in details.properties.iter().filter(|(code, ..)| wanted(code)) {
        let mut parts = Output::default();
        parts.add("code", "valueCode", code.as_str());
        let (field, value) = property_value(*kind, value);
        parts.add("value", field, value);
        output.add_parts("property", parts);
    }
    Ok(output.answer("lookup"))
}
