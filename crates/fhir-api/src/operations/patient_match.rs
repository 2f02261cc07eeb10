//! `Patient/$match`: which patients the server holds that may be the one described
//! (<http://hl7.org/fhir/R4/patient-operation-match.html>).
//!
//! Candidates come from ordinary searches with the caller's own access; what to search for, and how well a
//! candidate agrees, is `mt-matching`'s, the same as for `/api/v1/patients`.

use std::collections::BTreeMap;

use mt_access::{Interaction as Right, Operation};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node};
use mt_kernel::ErrorKind;
use mt_matching::{CERTAIN, Grade, POSSIBLE, Score, Traits, queries, score};
use mt_store::Stored;

use super::parameters::Inputs;
use crate::answer::Answer;
use crate::api::Call;
use crate::bundle::{BundleWriter, MatchGrade};
use crate::error::{FhirError, Result};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer> {
    call.require(Operation::Match)?;
    let inputs = Inputs::read(call)?;
    let wanted = inputs
        .resource("resource")
        .or_else(|| inputs.bare_resource());
    let wanted = wanted
        .filter(|node| node.resource_type() == Some("Patient"))
        .ok_or_else(|| {
            FhirError::new(
                ErrorKind::Malformed,
                "the parameter resource must be a Patient",
            )
            .at("resource")
        })?;
    let only_certain = inputs.text("onlyCertainMatches") == Some("true");
    let count = inputs.text("count").map_or(Ok(10), str::parse::<usize>);
    let count = count.map_err(|_| FhirError::parameter("count", "the value is no whole number"))?;
    let mut found = candidates(call, wanted).await?;
    let least = if only_certain { CERTAIN } else { POSSIBLE };
    found.retain(|(_, score)| score.value >= least);
    found.sort_by(|(a, x), (b, y)| y.value.total_cmp(&x.value).then_with(|| a.id.cmp(&b.id)));
    found.truncate(count);
    let id = call.correlation_id.to_string();
    let total = Some(mt_store::Total::Accurate(found.len() as u64));
    let mut bundle = BundleWriter::new("searchset", &call.base, &id, total, &[]);
    for (stored, score) in &found {
        bundle.match_entry(stored, score.value, grade(score));
    }
    Ok(Answer::resource("match", bundle.finish()))
}

fn grade(score: &Score) -> MatchGrade {
    match score.grade() {
        Grade::Certain => MatchGrade::Certain,
        Grade::Probable => MatchGrade::Probable,
        Grade::Possible | Grade::Unlikely => MatchGrade::Possible,
    }
}

async fn candidates(call: &Call<'_>, wanted: Node<'_>) -> Result<Vec<(Stored, Score)>> {
    let caller = call.caller(Right::Search);
    let mut by_id: BTreeMap<String, Stored> = BTreeMap::new();
    for query in queries(&call.registry, wanted, &call.parse_options())? {
        let page = call.api.store.search(&caller, &query, None).await?;
        for entry in page.entries {
            by_id.insert(entry.resource.id.to_string(), entry.resource);
        }
    }
    let traits = Traits::of(wanted);
    let mut scored = Vec::with_capacity(by_id.len());
    for stored in by_id.into_values() {
        let damaged = |_| FhirError::new(ErrorKind::Internal, "a stored resource cannot be read");
        let doc = Doc::parse(stored.body.to_vec(), &Limits::default()).map_err(damaged)?;
        let score = score(&traits, &Traits::of(doc.root()));
        scored.push((stored, score));
    }
    Ok(scored)
}
