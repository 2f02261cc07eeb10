//! Consents, as they are enforced on reads and searches.

use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_search::{ParseOptions, Query, Scope};
use mt_store::{Caller, StoreError};
use serde_json::{Value, json};

use crate::office::Office;

fn consent(id: &str, status: &str, provision: &Value) -> Value {
    json!({
        "resourceType": "Consent", "id": id, "status": status,
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "patient": {"reference": "Patient/p"}, "provision": provision,
    })
}

async fn clinic() -> Office {
    let office = Office::open().await;
    office.patients(&["p", "q"]).await;
    for patient in ["p", "q"] {
        office.put(&json!({"resourceType": "Observation", "id": format!("o-{patient}"), "status": "final",
            "code": {"text": "x"}, "subject": {"reference": format!("Patient/{patient}")}})).await;
    }
    office
}

async fn sees(office: &Office, caller: &Caller, id: &str) -> bool {
    match office
        .store
        .read(caller, ResourceType::OBSERVATION, id)
        .await
    {
        Ok(_) => true,
        Err(StoreError::NotFound) => false,
        Err(error) => panic!("{error}"),
    }
}

async fn found(office: &Office, caller: &Caller) -> usize {
    let registry = office.store.tenants().params(office.tenant).await.unwrap();
    let options = ParseOptions::at(caller.ctx.now);
    let scope = Scope::resource(ResourceType::OBSERVATION);
    let query = Query::parse(&registry, scope, &[], &options).unwrap();
    let page = office.store.search(caller, &query, None).await.unwrap();
    page.entries.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_holds_from_the_next_request_on_and_no_longer_than_it_is_active() {
    let office = clinic().await;
    let caller = office.caller("doctor").await;
    assert!(sees(&office, &caller, "o-p").await);
    let deny = json!({"type": "deny"});
    office.put(&consent("c", "active", &deny)).await;
    let caller = office.caller("doctor").await;
    assert!(!sees(&office, &caller, "o-p").await);
    assert!(sees(&office, &caller, "o-q").await);
    assert_eq!(found(&office, &caller).await, 1);
    office.put(&consent("c", "inactive", &deny)).await;
    let caller = office.caller("doctor").await;
    assert!(sees(&office, &caller, "o-p").await);
    assert_eq!(found(&office, &caller).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_kept_from_their_own_record_and_an_emergency_opens_one_patient() {
    let office = clinic().await;
    let deny = json!({"type": "deny"});
    office.put(&consent("c", "active", &deny)).await;
    let mut other = consent("d", "active", &deny);
    other["patient"]["reference"] = "Patient/q".into();
    office.put(&other).await;
    let own = office.caller("patient").await;
    assert!(sees(&office, &own, "o-p").await);
    assert!(!sees(&office, &own, "o-q").await);
    let broken = [Arc::from("p")];
    let glass = office.caller_in_emergency("doctor", &broken).await;
    assert!(sees(&office, &glass, "o-p").await);
    assert!(
        !sees(&office, &glass, "o-q").await,
        "the glass over q is whole"
    );
    let after = office.caller("doctor").await;
    assert!(!sees(&office, &after, "o-p").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_may_speak_of_teams_whose_members_change() {
    let office = clinic().await;
    let team = |member: &str| {
        json!({"resourceType": "CareTeam", "id": "t", "subject": {"reference": "Patient/p"},
        "participant": [{"member": {"reference": member}}]})
    };
    office.put(&team("Practitioner/other")).await;
    let permit = json!({"type": "permit", "actor": [{"reference": {"reference": "CareTeam/t"}}]});
    let consent = consent(
        "c",
        "active",
        &json!({"type": "deny", "provision": [permit]}),
    );
    office.put(&consent).await;
    let outside = office.caller("doctor").await;
    assert!(!sees(&office, &outside, "o-p").await);
    office.put(&team("Practitioner/d")).await;
    let inside = office.caller("doctor").await;
    assert!(sees(&office, &inside, "o-p").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_hand_is_not_asked_for_again() {
    let office = clinic().await;
    office
        .put(&consent("c", "active", &json!({"type": "deny"})))
        .await;
    let ctx = office.ctx("doctor");
    let answer = async || office.store.withheld(&ctx, &[]).await.unwrap();
    let unrelated = json!({"resourceType": "Observation", "id": "o-2", "status": "final", "code": {"text": "x"}});
    // While nobody can tell what other processes changed, everything is asked anew: as long as the transaction log has
    // not told of the consent yet, and when the look at it is late.
    for _ in 0..200 {
        let first = answer().await;
        assert!(!first.is_empty());
        let again = answer().await;
        office.put(&unrelated).await;
        if Arc::ptr_eq(&first, &again) && Arc::ptr_eq(&first, &answer().await) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it is worked out for every request, or an observation changes consents");
}
