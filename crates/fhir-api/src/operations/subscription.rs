//! `Subscription/[id]/$status` and `$events` of the R5 backport
//! (<http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/operations.html>).

use futures::future::BoxFuture;
use mt_access::Interaction as Right;
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

/// The caller, when the Subscription is there and theirs to read.
async fn readable(call: &Call<'_>, id: &str) -> Result<Caller> {
    let caller = call.caller(Right::Read);
    let store = &call.api.store;
    store.read(&caller, ResourceType::SUBSCRIPTION, id).await?;
    Ok(caller)
}
