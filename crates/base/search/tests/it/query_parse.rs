//! Reading searches: what is understood and what is refused, with the parameter's name.

use mt_fhir::definitions::{Compartment, ResourceType};
use mt_kernel::Instant;
use mt_search::query::{Clause, Comparator, Limit, QueryError, Test, Types};
use mt_search::{Handling, ParamRegistry, ParseOptions, Query, Scope, decode_pairs};

/// 2026-01-01T00:00:00Z
pub(crate) const NOW: Instant = Instant(1_767_225_600_000_000);

pub(crate) fn parse_as(handling: Handling, url: &str) -> Result<Query, QueryError> {
    let (path, parameters) = url.split_once('?').unwrap_or((url, ""));
    let scope = match path.split('/').collect::<Vec<_>>().as_slice() {
        [""] => Scope::system(),
        [name] => Scope::resource(ResourceType::from_name(name).expect("a type")),
        [_, id, name] => {
            Scope::compartment(Compartment::Patient, id, ResourceType::from_name(name))
        }
        _ => panic!("{path}"),
    };
    let options = ParseOptions {
        handling,
        ..ParseOptions::at(NOW)
    };
    let registry = ParamRegistry::official().with_base_urls(&["https://ehr.example/fhir/R4"]);
    Query::parse(&registry, scope, &decode_pairs(parameters)?, &options)
}

fn strict(url: &str) -> Result<Query, QueryError> {
    parse_as(Handling::Strict, url)
}

fn only_test(url: &str) -> Test {
    match strict(url).expect(url).clauses.as_slice() {
        [Clause::Leaf(leaf)] => leaf.test.clone(),
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    for (url, message) in [
        ("Patient?nme=x", "unknown search parameter 'nme'"),
        (
            "Patient?name:nope=x",
            "modifier ':nope' does not apply to search parameter 'name'",
        ),
        (
            "Patient?name:not=x",
            "modifier ':not' does not apply to search parameter 'name'",
        ),
        (
            "Patient?birthdate:exact=2000",
            "modifier ':exact' does not apply to search parameter 'birthdate'",
        ),
        (
            "Patient?birthdate=xx2000",
            "invalid value for search parameter 'birthdate': expected one of the prefixes eq ne gt lt ge le sa eb ap",
        ),
        (
            "Patient?birthdate=2000-13",
            "invalid value for search parameter 'birthdate': expected a date, or a date and time",
        ),
        (
            "Patient?name:missing=maybe",
            "invalid value for search parameter 'name:missing': expected true or false",
        ),
        (
            "Patient?name:contains=ab",
            "invalid value for search parameter 'name:contains': :contains needs at least three characters",
        ),
        (
            "Patient?name=",
            "search parameter 'name' is not supported: it has no value",
        ),
        (
            "Patient?name=a,,b",
            "invalid value for search parameter 'name': an alternative is empty",
        ),
        (
            r"Patient?name=a\b",
            r"invalid value for search parameter 'name': a backslash stands before none of , | $ \",
        ),
        (
            "Patient?_contained=true",
            "invalid value for search parameter '_contained': contained resources are not searched on their own",
        ),
        (
            "Patient?_query=everything",
            "search parameter '_query' is not supported: there are no named queries",
        ),
        (
            "Patient?_sort=_score",
            "search parameter '_sort' is not supported: matches have no score",
        ),
        (
            "Patient?_sort=nope",
            "search parameter '_sort' is not supported: unknown sort key",
        ),
        (
            "Observation?_sort=code-value-quantity",
            "search parameter '_sort' is not supported: this kind of parameter has no order",
        ),
        (
            "Patient?_count=-1",
            "invalid value for search parameter '_count': expected a number, zero or more",
        ),
        (
            "Patient?_count=1&_count=2",
            "search parameter '_count' may be given only once",
        ),
        (
            "Patient?_total=maybe",
            "invalid value for search parameter '_total': expected none, estimate or accurate",
        ),
        (
            "Patient?_elements=nope",
            "invalid value for search parameter '_elements': not a top-level element of the types searched",
        ),
        (
            "Patient?_type=Observation",
            "search parameter '_type' may be given only once",
        ),
        (
            "?_type=Nope",
            "unknown resource type in search parameter '_type'",
        ),
        ("?status=final", "unknown search parameter 'status'"),
        (
            "Patient?name.given=x",
            "search parameter 'name' cannot be followed: it is not a reference",
        ),
        (
            "Observation?subject:Medication.code=x",
            "search parameter 'subject' cannot be followed: the reference never has this type of target",
        ),
        (
            "Observation?subject:Patient.nope=x",
            "unknown search parameter 'nope'",
        ),
        (
            "Observation?subject:Nope=1",
            "modifier ':Nope' does not apply to search parameter 'subject'",
        ),
        (
            "Observation?subject=Nope/1",
            "invalid value for search parameter 'subject': expected an id, Type/id or a URL",
        ),
        (
            "Observation?subject:Patient=Group/1",
            "invalid value for search parameter 'subject:Patient': the type differs from that of the modifier",
        ),
        (
            "Patient?_has:Observation:code:status=final",
            "search parameter '_has:Observation:code:status' cannot be followed: it is not a reference to the types searched",
        ),
        (
            "Patient?_has:Observation=final",
            "invalid value for search parameter '_has:Observation': expected _has:Type:reference:parameter",
        ),
        (
            "Patient?_has:Nope:subject:code=x",
            "unknown resource type in search parameter '_has:Nope:subject:code'",
        ),
        (
            "Observation?code-value-quantity=a",
            "invalid value for search parameter 'code-value-quantity': expected one value for each component, joined by $",
        ),
        (
            "Observation?value-quantity=5|mg",
            "invalid value for search parameter 'value-quantity': expected number, number|system|code or number||code",
        ),
        (
            "Observation?code=a|b|c",
            "invalid value for search parameter 'code': expected code, system|code, |code or system|",
        ),
        (
            "Observation?_include=Observation:code",
            "search parameter '_include' cannot be followed: the search parameter is not a reference",
        ),
        (
            "Observation?_include=Observation:subject:Medication",
            "search parameter '_include' cannot be followed: the reference never has this type of target",
        ),
        (
            "Observation?_include=Observation",
            "invalid value for search parameter '_include': expected Type:parameter, Type:parameter:Target, Type:* or *",
        ),
        (
            "Location?near=100|0",
            "invalid value for search parameter 'near': expected degrees of latitude and longitude",
        ),
        (
            "ValueSet?url:below=urn:oid:1",
            "invalid value for search parameter 'url:below': a urn has nothing above or below it",
        ),
        (
            "Patient?_filter=name zz x",
            "invalid _filter at character 7: unknown operator",
        ),
        (
            "Patient?_filter=name gt x",
            "invalid _filter at character 0: the operator does not apply to this kind of parameter",
        ),
        (
            "Patient?_list=$current-problems",
            "search parameter '_list' is not supported: there are no functional lists",
        ),
        (
            "Patient?_id=a b",
            "invalid value for search parameter '_id': not a logical id",
        ),
        (
            "Patient?_id:exact=a",
            "modifier ':exact' does not apply to search parameter '_id'",
        ),
        (
            "Patient?name=%zz",
            "malformed query string: bad percent escape",
        ),
    ] {
        match strict(url) {
            Err(error) => assert_eq!(error.to_string(), message, "{url}"),
            Ok(query) => panic!("{url} was understood as {query:?}"),
        }
    }
}

#[test]
fn an_error_never_repeats_the_value() {
    for url in [
        "Patient?birthdate=Mustermann",
        "Patient?_filter=name eq \"Mustermann",
        "Observation?subject=Nope/Mustermann",
        "Observation?value-quantity=Mustermann",
        "Patient?_id=Mustermann!",
    ] {
        let error = strict(url).expect_err(url);
        assert!(
            !format!("{error} {error:?}").contains("Mustermann"),
            "{url}"
        );
    }
}

#[test]
fn lenient_handling_names_what_it_leaves_out() {
    let url = "Patient?nme=x&name=eve&birthdate=&_query=q&_sort=nope";
    let query = parse_as(Handling::Lenient, url).expect("understood");
    let ignored: Vec<_> = query
        .ignored
        .iter()
        .map(|i| (i.name.as_str(), i.reason))
        .collect();
    assert_eq!(
        ignored,
        [
            ("nme", "unknown search parameter"),
            ("birthdate", "it has no value"),
            ("_query", "there are no named queries"),
            ("_sort", "unknown sort key"),
        ]
    );
    assert_eq!(query.applied(), [("name".to_owned(), "eve".to_owned())]);
    for url in [
        "Patient?name:nope=x",
        "Patient?birthdate=x",
        "Patient?_contained=both",
    ] {
        assert!(parse_as(Handling::Lenient, url).is_err(), "{url}");
    }
}

#[test]
fn limits_hold() {
    let many = |n: usize| vec!["a"; n].join(",");
    let deep = format!("Observation?{}status=final", "focus:Observation.".repeat(5));
    let nested = format!("Patient?{}code=x", "_has:Observation:focus:".repeat(9));
    for (url, limit) in [
        (
            format!("Patient?{}", "name=a&".repeat(65)),
            Limit::Parameters,
        ),
        (format!("Patient?name={}", many(501)), Limit::Alternatives),
        (
            format!("Patient?name={}", "x".repeat(20_000)),
            Limit::ValueLength,
        ),
        (
            format!("Patient?_sort={}", ["name"; 9].join(",")),
            Limit::SortKeys,
        ),
        (
            format!("Patient?{}", "_include=*&".repeat(33)),
            Limit::Includes,
        ),
        (deep, Limit::ChainDepth),
        (
            nested
                .replace("focus", "derived-from")
                .replacen("Patient", "Observation", 1),
            Limit::ChainDepth,
        ),
        (
            "Provenance?target.identifier=1".to_owned(),
            Limit::ChainTargets,
        ),
        (
            "Provenance?target.subject.subject.identifier=1".to_owned(),
            Limit::ChainTargets,
        ),
        (
            format!("Patient?_filter={}", vec!["name eq a"; 65].join(" or ")),
            Limit::FilterTerms,
        ),
    ] {
        match strict(&url) {
            Err(QueryError::TooMuch { limit: found, .. }) => assert_eq!(found, limit),
            other => panic!("{limit}: {:?}", other.map(|_| ())),
        }
    }
}

#[test]
fn a_chain_tries_each_type_that_has_the_parameter() {
    let query = strict("Observation?subject.name=peter").expect("understood");
    let Some(Clause::Chain(chain)) = query.clauses.first() else {
        panic!("{query:?}");
    };
    let names: Vec<_> = chain
        .targets
        .iter()
        .map(|(target, _)| target.name())
        .collect();
    assert_eq!(names, ["Location", "Patient"]);
    assert!(!chain.qualified);
}

#[test]
fn comparators_widen_or_narrow_the_range() {
    let Test::Date(dates) = only_test("Observation?date=ge2020-01,ap2016-01-01") else {
        panic!("not dates");
    };
    assert_eq!(dates[0].comparator, Comparator::Ge);
    let reach = NOW.0 - dates[1].range.lo;
    assert!(reach > 3650 * 86_400_000_000 * 11 / 10);
    let Test::Number(numbers) = only_test("RiskAssessment?probability=0.8,gt0.8") else {
        panic!("not numbers");
    };
    assert_eq!((numbers[0].range.lo, numbers[1].range.lo), (0.75, 0.8));
}

#[test]
fn references_are_recognised_in_every_form() {
    use mt_search::query::ReferenceValue::{Local, Url};
    let url = "Observation?performer=1,Patient/2,Patient/3/_history/4,\
               https://ehr.example/fhir/R4/Patient/5,https://other.example/Patient/6,urn:uuid:7";
    let Test::Reference { values, .. } = only_test(&url.replace(' ', "")) else {
        panic!("not references");
    };
    let locals: Vec<_> = values
        .iter()
        .map(|value| match value {
            Local {
                resource_type,
                id,
                version,
                ..
            } => {
                let name = resource_type.map_or("?", ResourceType::name);
                format!("{name}/{id}@{}", version.as_deref().unwrap_or("-"))
            }
            Url { url, .. } => url.clone(),
        })
        .collect();
    assert_eq!(
        locals,
        [
            "?/1@-",
            "Patient/2@-",
            "Patient/3@4",
            "Patient/5@-",
            "https://other.example/Patient/6",
            "urn:uuid:7"
        ]
    );
}

#[test]
fn system_searches_use_what_all_types_share() {
    let query =
        strict("?_type=Observation,Condition&code=x&_lastUpdated=gt2020").expect("understood");
    assert_eq!(
        query.types,
        Types::Some(vec![ResourceType::OBSERVATION, ResourceType::CONDITION])
    );
    assert_eq!(query.clauses.len(), 2);
    assert!(strict("?_tag=x&_id=1").is_ok());
    let everything = strict("Patient/1/*?_lastUpdated=2020").expect("understood");
    assert_eq!(everything.types, Types::All);
    assert_eq!(everything.compartment.map(|c| c.id).as_deref(), Some("1"));
}

#[test]
fn criteria_are_strict_and_name_their_type() {
    let registry = ParamRegistry::official();
    let parse = |text: &str| Query::parse_criteria(&registry, text, &ParseOptions::at(NOW));
    assert_eq!(
        parse("Observation?category=laboratory")
            .expect("understood")
            .clauses
            .len(),
        1
    );
    assert!(parse("Observation").expect("understood").clauses.is_empty());
    assert!(parse("Observation?nope=1").is_err());
    assert!(parse("observation?code=1").is_err());
}
