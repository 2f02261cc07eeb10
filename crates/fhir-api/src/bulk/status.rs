//! Asking for a job's state, fetching its files, cancelling it
//! (<http://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request>).

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use mt_access::{Interaction as Right, Operation};
use mt_audit::EventCode;
use mt_fhir::ResourceType;
use mt_kernel::ErrorKind;
use mt_store::{Job, Store, StoreError, WorkKind, WorkState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::order::{Order, audited};
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};

/// What a finished job has made.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Made {
    /// FHIR instant; empty for an import.
    pub(super) transaction_time: String,
    pub(super) output: Vec<MadeFile>,
    pub(super) deleted: Vec<MadeFile>,
    pub(super) error: Vec<MadeFile>,
    /// Issues of a job that failed.
    pub(super) failure: Vec<String>,
}

/// One file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MadeFile {
    pub(super) number: i32,
    /// Type of the resources in it.
    pub(super) kind: String,
    pub(super) count: u64,
    /// Where an import read what the file tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
}

/// `GET _bulk/[id]`
pub(crate) async fn status(call: &Call<'_>, id: Uuid) -> Result<Answer> {
    let (job, order) = own_job(call, id).await?;
    match job.state {
        WorkState::Receiving | WorkState::Waiting | WorkState::Running => Ok(running(&job)),
        WorkState::Failed => Err(failed(&job)),
        WorkState::Done => done(call, &job, &order),
    }
}

fn running(job: &Job) -> Answer {
    let progress = match (job.state, job.total) {
        (WorkState::Running, 0) => format!("{} resources", job.done),
        (WorkState::Running, total) => format!("{}%", (job.done * 100 / total).min(99)),
        (WorkState::Receiving, _) => "receiving".to_owned(),
        _ => "waiting".to_owned(),
    };
    let mut answer = Answer::empty("bulk-status", StatusCode::ACCEPTED);
    answer.header("x-progress", &progress);
    answer.header("retry-after", "1");
    answer
}

fn failed(job: &Job) -> FhirError {
    let made: Option<Made> = job
        .result
        .as_deref()
        .and_then(|text| serde_json::from_slice(text).ok());
    let why = made.map(|made| made.failure.join("; ")).unwrap_or_default();
    let why = if why.is_empty() {
        "the job was begun several times and never came to its end".to_owned()
    } else {
        why
    };
    FhirError::new(ErrorKind::Invalid, format!("the job failed: {why}"))
        .with_status(StatusCode::INTERNAL_SERVER_ERROR)
}

fn done(call: &Call<'_>, job: &Job, order: &Order<Value>) -> Result<Answer> {
    let made = made(job)?;
    let list = |files: &[MadeFile]| -> Vec<Value> {
        files
            .iter()
            .map(|file| {
                let url = format!("{}/_bulk/{}/{}", call.base, job.id, file.number);
                let mut one = json!({ "type": file.kind, "url": url, "count": file.count });
                if let Some(input) = &file.input {
                    one["inputUrl"] = input.as_str().into();
                }
                one
            })
            .collect()
    };
    let manifest = json!({
        "transactionTime": made.transaction_time,
        "request": order.url,
        "requiresAccessToken": true,
        "output": list(&made.output),
        "deleted": list(&made.deleted),
        "error": list(&made.error),
    });
    let mut answer = Answer {
        media_type: Some("application/json".to_owned()),
        ..Answer::resource("bulk-status", manifest.to_string())
    };
    let expires = job.expires_at.timestamp();
    let expires = expires.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    answer.header("expires", &expires);
    Ok(answer)
}

/// `GET _bulk/[id]/[file]`
pub(crate) async fn file(call: &Call<'_>, id: Uuid, number: i32) -> Result<Answer> {
    let (job, order) = own_job(call, id).await?;
    if job.state != WorkState::Done {
        return Err(FhirError::not_found());
    }
    let made = made(&job)?;
    let files = made.output.iter().chain(&made.deleted).chain(&made.error);
    let file = files.into_iter().find(|file| file.number == number);
    let file = file.ok_or_else(FhirError::not_found)?;
    // Another token of the same caller may reach less than the one that ordered the job.
    let as_wide = call.session.grant().record().as_ref() == Some(&order.by.grant);
    let open = ResourceType::from_name(&file.kind)
        .is_some_and(|kind| call.session.grant().decide(kind, Right::Search).is_open());
    if !as_wide && !open {
        let message = "the file holds more than this access token reaches";
        return Err(FhirError::new(ErrorKind::Forbidden, message));
    }
    let ctx = call.caller(Right::Search).ctx;
    let what = format!("download {id} {}", file.kind);
    audited(call.api, &ctx, code_of(job.kind), &what)?;
    let parts = parts(call.api.store.clone(), ctx.tenant, id, number);
    Ok(Answer {
        media_type: Some("application/fhir+ndjson".to_owned()),
        stream: Some(Body::from_stream(parts)),
        ..Answer::empty("bulk-file", StatusCode::OK)
    })
}

/// The parts of a file, each opened when the one before has been sent.
fn parts(
    store: Store,
    tenant: mt_kernel::TenantId,
    id: Uuid,
    number: i32,
) -> impl futures::Stream<Item = Result<Bytes, StoreError>> {
    futures::stream::try_unfold((store, 0_i32), move |(store, part)| async move {
        let opened = store.work().part(tenant, id, (number, part)).await?;
        Ok(opened.map(|bytes| (Bytes::from(bytes), (store, part + 1))))
    })
}

/// `DELETE _bulk/[id]`
pub(crate) async fn cancel(call: &Call<'_>, id: Uuid) -> Result<Answer> {
    let (job, _) = own_job(call, id).await?;
    let ctx = call.caller(Right::Search).ctx;
    audited(call.api, &ctx, code_of(job.kind), &format!("cancel {id}"))?;
    call.api.store.work().remove(ctx.tenant, id).await?;
    Ok(Answer::empty("bulk-cancel", StatusCode::ACCEPTED))
}

/// The job, when the caller ordered it. Another's is answered like one that does not exist.
async fn own_job(call: &Call<'_>, id: Uuid) -> Result<(Job, Order<Value>)> {
    let job = call
        .api
        .store
        .work()
        .find(call.session.tenant(), id)
        .await?;
    let job = job.filter(|job| job.expires_at > call.now);
    let job = job.ok_or_else(FhirError::not_found)?;
    let order: Option<Order<Value>> = serde_json::from_slice(&job.request).ok();
    let order = order.filter(|order| order.by.is(&call.session));
    let order = order.ok_or_else(FhirError::not_found)?;
    call.require(match job.kind {
        WorkKind::Export => Operation::Export,
        WorkKind::Import => Operation::Import,
        WorkKind::Reindex => Operation::ManageTenant,
    })?;
    Ok((job, order))
}

fn made(job: &Job) -> Result<Made> {
    let result = job.result.as_deref().unwrap_or_default();
    serde_json::from_slice(result)
        .map_err(|_| FhirError::new(ErrorKind::Internal, "the result of a job cannot be read"))
}

const fn code_of(kind: WorkKind) -> EventCode {
    match kind {
        WorkKind::Export => EventCode::Export,
        WorkKind::Import => EventCode::Import,
        WorkKind::Reindex => EventCode::Configuration,
    }
}

impl Answer {
    /// Adds a header whose value is known to be plain.
    fn header(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn a_running_job_tells_how_far_it_is_and_when_to_ask_again() {
        let job = Job {
            id: Uuid::nil(),
            kind: WorkKind::Export,
            state: WorkState::Running,
            created_at: mt_kernel::Instant(0),
            expires_at: mt_kernel::Instant(1),
            done: 250,
            total: 1000,
            request: Vec::new(),
            result: None,
        };
        let answer = running(&job);
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        let value = |name: HeaderName| {
            let found = answer.headers.iter().find(|(one, _)| *one == name);
            found.and_then(|(_, value)| value.to_str().ok())
        };
        assert_eq!(value(header::RETRY_AFTER), Some("1"));
        assert_eq!(value(HeaderName::from_static("x-progress")), Some("25%"));
    }
}
