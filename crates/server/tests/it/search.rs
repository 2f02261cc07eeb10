//! Searches over a small clinic whose answers were found by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::running::{Caller, Server, entries, link};

/// The clinic, written once.
fn clinic() -> Caller {
    static ONCE: std::sync::OnceLock<Caller> = std::sync::OnceLock::new();
    let written = || {
        let caller = Server::shared().clinic("search").caller.clone();
        records()
            .iter()
            .for_each(|record| drop(caller.store(record)));
        caller
    };
    ONCE.get_or_init(written).clone()
}

fn records() -> Vec<Value> {
    let mut records = people();
    records.extend(findings());
    records
}

fn people() -> Vec<Value> {
    vec![
        json!({ "resourceType": "Organization", "id": "north", "name": "North Clinic" }),
        json!({ "resourceType": "Organization", "id": "ward", "name": "Ward", "partOf": { "reference": "Organization/north" } }),
        json!({ "resourceType": "Organization", "id": "room", "name": "Room", "partOf": { "reference": "Organization/ward" } }),
        json!({ "resourceType": "Practitioner", "id": "house", "name": [{ "family": "House" }] }),
        json!({ "resourceType": "Patient", "id": "ann", "active": true, "gender": "female", "birthDate": "1980-02-29",
            "name": [{ "family": "Müller", "given": ["Ann", "Eva"] }], "identifier": [{ "system": "urn:mrn", "value": "A1" }],
            "managingOrganization": { "reference": "Organization/north" },
            "generalPractitioner": [{ "reference": "Practitioner/house" }],
            "telecom": [{ "system": "phone", "value": "555-0101" }] }),
        json!({ "resourceType": "Patient", "id": "bob", "active": false, "gender": "male", "birthDate": "1975",
            "name": [{ "family": "Mull" }], "identifier": [{ "system": "urn:mrn", "value": "B2" }, { "value": "bare" }],
            "managingOrganization": { "reference": "Organization/ward" } }),
        json!({ "resourceType": "Patient", "id": "cat", "gender": "female", "birthDate": "1980-03-01",
            "name": [{ "family": "Zorn", "given": ["Ann"] }], "deceasedBoolean": true }),
    ]
}

fn findings() -> Vec<Value> {
    let observation = |id: &str, code: &str, subject: &str, at: &str, more: Value| {
        let mut record = json!({ "resourceType": "Observation", "id": id, "status": "final",
            "code": { "coding": [{ "system": "http://loinc.org", "code": code }] },
            "subject": { "reference": format!("Patient/{subject}") }, "effectiveDateTime": at });
        record
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        record
    };
    let kg = |value: f64| json!({ "valueQuantity": { "value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg" } });
    let mut noted = kg(80.5);
    noted["note"] = json!([{ "text": "after lunch" }]);
    noted["performer"] = json!([{ "reference": "Practitioner/house" }]);
    vec![
        observation("w1", "29463-7", "ann", "2024-01-10", kg(60.0)),
        observation("w2", "29463-7", "ann", "2024-03-05T08:00:00Z", kg(62.5)),
        observation("w3", "29463-7", "bob", "2024-03-05T09:00:00+01:00", noted),
        observation(
            "g1",
            "2345-7",
            "ann",
            "2023",
            json!({ "valueQuantity": { "value": 5400, "unit": "mg",
            "system": "http://unitsofmeasure.org", "code": "mg" }, "hasMember": [{ "reference": "Observation/w1" }] }),
        ),
        observation(
            "t1",
            "8310-5",
            "bob",
            "2024-06-01",
            json!({ "status": "amended", "valueString": "warm" }),
        ),
        json!({ "resourceType": "Condition", "id": "flu", "subject": { "reference": "Patient/ann" },
            "code": { "coding": [{ "system": "http://snomed.info/sct", "code": "6142004" }], "text": "Influenza" },
            "recordedDate": "2024-01-11" }),
        json!({ "resourceType": "Condition", "id": "cold", "subject": { "reference": "Patient/bob" }, "code": { "text": "Common cold" } }),
        json!({ "resourceType": "RiskAssessment", "id": "low", "status": "final", "subject": { "reference": "Patient/ann" },
            "prediction": [{ "probabilityDecimal": 0.25 }] }),
        json!({ "resourceType": "RiskAssessment", "id": "high", "status": "final", "subject": { "reference": "Patient/bob" },
            "prediction": [{ "probabilityDecimal": 0.8 }] }),
        json!({ "resourceType": "ValueSet", "id": "colours", "status": "active", "url": "http://vs.example/colours/red" }),
        json!({ "resourceType": "Encounter", "id": "visit", "status": "finished", "class": { "code": "AMB" },
            "subject": { "reference": "Patient/ann" }, "period": { "start": "2024-01-10T08:00:00Z", "end": "2024-01-12T08:00:00Z" },
            "diagnosis": [{ "condition": { "reference": "Condition/flu" } }] }),
    ]
}

#[track_caller]
fn finds(caller: &Caller, search: &str, expected: &str) {
    let found: BTreeSet<String> = caller.found(search).into_iter().collect();
    let kind = search.split(['?', '/']).next().unwrap();
    let named = |id: &str| {
        if id.contains('/') {
            id.to_owned()
        } else {
            format!("{kind}/{id}")
        }
    };
    let expected: BTreeSet<String> = expected.split_whitespace().map(named).collect();
    assert_eq!(found, expected, "{search}");
}

#[test]
fn each_type_of_parameter_finds_what_it_should() {
    let caller = clinic();
    for (search, expected) in [
        ("Patient", "ann bob cat"),
        // token
        ("Patient?gender=female", "ann cat"),
        ("Patient?gender=female,male", "ann bob cat"),
        ("Patient?gender=female&active=true", "ann"),
        ("Patient?identifier=urn:mrn|A1", "ann"),
        ("Patient?identifier=A1,B2", "ann bob"),
        ("Patient?identifier=|bare", "bob"),
        ("Patient?identifier=urn:mrn|", "ann bob"),
        ("Patient?identifier=urn:other|A1", ""),
        ("Patient?gender:not=male", "ann cat"),
        ("Patient?deceased=true", "cat"),
        ("Patient?active:missing=true", "cat"),
        ("Patient?active:missing=false", "ann bob"),
        ("Observation?code=29463-7", "w1 w2 w3"),
        (
            "Observation?code=http://loinc.org|2345-7,http://loinc.org|8310-5",
            "g1 t1",
        ),
        ("Observation?status:not=final", "t1"),
        ("Condition?code:text=influ", "flu"),
        // string
        ("Patient?family=mull", "ann bob"),
        ("Patient?family=MÜLL", "ann bob"),
        ("Patient?family:exact=Mull", "bob"),
        ("Patient?family:exact=mull", ""),
        ("Patient?family:contains=orn", "cat"),
        ("Patient?name=ann", "ann cat"),
        ("Patient?given=eva&given=ann", "ann"),
        ("Patient?phone=555-0101", "ann"),
        // date
        ("Patient?birthdate=1980", "ann cat"),
        ("Patient?birthdate=1980-02", "ann"),
        ("Patient?birthdate=lt1980-03-01", "ann bob"),
        (
            "Patient?birthdate=ge1980-02-29&birthdate=le1980-02-29",
            "ann",
        ),
        ("Patient?birthdate=ne1980", "bob"),
        ("Observation?date=2024-03-05T08:00:00Z", "w2 w3"),
        ("Observation?date=sa2024-03-05", "t1"),
        ("Observation?date=eb2024", "g1"),
        ("Observation?date=2024-03-05", "w2 w3"),
        ("Encounter?date=2024-01-11", ""),
        ("Encounter?date=gt2024-01-11", "visit"),
        // number and quantity
        ("RiskAssessment?probability=0.25", "low"),
        ("RiskAssessment?probability=gt0.3", "high"),
        ("RiskAssessment?probability=lt0.3", "low"),
        ("Observation?value-quantity=gt61||kg", "w2 w3"),
        (
            "Observation?value-quantity=62.5|http://unitsofmeasure.org|kg",
            "w2",
        ),
        ("Observation?value-quantity=le60||kg", "w1"),
        (
            "Observation?value-quantity=5.4|http://unitsofmeasure.org|g",
            "g1",
        ),
        // reference
        ("Observation?subject=Patient/ann", "w1 w2 g1"),
        ("Observation?subject:Patient=bob", "w3 t1"),
        ("Observation?patient=ann,bob", "w1 w2 w3 g1 t1"),
        ("Observation?has-member=Observation/w1", "g1"),
        ("Organization?partof=north", "ward"),
        ("Patient?general-practitioner:missing=false", "ann"),
        // uri
        ("ValueSet?url=http://vs.example/colours/red", "colours"),
        ("ValueSet?url=http://vs.example/colours", ""),
        ("ValueSet?url:below=http://vs.example/colours", "colours"),
        // composite
        (
            "Observation?code-value-quantity=http://loinc.org|29463-7$gt62",
            "w2 w3",
        ),
        (
            "Observation?code-value-quantity=http://loinc.org|2345-7$gt1000000",
            "",
        ),
        // special
        ("Observation?_id=w1,t1", "w1 t1"),
        ("Observation?_lastUpdated=lt2000-01-01", ""),
    ] {
        finds(&caller, search, expected);
    }
}

#[test]
fn relations_between_records_are_followed_both_ways() {
    let caller = clinic();
    for (search, expected) in [
        ("Observation?subject:Patient.family=zorn", ""),
        ("Observation?subject:Patient.given=eva", "w1 w2 g1"),
        ("Observation?patient.gender=male", "w3 t1"),
        ("Observation?patient.organization.name=north", "w1 w2 g1"),
        (
            "Observation?patient.general-practitioner:Practitioner.family=house&code=29463-7",
            "w1 w2",
        ),
        ("Patient?_has:Observation:patient:code=8310-5", "bob"),
        (
            "Patient?_has:Observation:patient:code=2345-7&_has:Condition:patient:code=6142004",
            "ann",
        ),
        ("Organization?_has:Patient:organization:gender=male", "ward"),
        (
            "Organization?_has:Patient:organization:_has:Observation:patient:code=2345-7",
            "north",
        ),
        (
            "Observation?_id=w1&_include=Observation:subject",
            "w1 Patient/ann",
        ),
        (
            "Observation?_id=w1&_include=Observation:subject&_include:iterate=Patient:organization",
            "w1 Patient/ann Organization/north",
        ),
        (
            "Organization?_id=room&_include:iterate=Organization:partof",
            "room ward north",
        ),
        (
            "Patient?_id=bob&_revinclude=Observation:subject",
            "bob Observation/w3 Observation/t1",
        ),
        (
            "Patient?_id=bob&_revinclude=Observation:subject&_revinclude=Condition:subject",
            "bob Observation/w3 Observation/t1 Condition/cold",
        ),
        ("Encounter?_include=*", "visit Patient/ann Condition/flu"),
        (
            "Patient/ann/Observation",
            "Observation/w1 Observation/w2 Observation/g1",
        ),
        ("Patient/ann/Observation?code=2345-7", "Observation/g1"),
        ("Patient/bob/Encounter", ""),
        (
            "Patient/bob/*",
            "Patient/bob Observation/w3 Observation/t1 Condition/cold RiskAssessment/high",
        ),
    ] {
        finds(&caller, search, expected);
    }
}

#[test]
fn several_types_and_expressions_are_searched_at_once() {
    let caller = clinic();
    for (search, expected) in [
        (
            "?_type=Patient,Practitioner&_id=ann,house",
            "Patient/ann Practitioner/house",
        ),
        (
            "?_type=Condition,RiskAssessment",
            "Condition/flu Condition/cold RiskAssessment/low RiskAssessment/high",
        ),
        (
            "Patient?_filter=gender eq female and birthdate lt 1980-03-01",
            "ann",
        ),
        (
            "Patient?_filter=family sw \"mull\" or family eq \"zorn\"",
            "ann bob cat",
        ),
        ("Patient?_filter=not (gender eq male)", "ann cat"),
        (
            "Patient?_filter=(gender eq male or given eq \"eva\") and name sw \"m\"",
            "ann bob",
        ),
    ] {
        finds(&caller, search, expected);
    }
}

#[test]
fn order_is_by_every_key_in_turn() {
    let caller = clinic();
    for (search, expected) in [
        ("Observation?_sort=date", "g1 w1 w2 w3 t1"),
        ("Observation?_sort=-date&code=29463-7&patient=ann", "w2 w1"),
        ("Patient?_sort=gender,-birthdate", "cat ann bob"),
        ("Patient?_sort=-family", "cat ann bob"),
        ("Observation?_sort=-value-quantity&code=29463-7", "w3 w2 w1"),
        ("Patient?_sort=family&_count=1", "bob ann cat"),
    ] {
        let found = caller.found(search);
        let ids: Vec<&str> = found
            .iter()
            .map(|found| found.split_once('/').unwrap().1)
            .collect();
        let mut expected: Vec<&str> = expected.split(' ').collect();
        if search == "Observation?_sort=date" {
            // w2 and w3 are of the same moment: either may come first.
            assert!(
                ids[2..4].contains(&"w2") && ids[2..4].contains(&"w3"),
                "{ids:?}"
            );
            expected[2] = ids[2];
            expected[3] = ids[3];
        }
        assert_eq!(ids, expected, "{search}");
    }
}

#[test]
fn totals_are_accurate_and_included_records_do_not_count() {
    let caller = clinic();
    for (search, total) in [
        ("Observation?_total=accurate&_count=2", 5),
        ("Observation?_summary=count&code=29463-7", 3),
        (
            "Observation?_total=accurate&_count=1&_include=Observation:subject",
            5,
        ),
        (
            "Patient?_has:Observation:patient:code=8310-5&_total=accurate",
            1,
        ),
        ("Patient?family=nobody&_total=accurate", 0),
    ] {
        assert_eq!(
            caller.get(search).expect(200).json()["total"],
            total,
            "{search}"
        );
    }
    let page = caller
        .get("Observation?_id=w1&_include=Observation:subject")
        .expect(200)
        .json();
    let modes: Vec<&str> = entries(&page)
        .iter()
        .map(|entry| entry["search"]["mode"].as_str().unwrap())
        .collect();
    assert_eq!(modes, ["match", "include"]);
}

#[test]
fn a_posted_search_means_what_it_means_in_the_url() {
    let caller = clinic();
    let form = "gender=female&_sort=birthdate&_count=1";
    let post = |path: &str| {
        caller
            .request("POST", path)
            .body("application/x-www-form-urlencoded", form)
            .send()
    };
    let page = post("Patient/_search").expect(200).json();
    assert_eq!(entries(&page)[0]["resource"]["id"], "ann");
    let next = caller.get(&link(&page, "next").unwrap()).expect(200).json();
    assert_eq!(entries(&next)[0]["resource"]["id"], "cat");
    assert!(link(&next, "next").is_none());
}

#[test]
fn a_search_that_means_nothing_is_refused() {
    let caller = clinic();
    for search in [
        "Patient?birthdate=yesterday",
        "Patient?birthdate=gt",
        "Patient?family:above=x",
        "Observation?value-quantity=heavy",
        "RiskAssessment?probability=0x1F",
        "Patient?_filter=gender eq",
        "Patient?_filter=(gender eq male",
        "Patient?_filter=gender like male",
        "Patient?_has:Observation:nothing:code=1",
        "Patient?_has:Potato:patient:code=1",
        "Observation?subject:Potato.name=x",
        "Observation?code.text=x",
        "Patient?_count=many",
        "Patient?_summary=perhaps",
        "Patient?_total=roughly",
        "Patient?_include=Patient",
        "Patient?_sort=nothing",
    ] {
        let answer = caller
            .request("GET", search)
            .header("prefer", "handling=strict")
            .send();
        assert_eq!(answer.status, 400, "{search}: {}", answer.text());
        answer.refused(400);
    }
}
