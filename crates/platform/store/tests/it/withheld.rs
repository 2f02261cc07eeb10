//! What a consent withholds shows nowhere: not in reads, counts, chains, `_has`, includes or history.

use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_kernel::{ErrorKind, Instant};
use mt_search::{ParamRegistry, ParseOptions, Query, Scope, decode_pairs};
use mt_store::{AccessFilter, Caller, HistoryOf, HistoryQuery, Total};
use mt_testkit::{TestStore, query, resources};

/// Everything of a type in the compartment of a patient that `criteria` match.
fn of_patient(id: &str, resource_type: ResourceType, criteria: &str) -> Query {
    let scope = Scope::compartment(Compartment::Patient, id, Some(resource_type));
    let pairs = decode_pairs(criteria).unwrap();
    let options = ParseOptions::at(Instant(0));
    Query::parse(&ParamRegistry::official(), scope, &pairs, &options).unwrap()
}

struct Clinic {
    test: TestStore,
    all: Caller,
    /// Patients one and two, then two observations of each.
    ids: Vec<String>,
}

async fn clinic() -> Clinic {
    let test = TestStore::new().await;
    let all = test.caller(test.tenant("a").await);
    let mut ids = Vec::new();
    for name in ["Open", "Closed"] {
        let text = resources::patient_with_identifier(name, "http://mrn", name);
        ids.push(test.create(&all, &text).await.id.to_string());
    }
    for patient in [0, 1] {
        for (code, day) in [("8480-6", "2020-01-01"), ("8462-4", "2021-06-01")] {
            let text = resources::observation(&ids[patient], code, day, 120.0, "mm[Hg]");
            ids.push(test.create(&all, &text).await.id.to_string());
        }
    }
    Clinic { test, all, ids }
}

impl Clinic {
    /// A caller from whom `types` of the second patient are withheld where `criteria` match.
    fn without(&self, types: &[ResourceType], criteria: &str) -> Caller {
        let filter = types
            .iter()
            .fold(AccessFilter::everything(), |filter, kind| {
                filter.withhold(*kind, of_patient(&self.ids[1], *kind, criteria))
            });
        Caller {
            access: Arc::new(filter),
            ..self.all.clone()
        }
    }

    async fn found(&self, caller: &Caller, text: &str) -> Vec<usize> {
        let found = self.test.search(caller, text).await.unwrap();
        let place = |id: &String| self.ids.iter().position(|one| one == id).unwrap();
        let mut places: Vec<usize> = found.iter().map(place).collect();
        places.sort_unstable();
        places
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_record_is_found_by_no_search() {
    let clinic = clinic().await;
    let (patient, observation) = (ResourceType::PATIENT, ResourceType::OBSERVATION);
    let caller = clinic.without(&[patient, observation], "");
    for (text, expected) in [
        ("Patient?name=closed", &[][..]),
        ("Patient?_sort=name", &[0]),
        ("Observation?code=8480-6", &[2]),
        ("Observation?date=ge2021", &[3]),
        ("Observation?subject:Patient.name=closed", &[]),
        ("Observation?subject:Patient.name=open", &[2, 3]),
        ("Patient?_has:Observation:patient:code=8462-4", &[0]),
    ] {
        assert_eq!(clinic.found(&caller, text).await, expected, "{text}");
    }
    let counted = query("Observation?code=8480-6&_total=accurate");
    let page = clinic
        .test
        .store
        .search(&caller, &counted, None)
        .await
        .unwrap();
    assert_eq!(page.total, Some(Total::Accurate(1)));
    let included = query("Observation?_include=Observation:subject&_count=10");
    let page = clinic
        .test
        .store
        .search(&caller, &included, None)
        .await
        .unwrap();
    assert!(
        page.entries
            .iter()
            .all(|entry| *entry.resource.id != *clinic.ids[1])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_patient_is_included_nowhere_while_the_observation_may_be_seen() {
    let clinic = clinic().await;
    let caller = clinic.without(&[ResourceType::PATIENT], "");
    let included = query("Observation?_include=Observation:subject&_count=10");
    let page = clinic
        .test
        .store
        .search(&caller, &included, None)
        .await
        .unwrap();
    let ids: Vec<&str> = page
        .entries
        .iter()
        .map(|entry| &*entry.resource.id)
        .collect();
    assert!(ids.contains(&clinic.ids[4].as_str()) && !ids.contains(&clinic.ids[1].as_str()));
    let back = query("Patient?_revinclude=Observation:subject&_count=10");
    let caller = clinic.without(&[ResourceType::OBSERVATION], "");
    let page = clinic
        .test
        .store
        .search(&caller, &back, None)
        .await
        .unwrap();
    assert_eq!(
        page.entries.len(),
        4,
        "two patients and the observations of one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_record_reads_like_one_that_does_not_exist() {
    let clinic = clinic().await;
    let observation = ResourceType::OBSERVATION;
    let caller = clinic.without(&[observation], "");
    let store = &clinic.test.store;
    for (place, visible) in [(2, true), (3, true), (4, false), (5, false)] {
        let id = &clinic.ids[place];
        let read = store.read(&caller, observation, id).await;
        let old = store.vread(&caller, observation, id, 1).await;
        let query = HistoryQuery {
            of: HistoryOf::Instance(observation, id),
            since: None,
            at: None,
            count: 10,
            cursor: None,
        };
        let history = store.history(&caller, &query).await.unwrap();
        assert_eq!(history.entries.len(), usize::from(visible));
        for answer in [read, old] {
            match answer {
                Ok(_) => assert!(visible),
                Err(error) => assert!(!visible && error.kind() == ErrorKind::NotFound),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_criteria_name_is_withheld() {
    let clinic = clinic().await;
    let observation = ResourceType::OBSERVATION;
    for (criteria, expected) in [
        ("code=8480-6", &[2, 3, 5][..]),
        ("date=ge2021-01-01", &[2, 3, 4]),
        ("code=8480-6&date=ge2021-01-01", &[2, 3, 4, 5]),
        (
            "_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R",
            &[2, 3, 4, 5],
        ),
        ("code:text=nothing", &[2, 3, 4, 5]),
    ] {
        let caller = clinic.without(&[observation], criteria);
        assert_eq!(
            clinic.found(&caller, "Observation").await,
            expected,
            "{criteria}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_consents_are_heard_of_in_every_process() {
    let clinic = clinic().await;
    let tenant = clinic.all.ctx.tenant;
    let (here, there) = (&clinic.test.store, clinic.test.second().await);
    assert_eq!(here.changes(tenant, ResourceType::OBSERVATION), None);
    let consent = ResourceType::CONSENT;
    let before = (
        here.changes(tenant, consent),
        there.changes(tenant, consent),
    );
    assert_eq!(before, (Some(0), Some(0)));
    let text = r#"{"resourceType":"Consent","status":"active"}"#;
    clinic.test.create(&clinic.all, text).await;
    assert!(here.changes(tenant, consent) > before.0, "at once");
    for _ in 0..200 {
        if there.changes(tenant, consent) > before.1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the other process never hears of it");
}
