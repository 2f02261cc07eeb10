//! Merging two records of one person, and undoing it.

use mt_access::Role;
use mt_fhir::ResourceType;
use mt_kernel::ErrorKind;
use mt_patients::{Activity, Merge, Merged, PatientView, PatientsError, Unmerge};
use serde_json::{Value, json};

use crate::world::{Practice, kind, named};

impl Practice {
    async fn merge(
        &self,
        stays: &PatientView,
        goes: &PatientView,
    ) -> Result<Merged, PatientsError> {
        let merge = Merge {
            source: goes.id.clone(),
            source_version: goes.version,
            details: None,
            reason: "the same person".to_owned(),
        };
        self.patients
            .merge(&self.admin(), &stays.id, stays.version, &merge)
            .await
    }

    async fn unmerge(&self, stays: &str, goes: &str) -> Result<Merged, PatientsError> {
        let unmerge = Unmerge {
            source: goes.to_owned(),
            reason: "two people after all".to_owned(),
        };
        self.patients.unmerge(&self.admin(), stays, &unmerge).await
    }

    /// What a patient holds, without version and time.
    async fn content(&self, id: &str) -> Value {
        let system = self.test.caller(self.tenant);
        let stored = self
            .test
            .store
            .read(&system, ResourceType::PATIENT, id)
            .await
            .unwrap();
        let mut patient: Value = serde_json::from_slice(&stored.body).unwrap();
        patient.as_object_mut().unwrap().remove("meta");
        patient
    }
}

async fn pair(practice: &Practice) -> (PatientView, PatientView) {
    let one = practice.register(named("John", "Smith")).await.unwrap();
    let mut other = named("Jon", "Smyth");
    other["birthDate"] = json!("1980-01-02");
    (one, practice.register(other).await.unwrap())
}

#[tokio::test]
async fn a_merge_links_both_records_and_its_undoing_restores_them() {
    let practice = Practice::new().await;
    let (stays, goes) = pair(&practice).await;
    let before = (
        practice.content(&stays.id).await,
        practice.content(&goes.id).await,
    );
    let system = practice.test.caller(practice.tenant);
    let note = format!(
        r#"{{"resourceType":"Condition","id":"c","subject":{{"reference":"Patient/{}"}}}}"#,
        goes.id
    );
    practice.test.put(&system, &note, None).await.unwrap();

    let merged = practice.merge(&stays, &goes).await.unwrap();
    assert!(merged.patient.active && !merged.source.active);
    assert_eq!(merged.patient.replaces, std::slice::from_ref(&goes.id));
    assert_eq!(merged.source.replaced_by.as_ref(), Some(&stays.id));
    // The other's number finds the one that stays, and is nobody's current number twice.
    assert_eq!(
        merged
            .patient
            .numbers
            .iter()
            .filter(|number| number.current)
            .count(),
        1
    );
    let desk = practice.desk();
    assert_eq!(
        practice.found(&desk, &goes.numbers[0].value).await,
        ["John Smith"]
    );
    // What referred to it still does, and both records say whose it is.
    let records = practice
        .patients
        .same_person(&desk, &stays.id)
        .await
        .unwrap();
    assert_eq!(records, [stays.id.clone(), goes.id.clone()]);
    let both = format!("Condition?patient={}", records.join(","));
    assert_eq!(practice.test.search(&system, &both).await.unwrap().len(), 1);
    assert!(practice.patients.read(&desk, &goes.id).await.is_ok());
    let provenance = format!("Provenance?target=Patient/{}", goes.id);
    assert_eq!(
        practice
            .test
            .search(&system, &provenance)
            .await
            .unwrap()
            .len(),
        1
    );

    let parted = practice.unmerge(&stays.id, &goes.id).await.unwrap();
    assert!(parted.patient.replaces.is_empty() && parted.source.active);
    let after = (
        practice.content(&stays.id).await,
        practice.content(&goes.id).await,
    );
    assert_eq!(after, before);
    assert_eq!(
        kind(practice.unmerge(&stays.id, &goes.id).await),
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn details_are_chosen_field_by_field_and_what_is_changed_later_outlives_the_undoing() {
    let practice = Practice::new().await;
    let (stays, goes) = pair(&practice).await;
    let mut details = stays.details.clone();
    details.birth_date.clone_from(&goes.details.birth_date);
    let merge = Merge {
        source: goes.id.clone(),
        source_version: goes.version,
        details: Some(details.clone()),
        reason: "the same person".to_owned(),
    };
    let admin = practice.admin();
    let merged = practice
        .patients
        .merge(&admin, &stays.id, 1, &merge)
        .await
        .unwrap();
    assert_eq!(merged.patient.details, details);
    details.phone = Some("+1 555 123 4567".to_owned());
    let later = practice
        .patients
        .correct(&practice.admin(), &stays.id, 2, &details)
        .await
        .unwrap();
    assert_eq!(later.version, 3);
    let parted = practice.unmerge(&stays.id, &goes.id).await.unwrap();
    assert_eq!(parted.patient.details.birth_date, None);
    assert_eq!(parted.patient.details.phone, details.phone);
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused() {
    let practice = Practice::new().await;
    let (a, b) = pair(&practice).await;
    let c = practice.register(named("Jo", "Smits")).await.unwrap();
    assert_eq!(kind(practice.merge(&a, &a).await), ErrorKind::Invalid);
    let elsewhere = practice.test.tenant("elsewhere").await;
    let stranger = practice.caller_of(elsewhere, Role::OrgAdmin, &[]);
    let merge = Merge {
        source: b.id.clone(),
        source_version: 1,
        details: None,
        reason: "x".to_owned(),
    };
    let across = practice.patients.merge(&stranger, &a.id, 1, &merge).await;
    assert_eq!(kind(across), ErrorKind::NotFound);
    let silent = Merge {
        reason: String::new(),
        ..merge.clone()
    };
    let silent = practice
        .patients
        .merge(&practice.admin(), &a.id, 1, &silent)
        .await;
    assert_eq!(kind(silent), ErrorKind::Invalid);
    let stale = practice
        .patients
        .merge(&practice.admin(), &a.id, 7, &merge)
        .await;
    assert_eq!(kind(stale), ErrorKind::Precondition);

    let merged = practice.merge(&a, &b).await.unwrap();
    assert_eq!(
        kind(practice.merge(&c, &merged.source).await),
        ErrorKind::Conflict
    );
    assert_eq!(
        kind(practice.merge(&merged.source, &c).await),
        ErrorKind::Conflict
    );
    let why = Activity {
        reason: "use it again".to_owned(),
    };
    let revived = practice
        .patients
        .activate(&practice.admin(), &b.id, &why)
        .await;
    assert_eq!(kind(revived), ErrorKind::Conflict);
    assert_eq!(
        kind(practice.unmerge(&c.id, &b.id).await),
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn what_is_booked_goes_along_with_a_merge_and_comes_back_when_it_is_undone() {
    let practice = Practice::new().await;
    let (stays, goes) = pair(&practice).await;
    let system = practice.test.caller(practice.tenant);
    let book = async |id: &str, whose: &str, start: &str, status: &str| {
        let text = format!(
            r#"{{"resourceType":"Appointment","id":"{id}","status":"{status}","start":"{start}","participant":[
                {{"actor":{{"reference":"Patient/{whose}","display":"Smyth"}},"status":"accepted"}},
                {{"actor":{{"reference":"Practitioner/x"}},"status":"accepted"}}]}}"#
        );
        practice.test.put(&system, &text, None).await.unwrap();
    };
    book("soon", &goes.id, "2090-01-02T10:00:00Z", "booked").await;
    book("waits", &goes.id, "2090-01-03T10:00:00Z", "waitlist").await;
    book("was", &goes.id, "2020-01-02T10:00:00Z", "booked").await;
    book("off", &goes.id, "2090-01-02T10:00:00Z", "cancelled").await;
    book("own", &stays.id, "2090-01-04T10:00:00Z", "booked").await;
    let of = async |whose: &str| {
        let query = format!("Appointment?patient=Patient/{whose}");
        let mut ids = practice.test.search(&system, &query).await.unwrap();
        ids.sort();
        ids
    };
    let merged = practice.merge(&stays, &goes).await.unwrap();
    let mut went = merged.appointments.clone();
    went.sort();
    assert_eq!(went, ["soon", "waits"]);
    assert_eq!(of(&stays.id).await, ["own", "soon", "waits"]);
    assert_eq!(of(&goes.id).await, ["off", "was"]);

    practice.unmerge(&stays.id, &goes.id).await.unwrap();
    assert_eq!(of(&stays.id).await, ["own"]);
    assert_eq!(of(&goes.id).await, ["off", "soon", "waits", "was"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_records_that_are_merged_into_each_other_at_once_are_merged_one_way() {
    let practice = Practice::new().await;
    let one = practice.register(named("Ada", "Byron")).await.unwrap();
    let other = practice.register(named("Grace", "Hopper")).await.unwrap();
    let admin = practice.admin();
    let merge = |source: &str| mt_patients::Merge {
        source: source.to_owned(),
        source_version: 1,
        details: None,
        reason: "the same person".to_owned(),
    };
    let (into_one, into_other) = (merge(&other.id), merge(&one.id));
    let (first, second) = tokio::join!(
        practice.patients.merge(&admin, &one.id, 1, &into_one),
        practice.patients.merge(&admin, &other.id, 1, &into_other)
    );
    let won = [&first, &second].iter().filter(|one| one.is_ok()).count();
    assert_eq!(won, 1, "{first:?} {second:?}");
    let refused = first.and(second).unwrap_err().kind();
    assert!(matches!(
        refused,
        ErrorKind::Precondition | ErrorKind::Conflict
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_facility_gives_a_patient_one_number_however_often_it_is_asked_at_once() {
    let practice = Practice::new().await;
    let ada = practice.register(named("Ada", "Byron")).await.unwrap();
    let desk = practice.desk();
    let all = (0..6).map(|_| {
        practice
            .patients
            .add_number(&desk, &ada.id, "Organization/f")
    });
    let all = futures::future::join_all(all).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{all:?}");
    let seen = practice.patients.read(&desk, &ada.id).await.unwrap();
    assert_eq!(seen.numbers.len(), 2);
}
