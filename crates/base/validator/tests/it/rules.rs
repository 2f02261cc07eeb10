//! Each rule by a resource that breaks it.

use mt_validator::Level;

use crate::data::issues;

/// The places and texts of the errors of a write.
fn errors(json: &str) -> Vec<String> {
    let issues = issues(json, Level::Write);
    issues
        .into_iter()
        .map(|i| format!("{}: {}", i.expression.unwrap_or_default(), i.diagnostics))
        .collect()
}

fn observation(fields: &str) -> String {
    format!(r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}}{fields}}}"#)
}

fn patient(fields: &str) -> String {
    format!(r#"{{"resourceType":"Patient"{fields}}}"#)
}

#[test]
fn valid_resources_have_no_errors() {
    let cases = [
        patient(""),
        patient(r#","_birthDate":{"extension":[{"url":"http://e.org/x","valueCode":"unknown"}]}"#),
        patient(
            r#","name":[{"given":["A",null],"_given":[null,{"extension":[{"url":"http://e.org/x","valueCode":"y"}]}]}]"#,
        ),
        patient(
            r##","contained":[{"resourceType":"Organization","id":"o","name":"O"}],"managingOrganization":{"reference":"#o"}"##,
        ),
        patient(
            r#","extension":[{"url":"http://e.org/x","extension":[{"url":"part","valueString":"y"}]}]"#,
        ),
        observation(
            r#","valueQuantity":{"value":5.0,"system":"http://unitsofmeasure.org","code":"kg"}"#,
        ),
        observation(r#","subject":{"reference":"urn:uuid:0a1b2c3d-0000-4000-8000-0123456789ab"}"#),
        observation(r#","subject":{"reference":"Patient?identifier=a|b"}"#),
    ];
    for json in cases {
        assert_eq!(errors(&json), Vec::<String>::new(), "{json}");
    }
}

#[test]
fn each_broken_rule_is_told_with_its_place() {
    let cases = [
        ("{}".to_owned(), "Resource: has no resourceType"),
        ("[]".to_owned(), "Resource: a resource must be an object"),
        (r#"{"resourceType":"Nonsense"}"#.to_owned(), "Resource: has a resourceType that R4"),
        (r#"{"resourceType":"DomainResource"}"#.to_owned(), "Resource: has a resourceType that R4"),
        (r#"{"resourceType":"Observation","status":"final"}"#.to_owned(), "Observation: code is required"),
        (patient(r#","nickname":"x""#), "Patient: Patient has no element 'nickname'"),
        (patient(r#","_name":[{"id":"x"}]"#), "Patient: Patient has no element '_name'"),
        (patient(r#","name":{}"#), "Patient.name: must be an array"),
        (patient(r#","name":[]"#), "Patient.name: an array must not be empty"),
        (patient(r#","name":[{}]"#), "Patient.name[0]: ele-1"),
        (patient(r#","name":[null]"#), "Patient.name[0]: must not be null"),
        (patient(r#","active":[true]"#), "Patient.active: must not be an array"),
        (patient(r#","active":"true""#), "Patient.active: must be true or false"),
        (patient(r#","active":null"#), "Patient.active: must be true or false"),
        (patient(r#","birthDate":"1970-02-30""#), "Patient.birthDate: is not a date"),
        (patient(r#","birthDate":"""#), "Patient.birthDate: must not be empty"),
        (patient(r#","id":"a b""#), "Patient.id: is not an id"),
        (patient(r#","gender":"m""#), "Patient.gender: not a code of the value set http://hl7.org/fhir/ValueSet/administrative-gender"),
        (patient(r#","deceasedBoolean":true,"deceasedDateTime":"2020""#), "Patient: deceased is given with more than one type"),
        (patient(r#","contact":[{"gender":"male"}]"#), "Patient.contact[0]: pat-1"),
        (patient(r#","extension":[{"url":"x","valueString":"y"}]"#), "Patient.extension[0]: the url of an extension must be absolute"),
        (patient(r#","extension":[{"url":"http://x"}]"#), "Patient.extension[0]: ext-1"),
        (patient(r#","extension":[{"valueString":"x"}]"#), "Patient.extension[0]: url is required"),
        (patient(r#","text":{"status":"generated","div":"<div>x</div>"}"#), "Patient.text.div: is no div"),
        (patient(r#","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>"}"#), "Patient.text.div: has an element that txt-1"),
        (patient(r#","photo":[{"contentType":"image/png","data":"AAAA","size":4}]"#), "Patient.photo[0]: size is not that of the data"),
        (patient(r##","managingOrganization":{"reference":"#o"}"##), "Patient.managingOrganization: ref-1"),
        (patient(r#","managingOrganization":{"reference":"Patient/1"}"#), "Patient.managingOrganization: must not refer to a resource of type Patient"),
        (patient(r#","managingOrganization":{"reference":"Nonsense/1"}"#), "Patient.managingOrganization: a relative reference"),
        (patient(r#","managingOrganization":{"reference":"Organization/1","type":"Patient"}"#), "Patient.managingOrganization: type is not that"),
        (patient(r#","contained":[{"resourceType":"Organization","name":"O"}]"#), "Patient.contained[0]: a contained resource must have an id"),
        (patient(r#","contained":[{"resourceType":"Organization","id":"o","name":"O"}]"#), "Patient.contained[0]: dom-3"),
        (patient(r#","contained":[{"resourceType":"Organization","id":"o"}]"#), "Patient.contained[0]: org-1"),
        (observation(r#","valueString":"x","dataAbsentReason":{"text":"y"}"#), "Observation: obs-6"),
        (observation(r#","referenceRange":[{"age":{"low":{"value":1}}}]"#), "Observation.referenceRange[0]: obs-3"),
        (observation(r#","referenceRange":[{"low":{"value":1,"comparator":"<"}}]"#), "Observation.referenceRange[0].low: sqty-1"),
        (observation(r#","valueQuantity":{"value":"5"}"#), "Observation.value.value: must be a number"),
        (observation(r#","effectivePeriod":{"start":"2024-02","end":"2024-01"}"#), "Observation.effective: per-1"),
        (r#"{"resourceType":"Observation","status":"final","code":{"text":"x","coding":[{"code":"a","system":"s"}]},"valueString":"v","component":[{"code":{"coding":[{"code":"a","system":"s"}]}}]}"#.to_owned(), "Observation: obs-7"),
        (r#"{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"Patient/1","resource":{"resourceType":"Patient"}}]}"#.to_owned(), "Bundle.entry[0]: fullUrl must be absolute"),
        (r#"{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://a/Patient/1","resource":{"resourceType":"Patient","id":"2"}}]}"#.to_owned(), "Bundle.entry[0]: fullUrl does not agree"),
        (r#"{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:oid:1.2","resource":{"resourceType":"Patient"}},{"fullUrl":"urn:oid:1.2","resource":{"resourceType":"Patient"}}]}"#.to_owned(), "Bundle.entry[1]: bdl-7"),
        (r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","active":1}}]}"#.to_owned(), "Bundle.entry[0].resource.active: must be true or false"),
        (r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]}"#.to_owned(), "Bundle: bdl-3"),
        (r#"{"resourceType":"Parameters","parameter":[{"name":"x","resource":{"resourceType":"Observation"}}]}"#.to_owned(), "Parameters.parameter[0].resource: status is required"),
        (r#"{"resourceType":"Parameters","parameter":[{"name":"x"}]}"#.to_owned(), "Parameters.parameter[0]: inv-1"),
    ];
    for (json, expected) in cases {
        let found = errors(&json);
        assert!(
            found.iter().any(|e| e.starts_with(expected)),
            "{json}\n  {expected}\n  {found:?}"
        );
    }
}

#[test]
fn validate_tells_more_than_a_write() {
    let json = patient(
        r#","identifier":[{"value":" x "}],"maritalStatus":{"coding":[{"system":"http://e.org","code":"?"}]},
        "name":[{"id":"a","family":"x"},{"id":"a","family":"y"}],"meta":{"profile":["http://e.org/unknown"]}"#,
    );
    assert_eq!(errors(&json), Vec::<String>::new());
    let full: Vec<String> = issues(&json, Level::Full)
        .into_iter()
        .map(|i| format!("{}: {}", i.severity.code(), i.diagnostics))
        .collect();
    for expected in [
        "error: two elements have the same id",
        "warning: white space at the start or end",
        "warning: not a code of the value set http://hl7.org/fhir/ValueSet/marital-status",
        "warning: the profile http://e.org/unknown is not known",
        "warning: dom-6",
    ] {
        assert!(
            full.iter().any(|i| i.starts_with(expected)),
            "{expected}\n{full:#?}"
        );
    }
}

#[test]
fn a_flood_of_errors_is_cut_off() {
    let names = vec![r#"{"x":1}"#; 5_000].join(",");
    assert!(errors(&patient(&format!(r#","name":[{names}]"#))).len() <= 500);
}
