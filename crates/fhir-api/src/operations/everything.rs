//! `Patient/[id]/$everything` (<http://hl7.org/fhir/R4/patient-operation-everything.html>).

use mt_access::Interaction as Right;
use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_search::{Query, Scope};

use super::parameters::Inputs;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::Result;
use crate::interactions::searchset;

/// Without `_count` the whole record is sent, up to this many resources a page.
const WHOLE: u32 = 5_000;

pub(super) async fn run(call: &Call<'_>, id: &str) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    let caller = call.caller(Right::Read);
    // Tells an unknown, hidden or deleted patient from one without a record.
    call.api
        .store
        .read(&caller, ResourceType::PATIENT, id)
        .await?;
    let mut pairs = Vec::new();
    if let Some(since) = inputs.text("_since") {
        pairs.push(("_lastUpdated".to_owned(), format!("ge{since}")));
    }
    for name in ["_type", "_count"] {
        if let Some(value) = inputs.text(name) {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    let scope = Scope::compartment(Compartment::Patient, id, None);
    let mut query = Query::parse(&call.registry, scope, &pairs, &call.parse_options())?;
    query.count = Some(query.count.unwrap_or(WHOLE).min(WHOLE));
    let page = call
        .api
        .store
        .search(&call.caller(Right::Search), &query, inputs.text("_cursor"))
        .await?;
    let path = format!("Patient/{id}/$everything");
    Ok(Answer::resource(
        "everything",
        searchset(call, &query, &path, &page)?,
    ))
}
