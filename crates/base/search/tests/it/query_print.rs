//! The `self` link: printing a search and reading it again changes nothing.

use mt_search::Handling;
use proptest::prelude::*;

use super::query_parse::parse_as;

fn reparsed(url: &str) -> (mt_search::Query, mt_search::Query, String) {
    let query = parse_as(Handling::Strict, url).expect(url);
    let path = url.split_once('?').map_or(url, |(path, _)| path);
    let printed = format!("{path}?{}", query.applied_query());
    let again = parse_as(Handling::Strict, &printed).expect(&printed);
    (query, again, printed)
}

#[test]
fn every_form_survives_printing() {
    for url in [
        r"Patient?name=eve,a\,b&name:exact=M\|x&family:contains=son&given:missing=true",
        "Patient?identifier=http://mrn|1,|2,http://mrn|,3&identifier:of-type=http://t|MR|4",
        "Patient?phonetic=smith&gender:not=male&active=true&_id=1,2&_id:not=3",
        "Patient?gender=http://hl7.org/fhir/administrative-gender|male",
        "Observation?code:in=http://vs|2&code:not-in=http://vs&code:below=http://s|c&code:above=c",
        "Observation?code:text=gluc&subject:Patient=1&subject:identifier=http://x|1&_tag=a|b",
        "Observation?date=ge2020-01-01T10:00:00%2B02:00&date=lt2021&_lastUpdated=sa2020-01",
        "Observation?value-quantity=5.40|http://unitsofmeasure.org|mg,gt5||mg,ap7&combo-value-quantity=ne1e2",
        "Observation?code-value-quantity=http://loinc.org|1$gt5.4|http://unitsofmeasure.org|mg",
        r"Observation?code-value-string=a\$b$c\,d,e$f",
        "Observation?subject:Patient.organization.name=x&subject.identifier=1&performer:Practitioner._id=1",
        "Patient?_has:Observation:patient:code=1&_has:Observation:patient:_has:AuditEvent:entity:agent-name=x",
        "Patient?_has:Observation:subject:performer:Practitioner.name=x",
        "Observation?_include=Observation:subject:Patient&_include:iterate=Patient:organization&_revinclude=Provenance:target&_include=*&_include=Observation:*",
        "Observation?_sort=-date,_id,status&_count=20&_total=accurate&_summary=data&_elements=status,code",
        "Observation?_summary=count&_count=0&_text=sugar high,low&_content=x&_list=42&_contained=false",
        r#"Patient?_filter=(name co "pet" or not (birthdate ge 2000)) and gender ne male&name=x"#,
        r#"Observation?_filter=subject:Patient[birthdate lt 1990].name sw "a" and value-quantity gt 5|http://unitsofmeasure.org|mg"#,
        "Location?near=52.5|13.4|10|km,1|2&_profile=http://x/y&_source:below=http://x&_security=R",
        "ValueSet?url:below=http://x/&url:above=http://x/y/z&url=urn:oid:1",
        "?_type=Observation,Condition&code=x&_sort=_lastUpdated",
        "Patient/1/Observation?code=x",
        "Patient/1/*?_tag=x",
    ] {
        let (query, again, printed) = reparsed(url);
        assert_eq!(query, again, "{printed}");
        assert_eq!(query.applied(), again.applied());
    }
}

#[test]
fn the_link_says_what_was_applied_in_readable_form() {
    let (_, _, printed) =
        reparsed("Observation?date=eq2020&code=http://loinc.org|1&_contained=false");
    assert_eq!(printed, "Observation?date=2020&code=http://loinc.org%7C1");
}

proptest! {
    #[test]
    fn any_text_survives_printing(text in "\\PC*[a-z]{3}\\PC*", modifier in "(|:exact|:contains)") {
        let escaped = text.replace('\\', r"\\").replace(',', r"\,").replace('|', r"\|").replace('$', r"\$");
        let value: String = escaped.bytes().map(|b| format!("%{b:02x}")).collect();
        let (query, again, _) = reparsed(&format!("Patient?name{modifier}={value}"));
        prop_assert_eq!(query, again);
    }

    #[test]
    fn no_input_panics(url in "(Patient|Observation|)\\?([a-z_:.*-]{1,20}=\\PC{0,30}&?){1,3}") {
        let _ = parse_as(Handling::Lenient, &url);
    }
}
