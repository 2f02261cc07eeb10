//! What grants open and what they keep closed.

use super::*;

fn grant(roles: &[Role], scopes: Option<&str>, own: &[&str], patient: Option<&str>) -> Grant {
    Grant::new(
        roles.to_vec(),
        scopes.map(|text| Scopes::parse(text).unwrap()),
        own.iter().map(|id| Arc::from(*id)).collect(),
        LaunchContext {
            patient: patient.map(Arc::from),
            encounter: None,
        },
    )
}

fn named(name: &str) -> ResourceType {
    ResourceType::from_name(name).unwrap()
}

#[test]
fn a_doctor_without_scopes_reads_the_whole_chart() {
    let doctor = grant(&[Role::Doctor], None, &[], None);
    assert!(
        doctor
            .decide(named("Observation"), Interaction::Search)
            .is_open()
    );
    assert_eq!(
        doctor.decide(named("AuditEvent"), Interaction::Read),
        Decision::Denied
    );
    assert_eq!(
        doctor.decide(named("Observation"), Interaction::Delete),
        Decision::Denied
    );
}

#[test]
fn scopes_only_ever_narrow() {
    let doctor = grant(
        &[Role::Doctor],
        Some("user/Observation.rs?category=laboratory"),
        &[],
        None,
    );
    let Decision::Allowed(reaches) = doctor.decide(named("Observation"), Interaction::Search)
    else {
        panic!("must be allowed");
    };
    assert_eq!(
        reaches[0].criteria,
        [("category".to_owned(), "laboratory".to_owned())]
    );
    assert_eq!(
        doctor.decide(named("Condition"), Interaction::Search),
        Decision::Denied
    );
    let greedy = grant(&[Role::Receptionist], Some("user/*.cruds"), &[], None);
    assert_eq!(
        greedy.decide(named("Observation"), Interaction::Read),
        Decision::Denied
    );
}

#[test]
fn a_patient_scope_binds_to_the_patient_in_context() {
    let app = grant(&[Role::Doctor], Some("patient/*.rs"), &[], Some("p1"));
    let Decision::Allowed(reaches) = app.decide(named("Condition"), Interaction::Read) else {
        panic!("must be allowed");
    };
    assert_eq!(
        reaches[0].compartments.as_ref().unwrap()[0].id.as_ref(),
        "p1"
    );
    assert!(
        app.decide(named("Practitioner"), Interaction::Read)
            .is_open()
    );
    let lost = grant(&[Role::Doctor], Some("patient/*.rs"), &[], None);
    assert_eq!(
        lost.decide(named("Condition"), Interaction::Read),
        Decision::Denied
    );
}

#[test]
fn a_patient_sees_only_the_own_record_even_when_another_is_in_context() {
    let own = grant(&[Role::Patient], Some("patient/*.rs"), &["p1"], Some("p1"));
    assert_ne!(
        own.decide(named("Condition"), Interaction::Read),
        Decision::Denied
    );
    let other = grant(&[Role::Patient], Some("patient/*.rs"), &["p1"], Some("p2"));
    assert_eq!(
        other.decide(named("Condition"), Interaction::Read),
        Decision::Denied
    );
}

#[test]
fn roles_are_a_union() {
    let both = grant(&[Role::Receptionist, Role::Auditor], None, &[], None);
    assert!(
        both.decide(named("AuditEvent"), Interaction::Search)
            .is_open()
    );
    assert!(
        both.decide(named("Appointment"), Interaction::Create)
            .is_open()
    );
    assert!(both.allows(Operation::ReadAudit) && !both.allows(Operation::Export));
}

#[test]
fn a_state_condition_stays_with_its_reach() {
    let technician = grant(&[Role::LabTechnician], None, &[], None);
    let Decision::Allowed(reaches) = technician.decide(named("Observation"), Interaction::Delete)
    else {
        panic!("must be allowed");
    };
    assert!(reaches[0].conditions.contains(&Condition::WithinHours(24)));
}

fn confined(role: Role, patients: &[&str], locations: &[&str]) -> Grant {
    let patients = patients
        .iter()
        .map(|id| Compartment::patient(Arc::from(*id)));
    let confinement = Confinement {
        patients: patients.collect(),
        locations: locations.iter().map(|id| Arc::from(*id)).collect(),
    };
    let held = HeldRole {
        confinement: Some(confinement),
        ..HeldRole::plain(role)
    };
    Grant::holding(vec![held], None, Vec::new(), LaunchContext::default())
}

fn patients_of(decision: &Decision) -> Vec<&str> {
    let Decision::Allowed(reaches) = decision else {
        return Vec::new();
    };
    let compartments = reaches
        .iter()
        .filter_map(|reach| reach.compartments.as_ref());
    compartments
        .flat_map(|all| all.iter().map(|one| one.id.as_ref()))
        .collect()
}

#[test]
fn a_confined_role_reaches_its_patients_and_what_is_about_nobody() {
    let doctor = confined(Role::Doctor, &["p1", "p2"], &[]);
    let chart = doctor.decide(named("Observation"), Interaction::Read);
    assert_eq!(patients_of(&chart), ["p1", "p2"]);
    assert!(!chart.is_open());
    assert!(
        doctor
            .decide(named("Practitioner"), Interaction::Read)
            .is_open()
    );
    assert!(
        doctor
            .decide(named("Patient"), Interaction::Create)
            .is_open()
    );
    assert_eq!(
        doctor.decide(named("Binary"), Interaction::Read),
        Decision::Denied
    );
    let alone = confined(Role::Doctor, &[], &[]);
    assert_eq!(
        alone.decide(named("Observation"), Interaction::Read),
        Decision::Denied
    );
}

#[test]
fn a_location_opens_its_own_records_besides_its_patients() {
    let desk = confined(Role::Receptionist, &["p1"], &["l1", "l2"]);
    let Decision::Allowed(reaches) = desk.decide(named("Appointment"), Interaction::Read) else {
        panic!("must be allowed");
    };
    let there = ("location".to_owned(), "Location/l1,Location/l2".to_owned());
    assert_eq!(reaches[1].criteria, [there]);
    let persons = desk.decide(named("Coverage"), Interaction::Read);
    assert_eq!(patients_of(&persons), ["p1"]);
}

#[test]
fn a_broken_glass_adds_a_patient_for_those_who_may_break_it() {
    let doctor = confined(Role::Doctor, &["p1"], &[]).with_emergencies(vec!["p9".into()]);
    let chart = doctor.decide(named("Observation"), Interaction::Read);
    assert_eq!(patients_of(&chart), ["p1", "p9"]);
    let desk = confined(Role::Receptionist, &["p1"], &[]).with_emergencies(vec!["p9".into()]);
    let persons = desk.decide(named("Patient"), Interaction::Read);
    assert_eq!(patients_of(&persons), ["p1"]);
}

#[test]
fn a_proxy_covers_what_its_scope_says_and_only_as_caregiver() {
    let mask = Mask::of([("Appointment", "crs"), ("Patient", "r")]).unwrap();
    let proxy = Proxy {
        patient: "child".into(),
        mask: Some(Arc::new(mask)),
    };
    let caregiver = grant(&[Role::Caregiver], None, &[], None).with_proxies(vec![proxy.clone()]);
    let seen = caregiver.decide(named("Appointment"), Interaction::Read);
    assert_eq!(patients_of(&seen), ["child"]);
    for (kind, interaction) in [
        ("Observation", Interaction::Read),
        ("Appointment", Interaction::Update),
        ("Communication", Interaction::Create),
    ] {
        assert_eq!(
            caregiver.decide(named(kind), interaction),
            Decision::Denied,
            "{kind}"
        );
    }
    let patient = grant(&[Role::Patient], None, &[], None).with_proxies(vec![proxy]);
    assert_eq!(
        patient.decide(named("Appointment"), Interaction::Read),
        Decision::Denied
    );
}

#[test]
fn operations_obey_scopes_as_interactions_do() {
    let with = |role, scopes: &str| grant(&[role], Some(scopes), &[], None);
    assert!(with(Role::OrgAdmin, "user/*.rs").allows(Operation::Export));
    assert!(with(Role::OrgAdmin, "user/Patient.rs?_id=1").allows(Operation::Export));
    assert!(!with(Role::OrgAdmin, "user/Patient.c").allows(Operation::Export));
    assert!(!with(Role::OrgAdmin, "patient/*.rs").allows(Operation::Export));
    assert!(with(Role::Doctor, "user/Patient.s").allows(Operation::Match));
    assert!(!with(Role::Doctor, "user/Observation.rs").allows(Operation::Match));
    assert!(!with(Role::Doctor, "patient/*.cruds").allows(Operation::BreakGlass));
    assert!(!with(Role::OrgAdmin, "user/*.rs").allows(Operation::ManageUsers));
    assert!(with(Role::OrgAdmin, "user/*.cruds").allows(Operation::ManageUsers));
    assert!(!with(Role::Auditor, "user/Observation.rs").allows(Operation::ReadAudit));
    assert!(!with(Role::Doctor, "openid").allows(Operation::Match));
}
