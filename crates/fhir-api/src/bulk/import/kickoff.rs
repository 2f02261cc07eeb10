//! The kick-off request: a manifest, or the resources themselves.

use axum::http::header;
use mt_access::Operation;
use mt_audit::EventCode;
use mt_fhir::{Node, ResourceType};
use mt_kernel::ErrorKind;
use mt_store::{WorkKind, WorkState};

use super::super::order::{accept, audited, request_url};
use super::{Input, UPLOADED, Wanted};
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::operations::Inputs;

/// Files of one import.
const MOST: usize = 1_000;

/// Bytes of a part of an upload.
const PART: usize = 4 << 20;

const FORMATS: [&str; 4] = [
    "application/fhir+ndjson",
    "application/ndjson",
    "application/x-ndjson",
    "ndjson",
];

pub(crate) async fn kick_off(call: &Call<'_>) -> Result<Answer> {
    call.require(Operation::Import)?;
    call.api.store.require_room(call.session.tenant())?;
    if !call.wishes.respond_async {
        return Err(FhirError::parameter(
            "Prefer",
            "an import needs the header Prefer: respond-async",
        ));
    }
    let ctx = call.caller(mt_access::Interaction::Update).ctx;
    audited(call.api, &ctx, EventCode::Import, &request_url(call))?;
    if is_ndjson(call) {
        return upload(call).await;
    }
    let inputs = Inputs::read(call)?;
    let wanted = manifest(call, &inputs)?;
    let job = (WorkKind::Import, WorkState::Waiting);
    Ok(accept(call, "import", job, wanted).await?.0)
}

fn is_ndjson(call: &Call<'_>) -> bool {
    let declared = call.headers.get(header::CONTENT_TYPE);
    let declared = declared.and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| FORMATS.contains(&essence.trim()))
}

async fn upload(call: &Call<'_>) -> Result<Answer> {
    let inputs = vec![Input {
        kind: None,
        url: None,
    }];
    let job = (WorkKind::Import, WorkState::Receiving);
    let (answer, id) = accept(call, "import", job, Wanted { inputs }).await?;
    let (work, tenant) = (call.api.store.work(), call.session.tenant());
    for (part, bytes) in (0..).zip(call.body.chunks(PART)) {
        work.receive_part(tenant, id, (UPLOADED, part), bytes)
            .await?;
    }
    work.ready(tenant, id).await?;
    Ok(answer)
}

fn manifest(call: &Call<'_>, inputs: &Inputs<'_>) -> Result<Wanted> {
    for parameter in inputs.parameters() {
        let name = parameter.str("name").unwrap_or_default();
        if !matches!(
            name,
            "inputFormat" | "inputSource" | "storageDetail" | "input"
        ) {
            let name: String = name.chars().take(60).collect();
            return Err(FhirError::parameter(
                &name,
                "the parameter is not supported",
            ));
        }
    }
    match inputs.text("inputFormat") {
        Some(format) if FORMATS.contains(&format) => {}
        _ => {
            let message = "application/fhir+ndjson is expected";
            return Err(FhirError::parameter("inputFormat", message));
        }
    }
    let mut found = Vec::new();
    for parameter in inputs.all("input") {
        found.push(input(call, parameter)?);
    }
    if found.is_empty() {
        return Err(FhirError::parameter("input", "there is nothing to import"));
    }
    if found.len() > MOST {
        let message = format!("there are {} files; the limit is {MOST}", found.len());
        return Err(FhirError::new(ErrorKind::TooLarge, message).at("input"));
    }
    Ok(Wanted { inputs: found })
}

fn input(call: &Call<'_>, parameter: Node<'_>) -> Result<Input> {
    let part = |name: &str| {
        let parts = parameter.get("part").into_iter().flat_map(Node::children);
        let mut named = parts.filter(|part| part.str("name") == Some(name));
        let part = named.next()?;
        let mut values = part.children();
        values
            .find(|field| field.key().is_some_and(|key| key.starts_with("value")))?
            .scalar_text()
    };
    let kind = part("type");
    if kind.is_some_and(|kind| ResourceType::from_name(kind).is_none()) {
        return Err(FhirError::parameter(
            "input.type",
            "it is no resource type of R4",
        ));
    }
    let url = part("url").ok_or_else(|| FhirError::parameter("input.url", "it is missing"))?;
    let checked = call.api.imports.check(url);
    checked.map_err(|why| FhirError::parameter("input.url", why))?;
    Ok(Input {
        kind: kind.map(str::to_owned),
        url: Some(url.to_owned()),
    })
}
