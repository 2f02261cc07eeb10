//! The kick-off request, read strictly: a parameter that is left out would mean other records.

use axum::http::{HeaderValue, header};
use mt_access::{Decision, Interaction as Right, Operation};
use mt_audit::EventCode;
use mt_fhir::datetime::DateTime;
use mt_fhir::{Node, ResourceType};
use mt_kernel::{ActorKind, Assurance, ErrorKind};
use mt_search::Query;
use mt_store::{WorkKind, WorkState};

use super::super::order::{accept, audited, request_url};
use super::{Level, Wanted};
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::operations::Inputs;
use crate::route::Place;

const PARAMETERS: [&str; 9] = [
    "_outputFormat",
    "_since",
    "_type",
    "_typeFilter",
    "_elements",
    "patient",
    "_format",
    "_pretty",
    "organizeOutputBy",
];

const FORMATS: [&str; 3] = ["application/fhir+ndjson", "application/ndjson", "ndjson"];

/// Patients that one export may name.
const MOST_PATIENTS: usize = 10_000;

pub(crate) async fn kick_off(call: &Call<'_>, place: &Place) -> Result<Answer> {
    call.require(Operation::Export)?;
    require_fresh_proof(call)?;
    if !call.wishes.respond_async {
        return Err(FhirError::parameter(
            "Prefer",
            "an export needs the header Prefer: respond-async",
        ));
    }
    let inputs = Inputs::read(call)?;
    let wanted = read(call, &inputs, place)?;
    if let Level::Group(id, _) = &wanted.level {
        // Tells an unknown or hidden group from one without members.
        let caller = call.caller(Right::Read);
        call.api
            .store
            .read(&caller, ResourceType::GROUP, id)
            .await?;
    }
    let ctx = call.caller(Right::Search).ctx;
    audited(call.api, &ctx, EventCode::Export, &request_url(call))?;
    let job = (WorkKind::Export, WorkState::Waiting);
    Ok(accept(call, "export", job, wanted).await?.0)
}

/// A person takes a whole organisation's records along only after having proved anew who they are (RFC 9470 §3); a
/// backend service shows its key each time.
fn require_fresh_proof(call: &Call<'_>) -> Result<()> {
    let actor = call.caller(Right::Search).ctx.actor;
    let is_person = matches!(actor.kind, ActorKind::User | ActorKind::Agent);
    if !is_person || actor.assurance == Assurance::StepUp {
        return Ok(());
    }
    let message = "an export needs a second factor that was proved moments ago";
    let challenge = HeaderValue::from_static(mt_access::STEP_UP_CHALLENGE);
    let refusal = FhirError::new(ErrorKind::Unauthenticated, message);
    Err(refusal.with_header(header::WWW_AUTHENTICATE, challenge))
}

fn read(call: &Call<'_>, inputs: &Inputs<'_>, place: &Place) -> Result<Wanted> {
    let lenient = is_lenient(call);
    if !lenient && let Some(unknown) = inputs.names().find(|name| !PARAMETERS.contains(name)) {
        let name: String = unknown.chars().take(60).collect();
        return Err(FhirError::parameter(
            &name,
            "the parameter is not supported; Prefer: handling=lenient leaves it out",
        ));
    }
    if inputs.has("organizeOutputBy") && !lenient {
        return Err(FhirError::parameter(
            "organizeOutputBy",
            "files are organised by type only",
        ));
    }
    if let Some(format) = inputs.text("_outputFormat")
        && !FORMATS.contains(&format.replace(' ', "+").as_str())
    {
        let message = "the output is application/fhir+ndjson";
        return Err(FhirError::parameter("_outputFormat", message));
    }
    let types = types(call, inputs, lenient)?;
    Ok(Wanted {
        level: level(inputs, place)?,
        filters: filters(call, inputs, types.as_deref())?,
        types,
        since: since(call, inputs)?,
        elements: listed(inputs, "_elements"),
    })
}

fn is_lenient(call: &Call<'_>) -> bool {
    let values = call.headers.get_all("prefer").iter();
    let mut values = values.filter_map(|value| value.to_str().ok());
    values.any(|value| {
        value
            .split([',', ';'])
            .any(|one| one.trim() == "handling=lenient")
    })
}

fn level(inputs: &Inputs<'_>, place: &Place) -> Result<Level> {
    let named = patients(inputs)?;
    match place {
        Place::System if named.is_none() => Ok(Level::System),
        Place::Type(_) => Ok(Level::Patients(named)),
        Place::Instance(_, id) => Ok(Level::Group(id.clone(), named)),
        _ => Err(FhirError::parameter(
            "patient",
            "patients can be named in Patient/$export and Group/[id]/$export",
        )),
    }
}

fn patients(inputs: &Inputs<'_>) -> Result<Option<Vec<String>>> {
    let wrong = || FhirError::parameter("patient", "a reference Patient/[id] is expected");
    let from_body = inputs.all("patient").map(|parameter| {
        let reference = parameter.get("valueReference");
        let text = reference.and_then(|reference| reference.str("reference"));
        text.or_else(|| parameter.str("valueString"))
            .ok_or_else(wrong)
    });
    let from_url = inputs.in_url("patient").flat_map(|list| list.split(','));
    let mut named = Vec::new();
    for text in from_body.chain(from_url.map(Ok)) {
        let id = text?.strip_prefix("Patient/").ok_or_else(wrong)?;
        if id.is_empty() || id.len() > 64 {
            return Err(wrong());
        }
        named.push(id.to_owned());
    }
    if named.len() > MOST_PATIENTS {
        let message = "too many patients are named; use a Group";
        return Err(FhirError::new(ErrorKind::TooLarge, message).at("patient"));
    }
    named.sort_unstable();
    named.dedup();
    Ok((!named.is_empty()).then_some(named))
}

fn types(call: &Call<'_>, inputs: &Inputs<'_>, lenient: bool) -> Result<Option<Vec<String>>> {
    let mut types = Vec::new();
    for name in listed(inputs, "_type") {
        let Some(kind) = ResourceType::from_name(&name) else {
            if lenient {
                continue;
            }
            return Err(FhirError::parameter(
                "_type",
                "a name is no resource type of R4",
            ));
        };
        if call.session.grant().decide(kind, Right::Search) == Decision::Denied {
            let message = format!("you may not search {}", kind.name());
            return Err(FhirError::new(ErrorKind::Forbidden, message).at("_type"));
        }
        if !types.contains(&name) {
            types.push(name);
        }
    }
    Ok((!types.is_empty() || inputs.has("_type")).then_some(types))
}

fn since(call: &Call<'_>, inputs: &Inputs<'_>) -> Result<Option<i64>> {
    let Some(text) = inputs.text("_since") else {
        return Ok(None);
    };
    // A plus sign in a query string arrives as a space.
    let moment = DateTime::parse_search(&text.replace(' ', "+"));
    let since = moment.map(|moment| moment.bounds().0);
    let since = since.filter(|since| *since <= call.now.0);
    since
        .map(Some)
        .ok_or_else(|| FhirError::parameter("_since", "the value is no FHIR instant in the past"))
}

fn listed(inputs: &Inputs<'_>, name: &str) -> Vec<String> {
    let all = inputs.texts(name);
    let names = all.iter().flat_map(|text| text.split(','));
    names
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn filters(call: &Call<'_>, inputs: &Inputs<'_>, types: Option<&[String]>) -> Result<Vec<String>> {
    let mut filters = Vec::new();
    for text in inputs.texts("_typeFilter") {
        for filter in split_filters(text) {
            let query = Query::parse_criteria(&call.registry, filter, &call.parse_options());
            let query = query.map_err(|error| FhirError::from(error).at("_typeFilter"))?;
            if !query.includes.is_empty() || !query.sort.is_empty() || query.summary.is_some() {
                let message = "a filter holds search criteria only";
                return Err(FhirError::parameter("_typeFilter", message));
            }
            let kind = filter.split('?').next().unwrap_or_default();
            if types.is_some_and(|types| !types.iter().any(|one| one == kind)) {
                let message = "a filter is for a type that _type does not name";
                return Err(FhirError::parameter("_typeFilter", message));
            }
            filters.push(filter.to_owned());
        }
    }
    Ok(filters)
}

/// Filters stand behind commas, and so do alternatives within a filter: a new one begins where a
/// type and a question mark follow.
fn split_filters(text: &str) -> Vec<&str> {
    let begins = |rest: &str| {
        let name = rest
            .split('?')
            .next()
            .filter(|name| name.len() < rest.len());
        name.is_some_and(|name| ResourceType::from_name(name).is_some())
    };
    let (mut found, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices(',') {
        if begins(&text[at + 1..]) {
            found.push(&text[start..at]);
            start = at + 1;
        }
    }
    found.push(&text[start..]);
    found.retain(|filter| !filter.is_empty());
    found
}

impl<'c> Inputs<'c> {
    /// Names of all parameters given.
    fn names(&self) -> impl Iterator<Item = &str> {
        let body = self
            .parameters()
            .filter_map(|one: Node<'_>| one.str("name"));
        body.chain(self.url_names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_told_from_alternatives() {
        assert_eq!(
            split_filters("Observation?code=a,b,Condition?code=c&x=1,2"),
            ["Observation?code=a,b", "Condition?code=c&x=1,2"]
        );
        assert_eq!(
            split_filters("Patient?name=x,Nothing?y"),
            ["Patient?name=x,Nothing?y"]
        );
        assert!(split_filters("").is_empty());
    }
}
