//! History of one resource, of a type, of everything.

use mt_fhir::ResourceType;
use mt_store::{Caller, HistoryOf, HistoryQuery, Page};
use mt_testkit::{TestStore, resources};

const PATIENT: ResourceType = ResourceType::PATIENT;

fn all(of: HistoryOf<'_>) -> HistoryQuery<'_> {
    HistoryQuery {
        of,
        since: None,
        at: None,
        count: 3,
        cursor: None,
    }
}

async fn pages(test: &TestStore, caller: &Caller, query: HistoryQuery<'_>) -> Vec<(String, u32)> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let query = HistoryQuery {
            cursor: cursor.as_deref(),
            ..query
        };
        let Page { entries, next, .. } = test.store.history(caller, &query).await.unwrap();
        found.extend(
            entries
                .iter()
                .map(|e| (e.resource.id.to_string(), e.resource.version)),
        );
        cursor = next;
        if cursor.is_none() {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_newest_first_over_pages_and_names_deletions() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let put = async |active: bool| {
        test.clock.advance_seconds(1);
        let caller = test.caller(tenant);
        let text = format!(r#"{{"resourceType":"Patient","id":"p","active":{active}}}"#);
        test.put(&caller, &text, None).await.unwrap();
    };
    for round in 0..5 {
        put(round % 2 == 0).await;
    }
    test.clock.advance_seconds(1);
    let caller = test.caller(tenant);
    test.delete(&caller, PATIENT, "p").await.unwrap();
    test.create(&caller, &resources::patient("Other")).await;
    let own = pages(&test, &caller, all(HistoryOf::Instance(PATIENT, "p"))).await;
    assert_eq!(
        own.iter().map(|(_, version)| *version).collect::<Vec<_>>(),
        [6, 5, 4, 3, 2, 1]
    );
    let of_type = pages(&test, &caller, all(HistoryOf::Type(PATIENT))).await;
    assert_eq!(of_type.len(), 7);
    assert_ne!(of_type[0].0, "p");
    assert_eq!(of_type[1..], own[..]);
    assert_eq!(pages(&test, &caller, all(HistoryOf::System)).await, of_type);
    let none = all(HistoryOf::Type(ResourceType::OBSERVATION));
    assert!(pages(&test, &caller, none).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_one_tenant_is_refused_to_another() {
    let test = TestStore::new().await;
    let (a, b) = (test.tenant("a").await, test.tenant("b").await);
    let (a, b) = (test.caller(a), test.caller(b));
    for _ in 0..5 {
        test.create(&a, &resources::patient("X")).await;
    }
    let query = all(HistoryOf::System);
    let next = test.store.history(&a, &query).await.unwrap().next.unwrap();
    for caller in [&b, &a] {
        let other = HistoryQuery {
            cursor: Some(&next),
            of: if caller.ctx.tenant == a.ctx.tenant {
                HistoryOf::Type(PATIENT)
            } else {
                query.of
            },
            ..query
        };
        assert!(test.store.history(caller, &other).await.is_err());
    }
}
