//! Appointments as resources: made from a booking, changed in place.

use std::fmt;
use std::sync::Arc;

use mt_fhir::json::{Limits, NodeId};
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_store::{Action, Change, Content, Patch, Target};
use serde_json::{Value, json};

use crate::domain::{State, extension, split};
use crate::error::{Result, SchedulingError};

/// Systems of the codes that appointments carry.
pub(super) const SERVICE: &str = "https://meditrack.health/fhir/CodeSystem/service";
pub(super) const KIND: &str = "https://meditrack.health/fhir/CodeSystem/appointment-type";

/// An Appointment to be created.
pub(super) fn create(resource: &Value) -> Result<Change> {
    let text = serde_json::to_vec(resource).map_err(|_| SchedulingError::Unreadable)?;
    let doc = Doc::parse(text, &Limits::default()).map_err(|_| SchedulingError::Unreadable)?;
    Ok(Change {
        resource_type: ResourceType::APPOINTMENT,
        full_url: None,
        action: Action::Create {
            content: Content::Own(Box::new(doc)),
            if_none_exist: None,
        },
    })
}

type Edit = dyn Fn(&mut Doc) -> Result<(), Fault> + Send + Sync;

/// A change of an Appointment in place.
struct Edited(Box<Edit>);

impl Patch for Edited {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        (self.0)(doc)
    }
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edited")
    }
}

/// A change of the Appointment `id` by `edit`, of version `if_match` when that is given.
pub(super) fn edit(
    id: &str,
    if_match: Option<u32>,
    edit: impl Fn(&mut Doc) -> Result<(), Fault> + Send + Sync + 'static,
) -> Change {
    edit_of(ResourceType::APPOINTMENT, id, if_match, edit)
}

/// A change of a record in place.
pub(crate) fn edit_of(
    kind: ResourceType,
    id: &str,
    if_match: Option<u32>,
    edit: impl Fn(&mut Doc) -> Result<(), Fault> + Send + Sync + 'static,
) -> Change {
    Change {
        resource_type: kind,
        full_url: None,
        action: Action::Patch {
            target: Target::Id(id.to_owned()),
            patch: Arc::new(Edited(Box::new(edit))),
            if_match,
        },
    }
}

/// Puts an Appointment into a state, as of `now`.
pub(super) fn set_state(doc: &mut Doc, state: State, now: Instant) {
    let root = doc.root().id();
    doc.set_string_field(root, "status", state.status());
    if !state.is_ahead() && !state.is_final() {
        let code = doc.new_string(state.code());
        set_extension(doc, extension::STAGE, "valueCode", code);
        let since = doc.new_string(&now.to_fhir());
        set_extension(doc, extension::SINCE, "valueInstant", since);
    }
    if matches!(state, State::Scheduled | State::Confirmed) {
        let status = if state == State::Confirmed {
            "accepted"
        } else {
            "needs-action"
        };
        for id in patients(doc) {
            doc.set_string_field(id, "status", status);
        }
    }
}

fn patients(doc: &Doc) -> Vec<NodeId> {
    let all = crate::domain::items(doc.root(), "participant");
    all.filter(|one| {
        let reference = one.get("actor").and_then(|actor| actor.str("reference"));
        reference
            .and_then(split)
            .is_some_and(|(kind, _)| kind == ResourceType::PATIENT)
    })
    .map(mt_fhir::Node::id)
    .collect()
}

/// Gives an extension of the Appointment a value, in place of the one it had.
pub(super) fn set_extension(doc: &mut Doc, url: &str, field: &str, value: NodeId) {
    let root = doc.root().id();
    let known =
        crate::domain::items(doc.root(), "extension").find(|one| one.str("url") == Some(url));
    if let Some(known) = known.map(mt_fhir::Node::id) {
        doc.set_field(known, field, value);
        return;
    }
    let one = doc.new_object();
    doc.set_string_field(one, "url", url);
    doc.set_field(one, field, value);
    let all = match doc.root().get("extension").map(mt_fhir::Node::id) {
        Some(all) => all,
        None => {
            let all = doc.new_array();
            doc.set_field(root, "extension", all);
            all
        }
    };
    doc.push(all, one);
}

/// Notes why an Appointment is called off.
pub(super) fn set_reason(doc: &mut Doc, code: &str) -> Result<(), Fault> {
    let reason = json!({"coding": [{"system": extension::REASON_SYSTEM, "code": code}]});
    set_value(doc, "cancelationReason", &reason)
}

/// Sets a field to a small value of our own making.
pub(super) fn set_value(doc: &mut Doc, field: &str, value: &Value) -> Result<(), Fault> {
    let unreadable = || Fault::new(ErrorKind::Internal, "a value cannot be written");
    let text = serde_json::to_vec(value).map_err(|_| unreadable())?;
    let part = Doc::parse(text, &Limits::default()).map_err(|_| unreadable())?;
    let copy = doc.copy_from(part.root());
    let root = doc.root().id();
    doc.set_field(root, field, copy);
    Ok(())
}
