//! Searches against what was written.

use mt_store::{AccessFilter, Caller, Total};
use mt_testkit::{TestStore, query, resources};

async fn clinic() -> (TestStore, Caller, Vec<String>) {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let mut ids = Vec::new();
    for name in ["Müller", "Miller", "Smith"] {
        let text = resources::patient_with_identifier(name, "http://mrn", name);
        ids.push(test.create(&caller, &text).await.id.to_string());
    }
    for (patient, code, day, value) in [
        (0, "8480-6", "2020-01-01", 120.0),
        (0, "8480-6", "2021-06-01", 140.0),
        (0, "8462-4", "2021-06-01", 80.0),
        (1, "8480-6", "2022-03-04", 110.5),
    ] {
        let text = resources::observation(&ids[patient], code, day, value, "mm[Hg]");
        ids.push(test.create(&caller, &text).await.id.to_string());
    }
    (test, caller, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_parameter_finds_what_it_should() {
    let (test, caller, ids) = clinic().await;
    for (text, expected) in [
        ("Patient?name=mul", &[0][..]),
        ("Patient?name=MULLER", &[0]),
        ("Patient?family:exact=Müller", &[0]),
        ("Patient?family:exact=Muller", &[]),
        ("Patient?family:contains=ller", &[0, 1]),
        ("Patient?identifier=http://mrn|Smith", &[2]),
        ("Patient?identifier=smith", &[2]),
        ("Patient?name:missing=true", &[]),
        ("Observation?code=http://loinc.org|8480-6", &[3, 4, 6]),
        ("Observation?code=8480-6&date=ge2021", &[4, 6]),
        (
            "Observation?code=http://loinc.org|8480-6&date=ge2021&date=lt2022",
            &[4],
        ),
        ("Observation?code:not=http://loinc.org|8480-6", &[5]),
        ("Observation?date=2021-06-01", &[4, 5]),
        ("Observation?date=lt2021", &[3]),
        ("Observation?status=final", &[3, 4, 5, 6]),
        ("Observation?value-quantity=gt115", &[3, 4]),
        (
            "Observation?value-quantity=gt115|http://unitsofmeasure.org|mm[Hg]",
            &[3, 4],
        ),
        (
            "Observation?combo-value-quantity=lt100|http://unitsofmeasure.org|mm[Hg]",
            &[5],
        ),
        ("Observation?subject:Patient.name=miller", &[6]),
        (
            "Observation?patient.identifier=http://mrn|Müller&code=8462-4",
            &[5],
        ),
        ("Patient?_has:Observation:patient:code=8462-4", &[0]),
        (
            "Patient?_has:Observation:subject:code=http://loinc.org|8480-6",
            &[0, 1],
        ),
        ("Patient?_has:Observation:performer:code=8480-6", &[]),
        ("Observation?code-value-quantity=8480-6$gt130", &[4]),
    ] {
        let mut found = test
            .search(&caller, text)
            .await
            .unwrap_or_else(|e| panic!("{text}: {e}"));
        found.sort();
        let mut wanted: Vec<String> = expected.iter().map(|i| ids[*i].clone()).collect();
        wanted.sort();
        assert_eq!(found, wanted, "{text}");
    }
    for (text, expected) in [
        (format!("Observation?patient={}", ids[0]), vec![5, 4, 3]),
        (
            format!(
                "Observation?subject=Patient/{}&code=8480-6&_sort=-date&_count=1",
                ids[0]
            ),
            vec![4, 3],
        ),
        (
            format!("Observation?patient={}&_sort=date&_count=2", ids[1]),
            vec![6],
        ),
        (
            format!("Patient?_id={},{}&_sort=_lastUpdated", ids[2], ids[1]),
            vec![1, 2],
        ),
        (
            "Observation?_sort=-_lastUpdated&_count=1".to_owned(),
            vec![6, 5, 4, 3],
        ),
        (
            "Observation?_sort=date&_count=3".to_owned(),
            vec![3, 4, 5, 6],
        ),
        ("Patient?_sort=family&_count=1".to_owned(), vec![1, 0, 2]),
        ("Patient?_sort=-family".to_owned(), vec![2, 0, 1]),
        (
            "Observation?_sort=-value-quantity,date&_count=2".to_owned(),
            vec![4, 3, 6, 5],
        ),
    ] {
        let found = test
            .search(&caller, &text)
            .await
            .unwrap_or_else(|e| panic!("{text}: {e}"));
        let wanted: Vec<String> = expected.iter().map(|i| ids[*i].clone()).collect();
        if text.contains("_sort=date") || text.contains("patient=") && !text.contains("_sort") {
            let (mut a, mut b) = (found.clone(), wanted.clone());
            a.sort();
            b.sort();
            assert_eq!(a, b, "{text}");
        } else {
            assert_eq!(found, wanted, "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_count_what_pages_show() {
    let (test, caller, _) = clinic().await;
    for (text, total) in [
        (
            "Observation?code=http://loinc.org|8480-6&_total=accurate&_count=1",
            3,
        ),
        ("Observation?date=ge2021&_total=accurate", 3),
        ("Patient?family:contains=ller&_total=accurate&_count=1", 2),
        ("Patient?_summary=count", 3),
        ("Observation?_total=estimate", 4),
    ] {
        let page = test
            .store
            .search(&caller, &query(text), None)
            .await
            .unwrap();
        assert_eq!(page.total, Some(Total::Accurate(total)), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn includes_travel_with_their_matches() {
    let (test, caller, ids) = clinic().await;
    for (text, expected) in [
        (
            "Observation?code=8462-4&_include=Observation:subject",
            vec![5, 0],
        ),
        (
            "Patient?name=miller&_revinclude=Observation:patient",
            vec![1, 6],
        ),
        (
            "Patient?name=smith&_revinclude=Observation:patient",
            vec![2],
        ),
        (
            "Patient?name=miller&_revinclude=Observation:patient&_include:iterate=Observation:subject",
            vec![1, 6],
        ),
    ] {
        let found = test.search(&caller, text).await.unwrap();
        let wanted: Vec<String> = expected.iter().map(|i| ids[*i].clone()).collect();
        assert_eq!(found, wanted, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_holds_for_reads_searches_chains_and_includes() {
    let (test, caller, ids) = clinic().await;
    let of_first = |name: &str| {
        let mut query = query(name);
        query.compartment = Some(mt_search::query::CompartmentRef {
            compartment: mt_fhir::definitions::Compartment::Patient,
            id: ids[0].clone(),
        });
        query
    };
    let (patient, observation) = (
        mt_fhir::ResourceType::PATIENT,
        mt_fhir::ResourceType::OBSERVATION,
    );
    let filter = AccessFilter::nothing()
        .allow_matching(patient, of_first("Patient"))
        .allow_matching(observation, of_first("Observation"));
    let limited = Caller {
        access: std::sync::Arc::new(filter),
        ..caller.clone()
    };
    assert!(test.store.read(&limited, patient, &ids[0]).await.is_ok());
    assert!(test.store.read(&limited, patient, &ids[1]).await.is_err());
    assert!(
        test.store
            .read(&limited, observation, &ids[3])
            .await
            .is_ok()
    );
    assert!(
        test.store
            .read(&limited, observation, &ids[6])
            .await
            .is_err()
    );
    for (text, count) in [
        ("Patient", 1),
        ("Observation?code=8480-6", 2),
        ("Observation?subject:Patient.name=miller", 0),
        ("Patient?_has:Observation:patient:code=8480-6", 1),
        ("Patient?name=m&_revinclude=Observation:patient", 4),
        ("Organization", 0),
    ] {
        assert_eq!(
            test.search(&limited, text).await.unwrap().len(),
            count,
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_performed_and_whom_it_is_about_may_be_two_patients() {
    let (test, caller, ids) = clinic().await;
    let text = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},
        "subject":{{"reference":"Patient/{}"}},"performer":[{{"reference":"Patient/{}"}}]}}"#,
        ids[0], ids[1]
    );
    let created = test.create(&caller, &text).await.id.to_string();
    for of in ["subject:Patient.name=mul", "patient.name=mul"] {
        let search = format!("Observation?performer=Patient/{}&{of}", ids[1]);
        let found = test.search(&caller, &search).await.unwrap();
        assert_eq!(found, [created.as_str()], "{search}");
    }
}
