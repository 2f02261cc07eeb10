//! Who may hear what: pure decisions over a grant.
//!
//! A client that is in a room hears an announcement only when it may read what the announcement is
//! about. What a grant cannot decide from ids alone (search criteria, places) is not heard.

use std::sync::Arc;

use mt_access::{Authenticated, Compartment, Decision, Grant, Interaction, Operation, Role};
use mt_fhir::ResourceType;

use crate::announcement::{Changed, id_of};
use crate::{Announcement, Room};

/// What of an announcement a client hears.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hears<'a> {
    /// Nothing.
    Nothing,
    /// That it happened.
    All,
    /// That these records changed.
    Changes(Vec<&'a Changed>),
}

/// The rooms in which somebody is without asking: their own.
pub(crate) fn own_rooms(who: &Authenticated) -> Vec<Room> {
    let account = Room::User(Arc::clone(&who.actor.id));
    let resource = who.actor.fhir_user.as_deref();
    let resource = resource.map(|reference| Room::User(Arc::from(id_of(reference))));
    match resource {
        Some(resource) if resource != account => vec![account, resource],
        _ => vec![account],
    }
}

/// Whether somebody works here, as opposed to being cared for or caring for a relative.
pub(crate) fn is_staff(grant: &Grant) -> bool {
    let cared_for = |role: &Role| matches!(role, Role::Patient | Role::Caregiver);
    !grant.roles().iter().all(cared_for)
}

/// What `who`, who is in one of the rooms of the announcement, hears of it.
pub(crate) fn hears<'a>(who: &Authenticated, announced: &'a Announcement) -> Hears<'a> {
    if who.tenant != announced.tenant {
        return Hears::Nothing;
    }
    if announced.is_audit {
        return all_if(who.grant.allows(Operation::ReadAudit));
    }
    if !announced.changes.is_empty() {
        let open: Vec<&Changed> = announced
            .changes
            .iter()
            .filter(|change| may_read(&who.grant, &change.subject.kind, None))
            .collect();
        return if open.is_empty() {
            Hears::Nothing
        } else {
            Hears::Changes(open)
        };
    }
    let addressed = own_rooms(who)
        .iter()
        .any(|room| announced.rooms.contains(room));
    let patient = announced.patient.as_deref();
    all_if(addressed || may_read(&who.grant, &announced.subject.kind, patient))
}

fn all_if(heard: bool) -> Hears<'static> {
    if heard { Hears::All } else { Hears::Nothing }
}

/// Whether a record of this type, of this patient, is within reach. What is not an R4 type is not.
fn may_read(grant: &Grant, kind: &str, patient: Option<&str>) -> bool {
    let Some(kind) = ResourceType::from_name(kind) else {
        return false;
    };
    let Decision::Allowed(reaches) = grant.decide(kind, Interaction::Read) else {
        return false;
    };
    let of_patient =
        |one: &Compartment| one.resource_type == ResourceType::PATIENT && patient == Some(&*one.id);
    reaches.iter().any(|reach| {
        reach.criteria.is_empty()
            && reach
                .compartments
                .as_deref()
                .is_none_or(|all| all.iter().any(of_patient))
    })
}

#[cfg(test)]
mod tests {
    use mt_access::{Confinement, HeldRole, LaunchContext, Scopes};
    use mt_kernel::{Actor, Instant, TenantId};
    use uuid::Uuid;

    use super::*;
    use crate::Subject;

    fn who(grant: Grant) -> Authenticated {
        Authenticated {
            tenant: TenantId(1),
            actor: Actor {
                id: Arc::from("u1"),
                fhir_user: Some(Arc::from("Practitioner/d1")),
                ..Actor::system("test")
            },
            grant,
            credential: [0; 32],
            client_key: 0,
        }
    }

    fn holding(roles: &[Role], own: &[&str]) -> Authenticated {
        let own = own.iter().map(|id| Arc::from(*id)).collect();
        who(Grant::new(
            roles.to_vec(),
            None,
            own,
            LaunchContext::default(),
        ))
    }

    fn announced(kind: &str, patient: &str) -> Announcement {
        Announcement {
            tenant: TenantId(1),
            id: Uuid::nil(),
            name: "test.v1",
            at: Instant(0),
            subject: Subject {
                kind: kind.to_owned(),
                id: "1".to_owned(),
                version: 1,
            },
            patient: Some(Arc::from(patient)),
            rooms: vec![Room::Organisation],
            changes: Vec::new(),
            is_audit: false,
        }
    }

    #[test]
    fn a_patient_hears_of_the_own_record_alone() {
        let patient = holding(&[Role::Patient], &["p1"]);
        assert_eq!(hears(&patient, &announced("Appointment", "p1")), Hears::All);
        assert_eq!(
            hears(&patient, &announced("Appointment", "p2")),
            Hears::Nothing
        );
        assert_eq!(
            hears(&patient, &announced("Provenance2", "p1")),
            Hears::Nothing
        );
    }

    #[test]
    fn another_tenant_hears_nothing() {
        let mut doctor = holding(&[Role::Doctor], &[]);
        assert_eq!(hears(&doctor, &announced("Observation", "p1")), Hears::All);
        doctor.tenant = TenantId(2);
        assert_eq!(
            hears(&doctor, &announced("Observation", "p1")),
            Hears::Nothing
        );
    }

    #[test]
    fn an_administrator_hears_of_no_chart_and_of_the_trail() {
        let admin = holding(&[Role::OrgAdmin], &[]);
        assert_eq!(
            hears(&admin, &announced("Observation", "p1")),
            Hears::Nothing
        );
        assert_eq!(hears(&admin, &announced("Appointment", "p1")), Hears::All);
        let mut trail = announced("Login", "p1");
        trail.is_audit = true;
        assert_eq!(hears(&admin, &trail), Hears::All);
        assert_eq!(
            hears(&holding(&[Role::Doctor], &[]), &trail),
            Hears::Nothing
        );
    }

    #[test]
    fn who_is_confined_to_patients_hears_of_those() {
        let mut held = HeldRole::plain(Role::Nurse);
        held.confinement = Some(Confinement {
            patients: Arc::from([Compartment::patient(Arc::from("p1"))]),
            locations: Vec::new(),
        });
        let grant = Grant::holding(vec![held], None, Vec::new(), LaunchContext::default());
        let nurse = who(grant);
        assert_eq!(hears(&nurse, &announced("Observation", "p1")), Hears::All);
        assert_eq!(
            hears(&nurse, &announced("Observation", "p2")),
            Hears::Nothing
        );
    }

    #[test]
    fn a_token_with_search_constraints_hears_nothing_that_they_could_hide() {
        let scopes = Scopes::parse("user/Observation.rs?category=laboratory").unwrap();
        let grant = Grant::new(
            vec![Role::Doctor],
            Some(scopes),
            Vec::new(),
            LaunchContext::default(),
        );
        let observation = announced("Observation", "p1");
        assert_eq!(hears(&who(grant), &observation), Hears::Nothing);
    }

    #[test]
    fn of_a_transaction_only_open_types_are_heard() {
        let change = |kind: &str| Changed {
            subject: Subject {
                kind: kind.to_owned(),
                id: "1".to_owned(),
                version: 1,
            },
            action: "create".to_owned(),
        };
        let mut transaction = announced("Bundle", "");
        transaction.changes = vec![change("Appointment"), change("Observation")];
        let admin = holding(&[Role::OrgAdmin], &[]);
        let heard = hears(&admin, &transaction);
        assert_eq!(heard, Hears::Changes(vec![&transaction.changes[0]]));
        let patient = holding(&[Role::Patient], &["p1"]);
        assert_eq!(hears(&patient, &transaction), Hears::Nothing);
    }

    #[test]
    fn what_is_addressed_to_somebody_is_heard() {
        let mut task = announced("Task2", "p2");
        task.rooms.push(Room::User(Arc::from("d1")));
        assert_eq!(hears(&holding(&[Role::Nurse], &[]), &task), Hears::All);
    }
}
