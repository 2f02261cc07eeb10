//! Who may bring a Subscription into which state, and what is refused before it is kept.

use mt_events::catalogue::{EventType, Value as Field, encode};
use mt_fhir::Node;
use mt_kernel::{ActorKind, ErrorKind, Fault, OpCtx};
use mt_outbound::Guard;
use mt_store::{DomainEvent, Policy, ProposedChange};
use serde_json::Value;

use crate::domain::Asked;

/// Said when somebody asks to be told, or not to be.
pub(crate) const REQUESTED: &str = "subscription.requested.v1";

/// The rules of Subscription.
#[derive(Debug)]
pub struct SubscriptionPolicy {
    guard: Guard,
}

impl SubscriptionPolicy {
    /// The rules, with what may be called.
    #[must_use]
    pub const fn new(guard: Guard) -> Self {
        Self { guard }
    }

    fn check(&self, ctx: &OpCtx, resource: &Value) -> Result<(), Fault> {
        const STATUS: &str = "Subscription.status";
        match resource["status"].as_str() {
            Some("off") => return Ok(()),
            Some("requested") => {}
            _ => {
                let message =
                    "a client asks for requested or off; the server says active and error";
                return Err(Fault::new(ErrorKind::Invalid, message).at(STATUS));
            }
        }
        let asked = Asked::read(resource, ctx.now)?;
        if asked.end.is_some_and(|end| end <= ctx.now) {
            let fault = Fault::new(ErrorKind::Invalid, "the end has passed");
            return Err(fault.at("Subscription.end"));
        }
        let Some(hook) = asked.hook else {
            return Ok(());
        };
        self.guard.check(&hook.endpoint).map_err(|why| {
            Fault::new(ErrorKind::Invalid, why.to_string()).at("Subscription.channel.endpoint")
        })?;
        Ok(())
    }
}

impl Policy for SubscriptionPolicy {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        // What the server itself says of a subscription asks for nothing.
        if ctx.actor.kind == ActorKind::System {
            return Ok(Vec::new());
        }
        let wanted = match change.new {
            None => "deleted",
            Some(new) => {
                let resource = json_of(new)?;
                self.check(ctx, &resource)?;
                if resource["status"] == "off" {
                    "off"
                } else {
                    "requested"
                }
            }
        };
        Ok(vec![requested(ctx, change.id, wanted)?])
    }
}

fn json_of(node: Node<'_>) -> Result<Value, Fault> {
    let mut bytes = Vec::new();
    node.write_json(&mut bytes);
    serde_json::from_slice(&bytes)
        .map_err(|_| Fault::new(ErrorKind::Malformed, "the resource cannot be read"))
}

/// The subscriber is who asks: what may be told follows from what they may read at the time.
fn requested(ctx: &OpCtx, id: &str, status: &str) -> Result<DomainEvent, Fault> {
    let kind = EventType::named(REQUESTED)
        .ok_or_else(|| Fault::new(ErrorKind::Internal, "the event is not in the catalogue"))?;
    let roles = ctx
        .actor
        .roles
        .iter()
        .map(|role| role.to_string())
        .collect();
    let mut values = vec![
        ("subject_type", Field::from("Subscription")),
        ("subject_id", id.into()),
        ("subject_version", Field::Whole(0)),
        ("status", status.into()),
        ("actor_id", (&*ctx.actor.id).into()),
        ("actor_roles", Field::Texts(roles)),
    ];
    if let Some(client) = ctx.actor.client_id.as_deref() {
        values.push(("client_id", client.into()));
    }
    if let Some(user) = ctx.actor.fhir_user.as_deref() {
        values.push(("fhir_user", user.into()));
    }
    Ok(DomainEvent {
        name: REQUESTED,
        key: id.to_owned(),
        payload: encode(kind, &values)?,
    })
}
