//! `/passkeys`: one's own. For everybody who is signed in at a browser; changes need a fresh proof.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use mt_api::{Caller, Problem, insufficient};
use mt_kernel::{Assurance, ErrorKind, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::{found, problem};
use crate::IdentityError;
use crate::people::passkeys::{Ceremony, Intent};
use crate::people::sessions::Session;
use crate::people::{self, People};

/// A passkey of one's own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Passkey {
    id: Uuid,
    name: String,
    /// When it was registered (RFC 3339).
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
    /// Whether it may be copied to other devices of its owner.
    synced: bool,
    /// Whether it has been.
    backed_up: bool,
}

impl From<people::Passkey> for Passkey {
    fn from(passkey: people::Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            created_at: passkey.created_at.to_fhir(),
            used_at: passkey.used_at.map(mt_kernel::Instant::to_fhir),
            synced: passkey.synced,
            backed_up: passkey.backed_up,
        }
    }
}

/// A credential that the browser made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasskey {
    /// What its owner calls it: 1 to 60 characters.
    name: String,
    /// `RegistrationResponseJSON` of Web Authentication Level 3.
    #[schema(value_type = Object)]
    credential: serde_json::Value,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyName {
    name: String,
}

/// The passkeys, oldest first.
#[utoipa::path(get, path = "/passkeys", tag = "session", responses((status = 200, body = [Passkey])))]
pub(super) async fn list(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<Vec<Passkey>>, Refused> {
    let session = found(&people, &headers).await?;
    let all = people.passkeys(caller.tenant(), session.account.id);
    let all = all.await?;
    Ok(Json(all.into_iter().map(Passkey::from).collect()))
}

/// Begins a registration: `PublicKeyCredentialCreationOptionsJSON` of Web Authentication Level 3.
#[utoipa::path(post, path = "/passkeys/options", tag = "session", responses((status = 200, body = Object),
    (status = 401, description = "A fresh proof is needed"), (status = 404, description = "Passkeys are not possible here")))]
pub(super) async fn options(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<serde_json::Value>, Refused> {
    let session = proved(&people, &headers).await?;
    let ceremony = ceremony(&session);
    let options = people.begin_passkey(caller.tenant(), &session.account, &ceremony);
    Ok(Json(options.await?))
}

/// Registers what the browser made with the options.
#[utoipa::path(post, path = "/passkeys", tag = "session", request_body = NewPasskey,
    responses((status = 201, body = Passkey), (status = 422, description = "Not the answer to options of this session"),
        (status = 401, description = "A fresh proof is needed"), (status = 409, description = "Registered already")))]
pub(super) async fn create(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
    Json(new): Json<NewPasskey>,
) -> Result<(StatusCode, Json<Passkey>), Refused> {
    let session = proved(&people, &headers).await?;
    let (ceremony, credential) = (ceremony(&session), new.credential.to_string());
    let answer = (&ceremony, new.name.as_str(), credential.as_str());
    let made = people.register_passkey(caller.tenant(), &session.account, answer);
    let made = made.await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Gives a passkey another name.
#[utoipa::path(put, path = "/passkeys/{id}", tag = "session", params(("id" = Uuid, Path)), request_body = PasskeyName,
    responses((status = 204), (status = 404, description = "No such passkey of one's own")))]
pub(super) async fn rename(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Json(to): Json<PasskeyName>,
) -> Result<StatusCode, Refused> {
    let session = found(&people, &headers).await?;
    let ids = (session.account.id, id);
    let renamed = people.rename_passkey(&caller.ctx, ids, &to.name).await;
    existing(renamed?)
}

/// Removes a passkey; not the last second factor of somebody who must have one.
#[utoipa::path(delete, path = "/passkeys/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 401, description = "A fresh proof is needed"),
        (status = 404, description = "No such passkey of one's own"), (status = 409, description = "The last second factor")))]
pub(super) async fn remove(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Refused> {
    let session = proved(&people, &headers).await?;
    let removed = people
        .remove_passkey(&caller.ctx, &session.account, id)
        .await;
    existing(removed?)
}

/// Why a handler does not do what it was asked.
pub(super) enum Refused {
    Fault(Problem),
    /// The session is too old for this act.
    Stale,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem)
    }
}

impl From<IdentityError> for Refused {
    fn from(error: IdentityError) -> Self {
        Self::Fault(problem(error))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Fault(problem) => problem.into_response(),
            Self::Stale => *insufficient(Assurance::StepUp),
        }
    }
}

/// A registration within this session.
fn ceremony(session: &Session) -> Ceremony {
    let account = Some(session.account.id);
    Ceremony::new(Intent::Register, account, session.id.as_bytes())
}

/// The session of somebody who proved moments ago who they are.
async fn proved(people: &People, headers: &HeaderMap) -> Result<Session, Refused> {
    let session = found(people, headers).await?;
    if people.proved_lately(&session).await? {
        Ok(session)
    } else {
        Err(Refused::Stale)
    }
}

fn existing(done: bool) -> Result<StatusCode, Refused> {
    if done {
        return Ok(StatusCode::NO_CONTENT);
    }
    let none = Fault::new(ErrorKind::NotFound, "there is no such passkey");
    Err(Problem::from(none).into())
}
