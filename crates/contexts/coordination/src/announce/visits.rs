//! Appointments and encounters, and with whom.

use mt_fhir::Node;

use super::Said;
use super::change::{Change, concept, moment, reference_to, text};

/// States of an appointment that is still to come.
const TO_COME: &[&str] = &["proposed", "pending", "booked", "arrived", "checked-in"];

/// An appointment is announced from when it has a time.
pub(super) fn appointment(change: &Change<'_>) -> Vec<Said> {
    let timed = |one: &Node<'_>| one.str("start").is_some() && one.str("end").is_some();
    let (old, new) = (change.old.filter(timed), change.new);
    let ended = &["cancelled", "entered-in-error"];
    let Some(new) = new else {
        let open = old.is_some_and(|old| !old.str("status").is_some_and(|s| ended.contains(&s)));
        let reason = vec![("reason_code", "deleted".into())];
        return open
            .then_some(("appointment.cancelled.v1", reason))
            .into_iter()
            .collect();
    };
    let mut said = Vec::new();
    if change.became("status", &["waitlist"]) {
        said.push(("waitlist.joined.v1", Vec::new()));
    }
    if !timed(&new) {
        return said;
    }
    let to_come = new
        .str("status")
        .is_some_and(|status| TO_COME.contains(&status));
    if old.is_none() {
        said.push(("appointment.created.v1", when_and_where(new)));
    } else if to_come && (change.differs("start") || change.differs("end") || moved(change)) {
        said.push(("appointment.rescheduled.v1", when_and_where(new)));
    }
    if change.became("status", &["booked"]) {
        said.push(("appointment.confirmed.v1", when_and_where(new)));
    }
    if change.became("status", ended) {
        let reason = text("reason_code", concept(new.get("cancelationReason")));
        said.push(("appointment.cancelled.v1", reason.into_iter().collect()));
    }
    let steps: [(&[&str], &str); 3] = [
        (&["arrived", "checked-in"], "appointment.checked_in.v1"),
        (&["fulfilled"], "appointment.completed.v1"),
        (&["noshow"], "appointment.no_show.v1"),
    ];
    for (states, name) in steps {
        if change.became("status", states) {
            said.push((name, Vec::new()));
        }
    }
    said
}

pub(super) fn practitioner(change: &Change<'_>) -> Vec<Said> {
    let is_new = change.is_new();
    let registered = is_new.then(|| ("practitioner.registered.v1", Vec::new()));
    registered.into_iter().collect()
}

fn moved(change: &Change<'_>) -> bool {
    change.old.and_then(|old| actor(old, "Location"))
        != change.new.and_then(|new| actor(new, "Location"))
}

fn actor<'a>(appointment: Node<'a>, resource_type: &str) -> Option<&'a str> {
    let mut participants = appointment.get("participant")?.children();
    participants.find_map(|one| reference_to(one.get("actor")?, resource_type))
}

fn when_and_where(new: Node<'_>) -> Vec<(&'static str, mt_events::catalogue::Value)> {
    [
        moment("start", new.str("start")),
        moment("end", new.str("end")),
        text("practitioner_id", actor(new, "Practitioner")),
        text("location_id", actor(new, "Location")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Classes of encounters for which a patient is admitted (HL7 v3 ActCode).
const INPATIENT: &[&str] = &["IMP", "ACUTE", "NONAC", "OBSENC"];

/// An encounter that is over when it is first known tells of its end alone.
pub(super) fn encounter(change: &Change<'_>) -> Vec<Said> {
    let Some(new) = change.new else {
        return Vec::new();
    };
    let running = &["in-progress", "onleave"];
    let class = new.get("class").and_then(|class| class.str("code"));
    let is_inpatient = class.is_some_and(|class| INPATIENT.contains(&class));
    let fields = || {
        let place = text("location_id", place(new));
        place.into_iter().chain(text("class_code", class)).collect()
    };
    let mut said = Vec::new();
    let mut say = |name: &'static str, inpatient: &'static str| {
        said.push((name, fields()));
        if is_inpatient {
            said.push((inpatient, fields()));
        }
    };
    if change.became("status", running) {
        say("encounter.started.v1", "patient.admitted.v1");
    } else if change.became("status", &["finished"]) {
        say("encounter.finished.v1", "patient.discharged.v1");
    } else if let Some(old) = change.old {
        let (before, after) = (place(old), place(new));
        let goes_on = new.str("status").is_some_and(|s| running.contains(&s));
        if goes_on && is_inpatient && before != after && after.is_some() {
            said.push(("patient.transferred.v1", fields()));
        }
    }
    said
}

/// Where the patient is now: the location that is active, or else the last without an end.
fn place(encounter: Node<'_>) -> Option<&str> {
    let all: Vec<Node<'_>> = encounter.get("location")?.children().collect();
    let active = all.iter().find(|one| one.str("status") == Some("active"));
    let open = |one: &&Node<'_>| {
        let ended = one.get("period").and_then(|period| period.get("end"));
        one.str("status") != Some("completed") && ended.is_none()
    };
    let now = active.or_else(|| all.iter().rev().find(open))?;
    reference_to(now.get("location")?, "Location")
}
