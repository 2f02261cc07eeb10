//! `Subscription/[id]/$status`, `$events` and `$get-ws-binding-token` of the R5 backport
//! (<http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/operations.html>).

use futures::future::BoxFuture;
use mt_access::{Authenticated, Interaction as Right};
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, TenantId};
use mt_store::Caller;
use serde_json::Value;

use super::parameters::Inputs;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};

/// Knows what Subscriptions were told; the context that owns them. Whether the caller may read the Subscription has been asked.
pub trait Notifications: Send + Sync {
    /// How a Subscription stands, as a Bundle.
    ///
    /// # Errors
    /// When nobody can say.
    fn status<'a>(
        &'a self,
        tenant: TenantId,
        id: &'a str,
    ) -> BoxFuture<'a, std::result::Result<Value, Fault>>;

    /// What it was told, from one number to another, with what `caller` may read of it now, as a Bundle.
    ///
    /// # Errors
    /// Invalid when the content has an unknown code; when nobody can say.
    fn events<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        range: (Option<i64>, Option<i64>),
        content: Option<&'a str>,
    ) -> BoxFuture<'a, std::result::Result<Value, Fault>>;

    /// A token by which `who` binds Subscriptions to a WebSocket, as Parameters.
    ///
    /// # Errors
    /// Invalid or forbidden when one of them is told otherwise or to somebody else; when nobody can say.
    fn binding_token<'a>(
        &'a self,
        who: &'a Authenticated,
        ids: &'a [String],
    ) -> BoxFuture<'a, std::result::Result<Value, Fault>>;
}

pub(super) async fn status(call: &Call<'_>, id: &str) -> Result<Answer> {
    readable(call, id).await?;
    let notifications = &call.api.services.notifications;
    let bundle = notifications.status(call.session.tenant(), id).await?;
    Ok(Answer::resource("subscription-status", bundle.to_string()))
}

pub(super) async fn events(call: &Call<'_>, id: &str) -> Result<Answer> {
    let caller = readable(call, id).await?;
    let inputs = Inputs::read(call)?;
    let number = |name: &'static str| match inputs.text(name) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            let fault = Fault::new(ErrorKind::Malformed, "an event has a whole number");
            FhirError::from(fault.at(name))
        }),
    };
    let range = (number("eventsSinceNumber")?, number("eventsUntilNumber")?);
    let notifications = &call.api.services.notifications;
    let bundle = notifications.events(&caller, id, range, inputs.text("content"));
    Ok(Answer::resource(
        "subscription-events",
        bundle.await?.to_string(),
    ))
}

/// `$get-ws-binding-token` of one Subscription, or of those that the parameter `id` names.
pub(super) async fn binding_token(call: &Call<'_>, id: Option<&str>) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    let ids: Vec<String> = match id {
        Some(id) => vec![id.to_owned()],
        None => inputs.texts("id").into_iter().map(str::to_owned).collect(),
    };
    for id in &ids {
        readable(call, id).await?;
    }
    let notifications = &call.api.services.notifications;
    let token = notifications.binding_token(&call.session.who, &ids).await?;
    Ok(Answer::resource(
        "subscription-binding-token",
        token.to_string(),
    ))
}

/// The caller, when the Subscription is there and theirs to read.
async fn readable(call: &Call<'_>, id: &str) -> Result<Caller> {
    let caller = call.caller(Right::Read);
    let store = &call.api.store;
    store.read(&caller, ResourceType::SUBSCRIPTION, id).await?;
    Ok(caller)
}
