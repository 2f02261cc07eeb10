//! `POST /invitations`: asks somebody to join. For who manages users.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mt_api::{Caller, Problem};
use mt_kernel::{ErrorKind, Fault};
use serde::Serialize;
use utoipa::ToSchema;

use super::session::problem;
use crate::people::{Invitation, People};

/// An invitation that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct Invited {
    /// The link, good once, for seven days. It was sent as well when mail is configured.
    link: String,
}

/// Invites somebody with roles, which may be confined to locations and end.
#[utoipa::path(post, path = "/invitations", tag = "users", request_body = Invitation,
    responses((status = 201, body = Invited)))]
pub(super) async fn create(
    State(people): State<Arc<People>>,
    caller: Caller,
    Json(invitation): Json<Invitation>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    if !mt_mail::is_address(&invitation.email) {
        let fault = Fault::new(ErrorKind::Invalid, "this is no e-mail address");
        return Err(fault.at("email").into());
    }
    let (grant, roles) = (&caller.who.grant, &invitation.roles);
    let conferred = people
        .organisation
        .check_conferred(&caller.ctx, grant, roles);
    conferred.await.map_err(problem)?;
    if let Some(reference) = &invitation.fhir_user {
        let known = people.organisation.check_record(caller.tenant(), reference);
        known.await.map_err(problem)?;
    }
    let name = people.tenant_name(caller.tenant()).await.map_err(problem)?;
    let link = people
        .invite(&caller.ctx, &name, &invitation)
        .await
        .map_err(problem)?;
    Ok((StatusCode::CREATED, Json(Invited { link })))
}
