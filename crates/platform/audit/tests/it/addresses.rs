//! From where something was done: kept, found again, and told to those whose business it is.

use std::net::IpAddr;
use std::sync::Arc;

use mt_audit::{Detail, Entry, Event, EventCode, Filter, Kind, audit_event};
use mt_fhir::ResourceType;
use mt_kernel::{Actor, OpCtx};
use mt_store::from_address;
use serde_json::Value;

use crate::fixture::{Fixture, ONE, TWO, ctx, read};

const CLINIC: &str = "198.51.100.7";
const HOME: &str = "2001:db8::9";

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// The patient `p-1`, acting for themself.
fn patient(n: usize) -> OpCtx {
    let actor = Actor {
        id: "p".into(),
        fhir_user: Some("Patient/p-1".into()),
        ..Actor::system("portal")
    };
    OpCtx {
        actor,
        ..ctx(ONE, n)
    }
}

/// A read at the clinic, one from home by the patient, and one by a job.
async fn filled() -> Fixture {
    let fixture = Fixture::new().await;
    let enter = |ctx: OpCtx| {
        let audit = Arc::clone(&fixture.audit);
        async move {
            let detail = read(&ctx, ResourceType::PATIENT, "p-1");
            audit.enter(&ctx, Kind::Read, &detail).unwrap();
        }
    };
    from_address(address(CLINIC), enter(ctx(ONE, 1))).await;
    from_address(address(HOME), enter(patient(2))).await;
    enter(ctx(ONE, 3)).await;
    fixture.logged(ONE, 3).await;
    fixture
}

async fn found(fixture: &Fixture, filter: Filter) -> Vec<Entry> {
    let listed = fixture.audit.list(&ctx(ONE, 9), &filter, 50, None).await;
    let mut entries = listed.unwrap().entries;
    // The lists themselves are entered as well, from nowhere.
    entries.retain(|entry| entry.kind == Kind::Read);
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_found_by_the_address_that_they_came_from() {
    let fixture = filled().await;
    for (asked, expected) in [(CLINIC, 1), (HOME, 1), ("198.51.100.70", 0), ("::1", 0)] {
        let filter = Filter {
            address: address(asked),
            ..Filter::default()
        };
        let entries = found(&fixture, filter).await;
        assert_eq!(entries.len(), expected, "{asked}");
        assert!(
            entries
                .iter()
                .all(|entry| entry.detail.address == address(asked))
        );
    }
    let all = found(&fixture, Filter::default()).await;
    let addresses: Vec<_> = all.iter().map(|entry| entry.detail.address).collect();
    assert_eq!(addresses, [None, address(HOME), address(CLINIC)]);
    let networks: Vec<Value> = all.iter().map(network).collect();
    assert_eq!(networks[0], Value::Null);
    assert_eq!(networks[1]["address"], HOME);
    assert_eq!(networks[2]["address"], CLINIC);
    assert_eq!(networks[2]["type"], "2");
}

/// The network of the client in the entry's FHIR form.
fn network(entry: &Entry) -> Value {
    let event: Value = serde_json::from_slice(&audit_event(entry, "MediTrack")).unwrap();
    event["agent"][0]["network"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn patients_learn_from_where_they_acted_and_not_where_others_work() {
    let fixture = filled().await;
    let within = || Filter {
        within: Some(vec!["p-1".to_owned()]),
        ..Filter::default()
    };
    let seen = found(&fixture, within()).await;
    let addresses: Vec<_> = seen.iter().map(|entry| entry.detail.address).collect();
    assert_eq!(addresses, [None, address(HOME), None]);
    for (asked, expected) in [(HOME, 1), (CLINIC, 0)] {
        let filter = Filter {
            address: address(asked),
            ..within()
        };
        assert_eq!(found(&fixture, filter).await.len(), expected, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_stands_in_the_database_in_the_clear() {
    let fixture = Fixture::new().await;
    let far = "203.0.113.201";
    let ctx = ctx(TWO, 1);
    let login = async { fixture.audit.record(&ctx, &Event::done(EventCode::Login)) };
    from_address(address(far), login).await.unwrap();
    fixture.logged(TWO, 1).await;
    let known = Detail::new(&ctx).address;
    assert_eq!(known, None, "outside of the request there is none");
    for (table, column) in [("records.audit", "detail"), ("audit.checkpoint", "note")] {
        let bytes = if column == "note" {
            "convert_to(note, 'UTF8')"
        } else {
            column
        };
        let hidden = format!(
            "select count(*) from {table} where position('\\xcb0071c9'::bytea in {bytes}) > 0 \
             or position('{far}'::bytea in {bytes}) > 0"
        );
        assert_eq!(fixture.ask(&hidden).await, 0, "{table}");
    }
}
