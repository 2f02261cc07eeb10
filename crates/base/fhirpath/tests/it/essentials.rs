//! What must hold without the published suites: results on the committed samples.

use mt_fhir::json::{Doc, Limits};
use mt_fhirpath::{Context, Dialect, Element, EvalErrorKind, Expr, Value};

use crate::official::NOW;

const PATIENT: &str = include_str!("../data/patient.json");
const OBSERVATION: &str = include_str!("../data/observation.json");

/// The texts of the result, or the error in words.
fn run(resource: &str, dialect: Dialect, text: &str) -> String {
    let doc = Doc::parse(resource, &Limits::default()).unwrap();
    let expr = match Expr::parse(text) {
        Ok(expr) => expr,
        Err(error) => return format!("syntax: {error}"),
    };
    let mut context = Context::new(doc.root(), NOW);
    context.dialect = dialect;
    let outcome = expr.evaluate(&context, Element::resource(doc.root()));
    match outcome {
        Err(error) => format!("error: {error}"),
        Ok(items) => {
            let text = |v: &Value<'_>| v.to_system().as_ref().unwrap_or(v).to_string();
            items.iter().map(text).collect::<Vec<_>>().join("|")
        }
    }
}

fn patient(text: &str) -> String {
    run(PATIENT, Dialect::Standard, text)
}

#[test]
fn paths_give_elements_in_document_order() {
    for (text, expected) in [
        ("Patient.name.given", "Ada|Augusta|Ada"),
        ("name[1].family", "Byron"),
        ("name[5].family", ""),
        ("`Patient`.name.`given`.first()", "Ada"),
        ("Patient.deceased", "false"),
        ("Patient.deceasedBoolean", ""),
        ("Observation.code", ""),
        ("Resource.id | DomainResource.id", "sample"),
        ("contained.name", "Example clinic"),
        ("contained.is(Organization)", "true"),
        ("managingOrganization.resolve().name", "Example clinic"),
        (
            "birthDate.extension('http://hl7.org/fhir/StructureDefinition/patient-birthTime').value",
            "1815-12-10T04:00:00Z",
        ),
        ("name.given[1].extension.value", "x"),
        ("name.nonsense", ""),
        ("children().count()", "24"),
        ("descendants().where($this is Coding).count()", "4"),
        (
            "name.select(family & ', ' & given.join(' '))",
            "Lovelace, Ada Augusta|Byron, Ada",
        ),
        ("name.where(use = 'maiden').select($index)", "0"),
        ("telecom.sort(-value).value", "ada@example.org|555-0100"),
        ("name.family.sort()", "Byron|Lovelace"),
    ] {
        assert_eq!(patient(text), expected, "{text}");
    }
}

#[test]
fn types_are_those_of_both_namespaces() {
    for (text, expected) in [
        ("active is boolean", "true"),
        ("active is System.Boolean", "false"),
        (
            "true is Boolean and 1 is Integer and 1.0 is Decimal",
            "true",
        ),
        (
            "gender is code and gender is string and (gender is id).not()",
            "true",
        ),
        ("gender.ofType(string)", ""),
        ("gender.ofType(code)", "female"),
        (
            "name.as(HumanName)",
            "error: expected a single item, found 2 at offset 5",
        ),
        ("name.first().as(HumanName).family", "Lovelace"),
        (
            "gender is nothing",
            "error: unknown type nothing at offset 7",
        ),
        (
            "Patient.type().namespace & '.' & Patient.type().name",
            "FHIR.Patient",
        ),
        (
            "conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')",
            "true",
        ),
        (
            "conformsTo('http://example.org/x')",
            "error: conformsTo needs a service that is not available here at offset 0",
        ),
    ] {
        assert_eq!(patient(text), expected, "{text}");
    }
}

#[test]
fn operators_follow_the_specification() {
    for (text, expected) in [
        ("1 + 2 * 3 - 4 / 2", "5"),
        ("7 div 2 | 7 mod 2", "3|1"),
        ("1 / 0", ""),
        ("9223372036854775807 + 1", ""),
        ("'a' + {}", ""),
        ("'a' & {}", "a"),
        ("true and {} or true", "true"),
        ("({} implies false).empty()", "true"),
        ("1 | 2 | 1", "1|2"),
        ("1.10 = 1.1", "true"),
        ("1.2 / 1.8 ~ 0.67", "true"),
        ("'Ab  c' ~ 'aB\\t\\nC'", "true"),
        ("4 'g' = 4000 'mg' and 1 'cm' < 1 '[in_i]'", "true"),
        ("7 days = 1 week and 1 year = 12 months", "true"),
        ("(1 'a' = 1 year).empty()", "true"),
        ("2 'cm' * 3 'cm' = 6 'cm2'", "true"),
        ("@2020-01-31 + 1 month", "2020-02-29"),
        (
            "@2020-01-31T10:00:00.000Z + 90 minutes",
            "2020-01-31T11:30:00.000Z",
        ),
        ("@2018-03 < @2018-03-01", ""),
        ("birthDate < today() and now() > birthDate", "true"),
        ("2 in (1 | 2) and (1 | 2) contains 1", "true"),
        (
            "-(1 | 2)",
            "error: expected a single item, found 2 at offset 0",
        ),
        (
            "'x' < 1",
            "error: comparison does not apply to Integer at offset 4",
        ),
        ("name = name and name !~ name.first()", "true"),
        ("(1.5 'mg').value | (1.5 'mg').unit", "1.5|mg"),
    ] {
        assert_eq!(patient(text), expected, "{text}");
    }
}

#[test]
fn functions_follow_the_specification() {
    for (text, expected) in [
        ("(1 | 2 | 3).aggregate($this + $total, 0)", "6"),
        ("(1 | 2 | 3).where($this > 1).select($this * 2)", "4|6"),
        ("iif(active, 'yes', 1 / 'x')", "yes"),
        ("defineVariable('n', name.count()).select(%n + 1)", "3"),
        (
            "defineVariable('n', 1).defineVariable('n', 2)",
            "error: variable %n is already defined at offset 23",
        ),
        ("%nothing", "error: unknown variable %nothing at offset 0"),
        (
            "%`vs-x` | %`ext-y` | %ucum",
            "http://hl7.org/fhir/ValueSet/x|http://hl7.org/fhir/StructureDefinition/y|http://unitsofmeasure.org",
        ),
        (
            "'2015-02'.toDate() | '1.50'.toDecimal() | '12 days'.toQuantity()",
            "2015-02|1.50|12 days",
        ),
        (
            "'abc'.matches('^a.c$') and 'xabcx'.matchesFull('abc').not()",
            "true",
        ),
        ("'abc'.replaceMatches('(b)', '[$1]')", "a[b]c"),
        (
            "'('.matches('(')",
            "error: invalid regular expression at offset 4",
        ),
        (
            "'héllo'.substring(1, 3) & 'héllo'.length().toString()",
            "éll5",
        ),
        ("'a,b,,c'.split(',').count()", "4"),
        (
            "1.587.lowBoundary() | 1.587.highBoundary(2) | @2014.lowBoundary(6)",
            "1.58650000|1.59|2014-01",
        ),
        (
            "2.power(10) | 16.log(2) | 81.sqrt() | (-1).sqrt()",
            "1024|4|9",
        ),
        (
            "@2015-02-04T14:34:28+10:00.hourOf() | @2015-02-04.monthOf()",
            "14|2",
        ),
        ("text.`div`.htmlChecks()", "true"),
        ("name.given.hasValue()", "false"),
        ("name.first().given.first().getValue()", "Ada"),
        (
            "elementDefinition()",
            "error: elementDefinition needs a service that is not available here at offset 0",
        ),
        ("nothing()", "syntax: unknown function nothing at offset 0"),
        (
            "name.where()",
            "syntax: wrong number of arguments for where at offset 5",
        ),
    ] {
        assert_eq!(patient(text), expected, "{text}");
    }
}

#[test]
fn the_search_dialect_reads_types_from_references() {
    let search = |resource, text| run(resource, Dialect::Search, text);
    for (resource, text, expected) in [
        (
            PATIENT,
            "Patient.generalPractitioner.where(resolve() is Practitioner).reference",
            "Practitioner/7",
        ),
        (
            OBSERVATION,
            "Observation.encounter.where(resolve() is Encounter).count()",
            "1",
        ),
        (
            OBSERVATION,
            "(Observation.component.value as Quantity).value",
            "118.0|76",
        ),
        (
            OBSERVATION,
            "Observation.subject.where(resolve() is Device).empty()",
            "true",
        ),
    ] {
        assert_eq!(search(resource, text), expected, "{text}");
    }
    let strict = run(
        OBSERVATION,
        Dialect::Standard,
        "Observation.subject.resolve()",
    );
    assert_eq!(strict, "");
}

#[test]
fn invariants_are_true_false_or_open() {
    let doc = Doc::parse(OBSERVATION, &Limits::default()).unwrap();
    let context = Context::new(doc.root(), NOW);
    for (text, expected) in [
        ("dataAbsentReason.empty() or value.empty()", Ok(Some(true))),
        ("component.exists().not()", Ok(Some(false))),
        ("value > 1", Ok(None)),
        ("'text'", Ok(Some(true))),
        ("component", Err(EvalErrorKind::NotSingleton(2))),
    ] {
        let expr = Expr::parse(text).unwrap();
        let focus = Element::resource(doc.root());
        let outcome = expr
            .evaluate_boolean(&context, focus)
            .map_err(|error| error.kind);
        assert_eq!(outcome, expected, "{text}");
    }
}

#[test]
fn plain_json_is_queried_without_definitions() {
    let json = r#"{"resourceType":"Model","n":[1,2.50,null],"o":{"Name":"x","t":true}}"#;
    for (text, expected) in [
        ("Model.n", "1|2.50"),
        ("n.sum", ""),
        ("o.Name & 'y'", "xy"),
        ("o.t is Boolean and n.first() is Integer", "true"),
        ("o.children().count()", "2"),
    ] {
        assert_eq!(run(json, Dialect::Standard, text), expected, "{text}");
    }
}

#[test]
fn names_are_checked_against_the_definitions() {
    use mt_fhir::ResourceType;
    let check = |text: &str| {
        let expr = Expr::parse(text).unwrap();
        expr.check(ResourceType::PATIENT.type_id())
            .map_err(|error| error.to_string())
    };
    for text in [
        "Patient.name.where(use = 'official').given.first()",
        "contained.anything.at.all",
        "deceased.ofType(dateTime)",
        "name.given.extension('x').value",
        "link.other.resolve().whatever",
        "name.select(given | family).distinct()",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
    for (text, error) in [
        ("name.given1", "unknown element given1 at offset 5"),
        (
            "deceasedBoolean",
            "unknown element deceasedBoolean at offset 0",
        ),
        ("Encounter.status", "the focus is no Encounter at offset 0"),
        (
            "name.where(nothing = 1)",
            "unknown element nothing at offset 11",
        ),
        (
            "(deceased as dateTime).unit",
            "unknown element unit at offset 23",
        ),
        (
            "children().first()",
            "first depends on the order of an unordered collection at offset 11",
        ),
    ] {
        assert_eq!(check(text), Err(error.to_owned()), "{text}");
    }
}
