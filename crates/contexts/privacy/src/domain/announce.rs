//! What entries of the audit trail mean, in the events of the catalogue (topic `audit-events`).
//!
//! An entry says at most one event for each thing that was done, whatever it touched: a search that found a hundred records is one access. What
//! MediTrack does by itself, on account of something that is entered already, says nothing.

use mt_audit::{Announced, Announcer, Detail, Effect, EventCode, Kind, Outcome};
use mt_events::EventError;
use mt_events::catalogue::{EventType, KeyOf, Value, encode};
use mt_fhir::ResourceType;
use mt_fhir::definitions::{Compartment, compartment_params};
use mt_kernel::{ActorKind, ErrorKind};
use mt_store::DomainEvent;
use uuid::Uuid;

use super::incident::Incident;

/// Says what entries mean.
#[derive(Clone, Copy, Debug)]
pub struct TrailEvents;

impl Announcer for TrailEvents {
    fn events(&self, entry: &Announced<'_>) -> Vec<DomainEvent> {
        if entry.detail.actor.kind == ActorKind::System && entry.kind != Kind::Event {
            return Vec::new();
        }
        let said = meaning(entry);
        let events = said
            .into_iter()
            .filter_map(|said| event(entry, said).ok().flatten());
        events.collect()
    }
}

type Said = (&'static str, Vec<(&'static str, Value)>);

fn meaning(entry: &Announced<'_>) -> Vec<Said> {
    let detail = entry.detail;
    if let (Kind::Event, Some(code)) = (entry.kind, detail.event) {
        return of_code(detail, code).into_iter().collect();
    }
    if let Outcome::Refused { status, .. } = detail.outcome {
        // Only what a rule forbids: what is not there, or cannot be served, is no attempt.
        let forbidden = status == ErrorKind::Forbidden.status();
        let said = forbidden.then(|| ("phi.access.refused.v1", access(entry)));
        return said.into_iter().collect();
    }
    if entry.kind == Kind::Commit {
        let has = |wanted: &[Effect]| {
            let mut health = detail.resources.iter();
            health.any(|one| is_health(one.resource_type) && wanted.contains(&one.effect))
        };
        let mut said = Vec::new();
        if has(&[Effect::Created, Effect::Updated]) {
            said.push(("phi.modified.v1", access(entry)));
        }
        if has(&[Effect::Deleted]) {
            said.push(("phi.deleted.v1", access(entry)));
        }
        return said;
    }
    let mut kinds = detail.resources.iter().map(|one| one.resource_type);
    if !kinds.clone().any(is_health) {
        return Vec::new();
    }
    let name = if kinds.all(|kind| kind == ResourceType::PATIENT) {
        "phi.patient.accessed.v1"
    } else {
        "phi.record.accessed.v1"
    };
    vec![(name, access(entry))]
}

/// Security events. Reasons that people give stay in the trail; words of the program are told.
fn of_code(detail: &Detail, code: EventCode) -> Option<Said> {
    let words = |told: &str| {
        let reason = detail.reason.as_deref().unwrap_or("unknown");
        Value::from(reason.strip_prefix(told).unwrap_or(reason))
    };
    let access = |interaction: &str| {
        vec![
            ("actor_id", Value::from(&*detail.actor.id)),
            ("interaction", interaction.into()),
            ("purpose", detail.purpose.code().into()),
        ]
    };
    match (code, &detail.outcome) {
        (EventCode::Login, Outcome::Success) => Some((
            "security.login.succeeded.v1",
            vec![("method", words("signed in by "))],
        )),
        (EventCode::Login, Outcome::Refused { status, .. }) => {
            let name = if *status == ErrorKind::TooMany.status() {
                "security.account.locked.v1"
            } else {
                "security.login.failed.v1"
            };
            Some((name, vec![("reason_code", words(""))]))
        }
        (EventCode::Export, Outcome::Success) => Some(("phi.exported.v1", access("export"))),
        (EventCode::Export, Outcome::Refused { .. }) => {
            Some(("phi.access.refused.v1", access("export")))
        }
        (EventCode::BreakGlass, Outcome::Success) => {
            Some(("phi.access.emergency.v1", access("break-glass")))
        }
        // The one key that a person has rotated by a command is that of the records' bodies.
        (EventCode::KeyUse, Outcome::Success) => {
            let purpose = vec![("purpose", Value::from("body"))];
            Some(("security.key.rotated.v1", purpose))
        }
        _ => None,
    }
}

/// A rule over the audit log found something.
pub(crate) fn breach(id: Uuid, incident: &Incident) -> Result<DomainEvent, EventError> {
    let name = "phi.breach.detected.v1";
    let kind = EventType::named(name).ok_or(EventError::Damaged("name"))?;
    let id = id.to_string();
    let mut values = vec![
        ("subject_type", Value::from("Incident")),
        ("subject_id", id.as_str().into()),
        ("subject_version", Value::Whole(1)),
        ("rule", incident.rule.code().into()),
        ("incident_id", id.as_str().into()),
    ];
    let patient = match &incident.patients[..] {
        [only] => Some(only.as_str()),
        _ => None,
    };
    values.extend(patient.map(|patient| ("patient_id", patient.into())));
    Ok(DomainEvent {
        name: kind.name,
        key: patient.unwrap_or(&id).to_owned(),
        payload: encode(kind, &values)?,
    })
}

fn access(entry: &Announced<'_>) -> Vec<(&'static str, Value)> {
    let interaction = match entry.kind {
        Kind::Commit | Kind::RefusedWrite => "write",
        Kind::Read => "read",
        Kind::History => "history",
        Kind::Search => "search",
        Kind::Event => "event",
    };
    vec![
        ("actor_id", Value::from(&*entry.detail.actor.id)),
        ("interaction", interaction.into()),
        ("purpose", entry.detail.purpose.code().into()),
    ]
}

/// Whether records of this type are about a patient.
fn is_health(kind: ResourceType) -> bool {
    kind == ResourceType::PATIENT || !compartment_params(Compartment::Patient, kind).is_empty()
}

/// The event with its subject: the one record, or else what was done as a whole; of what somebody did to sign in, the account.
fn event(entry: &Announced<'_>, (name, fields): Said) -> Result<Option<DomainEvent>, EventError> {
    let Some(kind) = EventType::named(name) else {
        return Ok(None);
    };
    let detail = entry.detail;
    let (subject, id, version) = match (&detail.resources[..], kind.key) {
        (_, KeyOf::Subject) => ("Account", detail.actor.id.to_string(), 0),
        (_, KeyOf::Tenant) => ("Key", "body".to_owned(), 0),
        ([one], _) => (one.resource_type.name(), one.id.to_string(), one.version),
        _ => ("Bundle", entry.correlation.to_string(), 0),
    };
    let mut patients = detail
        .resources
        .iter()
        .filter(|one| one.resource_type == ResourceType::PATIENT && kind.key == KeyOf::Patient);
    let patient = patients.next().filter(|_| patients.next().is_none());
    let mut values = vec![
        ("subject_type", Value::from(subject)),
        ("subject_id", Value::from(id.as_str())),
        ("subject_version", Value::Whole(version.into())),
    ];
    values.extend(patient.map(|patient| ("patient_id", Value::from(&*patient.id))));
    values.extend(fields);
    let key = match (kind.key, patient) {
        (KeyOf::Patient, Some(patient)) => patient.id.to_string(),
        _ => id,
    };
    Ok(Some(DomainEvent {
        name: kind.name,
        key,
        payload: encode(kind, &values)?,
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mt_audit::Touched;
    use mt_events::catalogue::decode;
    use mt_kernel::{Actor, Instant, OpCtx, PurposeOfUse, TenantId};

    use super::*;

    fn detail(kind: ActorKind, touched: &[(ResourceType, &str, Effect)]) -> Detail {
        let ctx = OpCtx {
            tenant: TenantId(1),
            actor: Actor {
                kind,
                ..Actor::system("account-1")
            },
            purpose: PurposeOfUse::Treatment,
            correlation_id: Uuid::nil(),
            now: Instant(0),
        };
        let named = touched.iter().map(|(kind, id, effect)| Touched {
            resource_type: *kind,
            id: Arc::from(*id),
            version: 3,
            effect: *effect,
        });
        Detail {
            resources: named.collect(),
            ..Detail::new(&ctx)
        }
    }

    fn said(kind: Kind, detail: &Detail) -> Vec<(&'static str, Vec<(String, Value)>)> {
        let entry = Announced {
            kind,
            at: Instant(0),
            correlation: Uuid::nil(),
            detail,
        };
        let events = TrailEvents.events(&entry).into_iter();
        let read = |event: DomainEvent| {
            let kind = EventType::named(event.name).unwrap();
            assert_eq!(kind.topic.name, "audit-events");
            (event.name, decode(kind, &event.payload).unwrap())
        };
        events.map(read).collect()
    }

    fn names(kind: Kind, detail: &Detail) -> Vec<&'static str> {
        said(kind, detail)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    const PATIENT: (ResourceType, &str, Effect) = (ResourceType::PATIENT, "p1", Effect::Shown);
    const RESULT: (ResourceType, &str, Effect) = (ResourceType::OBSERVATION, "o1", Effect::Shown);
    const PLACE: (ResourceType, &str, Effect) = (ResourceType::LOCATION, "l1", Effect::Shown);

    #[test]
    fn access_is_told_by_what_was_seen_and_what_is_no_health_information_is_not() {
        let of = |touched: &[_]| names(Kind::Search, &detail(ActorKind::User, touched));
        assert_eq!(of(&[PATIENT, PATIENT]), ["phi.patient.accessed.v1"]);
        assert_eq!(of(&[PATIENT, RESULT]), ["phi.record.accessed.v1"]);
        assert!(of(&[PLACE]).is_empty() && of(&[]).is_empty());
        let own = detail(ActorKind::System, &[PATIENT]);
        assert!(said(Kind::Read, &own).is_empty());
    }

    #[test]
    fn a_read_names_its_record_and_who_read_it_and_nothing_else() {
        let read = detail(ActorKind::User, &[PATIENT]);
        let [(_, values)] = &said(Kind::Read, &read)[..] else {
            panic!("one event");
        };
        let text = |name: &str| {
            let found = values.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        assert_eq!(text("subject_id"), Some("p1".into()));
        assert_eq!(text("patient_id"), Some("p1".into()));
        assert_eq!(text("actor_id"), Some("account-1".into()));
        assert_eq!(text("interaction"), Some("read".into()));
    }

    #[test]
    fn a_commit_is_told_by_what_became_of_the_records() {
        let changed = (ResourceType::OBSERVATION, "o1", Effect::Updated);
        let gone = (ResourceType::CONDITION, "c1", Effect::Deleted);
        let same = (ResourceType::CONDITION, "c1", Effect::Unchanged);
        let of = |touched: &[_]| names(Kind::Commit, &detail(ActorKind::User, touched));
        assert_eq!(of(&[changed, gone]), ["phi.modified.v1", "phi.deleted.v1"]);
        assert!(of(&[same]).is_empty());
    }

    #[test]
    fn only_what_a_rule_forbids_is_a_refused_access() {
        for (status, expected) in [(403, 1), (404, 0), (503, 0)] {
            let refused = Detail {
                outcome: Outcome::Refused {
                    status,
                    message: "no".to_owned(),
                },
                ..detail(ActorKind::User, &[PATIENT])
            };
            let names = names(Kind::Read, &refused);
            assert_eq!(names, vec!["phi.access.refused.v1"; expected], "{status}");
        }
    }

    #[test]
    fn security_events_are_told_without_what_people_wrote() {
        let refused = |status| Outcome::Refused {
            status,
            message: "no".to_owned(),
        };
        for (code, outcome, name) in [
            (
                EventCode::Login,
                Outcome::Success,
                "security.login.succeeded.v1",
            ),
            (EventCode::Login, refused(401), "security.login.failed.v1"),
            (EventCode::Login, refused(429), "security.account.locked.v1"),
            (
                EventCode::KeyUse,
                Outcome::Success,
                "security.key.rotated.v1",
            ),
            (EventCode::Export, Outcome::Success, "phi.exported.v1"),
            (EventCode::Export, refused(403), "phi.access.refused.v1"),
            (
                EventCode::BreakGlass,
                Outcome::Success,
                "phi.access.emergency.v1",
            ),
        ] {
            let detail = Detail {
                event: Some(code),
                outcome,
                reason: Some("canary".to_owned()),
                ..detail(ActorKind::User, &[PATIENT])
            };
            let said = said(Kind::Event, &detail);
            assert_eq!(said[0].0, name);
            let tells = said[0].1.iter().any(|(_, value)| *value == "canary".into());
            assert_eq!(tells, code == EventCode::Login, "{name}");
        }
        for code in [
            EventCode::TrailUse,
            EventCode::EmergencyReview,
            EventCode::KeyLife,
        ] {
            let used = Detail {
                event: Some(code),
                ..detail(ActorKind::User, &[PATIENT])
            };
            assert!(said(Kind::Event, &used).is_empty());
        }
    }
}
