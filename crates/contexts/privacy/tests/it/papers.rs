//! What is kept, as the database keeps it.

use mt_kernel::{Instant, TenantName};
use mt_privacy::{
    Assessment, Disclosure, Factor, IncidentChange, IncidentState, Level, Notices, Privacy,
    PrivacyError, ReviewState, Rule, Settings, Wanted,
};

use crate::office::{NOON, Office};

fn low() -> Assessment {
    let factor = Factor {
        level: Level::Low,
        reasoning: "nothing left the ward".to_owned(),
    };
    Assessment {
        information: factor.clone(),
        recipient: factor.clone(),
        acquisition: factor.clone(),
        mitigation: factor,
    }
}

fn step(state: IncidentState) -> IncidentChange {
    IncidentChange {
        state: Some(state),
        why: Some("looked into".to_owned()),
        ..IncidentChange::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_goes_its_way_and_two_people_do_not_overwrite_each_other() {
    let office = Office::open().await;
    let (ctx, privacy) = (office.ctx("officer"), &office.privacy);
    let id = privacy
        .report_incident(&ctx, "a printout in the bin", vec!["p".to_owned()])
        .await
        .unwrap();
    let settings = Settings::default();
    let first = privacy.incident(&ctx, id).await.unwrap();
    assert_eq!((first.version, first.paper.rule), (1, Rule::Reported));
    assert_eq!(Privacy::clocks(&first.paper, &settings).len(), 2);
    let triage = privacy.change_incident(&ctx, id, 1, step(IncidentState::Triage));
    assert_eq!(triage.await.unwrap().version, 2);
    let late = privacy
        .change_incident(&ctx, id, 1, step(IncidentState::Triage))
        .await;
    assert!(matches!(late, Err(PrivacyError::Stale)), "{late:?}");
    let hasty = privacy
        .change_incident(&ctx, id, 2, step(IncidentState::Dismissed))
        .await;
    assert!(matches!(hasty, Err(PrivacyError::Refused(_))), "{hasty:?}");
    let assessed = IncidentChange {
        assessment: Some(low()),
        ..step(IncidentState::Confirmed)
    };
    let confirmed = privacy
        .change_incident(&ctx, id, 2, assessed)
        .await
        .unwrap();
    let told = IncidentChange {
        notices: Some(Notices {
            individuals: Some(NOON),
            authority: Some(NOON),
            media: None,
        }),
        ..step(IncidentState::Notified)
    };
    let told = privacy
        .change_incident(&ctx, id, confirmed.version, told)
        .await
        .unwrap();
    assert!(Privacy::clocks(&told.paper, &settings).is_empty());
    let closed = privacy.change_incident(&ctx, id, told.version, step(IncidentState::Closed));
    assert_eq!(closed.await.unwrap().paper.state, IncidentState::Closed);
    let wanted = Wanted {
        state: Some(IncidentState::Closed as i16),
        ..Wanted::default()
    };
    assert_eq!(privacy.incidents(&ctx, &wanted).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_come_in_pages_and_belong_to_one_organisation() {
    let office = Office::open().await;
    let (ctx, privacy) = (office.ctx("officer"), &office.privacy);
    for n in 0..5 {
        let mut ctx = ctx.clone();
        ctx.now = Instant(NOON + n);
        privacy
            .report_incident(&ctx, "something", Vec::new())
            .await
            .unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let wanted = Wanted {
            after,
            limit: 2,
            ..Wanted::default()
        };
        let page = privacy.incidents(&ctx, &wanted).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.at, last.id));
        seen.extend(page.iter().map(|kept| kept.at));
    }
    assert_eq!(seen, (0..5).rev().map(|n| NOON + n).collect::<Vec<_>>());
    let mut other = ctx.clone();
    let name = TenantName::parse("island").unwrap();
    other.tenant = office.store.tenants().create(&name).await.unwrap();
    assert!(
        privacy
            .incidents(&other, &Wanted::default())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn disclosures_are_accounted_for_six_years_and_to_their_patient_alone() {
    let office = Office::open().await;
    let (ctx, privacy) = (office.ctx("officer"), &office.privacy);
    let disclosure = |patient: &str, disclosed_at| Disclosure {
        patient: patient.to_owned(),
        disclosed_at,
        recipient: "Department of Health".to_owned(),
        what: "a case of measles".to_owned(),
        purpose: "public health".to_owned(),
        recorded_by: "officer".to_owned(),
    };
    let years = |n: i64| ctx.now.plus_seconds(-n * 366 * 86_400).0;
    for (patient, at) in [
        ("p", years(1)),
        ("p", years(5)),
        ("p", years(7)),
        ("q", years(1)),
    ] {
        privacy
            .record_disclosure(&ctx, disclosure(patient, at))
            .await
            .unwrap();
    }
    assert_eq!(privacy.disclosures(&ctx, "p").await.unwrap().len(), 2);
    assert_eq!(privacy.disclosures(&ctx, "nobody").await.unwrap().len(), 0);
    let future = privacy
        .record_disclosure(&ctx, disclosure("p", years(-1)))
        .await;
    assert!(matches!(future, Err(PrivacyError::Refused(_))));
    let mut silent = disclosure("p", years(1));
    silent.recipient = "  ".to_owned();
    let silent = privacy.record_disclosure(&ctx, silent).await;
    assert!(matches!(silent, Err(PrivacyError::Refused(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_stands_until_it_is_released_once() {
    let office = Office::open().await;
    let (ctx, privacy) = (office.ctx("officer"), &office.privacy);
    assert!(privacy.check_destruction(&ctx, None).await.is_ok());
    let id = privacy
        .place_hold(&ctx, Some("p".to_owned()), "case 7")
        .await
        .unwrap();
    assert!(privacy.check_destruction(&ctx, Some("p")).await.is_err());
    assert!(privacy.is_held(office.tenant).await.unwrap());
    assert!(privacy.check_destruction(&ctx, None).await.is_err());
    assert!(privacy.check_destruction(&ctx, Some("q")).await.is_ok());
    privacy.release_hold(&ctx, id).await.unwrap();
    assert!(privacy.check_destruction(&ctx, Some("p")).await.is_ok());
    assert!(!privacy.is_held(office.tenant).await.unwrap());
    let again = privacy.release_hold(&ctx, id).await;
    assert!(matches!(again, Err(PrivacyError::Refused(_))));
    let kept = privacy.holds(&ctx, &Wanted::default()).await.unwrap();
    assert_eq!(kept[0].paper.released.as_ref().unwrap().by, "officer");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_decisions_are_kept() {
    let office = Office::open().await;
    let (ctx, privacy) = (office.ctx("officer"), &office.privacy);
    assert_eq!(privacy.settings(&ctx).await.unwrap(), Settings::default());
    let other = Settings {
        most_patients: 7,
        ..Settings::default()
    };
    privacy.change_settings(&ctx, &other).await.unwrap();
    assert_eq!(privacy.settings(&ctx).await.unwrap(), other);
    let senseless = Settings {
        time_zone: "Mars/Olympus".to_owned(),
        ..other
    };
    assert!(privacy.change_settings(&ctx, &senseless).await.is_err());

    office.patients(&["p"]).await;
    office.look("doctor", &["p"]).await;
    office.judged().await;
    let (page, _) = privacy
        .entries(&ctx, &mt_audit::Filter::default(), 1, None)
        .await
        .unwrap();
    let seq = page.entries[0].seq;
    let blank = privacy.review(&ctx, seq, ReviewState::Escalated, " ").await;
    assert!(matches!(blank, Err(PrivacyError::Refused(_))));
    let nothing = privacy
        .review(&ctx, i64::MAX, ReviewState::Reviewed, "")
        .await;
    assert!(matches!(nothing, Err(PrivacyError::NotFound(_))));
    privacy
        .review(&ctx, seq, ReviewState::Escalated, "who is this?")
        .await
        .unwrap();
    let (entry, review) = privacy.entry(&ctx, seq).await.unwrap();
    assert_eq!(
        (entry.seq, review.unwrap().state),
        (seq, ReviewState::Escalated)
    );
    let (found, next) = privacy
        .decided(&ctx, ReviewState::Escalated, i64::MAX, 10)
        .await
        .unwrap();
    assert_eq!((found.len(), next), (1, None));
    privacy
        .review(&ctx, seq, ReviewState::Reviewed, "")
        .await
        .unwrap();
    let (found, _) = privacy
        .decided(&ctx, ReviewState::Escalated, i64::MAX, 10)
        .await
        .unwrap();
    assert!(found.is_empty());
}
