//! Every rule fires when it should and stays silent when it should.

use mt_audit::EventCode;
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_privacy::{IncidentState, Rule, Settings};
use serde_json::json;

use crate::office::{NIGHT, NOON, Office};

async fn with_settings(change: impl FnOnce(&mut Settings)) -> Office {
    let office = Office::open().await;
    let mut settings = Settings::default();
    change(&mut settings);
    let ctx = office.ctx("officer");
    office
        .privacy
        .change_settings(&ctx, &settings)
        .await
        .unwrap();
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_too_many_patients_is_noticed_once() {
    let office = with_settings(|settings| settings.most_patients = 3).await;
    office.patients(&["a", "b", "c", "d", "e"]).await;
    office.look("auditor", &["a", "b", "c"]).await;
    office.look("patient", &["a", "b", "c", "d", "e"]).await;
    office.look("doctor", &["a", "b", "c", "d"]).await;
    let found = office.found(Rule::MassAccess).await;
    assert_eq!(found.paper.actor, "doctor");
    assert_eq!(found.paper.fhir_user.as_deref(), Some("Practitioner/d"));
    // More of the same is the same incident.
    office.look("doctor", &["e"]).await;
    office.judged().await;
    let all = office.incidents(Rule::MassAccess).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].paper.affected, 5);
    assert_eq!(all[0].paper.patients.len(), 5);
    assert_eq!(all[0].paper.state, IncidentState::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn protected_own_and_family_records_are_nobodys_business_but_the_teams() {
    let office = Office::open().await;
    let act = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    office.patients(&["own", "plain", "relative"]).await;
    for id in ["vip", "cared"] {
        office.put(&json!({"resourceType": "Patient", "id": id, "meta": {"security": [{"system": act, "code": "VIP"}]}})).await;
    }
    office.put(&json!({"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "Patient/relative"}})).await;
    office
        .put(&json!({"resourceType": "Person", "id": "n", "link": [
        {"target": {"reference": "Practitioner/d"}}, {"target": {"reference": "Patient/own"}},
        {"target": {"reference": "RelatedPerson/r"}}]}))
        .await;
    office.put(&json!({"resourceType": "CareTeam", "id": "t", "subject": {"reference": "Patient/cared"},
        "participant": [{"member": {"reference": "Practitioner/d"}}]})).await;
    office
        .look("doctor", &["plain", "cared", "vip", "own", "relative"])
        .await;
    office.judged().await;
    for (rule, patient) in [
        (Rule::VipAccess, "vip"),
        (Rule::OwnRecord, "own"),
        (Rule::FamilyRecord, "relative"),
    ] {
        let found = office.incidents(rule).await;
        let named: Vec<&str> = found
            .iter()
            .flat_map(|kept| &kept.paper.patients)
            .map(String::as_str)
            .collect();
        assert_eq!(named, [patient], "{rule:?}");
        assert_eq!(found[0].paper.evidence.len(), 1, "{rule:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_at_night_and_storms_of_failed_sign_ins_are_noticed() {
    let office = with_settings(|settings| settings.failed_logins = 4).await;
    office.event(
        &office.ctx_at("officer", Instant(NOON)),
        EventCode::Export,
        None,
    );
    let wrong = Fault::new(ErrorKind::Unauthenticated, "wrong password");
    for n in 0..3 {
        let ctx = office.ctx_at("patient", Instant(NOON + n));
        office.event(&ctx, EventCode::Login, Some(&wrong));
    }
    office.judged().await;
    assert!(office.incidents(Rule::LoginStorm).await.is_empty());
    let exports = office.incidents(Rule::OffHoursExport).await;
    assert_eq!(exports.len(), 1, "the one of the night, not that of noon");
    assert_eq!(exports[0].paper.occurred, NIGHT);
    office.event(
        &office.ctx_at("patient", Instant(NOON + 9)),
        EventCode::Login,
        Some(&wrong),
    );
    let storm = office.found(Rule::LoginStorm).await;
    assert_eq!(
        (storm.paper.actor.as_str(), storm.paper.evidence.len()),
        ("patient", 4)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn patients_of_other_places_are_noticed_unless_cared_for() {
    let office = with_settings(|settings| settings.foreign_patients = 2).await;
    office.patients(&["here", "there", "far", "new"]).await;
    office.put(&json!({"resourceType": "PractitionerRole", "id": "w", "practitioner": {"reference": "Practitioner/d"},
        "location": [{"reference": "Location/north"}]})).await;
    for (id, patient, place) in [
        ("1", "here", "north"),
        ("2", "there", "south"),
        ("3", "far", "south"),
    ] {
        office
            .put(
                &json!({"resourceType": "Encounter", "id": id, "status": "finished",
            "class": {"code": "AMB"}, "subject": {"reference": format!("Patient/{patient}")},
            "location": [{"location": {"reference": format!("Location/{place}")}}]}),
            )
            .await;
    }
    office.look("doctor", &["here", "new", "there"]).await;
    office.judged().await;
    assert!(office.incidents(Rule::CrossLocation).await.is_empty());
    office.look("doctor", &["far"]).await;
    let found = office.found(Rule::CrossLocation).await;
    assert_eq!(found.paper.affected, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_access_that_nobody_reviewed_in_time_is_noticed() {
    let office = Office::open().await;
    let long_ago = Instant(NOON).plus_seconds(-100 * 3600);
    for at in [long_ago, long_ago.plus_seconds(1)] {
        office.event(&office.ctx_at("doctor", at), EventCode::BreakGlass, None);
    }
    // One is reviewed before the rules come by.
    let ctx = office.ctx("officer");
    let filter = mt_audit::Filter {
        event: Some(EventCode::BreakGlass),
        ..mt_audit::Filter::default()
    };
    let first = loop {
        let (page, _) = office
            .privacy
            .entries(&ctx, &filter, 10, None)
            .await
            .unwrap();
        if let [_, first] = &page.entries[..] {
            break first.seq;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let reviewed = mt_privacy::ReviewState::Reviewed;
    office
        .privacy
        .review(&ctx, first, reviewed, "unconscious")
        .await
        .unwrap();
    let found = office.found(Rule::UnreviewedBreakGlass).await;
    assert_ne!(found.paper.evidence, [first]);
    assert_eq!(office.incidents(Rule::UnreviewedBreakGlass).await.len(), 1);
    let said = mt_testkit::said(&office.store, office.tenant).await;
    let count = |name: &str| said.iter().filter(|event| event.name == name).count();
    assert_eq!(count("phi.access.emergency.v1"), 2);
    assert_eq!(count("phi.breach.detected.v1"), 1, "said once");
}
