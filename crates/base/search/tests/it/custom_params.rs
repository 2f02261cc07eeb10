//! A tenant's own search parameters.

use mt_fhir::Doc;
use mt_fhir::definitions::ResourceType;
use mt_fhir::json::Limits;
use mt_kernel::Instant;
use mt_search::registry::{RegistryError, parse_search_parameter};
use mt_search::{NoOthers, ParamId, ParamRegistry, ParseOptions, Query, matches};

const FIRST: ParamId = ParamId(ParamId::COUNT);

fn define(json: &str) -> Result<ParamRegistry, String> {
    let official = ParamRegistry::official();
    let doc = Doc::parse(json, &Limits::default()).expect("JSON");
    let param = parse_search_parameter(&official, doc.root(), FIRST).map_err(|e| e.to_string())?;
    official.with_params(vec![param]).map_err(|e| e.to_string())
}

fn ward(code: &str, expression: &str) -> String {
    format!(
        r#"{{"resourceType":"SearchParameter","url":"http://x/ward","code":"{code}","type":"token",
            "base":["Patient"],"expression":"{expression}"}}"#
    )
}

#[test]
fn an_own_parameter_is_searched_like_an_official_one() {
    let patient = r#"{"resourceType":"Patient","extension":[{"url":"http://x/other","valueString":"1"},
        {"url":"http://x/ward","valueString":"7b"}]}"#;
    let patient = Doc::parse(patient, &Limits::default()).expect("JSON");
    for expression in [
        "Patient.extension.where(url = 'http://x/ward').value",
        "Patient.extension('http://x/ward').value.ofType(string)",
        "Patient.extension.where(url.startsWith('http://x/w')).value",
    ] {
        let registry = define(&ward("ward", expression)).expect(expression);
        let options = ParseOptions::at(Instant(0));
        for (criteria, expected) in [
            ("Patient?ward=7B", true),
            ("Patient?ward=1", false),
            ("Patient?ward:missing=true", false),
        ] {
            let query = Query::parse_criteria(&registry, criteria, &options).expect(criteria);
            let found = matches(&registry, &query, &NoOthers, patient.root());
            assert_eq!(found, Ok(expected), "{expression} {criteria}");
        }
        assert!(Query::parse_criteria(&registry, "Observation?ward=1", &options).is_err());
    }
}

#[test]
fn an_unusable_definition_is_refused_with_the_element() {
    for (json, message) in [
        (
            ward("wa rd", "Patient.id"),
            "SearchParameter.code: expected letters, digits and hyphens, no underscore first",
        ),
        (
            ward("_ward", "Patient.id"),
            "SearchParameter.code: expected letters, digits and hyphens, no underscore first",
        ),
        (
            ward("name", "Patient.id"),
            "search parameter 'name' exists already on Patient",
        ),
        (
            ward("ward", "today()"),
            "SearchParameter.expression: it depends on the moment of indexing",
        ),
        (
            ward("ward", "Patient.id").replace("token", "special"),
            "SearchParameter.type: expected a search parameter type other than special",
        ),
        (
            ward("ward", "Patient.id").replace("token", "composite"),
            "SearchParameter.component: composite parameters, and only they, have components",
        ),
        (
            ward("ward", "Patient.id").replace("[\"Patient\"]", "[]"),
            "SearchParameter.base: expected at least one resource type",
        ),
        (
            ward("ward", "Patient.id").replace("[\"Patient\"]", "[\"Nope\"]"),
            "SearchParameter.base: unknown resource type",
        ),
        (ward("ward", ""), "SearchParameter.expression: missing"),
        (
            ward("ward", "Patient.wards.code"),
            "SearchParameter.expression: Patient has no element 'wards' there",
        ),
    ] {
        assert_eq!(define(&json).map(|_| ()), Err(message.to_owned()));
    }
    assert!(define(&ward("ward", "Patient.(")).is_err());
}

#[test]
fn numbers_and_codes_are_given_once() {
    let registry = define(&ward("ward", "Patient.id")).expect("a definition");
    let param = registry.by_id(FIRST).expect("defined").as_ref().clone();
    assert_eq!(
        registry.with_params(vec![param]).map(|_| ()),
        Err(RegistryError::TakenId {
            code: "ward".to_owned()
        })
    );
    assert_eq!(
        registry
            .params(ResourceType::PATIENT)
            .filter(|p| p.id == FIRST)
            .count(),
        1
    );
}

#[test]
fn a_chain_over_canonical_urls_is_refused_and_not_found_empty() {
    let registry = ParamRegistry::official();
    let options = ParseOptions::at(Instant(0));
    for criteria in [
        "QuestionnaireResponse?questionnaire.title=x",
        "CarePlan?instantiates-canonical.title=x",
        "Library?depends-on.title=x",
    ] {
        let refused = Query::parse_criteria(&registry, criteria, &options);
        let message = refused.expect_err(criteria).to_string();
        assert!(message.contains("canonical"), "{criteria}: {message}");
    }
    let followed = "QuestionnaireResponse?subject:Patient.name=x";
    assert!(Query::parse_criteria(&registry, followed, &options).is_ok());
}

#[test]
fn every_official_expression_passes_the_check_for_unknown_elements() {
    let official = ParamRegistry::official();
    let mut n = 0;
    for kind in ResourceType::all() {
        for param in official.params(kind).filter(|param| !param.is_computed()) {
            let expression = param.expression.replace('\\', "\\\\").replace('"', "\\\"");
            let json = format!(
                r#"{{"resourceType":"SearchParameter","url":"http://x","code":"own","type":"token",
                    "base":["{kind}"],"expression":"{expression}"}}"#
            );
            let doc = Doc::parse(&json[..], &Limits::default()).expect("JSON");
            let parsed = parse_search_parameter(&official, doc.root(), FIRST);
            assert!(parsed.is_ok(), "{kind} {}: {:?}", param.code, parsed.err());
            n += 1;
        }
    }
    assert!(n > 1_000);
}
