//! `$reindex`: the tenant's own search parameters, and how far the records are indexed by them.
//!
//! `POST` begins an indexing of what is not ready; `GET` only looks.

use axum::http::Method;
use mt_access::Operation;
use mt_store::{WorkKind, WorkState};
use serde_json::{Value, json};

use super::KEPT;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::Result;

pub(crate) async fn run(call: &Call<'_>) -> Result<Answer> {
    call.require(Operation::ManageTenant)?;
    let (store, tenant) = (&call.api.store, call.session.tenant());
    let mut jobs = store.work().list(tenant, WorkKind::Reindex).await?;
    let is_open = |state| matches!(state, WorkState::Waiting | WorkState::Running);
    if call.method == Method::POST && !jobs.iter().any(|job| is_open(job.state)) {
        let (kind, state) = (WorkKind::Reindex, WorkState::Waiting);
        store.work().begin(tenant, kind, state, b"", KEPT).await?;
        jobs = store.work().list(tenant, WorkKind::Reindex).await?;
    }
    let text = |name: &str, key: &str, value: Value| json!({ "name": name, key: value });
    let mut parameters: Vec<Value> = Vec::new();
    for own in store.own_params(tenant).await? {
        let base: Vec<&str> = own.def.base.iter().map(|one| one.name()).collect();
        parameters.push(json!({ "name": "searchParameter", "part": [
            text("url", "valueUri", own.def.url.as_ref().into()),
            text("code", "valueCode", own.def.code.as_ref().into()),
            text("base", "valueString", base.join(" ").into()),
            text("ready", "valueBoolean", own.ready.into()),
        ] }));
    }
    if let Some(job) = jobs.first() {
        let state = match job.state {
            WorkState::Receiving | WorkState::Waiting => "waiting",
            WorkState::Running => "running",
            WorkState::Done => "done",
            WorkState::Failed => "failed",
        };
        let number = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
        parameters.push(json!({ "name": "job", "part": [
            text("state", "valueCode", state.into()),
            text("done", "valueUnsignedInt", number(job.done).into()),
            text("total", "valueUnsignedInt", number(job.total).into()),
        ] }));
    }
    let mut body = json!({ "resourceType": "Parameters" });
    if !parameters.is_empty() {
        body["parameter"] = parameters.into();
    }
    Ok(Answer::resource("reindex", body.to_string()))
}
