use mt_fhir::Doc;
use mt_fhir::json::Limits;
use mt_search::NoOthers;
use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-06-01T00:00:00Z";

fn now() -> Instant {
    Instant(NOW.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn consent(provision: &Value) -> Value {
    json!({
        "resourceType": "Consent", "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "patient": {"reference": "Patient/p"}, "provision": provision,
    })
}

fn rule(consent: &Value) -> Option<ConsentRule> {
    let doc = Doc::parse(consent.to_string(), &Limits::default()).unwrap();
    ConsentRule::read(doc.root())
}

fn requester(reference: &str) -> Requester {
    Requester {
        references: vec![reference.to_owned()],
        purpose: "TREAT",
    }
}

fn observation(patient: &str, code: &str, day: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": code, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": format!("Patient/{patient}")}, "effectiveDateTime": day,
    })
}

fn hidden(provision: &Value, requester: &Requester, resource: &Value) -> bool {
    rule_hides(&consent(provision), requester, resource)
}

fn rule_hides(consent: &Value, requester: &Requester, resource: &Value) -> bool {
    let rule = rule(consent).unwrap();
    let registry = ParamRegistry::official();
    let doc = Doc::parse(resource.to_string(), &Limits::default()).unwrap();
    let kind = ResourceType::from_name(resource["resourceType"].as_str().unwrap()).unwrap();
    withheld_by([&rule], requester, &registry, now())
        .iter()
        .filter(|(of, _)| *of == kind)
        .any(|(_, query)| mt_search::matches(&registry, query, &NoOthers, doc.root()).unwrap())
}

#[test]
fn a_denial_hides_the_whole_compartment_of_its_patient_and_nothing_else() {
    let deny = json!({"type": "deny"});
    let doctor = requester("Practitioner/1");
    assert!(hidden(
        &deny,
        &doctor,
        &observation("p", "8480-6", "2026-01-01")
    ));
    assert!(hidden(
        &deny,
        &doctor,
        &json!({"resourceType": "Patient", "id": "p"})
    ));
    assert!(!hidden(
        &deny,
        &doctor,
        &observation("q", "8480-6", "2026-01-01")
    ));
}

#[test]
fn a_denial_of_one_actor_concerns_that_actor_only() {
    let deny = json!({"type": "permit", "provision": [{
        "type": "deny", "actor": [{"role": {}, "reference": {"reference": "Practitioner/1"}}],
    }]});
    let one = observation("p", "8480-6", "2026-01-01");
    assert!(hidden(&deny, &requester("Practitioner/1"), &one));
    assert!(!hidden(&deny, &requester("Practitioner/2"), &one));
}

#[test]
fn an_exception_to_a_denial_permits() {
    let deny = json!({"type": "deny", "provision": [{
        "type": "permit", "actor": [{"role": {}, "reference": {"reference": "Practitioner/1"}}],
    }]});
    let one = observation("p", "8480-6", "2026-01-01");
    assert!(!hidden(&deny, &requester("Practitioner/1"), &one));
    assert!(hidden(&deny, &requester("Practitioner/2"), &one));
}

#[test]
fn class_code_and_data_period_narrow_what_is_hidden() {
    let deny = |what: Value| {
        let mut inner = json!({"type": "deny"});
        inner
            .as_object_mut()
            .unwrap()
            .extend(what.as_object().unwrap().clone());
        json!({"type": "permit", "provision": [inner]})
    };
    let doctor = requester("Practitioner/1");
    let one = observation("p", "8480-6", "2026-01-01");
    let class = |name: &str| json!({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": name}]});
    let code =
        |code: &str| json!({"code": [{"coding": [{"system": "http://loinc.org", "code": code}]}]});
    for (what, expected) in [
        (class("Observation"), true),
        (class("Condition"), false),
        (code("8480-6"), true),
        (code("55758-7"), false),
        (
            json!({"dataPeriod": {"start": "2025-12-01", "end": "2026-02-01"}}),
            true,
        ),
        (json!({"dataPeriod": {"start": "2026-02-01"}}), false),
        (
            json!({"data": [{"meaning": "instance", "reference": {"reference": "Observation/8480-6"}}]}),
            true,
        ),
        (
            json!({"data": [{"meaning": "instance", "reference": {"reference": "Observation/x"}}]}),
            false,
        ),
        (json!({"purpose": [{"code": "HPAYMT"}]}), false),
        (json!({"purpose": [{"code": "TREAT"}]}), true),
        (json!({"period": {"end": "2026-01-01"}}), false),
        (json!({"period": {"start": "2026-01-01"}}), true),
    ] {
        assert_eq!(
            hidden(&deny(what.clone()), &doctor, &one),
            expected,
            "{what}"
        );
    }
}

#[test]
fn what_cannot_be_read_denies_all_and_permits_nothing() {
    let strange = json!([{"system": "urn:other", "code": "summary"}]);
    let doctor = requester("Practitioner/1");
    let one = observation("p", "8480-6", "2026-01-01");
    let deny = json!({"type": "permit", "provision": [{"type": "deny", "class": strange}]});
    assert!(hidden(&deny, &doctor, &one));
    let permit = json!({"type": "deny", "provision": [{"type": "permit", "class": strange}]});
    assert!(hidden(&permit, &doctor, &one));
}

#[test]
fn an_actor_that_cannot_be_read_permits_nobody() {
    let deny = json!({"type": "deny", "provision": [{"type": "permit", "actor": [{"role": {}}]}]});
    assert!(hidden(
        &deny,
        &requester("Practitioner/1"),
        &observation("p", "1-8", "2026")
    ));
}

#[test]
fn opting_out_denies_what_no_provision_permits() {
    let one = observation("p", "8480-6", "2026");
    let permit = json!({"provision": [{"type": "permit",
        "actor": [{"reference": {"reference": "Practitioner/1"}}]}]});
    let mut out = consent(&permit);
    out["policyRule"] = json!({"coding": [{"code": "OPTOUT"}]});
    assert!(!rule_hides(&out, &requester("Practitioner/1"), &one));
    assert!(rule_hides(&out, &requester("Practitioner/2"), &one));
    out.as_object_mut().unwrap().remove("provision");
    assert!(rule_hides(&out, &requester("Practitioner/1"), &one));
    out["policyRule"]["coding"][0]["code"] = "OPTIN".into();
    assert_eq!(rule(&out), None);
}

#[test]
fn provisions_nested_too_deeply_permit_nothing() {
    let mut provision = json!({"type": "permit"});
    for _ in 0..12 {
        provision = json!({"type": "permit", "provision": [provision]});
    }
    let one = observation("p", "8480-6", "2026");
    assert!(hidden(&provision, &requester("Practitioner/1"), &one));
}

#[test]
fn an_inactive_consent_and_one_of_another_scope_say_nothing() {
    let mut other = consent(&json!({"type": "deny"}));
    other["status"] = "rejected".into();
    assert_eq!(rule(&other), None);
    other["status"] = "active".into();
    other["scope"]["coding"][0]["code"] = "treatment".into();
    assert_eq!(rule(&other), None);
}

#[test]
fn a_denial_of_one_actor_holds_whatever_server_and_version_its_reference_names() {
    let by = |kind: &str, reference: &str| json!({"type": kind, "actor": [{"role": {}, "reference": {"reference": reference}}]});
    let seven = requester("Practitioner/7");
    let resource = observation("p", "1", "2026-01-01");
    for (reference, expected) in [
        ("Practitioner/7", true),
        ("https://clinic.example/fhir/R4/Practitioner/7", true),
        ("Practitioner/7/_history/3", true),
        ("Practitioner/77", false),
        ("XPractitioner/7", false),
    ] {
        assert_eq!(
            hidden(&by("deny", reference), &seven, &resource),
            expected,
            "{reference}"
        );
    }
    // Somebody of the same number elsewhere is not let in.
    let permit = json!({"type": "deny", "provision": [by("permit", "https://elsewhere.example/fhir/Practitioner/7")]});
    assert!(hidden(&permit, &seven, &resource));
}
