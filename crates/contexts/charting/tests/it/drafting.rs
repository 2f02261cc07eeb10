//! What somebody typed and has not saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use mt_access::Role;
use mt_api::Caller;
use mt_charting::{ChartingError, Draft, KeptDraft};
use mt_kernel::ErrorKind;

use crate::world::{Ward, kind};

/// A day in seconds.
const DAY: i64 = 86_400;

fn typed(words: &str) -> Draft {
    Draft {
        visit: Some("v".to_owned()),
        fields: BTreeMap::from([("plan".to_owned(), words.to_owned())]),
    }
}

/// The doctor of an account of their own.
fn account(ward: &Ward, name: &str) -> Caller {
    let mut caller = ward.doctor();
    caller.ctx.actor.id = Arc::from(name);
    caller
}

async fn keep(
    ward: &Ward,
    caller: &Caller,
    seen: u32,
    words: &str,
) -> Result<KeptDraft, ChartingError> {
    let charting = &ward.charting;
    charting
        .keep_draft(caller, ("p", "new"), seen, typed(words))
        .await
}

#[tokio::test]
async fn what_was_typed_is_there_after_a_year_for_its_author_alone() {
    let ward = Ward::new().await;
    let doctor = account(&ward, "one");
    let kept = keep(&ward, &doctor, 0, "Rest").await.unwrap();
    assert_eq!(kept.version, 1);
    ward.test.clock.advance_seconds(366 * DAY);
    let doctor = account(&ward, "one");
    let found = ward.charting.draft(&doctor, "p", "new").await.unwrap();
    assert_eq!(
        (&found.visit, &found.fields),
        (&typed("Rest").visit, &typed("Rest").fields)
    );
    let all = ward.charting.drafts(&doctor).await.unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|one| {
            (
                one.patient.as_str(),
                one.place.as_str(),
                one.visit.as_deref(),
            )
        })
        .collect();
    assert_eq!(all, [("p", "new", Some("v"))]);

    let other = account(&ward, "two");
    assert_eq!(
        kind(ward.charting.draft(&other, "p", "new").await),
        ErrorKind::NotFound
    );
    assert!(ward.charting.drafts(&other).await.unwrap().is_empty());
    ward.charting
        .discard_draft(&other, "p", "new")
        .await
        .unwrap();
    ward.charting.draft(&doctor, "p", "new").await.unwrap();
    ward.charting
        .discard_draft(&doctor, "p", "new")
        .await
        .unwrap();
    assert_eq!(
        kind(ward.charting.draft(&doctor, "p", "new").await),
        ErrorKind::NotFound
    );
    // Gone is gone, however often it is asked for.
    ward.charting
        .discard_draft(&doctor, "p", "new")
        .await
        .unwrap();
}

#[tokio::test]
async fn two_windows_do_not_overwrite_each_other() {
    let ward = Ward::new().await;
    let doctor = account(&ward, "one");
    keep(&ward, &doctor, 0, "Rest").await.unwrap();
    assert_eq!(
        kind(keep(&ward, &doctor, 0, "Run").await),
        ErrorKind::Precondition
    );
    assert_eq!(
        keep(&ward, &doctor, 1, "Rest and fluids")
            .await
            .unwrap()
            .version,
        2
    );
    assert_eq!(
        kind(keep(&ward, &doctor, 1, "Run").await),
        ErrorKind::Precondition
    );
    let found = ward.charting.draft(&doctor, "p", "new").await.unwrap();
    assert_eq!(found.fields, typed("Rest and fluids").fields);
    // What was discarded in one window does not come back from another.
    ward.charting
        .discard_draft(&doctor, "p", "new")
        .await
        .unwrap();
    assert_eq!(
        kind(keep(&ward, &doctor, 2, "Run").await),
        ErrorKind::Precondition
    );
    let (left, right) = futures::join!(keep(&ward, &doctor, 0, "a"), keep(&ward, &doctor, 0, "b"));
    assert_eq!(left.is_ok() as u8 + right.is_ok() as u8, 1, "one begins it");
}

#[tokio::test]
async fn number_and_length_are_bounded_and_age_is_not() {
    let ward = Ward::new().await;
    let doctor = account(&ward, "one");
    let long = "x".repeat(200_001);
    assert_eq!(
        kind(keep(&ward, &doctor, 0, &long).await),
        ErrorKind::Invalid
    );
    for place in ["", "a/b", &"x".repeat(81)] {
        let refused = ward
            .charting
            .keep_draft(&doctor, ("p", place), 0, typed("x"))
            .await;
        assert_eq!(kind(refused), ErrorKind::Invalid, "{place}");
    }
    let mut many = typed("x");
    many.fields = (0..61).map(|n| (format!("f{n}"), String::new())).collect();
    let refused = ward
        .charting
        .keep_draft(&doctor, ("p", "new"), 0, many)
        .await;
    assert_eq!(kind(refused), ErrorKind::Invalid);
    for n in 0..200 {
        let place = format!("note.{n}");
        ward.charting
            .keep_draft(&doctor, ("p", &place), 0, typed("x"))
            .await
            .unwrap();
    }
    assert_eq!(
        kind(keep(&ward, &doctor, 0, "one more").await),
        ErrorKind::Conflict
    );
    // What is kept can be gone on with, and others have bounds of their own.
    ward.charting
        .keep_draft(&doctor, ("p", "note.7"), 1, typed("y"))
        .await
        .unwrap();
    keep(&ward, &account(&ward, "two"), 0, "mine")
        .await
        .unwrap();
    ward.charting
        .discard_draft(&doctor, "p", "note.7")
        .await
        .unwrap();
    keep(&ward, &doctor, 0, "one more").await.unwrap();
}

#[tokio::test]
async fn a_draft_is_about_a_patient_within_reach_and_goes_with_the_patients_record() {
    let ward = Ward::new().await;
    let doctor = account(&ward, "one");
    let nobody = ward
        .charting
        .keep_draft(&doctor, ("nobody", "new"), 0, typed("x"))
        .await;
    assert_eq!(kind(nobody), ErrorKind::NotFound);
    keep(&ward, &doctor, 0, "Rest").await.unwrap();
    // Whoever may not read the patient any more does not read what the draft repeats of the chart.
    let mut patient = ward.caller(Role::Patient, "Patient/other");
    patient.ctx.actor.id = Arc::from("one");
    let refused = ward.charting.draft(&patient, "p", "new").await;
    assert!(matches!(
        kind(refused),
        ErrorKind::NotFound | ErrorKind::Forbidden
    ));
    let keys = ward.test.store.tenants().keys(ward.tenant).await.unwrap();
    let tx = ward
        .test
        .store
        .database()
        .tenant(ward.tenant)
        .await
        .unwrap();
    let gone = mt_charting::forget_patient(&tx, &keys, "p").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(gone, 1);
    assert!(ward.charting.drafts(&doctor).await.unwrap().is_empty());
}
