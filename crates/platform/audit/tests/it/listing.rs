//! Who did what: by time, person, record, outcome; as FHIR; of one tenant alone; never in the clear.

use std::collections::BTreeSet;
use std::sync::Arc;

use mt_audit::{
    Detail, Effect, Entry, Event, EventCode, Filter, Kind, Outcome, Touched, audit_event,
};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use mt_validator::{Level, NoTerminology, Options, Profiles, Validator};

use crate::fixture::{Fixture, ONE, START, TWO, ctx, read};

/// All pages of a listing.
async fn listed(fixture: &Fixture, tenant: TenantId, filter: &Filter) -> Vec<Entry> {
    let (mut entries, mut cursor) = (Vec::new(), None);
    loop {
        let page = fixture
            .audit
            .list(&ctx(tenant, 99), filter, 7, cursor)
            .await
            .unwrap();
        entries.extend(page.entries);
        match page.next {
            Some(next) => cursor = Some(next.to_string().parse().unwrap()),
            None => return entries,
        }
    }
}

/// Twenty reads a tenant, three searches, a refusal and a break-glass.
async fn filled() -> Fixture {
    let fixture = Fixture::with_reads(20).await;
    for n in 20..23 {
        let ctx = ctx(ONE, n);
        let query = Some("name=Cassandra".to_owned());
        let search = Detail {
            query,
            ..read(&ctx, ResourceType::OBSERVATION, "o-1")
        };
        fixture.audit.enter(&ctx, Kind::Search, &search).unwrap();
    }
    let refused = ctx(ONE, 23);
    let fault = Fault::new(ErrorKind::Forbidden, "not in the care team");
    let outcome = Outcome::of(Some(&fault));
    let detail = Detail {
        outcome,
        ..read(&refused, ResourceType::PATIENT, "p-3")
    };
    fixture.audit.enter(&refused, Kind::Read, &detail).unwrap();
    let glass = Event {
        reason: Some("unconscious"),
        resources: &[(ResourceType::PATIENT, Arc::from("p-3"))],
        ..Event::done(EventCode::BreakGlass)
    };
    fixture.audit.record(&ctx(ONE, 24), &glass).unwrap();
    fixture.logged(ONE, 25).await;
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_found_by_every_criterion_newest_first() {
    let fixture = filled().await;
    let at = |n: i64| Some(Instant(START + n * 1_000_000));
    let none = Filter::default;
    let patient = (ResourceType::PATIENT, "p-3".to_owned());
    for (filter, expected) in [
        (
            Filter {
                until: at(25),
                ..none()
            },
            25,
        ),
        (
            Filter {
                from: at(5),
                until: at(10),
                ..none()
            },
            5,
        ),
        (
            Filter {
                actor: Some("login-1".to_owned()),
                until: at(20),
                ..none()
            },
            7,
        ),
        (
            Filter {
                fhir_user: Some("Practitioner/2".to_owned()),
                until: at(20),
                ..none()
            },
            6,
        ),
        (
            Filter {
                patient: Some("p-3".to_owned()),
                ..none()
            },
            3,
        ),
        (
            Filter {
                patient: Some("p-3".to_owned()),
                kind: Some(Kind::Read),
                ..none()
            },
            2,
        ),
        (
            Filter {
                resource: Some(patient.clone()),
                ..none()
            },
            3,
        ),
        (
            Filter {
                resource: Some(patient),
                refused: Some(true),
                ..none()
            },
            1,
        ),
        (
            Filter {
                kind: Some(Kind::Search),
                ..none()
            },
            3,
        ),
        (
            Filter {
                event: Some(EventCode::BreakGlass),
                ..none()
            },
            1,
        ),
        (
            Filter {
                refused: Some(true),
                ..none()
            },
            1,
        ),
        (
            Filter {
                patient: Some("nobody".to_owned()),
                ..none()
            },
            0,
        ),
    ] {
        let found = listed(&fixture, ONE, &filter).await;
        assert_eq!(found.len(), expected, "{filter}");
        assert!(found.is_sorted_by_key(|entry| std::cmp::Reverse((entry.at, entry.seq))));
        let distinct: BTreeSet<i64> = found.iter().map(|entry| entry.seq).collect();
        assert_eq!(distinct.len(), expected, "{filter}");
    }
    let uses = Filter {
        event: Some(EventCode::TrailUse),
        ..none()
    };
    fixture.logged(ONE, 40).await;
    assert!(
        listed(&fixture, ONE, &uses).await.len() > 12,
        "the use of the trail is entered"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_tenant_shows_in_another() {
    let fixture = filled().await;
    for filter in [
        Filter {
            refused: Some(true),
            ..Filter::default()
        },
        Filter {
            kind: Some(Kind::Search),
            ..Filter::default()
        },
        Filter {
            event: Some(EventCode::BreakGlass),
            ..Filter::default()
        },
    ] {
        assert_eq!(listed(&fixture, TWO, &filter).await, []);
    }
    let until = Some(Instant(START + 30_000_000));
    let all = listed(
        &fixture,
        TWO,
        &Filter {
            until,
            ..Filter::default()
        },
    )
    .await;
    assert_eq!(
        all.iter().filter(|entry| entry.kind == Kind::Read).count(),
        20
    );
    let foreign = fixture
        .ask("select min(seq) from records.audit where tenant = 1")
        .await;
    assert_eq!(
        fixture.audit.entry(&ctx(TWO, 0), foreign).await.unwrap(),
        None
    );
    assert!(
        fixture
            .audit
            .entry(&ctx(ONE, 0), foreign)
            .await
            .unwrap()
            .is_some()
    );
    let shared = "select count(*) from audit.mention a join audit.mention b using (token) \
                  where a.tenant = 1 and b.tenant = 2";
    assert_eq!(
        fixture.ask(shared).await,
        0,
        "the same record hashes alike in two tenants"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_events_are_valid_fhir() {
    let fixture = filled().await;
    let until = Some(Instant(START + 25_000_000));
    let entries = listed(
        &fixture,
        ONE,
        &Filter {
            until,
            ..Filter::default()
        },
    )
    .await;
    let profiles = Arc::new(Profiles::default());
    let validator = Validator::new(profiles, Arc::new(NoTerminology));
    let options = Options {
        level: Level::Write,
        profiles: &[],
        now: Instant(START),
    };
    for entry in &entries {
        let json = audit_event(entry, "MediTrack");
        let doc = Doc::parse(json.clone(), &Limits::default()).unwrap();
        let issues = validator.validate(doc.root(), &options);
        let errors: Vec<_> = issues.iter().filter(|issue| issue.is_error()).collect();
        assert!(
            errors.is_empty(),
            "{errors:?} in {}",
            String::from_utf8_lossy(&json)
        );
    }
    let search = entries
        .iter()
        .find(|entry| entry.kind == Kind::Search)
        .unwrap();
    let event: serde_json::Value =
        serde_json::from_slice(&audit_event(search, "MediTrack")).unwrap();
    assert_eq!(event["entity"][1]["query"], "bmFtZT1DYXNzYW5kcmE=");
    assert_eq!(event["subtype"][0]["code"], "search");
    let refused = entries
        .iter()
        .find(|entry| entry.detail.outcome.is_refusal())
        .unwrap();
    let event: serde_json::Value =
        serde_json::from_slice(&audit_event(refused, "MediTrack")).unwrap();
    assert_eq!(
        (&event["outcome"], &event["action"]),
        (&"4".into(), &"R".into())
    );
    assert_eq!(event["agent"][2]["who"]["reference"], "Practitioner/2");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_and_no_row_of_the_trail_shows_what_it_says() {
    let fixture = Fixture::new().await;
    let ctx = ctx(ONE, 0);
    let query = Some("name=Cassandra-Canary".to_owned());
    let detail = Detail {
        query,
        ..read(&ctx, ResourceType::PATIENT, "canary-patient")
    };
    for _ in 0..50 {
        fixture.audit.enter(&ctx, Kind::Search, &detail).unwrap();
    }
    fixture.logged(ONE, 50).await;
    let mut bytes = Vec::new();
    let mut folders = vec![fixture.audit.directory().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                bytes.extend(std::fs::read(path).unwrap());
            }
        }
    }
    assert!(bytes.len() > 50 * 100, "the journal still holds the notes");
    let (client, _driver) = fixture.test.admin().connect().await.unwrap();
    for table in [
        "records.audit",
        "audit.mention",
        "audit.checkpoint",
        "audit.tile",
    ] {
        let sql = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        let text: String = client.query_one(&sql, &[]).await.unwrap().get(0);
        bytes.extend(text.into_bytes());
    }
    for canary in ["anary", "assandra", "login-0", "Practitioner"] {
        let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
        for needle in [canary.as_bytes(), hex.as_bytes()] {
            assert!(
                !bytes.windows(needle.len()).any(|window| window == needle),
                "{canary}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_sees_what_is_about_them_and_nothing_of_others() {
    let fixture = Fixture::new().await;
    let ctx = ctx(ONE, 0);
    let both = Detail {
        resources: ["p-1", "p-2"]
            .map(|id| Touched {
                resource_type: ResourceType::PATIENT,
                id: id.into(),
                version: 1,
                effect: Effect::Shown,
            })
            .to_vec(),
        query: Some("name=Cassandra".to_owned()),
        ..Detail::new(&ctx)
    };
    fixture.audit.enter(&ctx, Kind::Search, &both).unwrap();
    fixture.logged(ONE, 1).await;
    let within = |ids: &[&str]| Filter {
        within: Some(ids.iter().map(|id| (*id).to_owned()).collect()),
        ..Filter::default()
    };
    let found = listed(&fixture, ONE, &within(&["p-1"])).await;
    let [entry] = &found[..] else {
        panic!("one entry is about p-1")
    };
    assert_eq!(entry.detail.resources.len(), 1);
    assert_eq!(&*entry.detail.resources[0].id, "p-1");
    assert_eq!(entry.detail.query, None, "a query may name others");
    assert_eq!(entry.about, ["p-1".into()]);
    let json = String::from_utf8(audit_event(entry, "MediTrack")).unwrap();
    assert!(
        json.contains("PatientQuery") && !json.contains("p-2"),
        "{json}"
    );
    let seq = entry.seq;
    let own = ["p-2".to_owned()];
    let cut = fixture.audit.entry_within(&ctx, seq, &own).await.unwrap();
    assert_eq!(&*cut.unwrap().detail.resources[0].id, "p-2");
    let other = ["p-3".to_owned()];
    let none = fixture.audit.entry_within(&ctx, seq, &other).await.unwrap();
    assert_eq!(none, None);
    let narrower = Filter {
        patient: Some("p-2".to_owned()),
        ..within(&["p-1"])
    };
    assert_eq!(listed(&fixture, ONE, &narrower).await, []);
    assert_eq!(listed(&fixture, ONE, &within(&[])).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_reads_forwards_too_page_by_page() {
    let fixture = Fixture::with_reads(30).await;
    let filter = Filter {
        from: Some(Instant(START + 3_000_000)),
        until: Some(Instant(START + 20_000_000)),
        oldest_first: true,
        ..Filter::default()
    };
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = fixture
            .audit
            .list(&ctx(ONE, 0), &filter, 4, cursor)
            .await
            .unwrap();
        seen.extend(page.entries.iter().map(|entry| entry.at));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (3..20).map(|n| Instant(START + n * 1_000_000)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_follow_the_log_leaf_by_leaf_without_a_gap() {
    let fixture = Fixture::with_reads(20).await;
    let size = fixture.audit.log_size(ONE).await.unwrap();
    assert_eq!(size, 20);
    let (mut seen, mut at) = (Vec::new(), 0);
    while at < size {
        let (entries, next) = fixture.audit.follow_log(ONE, at, 7).await.unwrap();
        for logged in &entries {
            let patient = &logged.entry.detail.resources[0].id;
            let token = fixture.audit.patient_token(ONE, patient).unwrap();
            assert!(logged.patients.contains(&token));
        }
        seen.extend(entries.into_iter().map(|logged| logged.entry.seq));
        at = next;
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 20);
    let (rest, next) = fixture.audit.follow_log(ONE, at, 7).await.unwrap();
    assert!(rest.is_empty() && next == at);
}
