//! Terminology operations through HTTP, over built-in content and a tenant's own resources.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::running::{Caller, Clinic, Place, Server};

fn clinic() -> Arc<Clinic> {
    Server::shared().clinic("terminology")
}

/// The value of a parameter of an answer.
fn parameter<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let all = answer["parameter"].as_array().unwrap();
    let found = all.iter().find(|parameter| parameter["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {answer}"));
    let fields = found.as_object().unwrap();
    fields
        .iter()
        .find(|(key, _)| key.starts_with("value"))
        .unwrap()
        .1
}

#[test]
fn built_in_content_answers_by_get() {
    let caller = &clinic().caller;
    let get = |path: &str| caller.get(path).expect(200).json();
    let looked = get("CodeSystem/$lookup?system=http://hl7.org/fhir/sid/icd-10-cm&code=E11.9");
    assert_eq!(parameter(&looked, "name"), "ICD-10-CM");
    let display = parameter(&looked, "display").as_str().unwrap();
    assert!(display.starts_with("Type 2 diabetes mellitus"), "{display}");
    let expanded =
        get("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&count=2");
    assert_eq!(expanded["expansion"]["total"], 4);
    assert_eq!(
        expanded["expansion"]["contains"].as_array().unwrap().len(),
        2
    );
    let good = get(
        "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender\
        &system=http://hl7.org/fhir/administrative-gender&code=female",
    );
    assert_eq!(parameter(&good, "result"), true);
    let bad = get("CodeSystem/$validate-code?url=http://hl7.org/fhir/sid/icd-10-cm&code=E11.X");
    assert_eq!(parameter(&bad, "result"), false);
    let above =
        get("CodeSystem/$subsumes?system=http://hl7.org/fhir/sid/icd-10-cm&codeA=E11&codeB=E11.9");
    assert_eq!(parameter(&above, "outcome"), "subsumes");
    let translated = get(
        "ConceptMap/$translate?system=http://hl7.org/fhir/administrative-gender&code=male\
        &target=http://terminology.hl7.org/ValueSet/v2-0001",
    );
    assert_eq!(parameter(&translated, "result"), true);
}

#[test]
fn a_tenants_own_resources_are_used_and_hidden_from_others() {
    let caller = &clinic().caller;
    caller.store(
        &json!({ "resourceType": "CodeSystem", "id": "own-codes", "status": "active",
        "url": "http://example.org/own", "content": "complete",
        "concept": [{ "code": "a", "display": "Alpha" }, { "code": "b", "display": "Beta" }] }),
    );
    caller.store(&json!({ "resourceType": "ValueSet", "id": "own-set", "status": "active",
        "url": "http://example.org/own-set",
        "compose": { "include": [{ "system": "http://example.org/own" }],
                     "exclude": [{ "system": "http://example.org/own", "concept": [{ "code": "b" }] }] } }));
    for path in [
        "ValueSet/$expand?url=http://example.org/own-set",
        "ValueSet/own-set/$expand",
    ] {
        let expanded = caller.get(path).expect(200).json();
        assert_eq!(
            expanded["expansion"]["contains"][0]["display"], "Alpha",
            "{path}"
        );
        assert_eq!(expanded["expansion"]["total"], 1, "{path}");
    }
    let concept = json!({ "coding": [{ "system": "http://example.org/own", "code": "b" },
                                     { "system": "http://example.org/own", "code": "a" }] });
    let ask = json!({ "resourceType": "Parameters", "parameter": [
        { "name": "url", "valueUri": "http://example.org/own-set" },
        { "name": "codeableConcept", "valueCodeableConcept": concept }] });
    let verdict = caller
        .post("ValueSet/$validate-code", &ask)
        .expect(200)
        .json();
    assert_eq!(parameter(&verdict, "result"), true);
    let other = Server::shared().clinic("terminology-other");
    other
        .caller
        .get("ValueSet/$expand?url=http://example.org/own-set")
        .refused(404);
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_reason() {
    let caller = &clinic().caller;
    for (path, status) in [
        ("ValueSet/$expand?url=http://example.org/none", 404),
        ("ValueSet/$expand", 400),
        (
            "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/ucum-units",
            501,
        ),
        (
            "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/languages&count=x",
            400,
        ),
        (
            "CodeSystem/$lookup?system=http://hl7.org/fhir/sid/icd-10-cm&code=Nope",
            404,
        ),
        ("CodeSystem/$subsumes?codeA=a&codeB=b", 400),
        ("ConceptMap/$translate?system=http://x&code=y", 400),
    ] {
        let outcome = caller.get(path).refused(status);
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{path}");
    }
}

/// A folder of files beside the data of a server.
fn release(place: &Place, name: &str, files: &[(&str, &str)]) -> String {
    let folder = place.path(name);
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

const RF2: &[(&str, &str)] = &[
    (
        "Snapshot/Terminology/sct2_Concept_Snapshot_INT_20240301.txt",
        "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n\
         100\t20240301\t1\t900000000000207008\t900000000000074008\n\
         200\t20240301\t1\t900000000000207008\t900000000000074008\n",
    ),
    (
        "Snapshot/Terminology/sct2_Description_Snapshot-en_INT_20240301.txt",
        "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n\
         1\t20240301\t1\tm\t100\ten\t900000000000013009\tRoot\tx\n\
         2\t20240301\t1\tm\t200\ten\t900000000000013009\tBelow\tx\n",
    ),
    (
        "Snapshot/Terminology/sct2_Relationship_Snapshot_INT_20240301.txt",
        "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\n\
         1\t20240301\t1\tm\t200\t100\t0\t116680003\tc\tm\n",
    ),
];

/// Asks until the answer has the status: a running server follows what is loaded.
fn within_seconds(caller: &Caller, path: &str, status: u16) -> Value {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = caller.get(path);
        if answer.status == status {
            return answer.json();
        }
        assert!(Instant::now() < patience, "{path}: {}", answer.text());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_licensed_system_is_loaded_beside_a_running_server_and_removed_again() {
    let place = Place::new();
    let server = Server::start(&place);
    let caller = server.clinic("licensed").caller.clone();
    let path = "CodeSystem/$lookup?system=http://snomed.info/sct&code=200";
    caller.get(path).refused(404);
    let folder = release(&place, "rf2", RF2);
    let said = server.command(&["terminology", "load", "snomed", &folder]);
    assert!(said.contains("2 concepts"), "{said}");
    assert_eq!(
        parameter(&within_seconds(&caller, path, 200), "display"),
        "Below"
    );
    let below =
        caller.get("CodeSystem/$subsumes?system=http://snomed.info/sct&codeA=100&codeB=200");
    assert_eq!(parameter(&below.expect(200).json(), "outcome"), "subsumes");
    // Loading the same version again replaces it.
    server.command(&["terminology", "load", "snomed", &folder]);
    let listed = server.command(&["terminology", "list"]);
    assert_eq!(listed.matches("http://snomed.info/sct |").count(), 1);
    let said = server.command(&["terminology", "remove", "snomed"]);
    assert!(said.starts_with("1 versions"), "{said}");
    within_seconds(&caller, path, 404);
    server.stop();
}

#[test]
fn every_kind_of_release_is_loaded_and_a_broken_one_is_refused() {
    let place = Place::new();
    let loinc = "\"LOINC_NUM\",\"COMPONENT\",\"SCALE_TYP\",\"STATUS\",\"VersionLastChanged\",\"SHORTNAME\",\"LONG_COMMON_NAME\"\n\
                 \"1-8\",\"Sodium\",\"Qn\",\"ACTIVE\",\"2.8\",\"Na\",\"Sodium in Serum\"\n";
    let folder = release(&place, "loinc", &[("LoincTable/Loinc.csv", loinc)]);
    let load = |arguments: &[&str]| {
        let mut all = vec!["terminology", "load"];
        all.extend(arguments);
        place.run(&all)
    };
    assert!(load(&["loinc", &folder]).status.success());
    let conso = "1|ENG||||||10||||RXNORM|IN|1|aspirin||N||\n\
                 2|ENG||||||21||||RXNORM|SCD|2|aspirin 81 MG Oral Tablet||N||\n";
    let rel = "1||CUI|RO|2||CUI|has_ingredient|1||RXNORM|RXNORM||||\n";
    let sab = "C1|C1|RXNORM_20AA_240205F|RXNORM|RxNorm|F|20AA_240205F|||||||||||||||||\n";
    let files = [
        ("rrf/RXNCONSO.RRF", conso),
        ("rrf/RXNREL.RRF", rel),
        ("rrf/RXNSAB.RRF", sab),
    ];
    let folder = release(&place, "rxnorm", &files);
    assert!(load(&["rxnorm", &folder]).status.success());
    let cpt = "Some notice of the owner.\n\n\
               Concept Id\tCPT Code\tLong\tMedium\tCurrent Descriptor Effective Date\n\
               9\t00001\tSynthetic procedure, long\tSYNTHETIC PROCEDURE\t20240101\n";
    let folder = release(&place, "cpt", &[("Consolidated_Code_List.txt", cpt)]);
    assert!(load(&["cpt", &folder]).status.success());
    let listed = String::from_utf8(place.run(&["terminology", "list"]).stdout).unwrap();
    for url in [
        "http://loinc.org",
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "http://www.ama-assn.org/go/cpt",
    ] {
        assert!(listed.contains(url), "{listed}");
    }
    let empty = release(&place, "empty", &[("readme.txt", "nothing")]);
    for system in ["snomed", "loinc", "rxnorm", "cpt"] {
        let output = load(&[system, &empty, "--version", "1"]);
        assert_eq!(output.status.code(), Some(3), "{system}");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!errors.contains("panicked"), "{errors}");
    }
}
