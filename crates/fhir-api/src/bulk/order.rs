//! What was asked for and by whom, as it is kept (sealed) with the job.

use std::sync::Arc;

use axum::http::header;
use mt_access::{Authenticated, GrantRecord};
use mt_authority::Session;
use mt_kernel::{Actor, ActorKind, Assurance, ErrorKind, TenantId};
use mt_store::{WorkKind, WorkState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{KEPT, KEPT_JOBS, OPEN_JOBS};
use crate::answer::Answer;
use crate::api::{Call, FhirApi};
use crate::error::{FhirError, Result};

/// An order for a job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order<T> {
    pub(super) by: Requester,
    /// The kick-off request's URL.
    pub(super) url: String,
    pub(super) what: T,
}

/// Who asked, and with which rights the job is carried out.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Requester {
    id: String,
    client_id: Option<String>,
    fhir_user: Option<String>,
    roles: Vec<String>,
    is_person: bool,
    assurance: u8,
    pub(super) grant: GrantRecord,
}

impl Requester {
    fn of(session: &Session) -> Result<Self> {
        let actor = &session.who.actor;
        let owned = |text: &Arc<str>| text.as_ref().to_owned();
        let grant = session.grant().record().ok_or_else(|| {
            FhirError::new(ErrorKind::Forbidden, "this session cannot order a job")
        })?;
        Ok(Self {
            id: owned(&actor.id),
            client_id: actor.client_id.as_ref().map(owned),
            fhir_user: actor.fhir_user.as_ref().map(owned),
            roles: actor.roles.iter().map(owned).collect(),
            is_person: actor.kind == ActorKind::User,
            assurance: actor.assurance as u8,
            grant,
        })
    }

    /// Whether `session` belongs to the one who asked: the same person or service, through the
    /// same client.
    pub(super) fn is(&self, session: &Session) -> bool {
        let actor = &session.who.actor;
        *self.id == *actor.id && self.client_id.as_deref() == actor.client_id.as_deref()
    }

    /// The session in which the job is carried out.
    pub(super) fn session(&self, tenant: TenantId, job: Uuid) -> Result<Arc<Session>> {
        let shared = |text: &String| Arc::<str>::from(text.as_str());
        let grant = self.grant.restore().map_err(|_| {
            FhirError::new(ErrorKind::Internal, "the rights of a job cannot be read")
        })?;
        let assurance = [Assurance::Single, Assurance::Multi, Assurance::StepUp];
        let mut credential = [0; 32];
        credential[..16].copy_from_slice(job.as_bytes());
        Ok(Arc::new(Session::new(Arc::new(Authenticated {
            tenant,
            actor: Actor {
                id: shared(&self.id),
                kind: if self.is_person {
                    ActorKind::User
                } else {
                    ActorKind::Service
                },
                roles: self.roles.iter().map(shared).collect(),
                fhir_user: self.fhir_user.as_ref().map(shared),
                client_id: self.client_id.as_ref().map(shared),
                assurance: assurance
                    .into_iter()
                    .find(|one| *one as u8 == self.assurance)
                    .unwrap_or(Assurance::Single),
            },
            grant,
            credential,
            client_key: 0,
        }))))
    }
}

/// Notes a job and answers with where its state can be asked for
/// (<http://hl7.org/fhir/uv/bulkdata/export.html#response---success>).
pub(super) async fn accept<T: Serialize>(
    call: &Call<'_>,
    name: &'static str,
    (kind, state): (WorkKind, WorkState),
    what: T,
) -> Result<(Answer, Uuid)> {
    require_room(call, kind).await?;
    let order = Order {
        by: Requester::of(&call.session)?,
        url: request_url(call),
        what,
    };
    let order = serde_json::to_vec(&order)
        .map_err(|_| FhirError::new(ErrorKind::Internal, "the order cannot be kept"))?;
    let tenant = call.session.tenant();
    let work = call.api.store.work();
    let id = work.begin(tenant, kind, state, &order, KEPT).await?;
    let answer = Answer {
        content_location: Some(format!("{}/_bulk/{id}", call.base)),
        ..Answer::empty(name, axum::http::StatusCode::ACCEPTED)
    };
    Ok((answer, id))
}

async fn require_room(call: &Call<'_>, kind: WorkKind) -> Result<()> {
    let work = call.api.store.work();
    let jobs = work.list(call.session.tenant(), kind).await?;
    let open = |state| !matches!(state, WorkState::Done | WorkState::Failed);
    let n = jobs.iter().filter(|job| open(job.state)).count();
    if n < OPEN_JOBS && jobs.len() < KEPT_JOBS {
        return Ok(());
    }
    let message = "too many jobs are open or kept; wait for one to end, or delete one";
    Err(FhirError::new(ErrorKind::TooMany, message).with_header(header::RETRY_AFTER, 60.into()))
}

/// The request's URL as it is told again in the manifest.
pub(super) fn request_url(call: &Call<'_>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(&call.query);
    let query = form.finish();
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{}/{}{separator}{query}", call.base, call.path)
}

/// Enters an event of a job into the audit trail.
pub(super) fn audited(
    api: &FhirApi,
    ctx: &mt_kernel::OpCtx,
    code: mt_audit::EventCode,
    what: &str,
) -> Result<()> {
    let event = mt_audit::Event {
        query: Some(what),
        ..mt_audit::Event::done(code)
    };
    api.audit.record(ctx, &event).map_err(|error| {
        tracing::error!(%error, "the audit trail cannot be written");
        FhirError::new(ErrorKind::Unavailable, "the audit trail cannot be written")
    })
}
