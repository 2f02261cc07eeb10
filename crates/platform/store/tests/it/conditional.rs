//! Conditional changes and transactions.

use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_store::{Action, Batch, Change, Content, Effect, StoreError, Target};
use mt_testkit::{TestStore, query, resources};

const PATIENT: ResourceType = ResourceType::PATIENT;

fn own(text: &str) -> Content {
    Content::Own(Box::new(Doc::parse(text, &Limits::default()).unwrap()))
}

fn create_unless(text: &str, criteria: &str) -> Change {
    let action = Action::Create {
        content: own(text),
        if_none_exist: Some(query(criteria)),
    };
    Change {
        resource_type: PATIENT,
        full_url: None,
        action,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_conditional_creates_make_one_resource() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let text = resources::patient_with_identifier("Same", "http://x.org", "1");
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (store, caller, text) = (test.store.clone(), test.caller(tenant), text.clone());
        tasks.push(tokio::spawn(async move {
            let change = create_unless(&text, "Patient?identifier=http://x.org|1");
            store.commit_one(&caller, change).await.unwrap()
        }));
    }
    let mut effects = Vec::new();
    for task in tasks {
        effects.push(task.await.unwrap().effect);
    }
    assert_eq!(
        effects
            .iter()
            .filter(|effect| **effect == Effect::Created)
            .count(),
        1
    );
    assert_eq!(
        effects
            .iter()
            .filter(|effect| **effect == Effect::Matched)
            .count(),
        7
    );
    let caller = test.caller(tenant);
    assert_eq!(
        test.search(&caller, "Patient?identifier=http://x.org|1")
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_resolves_references_between_entries_and_by_criteria() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let known = resources::patient_with_identifier("Known", "http://x.org", "7");
    let known = test.create(&caller, &known).await;
    let urn = "urn:uuid:0193f0a2-7c1e-7b3a-9c4d-2f6e8a1b0c3d";
    let mut batch = Batch::new();
    batch.push(Change {
        resource_type: ResourceType::OBSERVATION,
        full_url: None,
        action: Action::Create {
            content: own(&format!(
                r#"{{"resourceType":"Observation","subject":{{"reference":"{urn}"}},"performer":[{{"reference":"Patient?identifier=http://x.org|7"}}]}}"#
            )),
            if_none_exist: None,
        },
    });
    batch.push(Change {
        resource_type: PATIENT,
        full_url: Some(urn.to_owned()),
        action: Action::Create {
            content: own(&resources::patient("New")),
            if_none_exist: None,
        },
    });
    let done = test.store.commit(&caller, batch).await.unwrap();
    let body = String::from_utf8_lossy(&done[0].body).into_owned();
    assert!(
        body.contains(&format!(r#""reference":"Patient/{}""#, done[1].id)),
        "{body}"
    );
    assert!(
        body.contains(&format!(r#""reference":"Patient/{}""#, known.id)),
        "{body}"
    );
    let by_chain = test
        .search(&caller, "Observation?subject:Patient.name=new")
        .await
        .unwrap();
    assert_eq!(by_chain, [done[0].id.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_entry_leaves_nothing_of_a_transaction() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let mut batch = Batch::new();
    let action = Action::Create {
        content: own(&resources::patient("Lost")),
        if_none_exist: None,
    };
    batch.push(Change {
        resource_type: PATIENT,
        full_url: None,
        action,
    });
    let action = Action::Delete {
        target: Target::Id("a".to_owned()),
        if_match: Some(3),
    };
    batch.push(Change {
        resource_type: PATIENT,
        full_url: None,
        action,
    });
    let refused = test.store.commit(&caller, batch).await;
    assert!(
        matches!(refused, Err(StoreError::Entry { entry: 1, .. })),
        "{refused:?}"
    );
    assert!(
        test.search(&caller, "Patient?name=lost")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_entries_for_one_resource_are_refused() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let mut batch = Batch::new();
    for _ in 0..2 {
        let action = Action::Delete {
            target: Target::Id("a".to_owned()),
            if_match: None,
        };
        batch.push(Change {
            resource_type: PATIENT,
            full_url: None,
            action,
        });
    }
    assert!(test.store.commit(&caller, batch).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn conditional_updates_and_deletes_act_on_the_one_match() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let text = resources::patient_with_identifier("First", "http://x.org", "1");
    let change = |content: &str| Change {
        resource_type: PATIENT,
        full_url: None,
        action: Action::Update {
            target: Target::Criteria(Box::new(query("Patient?identifier=http://x.org|1"))),
            content: own(content),
            if_match: None,
            upsert: true,
        },
    };
    let first = test.store.commit_one(&caller, change(&text)).await.unwrap();
    assert_eq!(first.effect, Effect::Created);
    let text = resources::patient_with_identifier("Second", "http://x.org", "1");
    let second = test.store.commit_one(&caller, change(&text)).await.unwrap();
    assert_eq!(
        (second.effect, second.version, &second.id),
        (Effect::Updated, 2, &first.id)
    );
    test.create(&caller, &text).await;
    let several = test.store.commit_one(&caller, change(&text)).await;
    assert!(matches!(several, Err(StoreError::MultipleMatches)));
    let action = Action::Delete {
        target: Target::Criteria(Box::new(query("Patient?identifier=http://x.org|none"))),
        if_match: None,
    };
    let change = Change {
        resource_type: PATIENT,
        full_url: None,
        action,
    };
    assert_eq!(
        test.store.commit_one(&caller, change).await.unwrap().effect,
        Effect::Absent
    );
}
