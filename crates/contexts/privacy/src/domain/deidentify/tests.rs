//! What leaves, and what must not.

use mt_fhir::Doc;
use mt_fhir::json::Limits;
use proptest::prelude::*;

use super::*;

fn rules(dates: Dates) -> Deidentifier {
    let now = "2026-06-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap();
    Deidentifier::new([7; 32], dates, Instant(now.as_microsecond()))
}

fn apply(dates: Dates, resource: &Value, birth: Option<&str>) -> Value {
    let doc = Doc::parse(resource.to_string(), &Limits::default()).unwrap();
    rules(dates).apply(doc.root(), "p", birth).unwrap()
}

fn patient() -> Value {
    json!({
        "resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-05-17",
        "meta": {"source": "CANARY-source"}, "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">CANARY</div>"},
        "extension": [{"url": "http://x", "valueString": "CANARY"}],
        "identifier": [{"system": "http://mrn", "value": "CANARY-1"}],
        "name": [{"family": "CANARY", "given": ["Eve"]}],
        "telecom": [{"system": "phone", "value": "555-CANARY"}],
        "address": [{"line": ["1 CANARY St"], "city": "CANARYtown", "state": "CA", "postalCode": "94110-1234", "country": "US"}],
        "maritalStatus": {"text": "CANARY", "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M", "display": "CANARY"},
            {"system": "http://local.example/CANARY", "code": "CANARY-2"}]},
        "photo": [{"contentType": "image/png", "data": "Q0FOQVJZ"}],
        "contact": [{"name": {"family": "CANARY"}}],
        "link": [{"other": {"reference": "Patient/CANARY"}, "type": "seealso"}],
        "deceasedDateTime": "2025-03-04T10:00:00Z",
        "generalPractitioner": [{"reference": "Practitioner/CANARY", "display": "Dr CANARY"}],
        "managingOrganization": {"identifier": {"value": "CANARY"}},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "CANARY"}],
    })
}

#[test]
fn none_of_the_eighteen_identifiers_comes_through() {
    let out = apply(Dates::Year, &patient(), Some("1980-05-17"));
    let text = out.to_string();
    assert!(
        !text.contains("CANARY") && !text.contains("Q0FOQVJZ"),
        "{text}"
    );
    assert_eq!(out["birthDate"], "1980");
    assert_eq!(out["deceasedDateTime"], "2025");
    assert_eq!(
        out["address"],
        json!([{"state": "CA", "country": "US", "postalCode": "941"}])
    );
    assert_eq!(out["maritalStatus"]["coding"].as_array().unwrap().len(), 1);
    assert_ne!(out["id"], "p");
    for gone in [
        "name",
        "telecom",
        "identifier",
        "photo",
        "contact",
        "link",
        "meta",
        "text",
        "extension",
        "contained",
    ] {
        assert!(out.get(gone).is_none(), "{gone}");
    }
}

#[test]
fn the_very_old_are_one_group() {
    let out = apply(Dates::Year, &patient(), Some("1930-01-01"));
    assert!(out.get("birthDate").is_none() && out.get("deceasedDateTime").is_none());
    assert_eq!(out["extension"][0]["valueCode"], "90-or-more");
    assert_eq!(out["deceasedBoolean"], true);
    let age = json!({"resourceType": "Observation", "id": "o", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "30525-0"}]},
        "valueQuantity": {"value": 97, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}});
    assert_eq!(
        apply(Dates::Year, &age, Some("1930"))["valueQuantity"]["value"],
        90
    );
    let onset = json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
        "onsetAge": {"value": 93, "system": "http://unitsofmeasure.org", "code": "a"}});
    assert_eq!(
        apply(Dates::Year, &onset, Some("1930"))["onsetAge"]["value"],
        90
    );
}

#[test]
fn thinly_peopled_areas_are_not_told() {
    for (code, expected) in [
        ("94110", Some("941")),
        ("03601", Some("000")),
        ("82101-1234", Some("000")),
        ("SW1A 1AA", None),
        ("941", None),
    ] {
        assert_eq!(zip3(code).as_deref(), expected, "{code}");
    }
}

#[test]
fn a_patients_dates_keep_their_distances_when_shifted() {
    let observed = |day: &str| {
        json!({"resourceType": "Observation", "id": day, "status": "final", "note": [{"text": "CANARY"}],
            "valueString": "CANARY", "effectiveDateTime": day, "subject": {"reference": "Patient/p"}})
    };
    let moved = |day: &str| {
        apply(Dates::Shifted, &observed(day), Some("1980"))["effectiveDateTime"].clone()
    };
    let day = |value: &Value| {
        value
            .as_str()
            .unwrap()
            .parse::<jiff::civil::Date>()
            .unwrap()
    };
    let (one, other) = (moved("2026-01-10T08:00:00Z"), moved("2026-01-20"));
    assert_eq!(
        day(&one).checked_add(jiff::Span::new().days(10)).unwrap(),
        day(&other)
    );
    assert_ne!(one, "2026-01-10");
    let record = apply(Dates::Shifted, &observed("2026-01-10"), Some("1980"));
    assert!(!record.to_string().contains("CANARY"));
    let subject = record["subject"]["reference"].as_str().unwrap();
    let person = apply(Dates::Shifted, &patient(), Some("1980"));
    assert_eq!(
        subject,
        format!("Patient/{}", person["id"].as_str().unwrap())
    );
}

#[test]
fn documents_and_people_are_not_exported() {
    for kind in [
        "DocumentReference",
        "Binary",
        "Practitioner",
        "RelatedPerson",
        "Consent",
        "Communication",
    ] {
        assert!(
            !Deidentifier::exports(ResourceType::from_name(kind).unwrap()),
            "{kind}"
        );
    }
}

#[test]
fn an_age_above_the_oldest_comes_through_no_other_field() {
    let age = json!({"coding": [{"system": "http://loinc.org", "code": "30525-0"}]});
    let observed = json!({"resourceType": "Observation", "id": "o", "status": "final", "code": age, "valueInteger": 97,
        "component": [{"code": age, "valueInteger": 97}, {"code": age, "valueQuantity": {"value": 97}},
            {"code": age, "valueRange": {"low": {"value": 96}, "high": {"value": 97}}}]});
    let out = apply(Dates::Year, &observed, Some("1929"));
    assert_eq!(out["valueInteger"], 90);
    assert!(
        !out.to_string().contains("97") && !out.to_string().contains("96"),
        "{out}"
    );
    let months =
        |low: i32| json!({"value": low, "system": "http://unitsofmeasure.org", "code": "mo"});
    let onset = json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
        "onsetRange": {"low": months(600), "high": months(1170)}});
    let range = apply(Dates::Year, &onset, Some("1929"))["onsetRange"].clone();
    assert_eq!(
        (&range["low"]["value"], &range["low"]["code"]),
        (&json!(600), &json!("mo"))
    );
    assert_eq!(
        (&range["high"]["value"], &range["high"]["code"]),
        (&json!(90), &json!("a"))
    );
}

#[test]
fn a_year_that_tells_the_age_of_the_old_is_none_and_other_years_stay() {
    let since = |year: &str| {
        json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "onsetDateTime": year,
            "recordedDate": "2025-02-03"})
    };
    for dates in [Dates::Year, Dates::Shifted] {
        let old = apply(dates, &since("1931-05-06"), Some("1931-05-06"));
        assert!(old.get("onsetDateTime").is_none(), "{old}");
        assert!(old["recordedDate"].as_str().unwrap().starts_with("202"));
    }
    let young = apply(Dates::Year, &since("1980-05-17"), Some("1980-05-17"));
    assert_eq!(young["onsetDateTime"], "1980");
}

#[test]
fn numbers_of_persons_are_no_codes() {
    let coded = |system: &str| {
        let code = json!({"coding": [{"system": system, "code": "123456789"}]});
        let resource = json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "code": code});
        apply(Dates::Year, &resource, Some("1980"))
            .to_string()
            .contains("123456789")
    };
    for (system, kept) in [
        ("http://hl7.org/fhir/sid/us-ssn", false),
        ("http://hl7.org/fhir/sid/us-npi", false),
        ("http://hl7.org/fhir/sid/us-mbi", false),
        ("http://terminology.hl7.org/NamingSystem/x", false),
        ("http://hospital.example/mrn", false),
        ("http://hl7.org/fhir/sid/icd-10-cm", true),
        ("http://hl7.org/fhir/sid/ndc", true),
        ("http://snomed.info/sct", true),
    ] {
        assert_eq!(coded(system), kept, "{system}");
    }
}

proptest! {
    #[test]
    fn free_text_never_comes_through(words in "[A-Z]{3,8} [a-z]{4,9}", number in "[0-9]{7,12}") {
        let resource = json!({
            "resourceType": "Observation", "id": number, "status": "final",
            "identifier": [{"value": number}], "code": {"text": words, "coding": [{"system": "http://loinc.org", "code": "1-8", "display": words}]},
            "valueString": words, "note": [{"text": words}], "interpretation": [{"text": words}],
            "referenceRange": [{"text": words, "low": {"value": 1, "unit": words}}],
            "component": [{"code": {"text": words}, "valueString": number}],
            "performer": [{"display": words}, {"reference": format!("Practitioner/{number}")}],
            "device": {"reference": format!("urn:uuid:{number}")},
        });
        let out = apply(Dates::Year, &resource, Some("1980")).to_string();
        prop_assert!(!out.contains(&words) && !out.contains(&number), "{}", out);
    }

    #[test]
    fn only_the_year_of_a_date_is_left(year in 1900_u16..2026, month in 1_u8..13, day in 1_u8..29) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let resource = json!({"resourceType": "Procedure", "id": "x", "status": "completed", "subject": {"reference": "Patient/p"}, "performedDateTime": text});
        let out = apply(Dates::Year, &resource, Some("1980"));
        prop_assert_eq!(out["performedDateTime"].as_str(), Some(&text[..4]));
    }
}
