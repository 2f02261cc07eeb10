//! The rules that an Appointment keeps through every door.
//!
//! The state machine is decided on the content alone; that nobody's time is taken twice, and the
//! organisation's rules for booking, are decided by the database inside the commit, because only it
//! knows what others commit at the same moment.

use std::sync::Arc;

use mt_access::Role;
use mt_events::catalogue::{EventType, Value, encode};
use mt_fhir::{Node, ResourceType};
use mt_kernel::{ActorKind, ErrorKind, Fault, Instant, OpCtx};
use mt_store::{Binding, DomainEvent, Policy, PolicyRegistry, ProposedChange, Refusal};

use crate::domain::{State, Visit, extension, items};

/// Registers the rules of this context.
pub fn register(policies: &mut PolicyRegistry) {
    policies.register(ResourceType::APPOINTMENT, Arc::new(Appointments));
    let named = |names: &[&str]| -> Vec<ResourceType> {
        let known = names.iter().map(|name| ResourceType::from_name(name));
        known.flatten().collect()
    };
    for kind in named(BOOKABLE) {
        policies.register(kind, Arc::new(Active));
    }
    for kind in named(&["PractitionerRole"]) {
        policies.register(kind, Arc::new(Roles));
    }
}

/// Who and what is booked only while it is active.
const BOOKABLE: &[&str] = &[
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Location",
    "HealthcareService",
    "Device",
];

/// Microseconds that an appointment may take: 1 to 480 minutes.
const LENGTH: std::ops::RangeInclusive<i64> = 60_000_000..=480 * 60_000_000;
/// Most characters of the reason why a patient comes, and of a remark.
const REASON: usize = 500;
const COMMENT: usize = 4000;

pub(crate) const CLAIM: &str = "select scheduling.claim($1::int4, $2::uuid[], $3::int8[])";

/// What the constraints of `scheduling.claim` say to people.
pub(crate) const REFUSALS: &[Refusal] = &[
    refusal("claim_taken", ErrorKind::Conflict, "the time is taken"),
    refusal(
        "too_soon",
        ErrorKind::Invalid,
        "an appointment must be booked longer ahead",
    ),
    refusal(
        "too_far",
        ErrorKind::Invalid,
        "an appointment cannot be booked so far ahead",
    ),
    refusal(
        "off_grid",
        ErrorKind::Invalid,
        "appointments do not start at this minute",
    ),
    refusal(
        "too_many",
        ErrorKind::Conflict,
        "the patient has as many appointments to come as allowed",
    ),
    refusal(
        "inactive_patient",
        ErrorKind::Conflict,
        "the patient is not active",
    ),
    refusal(
        "inactive_actor",
        ErrorKind::Conflict,
        "somebody or something that is to take part is no longer active",
    ),
    refusal(
        "not_held",
        ErrorKind::Conflict,
        "the time is not held: hold it first, or ask for it without taking it (proposed)",
    ),
];

const fn refusal(constraint: &'static str, kind: ErrorKind, message: &'static str) -> Refusal {
    Refusal {
        constraint,
        kind,
        message,
    }
}

/// The rules of appointments.
struct Appointments;

impl Policy for Appointments {
    fn decide(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        let old = change.old.and_then(Visit::read);
        let Some((node, new)) = change.new.and_then(|node| Some((node, Visit::read(node)?))) else {
            return Ok(Vec::new());
        };
        check(&new)?;
        if is_person(ctx) {
            check_entered(ctx, old.as_ref(), &new, node)?;
        }
        if let Some(old) = &old {
            follow(old, &new, node)?;
        }
        if let Some(waitlist) = waitlist_event(change, old.as_ref(), &new, node) {
            return waitlist.map(|event| vec![event]);
        }
        // What else happens to an appointment is told from the record by whoever follows all records.
        let begun = |state| matches!(state, State::InProgress | State::Checkout);
        let begins = old.is_some_and(|old| !begun(old.state)) && begun(new.state);
        if !begins {
            return Ok(Vec::new());
        }
        let event = written("appointment.started.v1", change, &new, Vec::new())?;
        Ok(vec![event])
    }

    fn bind(&self, ctx: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<Binding>, Fault> {
        let old = change.old.and_then(Visit::read);
        let new = change.new.and_then(Visit::read);
        let taking = new
            .as_ref()
            .filter(|visit| visit.state.takes_time() && visit.end.is_some_and(|end| end > ctx.now));
        let mut bindings = Vec::with_capacity(2);
        let patient = |visit: &Visit<'_>| visit.actor(ResourceType::PATIENT).map(str::to_owned);
        let (was, is) = (
            old.as_ref().and_then(patient),
            new.as_ref().and_then(patient),
        );
        if let (Some(was), Some(is)) = (was, is)
            && was != is
        {
            bindings.push(note_visit(change.id, is));
        }
        let same = old.as_ref().zip(new.as_ref()).is_some_and(|(old, new)| {
            old.state.takes_time() == new.state.takes_time() && place(old) == place(new)
        });
        if same {
            return Ok(bindings);
        }
        let hold = change.new.and_then(Visit::hold);
        // A change of length or room is no new booking.
        let kept = old
            .as_ref()
            .zip(new.as_ref())
            .is_some_and(|(old, new)| old.state.takes_time() && old.start == new.start);
        if old.is_some_and(|old| old.state.takes_time()) {
            bindings.push(give_back(change.id));
        }
        if let Some(visit) = taking {
            let free = !is_person(ctx) || kept || !visit.state.is_ahead();
            let rules = match visit.series {
                _ if free => Rules::None,
                _ if is_in_person(ctx) => Rules::Held,
                Some(_) => Rules::Series,
                None => Rules::All,
            };
            bindings.push(take(ctx, change.id, hold, visit, rules));
        }
        Ok(bindings)
    }
}

/// What decides whether the time of an appointment must be taken anew.
type Place<'v> = (
    Option<Instant>,
    Option<Instant>,
    bool,
    Vec<(ResourceType, &'v str)>,
);

fn place<'v>(visit: &Visit<'v>) -> Place<'v> {
    let actors = visit.claims().map(|(kind, id, _)| (kind, id)).collect();
    (visit.start, visit.end, visit.overbook, actors)
}

/// An appointment is another patient's from now on, as when records are merged.
fn note_visit(appointment: &str, patient: String) -> Binding {
    Binding {
        sql: "select scheduling.note_visit($1::int4, $2::uuid[], $3::int8[])",
        resources: vec![
            (ResourceType::APPOINTMENT, appointment.to_owned()),
            (ResourceType::PATIENT, patient),
        ],
        values: Vec::new(),
        releases: true,
        refusals: &[],
    }
}

fn give_back(appointment: &str) -> Binding {
    let own = (ResourceType::APPOINTMENT, appointment.to_owned());
    Binding {
        sql: CLAIM,
        resources: vec![own.clone(), own],
        values: Vec::new(),
        releases: true,
        refusals: REFUSALS,
    }
}

/// Which rules for booking apply to an appointment, as `scheduling.claim` counts them.
#[derive(Clone, Copy)]
enum Rules {
    /// None: a machine enters it, the patient is here, or only its length changes.
    None = 0,
    /// All.
    All = 1,
    /// All but how many appointments a patient may have: a series is decided as one.
    Series = 2,
    /// All, and nothing is taken but what was held: holds are given for times that are offered.
    Held = 3,
}

/// Whether a person enters something, and not a machine that reports it.
const fn is_person(ctx: &OpCtx) -> bool {
    matches!(ctx.actor.kind, ActorKind::User | ActorKind::Agent)
}

/// Whether somebody books in person or for a person in their care, and not as staff.
fn is_in_person(ctx: &OpCtx) -> bool {
    let patient =
        |code: &Arc<str>| matches!(Role::from_code(code), Some(Role::Patient | Role::Caregiver));
    !ctx.actor.roles.is_empty() && ctx.actor.roles.iter().all(patient)
}

fn take(ctx: &OpCtx, id: &str, hold: Option<&str>, visit: &Visit<'_>, rules: Rules) -> Binding {
    let appointment = |id: &str| (ResourceType::APPOINTMENT, id.to_owned());
    let mut resources = vec![appointment(id), appointment(hold.unwrap_or(id))];
    let (start, end) = visit.start.zip(visit.end).unwrap_or((ctx.now, ctx.now));
    let mut values = vec![
        ctx.now.0,
        start.0,
        end.0,
        0,
        i64::from(visit.overbook),
        rules as i64,
    ];
    for (kind, id, how) in visit.claims() {
        resources.push((kind, id.to_owned()));
        values.push(how as i64);
    }
    Binding {
        sql: CLAIM,
        resources,
        values,
        releases: false,
        refusals: REFUSALS,
    }
}

fn check(visit: &Visit<'_>) -> Result<(), Fault> {
    if !visit.state.takes_time() {
        return Ok(());
    }
    let refuse = |message| Err(Fault::new(ErrorKind::Invalid, message).at("Appointment.end"));
    match visit.start.zip(visit.end) {
        None => refuse("an appointment that is booked needs start and end"),
        Some((start, end)) if !LENGTH.contains(&(end.0 - start.0)) => {
            refuse("an appointment takes 1 to 480 minutes")
        }
        Some(_) => Ok(()),
    }
}

/// What people may enter.
fn check_entered(
    ctx: &OpCtx,
    old: Option<&Visit<'_>>,
    new: &Visit<'_>,
    node: Node<'_>,
) -> Result<(), Fault> {
    let refuse =
        |place: &str, message: &'static str| Err(Fault::new(ErrorKind::Invalid, message).at(place));
    let long = |text: Option<&str>, most| text.is_some_and(|text| text.chars().count() > most);
    let mut reasons = items(node, "reasonCode");
    if reasons.any(|reason| long(reason.str("text"), REASON)) {
        let message = "the reason why a patient comes has at most 500 characters";
        return refuse("Appointment.reasonCode", message);
    }
    if long(node.str("comment"), COMMENT) {
        let message = "a remark has at most 4000 characters";
        return refuse("Appointment.comment", message);
    }
    // What the practice has overbooked may be called off.
    let overbooks = new.overbook && !old.is_some_and(|old| old.overbook);
    if overbooks && is_in_person(ctx) {
        return refuse("Appointment.extension", "a patient cannot overbook");
    }
    let missed = new.state == State::NoShow && old.is_none_or(|old| old.state != State::NoShow);
    if missed && new.start.is_some_and(|start| start > ctx.now) {
        let message = "an appointment is missed only when its time has come";
        return Err(Fault::new(ErrorKind::Conflict, message).at("Appointment.status"));
    }
    Ok(())
}

fn follow(old: &Visit<'_>, new: &Visit<'_>, node: Node<'_>) -> Result<(), Fault> {
    let refuse =
        |message: String| Err(Fault::new(ErrorKind::Conflict, message).at("Appointment.status"));
    if !old.state.may_become(new.state) {
        let (from, to) = (old.state.code(), new.state.code());
        return refuse(format!("an appointment that is {from} cannot become {to}"));
    }
    let moved = (old.start, old.end) != (new.start, new.end);
    if moved && !old.state.is_ahead() {
        let state = old.state.code();
        return refuse(format!("an appointment that is {state} cannot be moved"));
    }
    let called_off = old.state != new.state && new.state == State::Cancelled;
    if called_off && crate::domain::reason(node).is_none() {
        let text = "a cancellation needs a reason";
        return Err(Fault::new(ErrorKind::Invalid, text).at("Appointment.cancelationReason"));
    }
    Ok(())
}

/// An offer to a waiting patient, and its end.
fn waitlist_event(
    change: &ProposedChange<'_>,
    old: Option<&Visit<'_>>,
    new: &Visit<'_>,
    node: Node<'_>,
) -> Option<Result<DomainEvent, Fault>> {
    if old?.state != State::Waitlisted {
        return None;
    }
    let offer = |node: Node<'_>| -> Option<serde_json::Value> {
        let text = crate::domain::value(node, extension::OFFER, "valueString")?.as_str()?;
        serde_json::from_str(text).ok()
    };
    let (before, after) = (change.old.and_then(offer), offer(node));
    let what = match (before, after) {
        (None, Some(offer)) => {
            let at: jiff::Timestamp = offer["expires"].as_str()?.parse().ok()?;
            (
                "waitlist.offered.v1",
                "expires",
                Value::Whole(at.as_microsecond()),
            )
        }
        (Some(_), None) => {
            let status = if new.state.takes_time() {
                "accepted"
            } else {
                "ended"
            };
            ("waitlist.settled.v1", "status", Value::from(status))
        }
        _ => return None,
    };
    let (name, field, value) = what;
    Some(written(name, change, new, vec![(field, value)]))
}

/// An event of the catalogue about an appointment, with those of the fields that it has.
fn written(
    name: &'static str,
    change: &ProposedChange<'_>,
    visit: &Visit<'_>,
    fields: Vec<(&'static str, Value)>,
) -> Result<DomainEvent, Fault> {
    let internal = |message| Fault::new(ErrorKind::Internal, message);
    let kind =
        EventType::named(name).ok_or_else(|| internal("an event is not in the catalogue"))?;
    let patient = visit.actor(ResourceType::PATIENT);
    let version = change
        .old
        .and_then(|old| old.get("meta")?.str("versionId")?.parse().ok());
    let mut values = vec![
        ("subject_type", Value::from("Appointment")),
        ("subject_id", Value::from(change.id)),
        (
            "subject_version",
            Value::Whole(version.map_or(1, |version: i64| version + 1)),
        ),
    ];
    values.extend(patient.map(|id| ("patient_id", Value::from(id))));
    let known = |field: &str| kind.all_fields().any(|one| one.name == field);
    values.extend(fields.into_iter().filter(|(field, _)| known(field)));
    let payload = encode(kind, &values).map_err(|_| internal("an event cannot be written"))?;
    Ok(DomainEvent {
        name: kind.name,
        key: patient.unwrap_or(change.id).to_owned(),
        payload,
    })
}

/// Notes who and what is not active: nothing can be booked for them or with them.
struct Active;

impl Policy for Active {
    fn decide(&self, _: &OpCtx, _: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<Binding>, Fault> {
        // What was deleted and is there again was noted when it was deleted.
        let before = change.old.map_or(change.version == 1, is_active);
        let after = change.new.is_some_and(is_active);
        if before == after {
            return Ok(Vec::new());
        }
        Ok(vec![Binding {
            sql: "select scheduling.note_active($1::int4, $2::uuid[], $3::int8[])",
            resources: vec![(change.resource_type, change.id.to_owned())],
            values: vec![i64::from(after)],
            releases: true,
            refusals: &[],
        }])
    }
}

/// Whether a person or a service is in use (`active`), or a room or a device (`status`).
pub(crate) fn is_active(node: Node<'_>) -> bool {
    let out = ["inactive", "suspended", "entered-in-error"];
    node.get("active").and_then(Node::as_bool) != Some(false)
        && !node
            .str("status")
            .is_some_and(|status| out.contains(&status))
}

/// Notes who stands behind a role, so that a person is not booked twice under two names.
struct Roles;

impl Policy for Roles {
    fn decide(&self, _: &OpCtx, _: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<Binding>, Fault> {
        let practitioner = |node: Option<Node<'_>>| {
            let reference = node?.get("practitioner")?.str("reference")?;
            let (kind, id) = crate::domain::split(reference)?;
            (kind.name() == "Practitioner").then(|| (kind, id.to_owned()))
        };
        let (before, after) = (practitioner(change.old), practitioner(change.new));
        if before == after {
            return Ok(Vec::new());
        }
        let mut resources = vec![(change.resource_type, change.id.to_owned())];
        resources.extend(after);
        Ok(vec![Binding {
            sql: "select scheduling.note_role($1::int4, $2::uuid[], $3::int8[])",
            resources,
            values: Vec::new(),
            releases: true,
            refusals: &[],
        }])
    }
}
