//! `POST /invitations`: asks somebody to join. For who manages users.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mt_access::Role;
use mt_api::{Caller, Problem};
use mt_kernel::{ErrorKind, Fault};
use serde::Serialize;
use utoipa::ToSchema;

use super::session::problem;
use crate::people::{Held, Invitation, People};

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
    for held in &invitation.roles {
        check_role(held, &caller)?;
    }
    let name = people.tenant_name(caller.tenant()).await.map_err(problem)?;
    let link = people
        .invite(&caller.ctx, &name, &invitation)
        .await
        .map_err(problem)?;
    Ok((StatusCode::CREATED, Json(Invited { link })))
}

/// People hold people's roles, and nobody makes a super administrator but one.
fn check_role(held: &Held, caller: &Caller) -> Result<(), Fault> {
    let refused = |text: &'static str| Err(Fault::new(ErrorKind::Invalid, text).at("roles"));
    match Role::from_code(&held.role) {
        None => refused("there is no such role"),
        Some(Role::Service) => refused("a service is no person"),
        Some(Role::SuperAdmin) if !caller.who.grant.roles().contains(&Role::SuperAdmin) => {
            let text = "nobody grants what they lack";
            Err(Fault::new(ErrorKind::Forbidden, text).at("roles"))
        }
        Some(_) => Ok(()),
    }
}
