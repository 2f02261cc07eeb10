//! The meaning of searches, kind by kind, on small resources.

use std::collections::HashMap;

use mt_fhir::definitions::ResourceType;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node};
use mt_kernel::Instant;

use super::*;
use crate::parse::{ParseOptions, Scope, decode_pairs};

/// 2026-01-01T00:00:00Z
const NOW: Instant = Instant(1_767_225_600_000_000);

struct Ward {
    docs: HashMap<(ResourceType, String), Doc>,
}

impl Ward {
    fn of(resources: &[&str]) -> Self {
        let entry = |json: &&str| {
            let doc = Doc::parse(json.as_bytes(), &Limits::default()).expect("JSON");
            let resource_type = doc.root().resource_type().and_then(ResourceType::from_name);
            let id = doc.root().str("id").expect("an id").to_owned();
            ((resource_type.expect("a type"), id), doc)
        };
        Self {
            docs: resources.iter().map(entry).collect(),
        }
    }

    /// Ids of what a search finds, sorted.
    fn find(&self, url: &str) -> Vec<&str> {
        let (name, parameters) = url.split_once('?').unwrap_or((url, ""));
        let scope = match ResourceType::from_name(name) {
            Some(resource_type) => Scope::resource(resource_type),
            None => Scope::system(),
        };
        self.find_in(scope, parameters)
    }

    fn find_in(&self, scope: Scope, parameters: &str) -> Vec<&str> {
        let registry = ParamRegistry::official();
        let pairs = decode_pairs(parameters).expect(parameters);
        let options = ParseOptions {
            handling: crate::Handling::Strict,
            ..ParseOptions::at(NOW)
        };
        let query = Query::parse(&registry, scope, &pairs, &options).expect(parameters);
        let found = self
            .docs
            .iter()
            .filter(|(_, doc)| matches(&registry, &query, self, doc.root()).expect("decidable"));
        let mut ids: Vec<_> = found.map(|((_, id), _)| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }
}

impl ResourceSource for Ward {
    fn read(&self, resource_type: ResourceType, id: &str) -> Option<Node<'_>> {
        self.docs
            .get(&(resource_type, id.to_owned()))
            .map(Doc::root)
    }

    fn any(&self, resource_type: ResourceType, visit: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        let mut of_type = self
            .docs
            .iter()
            .filter(|((other, _), _)| *other == resource_type);
        of_type.any(|(_, doc)| visit(doc.root()))
    }

    fn terminology(&self) -> Option<&dyn Terminology> {
        Some(&Codes)
    }
}

struct Codes;

impl Terminology for Codes {
    fn member_of(&self, value_set: &str, _: Option<&str>, code: &str) -> Option<bool> {
        (value_set == "http://vs/sugars").then(|| code == "glucose")
    }

    fn subsumes(&self, system: &str, a: &str, b: &str) -> Option<bool> {
        (system == "http://lab").then(|| a == b || (a == "sugar" && b == "glucose"))
    }
}

fn ward() -> Ward {
    Ward::of(&[
        r#"{"resourceType":"Patient","id":"p1","active":true,"gender":"female","birthDate":"1980-02-03",
            "meta":{"lastUpdated":"2025-06-01T10:00:00Z","tag":[{"system":"http://tags","code":"vip"}],
                    "profile":["http://profiles/core/patient"]},
            "text":{"status":"generated","div":"<div>Allergic to penicillin</div>"},
            "identifier":[{"type":{"text":"Record number","coding":[{"system":"http://t","code":"MR"}]},
                           "system":"http://mrn","value":"A-77"},{"value":"no-system"}],
            "name":[{"family":"Müller","given":["Eva","Maria"]}],
            "telecom":[{"system":"phone","value":"555-1"},{"system":"email","value":"eva@example.org"}],
            "address":[{"line":["Hauptstraße 1"],"city":"Köln"}],
            "generalPractitioner":[{"reference":"Practitioner/d1"}],
            "managingOrganization":{"reference":"Organization/o1"}}"#,
        r#"{"resourceType":"Patient","id":"p2","gender":"male","deceasedDateTime":"2020-05","name":[{"text":"John Smith"}]}"#,
        r#"{"resourceType":"Practitioner","id":"d1","name":[{"family":"Miller"}]}"#,
        r#"{"resourceType":"Organization","id":"o1","name":"General Hospital","partOf":{"reference":"Organization/o2"}}"#,
        r#"{"resourceType":"Organization","id":"o2","name":"Trust"}"#,
        r#"{"resourceType":"Observation","id":"b1","status":"final","effectiveDateTime":"2021-03-04T10:00:00Z",
            "code":{"text":"Sugar","coding":[{"system":"http://lab","code":"glucose","display":"Glucose in blood"}]},
            "subject":{"reference":"Patient/p1/_history/3"},
            "valueQuantity":{"value":5.4,"unit":"milligram","system":"http://unitsofmeasure.org","code":"mg"}}"#,
        r#"{"resourceType":"Observation","id":"b2","status":"amended","effectivePeriod":{"start":"2021-03-10"},
            "code":{"coding":[{"code":"bp"}]},
            "subject":{"identifier":{"system":"http://mrn","value":"B-1"}},
            "performer":[{"reference":"https://other.example/Practitioner/9"}],
            "component":[{"code":{"coding":[{"system":"http://lab","code":"sys"}]},"valueQuantity":{"value":120}},
                         {"code":{"coding":[{"system":"http://lab","code":"dia"}]},"valueQuantity":{"value":80}}]}"#,
        r#"{"resourceType":"RiskAssessment","id":"r1","status":"final","subject":{"reference":"Patient/p2"},
            "prediction":[{"probabilityDecimal":0.8}]}"#,
        r#"{"resourceType":"Location","id":"l1","position":{"latitude":52.5,"longitude":13.4}}"#,
        r#"{"resourceType":"ValueSet","id":"v1","url":"http://x/fhir/ValueSet/a"}"#,
        r#"{"resourceType":"List","id":"list","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/p2"}}]}"#,
        r#"{"resourceType":"AuditEvent","id":"a1","agent":[{"name":"Eve"}],"entity":[{"what":{"reference":"Observation/b1"}}]}"#,
    ])
}

#[test]
fn each_search_finds_what_the_specification_says() {
    let ward = ward();
    for (url, ids) in [
        // strings
        ("Patient?name=mull", &["p1"][..]),
        ("Patient?name=eva maria muller", &["p1"]),
        ("Patient?name=aria", &[]),
        ("Patient?name:contains=aria", &["p1"]),
        ("Patient?family:exact=Müller", &["p1"]),
        ("Patient?family:exact=müller", &[]),
        ("Patient?name=john,eva", &["p1", "p2"]),
        ("Patient?name=john&name=eva", &[]),
        ("Patient?given:missing=true", &["p2"]),
        ("Patient?given:missing=false", &["p1"]),
        ("Patient?phonetic=miller", &["p1"]),
        ("Patient?address=haupt", &["p1"]),
        ("Patient?address-city=koln", &["p1"]),
        // tokens
        ("Patient?gender=female", &["p1"]),
        ("Patient?gender=FEMALE", &["p1"]),
        (
            "Patient?gender=http://hl7.org/fhir/administrative-gender|female",
            &["p1"],
        ),
        ("Patient?gender=http://other|female", &[]),
        ("Patient?gender=|female", &["p1"]),
        ("Patient?gender:not=male", &["p1"]),
        ("Patient?active=true", &["p1"]),
        ("Patient?active:not=true", &["p2"]),
        ("Patient?deceased=true", &["p2"]),
        ("Patient?deceased=false", &["p1"]),
        ("Patient?identifier=http://mrn|a-77", &["p1"]),
        ("Patient?identifier=http://mrn|", &["p1"]),
        ("Patient?identifier=|no-system", &["p1"]),
        ("Patient?identifier=|A-77", &[]),
        ("Patient?identifier:of-type=http://t|MR|A-77", &["p1"]),
        ("Patient?identifier:of-type=http://t|XX|A-77", &[]),
        ("Patient?identifier:text=record", &["p1"]),
        ("Patient?phone=555-1", &["p1"]),
        ("Patient?email=555-1", &[]),
        ("Observation?code=glucose", &["b1"]),
        ("Observation?code=|bp", &["b2"]),
        ("Observation?code:text=glucose in", &["b1"]),
        ("Observation?code:text=sug", &["b1"]),
        ("Observation?code:in=http://vs/sugars", &["b1"]),
        ("Observation?code:not-in=http://vs/sugars", &["b2"]),
        ("Observation?code:below=http://lab|sugar", &["b1"]),
        ("Observation?code:above=http://lab|sugar", &[]),
        ("Observation?code:below=http://lab|glucose", &["b1"]),
        // meta
        ("Patient?_tag=http://tags|vip", &["p1"]),
        ("Patient?_profile=http://profiles/core/patient", &["p1"]),
        ("Patient?_profile:below=http://profiles/core", &["p1"]),
        ("Patient?_lastUpdated=gt2025", &[]),
        ("Patient?_lastUpdated=2025-06", &["p1"]),
        ("Patient?_id=p1,zz", &["p1"]),
        ("Patient?_id:not=p1", &["p2"]),
        // dates
        ("Patient?birthdate=1980", &["p1"]),
        ("Patient?birthdate=1980-02-03T10:00", &[]),
        ("Patient?birthdate=lt1980-02-03", &[]),
        ("Patient?birthdate=le1980-02-03", &["p1"]),
        ("Patient?death-date=ge2020-05-01", &["p2"]),
        ("Observation?date=2021-03-04", &["b1"]),
        ("Observation?date=ge2021-03-05", &["b2"]),
        ("Observation?date=gt2021-03-04T10:00:00Z", &["b2"]),
        ("Observation?date=sa2021-03-09", &["b2"]),
        ("Observation?date=eb2021-03-10", &["b1"]),
        ("Observation?date=ne2021-03-04", &["b2"]),
        ("Observation?date=ap2021-06", &["b1", "b2"]),
        // numbers and quantities
        ("RiskAssessment?probability=0.8", &["r1"]),
        ("RiskAssessment?probability=gt0.8", &[]),
        ("RiskAssessment?probability=ge0.8", &["r1"]),
        ("RiskAssessment?probability=ap0.75", &["r1"]),
        ("Observation?value-quantity=5.4", &["b1"]),
        ("Observation?value-quantity=5", &["b1"]),
        (
            "Observation?value-quantity=5.40|http://unitsofmeasure.org|mg",
            &["b1"],
        ),
        (
            "Observation?value-quantity=0.0054|http://unitsofmeasure.org|g",
            &["b1"],
        ),
        (
            "Observation?value-quantity=ge5400|http://unitsofmeasure.org|ug",
            &["b1"],
        ),
        (
            "Observation?value-quantity=gt5400|http://unitsofmeasure.org|ug",
            &[],
        ),
        ("Observation?value-quantity=5.4||milligram", &["b1"]),
        ("Observation?value-quantity=5.4||mg", &["b1"]),
        ("Observation?value-quantity=5.4||g", &[]),
        // composites: both parts of the same component
        (
            "Observation?component-code-value-quantity=http://lab|sys$gt100",
            &["b2"],
        ),
        (
            "Observation?component-code-value-quantity=http://lab|dia$gt100",
            &[],
        ),
        (
            "Observation?combo-code-value-quantity=glucose$5.4|http://unitsofmeasure.org|mg",
            &["b1"],
        ),
        // references
        ("Observation?subject=Patient/p1", &["b1"]),
        ("Observation?subject=p1", &["b1"]),
        ("Observation?subject:Patient=p1", &["b1"]),
        ("Observation?subject:Group=p1", &[]),
        ("Observation?patient=p1", &["b1"]),
        ("Observation?subject=Patient/p1/_history/3", &["b1"]),
        ("Observation?subject=Patient/p1/_history/4", &[]),
        ("Observation?subject:identifier=http://mrn|B-1", &["b2"]),
        (
            "Observation?performer=https://other.example/Practitioner/9",
            &["b2"],
        ),
        ("Observation?subject:missing=false", &["b1", "b2"]),
        // chains
        ("Observation?subject:Patient.name=eva", &["b1"]),
        ("Observation?subject.name=john", &[]),
        (
            "Observation?subject:Patient.organization.name=general",
            &["b1"],
        ),
        (
            "Observation?subject:Patient.organization.partof.name=trust",
            &["b1"],
        ),
        (
            "Observation?subject:Patient._has:RiskAssessment:subject:_id=r1",
            &[],
        ),
        ("Patient?_has:Observation:patient:code=glucose", &["p1"]),
        (
            "Patient?_has:RiskAssessment:subject:probability=gt0.5",
            &["p2"],
        ),
        (
            "Patient?_has:Observation:patient:_has:AuditEvent:entity:agent-name=eve",
            &["p1"],
        ),
        // text, lists, special
        ("Patient?_text=penicillin allergic", &["p1"]),
        ("Patient?_text=penicillin aspirin", &[]),
        ("Patient?_text=aspirin,penicillin", &["p1"]),
        ("Observation?_content=milligram", &["b1"]),
        ("Patient?_list=list", &["p2"]),
        ("Patient?_list=other", &[]),
        ("Location?near=52.52|13.405|5|km", &["l1"]),
        ("Location?near=53.5|10|5|km", &[]),
        ("ValueSet?url=http://x/fhir/ValueSet/a", &["v1"]),
        ("ValueSet?url:below=http://x/fhir/", &["v1"]),
        ("ValueSet?url:below=http://x/fhir/Val", &[]),
        ("ValueSet?url:above=http://x/fhir/ValueSet/a/b", &["v1"]),
        // filters
        (
            "Patient?_filter=name co \"ulle\" and not (gender eq male)",
            &["p1"],
        ),
        (
            "Patient?_filter=given pr false or birthdate lt 1990",
            &["p1", "p2"],
        ),
        ("Patient?_filter=family eq \"mull\"", &[]),
        ("Patient?_filter=family ew \"ler\"", &["p1"]),
        ("Patient?_filter=gender ne female", &["p2"]),
        (
            "Observation?_filter=subject:Patient[gender eq female].name sw \"ev\"",
            &["b1"],
        ),
        ("Observation?_filter=code sb http://lab|sugar", &[]),
        ("Observation?_filter=code ss http://lab|sugar", &["b1"]),
        ("Observation?_filter=code in http://vs/sugars", &["b1"]),
        ("Observation?_filter=date po 2021-04", &["b2"]),
        (
            "Observation?_filter=value-quantity gt 5|http://unitsofmeasure.org|mg",
            &["b1"],
        ),
        // every type
        ("?_type=Patient,Observation&_id=p1,b1,l1", &["b1", "p1"]),
    ] {
        assert_eq!(ward.find(url), ids, "{url}");
    }
}

#[test]
fn a_compartment_holds_what_refers_to_its_resource() {
    let ward = ward();
    let within = |id: &str, resource_type| {
        ward.find_in(
            Scope::compartment(Compartment::Patient, id, resource_type),
            "",
        )
    };
    assert_eq!(within("p1", None), ["b1", "p1"]);
    assert_eq!(within("p2", None), ["p2", "r1"]);
    assert_eq!(within("p1", Some(ResourceType::OBSERVATION)), ["b1"]);
    assert!(within("p9", None).is_empty());
}

#[test]
fn what_cannot_be_decided_is_an_error_and_not_a_no() {
    let registry = ParamRegistry::official();
    let doc = Doc::parse(
        br#"{"resourceType":"Observation","code":{"coding":[{"system":"http://lab","code":"x"}]}}"#
            .to_vec(),
        &Limits::default(),
    )
    .expect("JSON");
    for criteria in [
        "Observation?code:in=http://vs/sugars",
        "Observation?code:below=http://lab|y",
    ] {
        let query =
            Query::parse_criteria(&registry, criteria, &ParseOptions::at(NOW)).expect(criteria);
        let result = matches(&registry, &query, &NoOthers, doc.root());
        assert_eq!(
            result,
            Err(MatchError::Terminology {
                code: "code".to_owned()
            }),
            "{criteria}"
        );
    }
}
