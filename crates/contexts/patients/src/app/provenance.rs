//! Who did something out of the ordinary with records, and why: a Provenance in the same transaction.

use std::sync::Arc;

use mt_api::Caller;
use mt_fhir::{Node, ResourceType};
use mt_kernel::{Fault, OpCtx};
use mt_store::{Authorizer, Change, Disclosure, Interaction, ProposedChange};
use serde_json::{Value, json};

use crate::document::create;
use crate::error::Result;

/// Code system of what is done.
pub(super) const ACTIVITIES: &str = "https://meditrack.health/fhir/CodeSystem/patient-activity";
/// System of accounts that stand for nobody with a record.
const ACCOUNTS: &str = "urn:meditrack:account";

/// What was done.
pub(super) struct Deed<'a> {
    /// Code of [`ACTIVITIES`].
    pub(super) activity: &'static str,
    /// References to what came of it.
    pub(super) targets: Vec<String>,
    /// Role and reference of what it was done with.
    pub(super) entities: Vec<(&'static str, String)>,
    /// Why, in words.
    pub(super) reason: &'a str,
}

/// The Provenance of a deed of the caller.
pub(super) fn provenance(caller: &Caller, deed: &Deed<'_>) -> Result<Change> {
    let references = deed
        .targets
        .iter()
        .map(|target| json!({"reference": target}));
    let entities = deed
        .entities
        .iter()
        .map(|(role, what)| json!({"role": role, "what": {"reference": what}}));
    let actor = &caller.ctx.actor;
    let who = match actor.fhir_user.as_deref() {
        Some(user) => json!({"reference": user}),
        None => json!({"identifier": {"system": ACCOUNTS, "value": &*actor.id}}),
    };
    let mut resource = json!({
        "resourceType": "Provenance",
        "target": references.collect::<Vec<Value>>(),
        "recorded": caller.ctx.now.to_fhir(),
        "activity": {"coding": [{"system": ACTIVITIES, "code": deed.activity}]},
        "reason": [{"text": deed.reason}],
        "agent": [{"who": who}],
    });
    let entities: Vec<Value> = entities.collect();
    if !entities.is_empty() {
        resource["entity"] = Value::Array(entities);
    }
    create(kind(), &resource)
}

/// The type of it.
pub(super) fn kind() -> ResourceType {
    ResourceType::from_name("Provenance").unwrap_or(ResourceType::PATIENT)
}

/// The authority of a caller, and ours to enter a new Provenance.
pub(super) struct Attesting(pub(super) Arc<dyn Authorizer>);

impl Authorizer for Attesting {
    fn disclosure(&self, interaction: Interaction, kind: ResourceType) -> Disclosure {
        self.0.disclosure(interaction, kind)
    }

    fn reaches(
        &self,
        ctx: &OpCtx,
        interaction: Interaction,
        kind: ResourceType,
        current: Node<'_>,
    ) -> bool {
        self.0.reaches(ctx, interaction, kind, current)
    }

    fn authorise(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<(), Fault> {
        if change.resource_type == kind() && change.interaction == Interaction::Create {
            return Ok(());
        }
        self.0.authorise(ctx, change)
    }
}
