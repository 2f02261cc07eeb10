//! `GET [type]/[id]` and `GET [type]/[id]/_history/[vid]`
//! (<http://hl7.org/fhir/R4/http.html#read>).

use axum::http::{StatusCode, header};
use base64::Engine;
use mt_access::Interaction as Right;
use mt_fhir::{Doc, ResourceType};
use mt_store::Stored;

use crate::answer::Answer;
use crate::api::Call;
use crate::error::Result;
use crate::summary;
use crate::wire;

pub(crate) async fn read(call: &Call<'_>, kind: ResourceType, id: &str) -> Result<Answer> {
    let stored = call
        .api
        .store
        .read(&call.caller(Right::Read), kind, id)
        .await?;
    show(call, "read", stored)
}

pub(crate) async fn vread(
    call: &Call<'_>,
    kind: ResourceType,
    id: &str,
    version: u32,
) -> Result<Answer> {
    let stored = call
        .api
        .store
        .vread(&call.caller(Right::Read), kind, id, version)
        .await?;
    show(call, "vread", stored)
}

fn show(call: &Call<'_>, name: &'static str, stored: Stored) -> Result<Answer> {
    if wire::is_fresh(&call.headers, stored.version, stored.last_updated) {
        let (version, at) = (stored.version, stored.last_updated);
        let answer = Answer::empty(name, StatusCode::NOT_MODIFIED);
        return Ok(Answer {
            version: Some(version),
            last_modified: Some(at),
            ..answer
        });
    }
    if stored.resource_type == ResourceType::BINARY
        && let Some(answer) = raw_binary(call, name, &stored)
    {
        return Ok(answer);
    }
    let view = summary::View::read(&call.query)?;
    let mut answer = Answer::stored(name, stored);
    if let Some(view) = view {
        answer.body = view.apply(&answer.body)?.into();
    }
    Ok(answer)
}

/// A `Binary` is sent in its own format unless the client asks for FHIR (R4 binary.html#rest).
fn raw_binary(call: &Call<'_>, name: &'static str, stored: &Stored) -> Option<Answer> {
    let accept = call.headers.get(header::ACCEPT)?.to_str().ok()?;
    if accept.contains("fhir") || accept.contains("*/*") {
        return None;
    }
    let doc = Doc::parse(stored.body.to_vec(), &call.api.limits.json).ok()?;
    let media_type = doc.root().str("contentType")?;
    let data = doc.root().str("data")?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data)
        .ok()?;
    Some(Answer {
        version: Some(stored.version),
        last_modified: Some(stored.last_updated),
        media_type: Some(media_type.to_owned()),
        ..Answer::resource(name, bytes)
    })
}
