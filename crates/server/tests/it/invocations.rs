//! Extended operations as R4 lets them be invoked: `GET` and `POST`, JSON and XML, and what is refused.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::running::{Clinic, Server, entries};

fn clinic() -> Arc<Clinic> {
    Server::shared().clinic("invocations")
}

fn errors(outcome: &Value) -> usize {
    let issues = outcome["issue"].as_array().unwrap();
    let severe = |issue: &&Value| issue["severity"] == "error" || issue["severity"] == "fatal";
    issues.iter().filter(severe).count()
}

#[test]
fn validate_judges_what_is_sent_and_what_is_stored() {
    let caller = &clinic().caller;
    let bad = json!({ "resourceType": "Patient", "birthDate": "never" });
    let wrapped = json!({ "resourceType": "Parameters",
        "parameter": [{ "name": "resource", "resource": bad }] });
    for body in [&bad, &wrapped] {
        let outcome = caller.post("Patient/$validate", body).expect(200).json();
        assert!(errors(&outcome) > 0, "{outcome}");
    }
    caller.store(&json!({ "resourceType": "Patient", "id": "judged", "active": true }));
    for method in ["GET", "POST"] {
        let outcome = caller.request(method, "Patient/judged/$validate").send();
        assert_eq!(errors(&outcome.expect(200).json()), 0, "{method}");
    }
    let xml = r#"<Patient xmlns="http://hl7.org/fhir"><birthDate value="never"/></Patient>"#;
    let outcome = caller
        .request("POST", "Patient/$validate")
        .header("accept", "application/fhir+xml")
        .body("application/fhir+xml", xml)
        .send()
        .expect(200);
    assert!(outcome.text().contains("<severity value=\"error\"/>"));
    caller.get("Patient/$validate").refused(400);
    caller.get("Patient/nobody/$validate").refused(404);
}

#[test]
fn meta_is_read_added_to_and_taken_from() {
    let caller = &clinic().caller;
    caller.store(&json!({ "resourceType": "Patient", "id": "tagged" }));
    let tag = json!({ "resourceType": "Parameters", "parameter": [{ "name": "meta",
        "valueMeta": { "tag": [{ "system": "http://x", "code": "a" }] } }] });
    let tags = |answer: &Value| answer["parameter"][0]["valueMeta"]["tag"].clone();
    let added = caller
        .post("Patient/tagged/$meta-add", &tag)
        .expect(200)
        .json();
    assert_eq!(tags(&added)[0]["code"], "a");
    let again = caller.post("Patient/tagged/$meta-add", &tag).expect(200);
    assert_eq!(tags(&again.json()).as_array().unwrap().len(), 1);
    let read = caller.get("Patient/tagged/$meta").expect(200).json();
    assert_eq!(tags(&read)[0]["code"], "a");
    assert_eq!(caller.found("Patient?_tag=http://x|a"), ["Patient/tagged"]);
    let taken = caller
        .post("Patient/tagged/$meta-delete", &tag)
        .expect(200)
        .json();
    assert!(tags(&taken).is_null());
    caller.get("Patient/tagged/$meta-add").refused(501);
    let empty = json!({ "resourceType": "Parameters" });
    caller.post("Patient/tagged/$meta-add", &empty).refused(400);
    caller.post("Patient/nobody/$meta-add", &tag).refused(404);
}

#[test]
fn match_finds_the_person_with_a_grade_and_nobody_else() {
    let caller = &Server::shared().clinic("invocations-match").caller;
    caller.store(
        &json!({ "resourceType": "Patient", "id": "ada", "birthDate": "1915-12-10",
        "name": [{ "family": "Lovelace", "given": ["Ada"] }],
        "identifier": [{ "system": "http://x", "value": "1" }] }),
    );
    caller.store(
        &json!({ "resourceType": "Patient", "id": "other", "birthDate": "1990-01-01",
        "name": [{ "family": "Lovelace", "given": ["Bob"] }], "gender": "male" }),
    );
    let ask = |resource: Value, more: Value| {
        let mut parameters = vec![json!({ "name": "resource", "resource": resource })];
        parameters.extend(more.as_array().cloned().unwrap_or_default());
        let body = json!({ "resourceType": "Parameters", "parameter": parameters });
        caller.post("Patient/$match", &body)
    };
    let same = json!({ "resourceType": "Patient", "birthDate": "1915-12-10",
        "name": [{ "family": "lovelace", "given": ["Ada"] }],
        "identifier": [{ "system": "http://x", "value": "1" }] });
    let found = ask(same, Value::Null).expect(200).json();
    assert_eq!(entries(&found).len(), 1, "{found}");
    assert_eq!(found["entry"][0]["resource"]["id"], "ada");
    assert_eq!(
        found["entry"][0]["search"]["extension"][0]["valueCode"],
        "certain"
    );
    let vague = json!({ "resourceType": "Patient", "name": [{ "family": "Lovelace" }] });
    let certain = json!([{ "name": "onlyCertainMatches", "valueBoolean": true }]);
    let none = ask(vague, certain).expect(200).json();
    assert!(entries(&none).is_empty());
    let wrong = json!({ "resourceType": "Observation" });
    assert_eq!(ask(wrong, Value::Null).status, 400);
    caller.get("Patient/$match").refused(400);
}

#[test]
fn terminology_takes_parameters_in_xml_and_refuses_what_it_does_not_do() {
    let caller = &clinic().caller;
    let xml = r#"<Parameters xmlns="http://hl7.org/fhir">
        <parameter><name value="system"/><valueUri value="http://hl7.org/fhir/sid/icd-10-cm"/></parameter>
        <parameter><name value="code"/><valueCode value="E11.9"/></parameter></Parameters>"#;
    let answer = caller
        .request("POST", "CodeSystem/$lookup?_format=xml")
        .body("application/fhir+xml", xml)
        .send()
        .expect(200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/fhir+xml")
    );
    assert!(answer.text().contains("ICD-10-CM"));
    let gender = "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender";
    for more in [
        "excludeNested=true",
        "excludePostCoordinated=true",
        "includeDefinition=false",
    ] {
        caller.get(&format!("{gender}&{more}")).expect(200);
    }
    for more in [
        "includeDefinition=true",
        "contextDirection=incoming",
        "system-version=http://x%7C1",
        "excludeNested=perhaps",
    ] {
        let answer = caller.get(&format!("{gender}&{more}"));
        assert!(answer.status >= 400, "{more}: {}", answer.text());
    }
    for path in [
        "$nothing",
        "Patient/$expand",
        "Patient/x/$lookup",
        "$validate-code",
    ] {
        caller.get(path).refused(501);
    }
}

#[test]
fn a_put_that_creates_is_told_as_one_and_criteria_that_fail_name_their_entry() {
    let caller = &clinic().caller;
    caller.store(&json!({ "resourceType": "Patient", "id": "put-made" }));
    let made = caller
        .post("Patient", &json!({ "resourceType": "Patient" }))
        .expect(201)
        .json();
    let history = |id: &str| {
        let path = format!("Patient/{id}/_history");
        caller.get(&path).expect(200).json()["entry"][0]["request"].clone()
    };
    assert_eq!(
        history("put-made"),
        json!({ "method": "PUT", "url": "Patient/put-made" })
    );
    assert_eq!(history(made["id"].as_str().unwrap())["method"], "POST");
    let observation = |subject: &str| {
        json!({ "resource": { "resourceType": "Observation", "status": "final", "code": { "text": "x" },
                "subject": { "reference": subject } },
            "request": { "method": "POST", "url": "Observation" } })
    };
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        observation("Patient/put-made"), observation("Patient?identifier=http://x|nobody")] });
    let outcome = caller.post("", &bundle).refused(412);
    assert_eq!(
        outcome["issue"][0]["expression"][0], "Bundle.entry[1]",
        "{outcome}"
    );
    let chain = "QuestionnaireResponse?questionnaire.title=x";
    let strict = caller
        .request("GET", chain)
        .header("prefer", "handling=strict");
    strict.send().refused(400);
}
