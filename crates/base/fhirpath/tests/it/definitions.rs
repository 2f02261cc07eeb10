//! Every expression of the official definitions compiles, and runs on real resources.

use mt_fhir::definitions::{ParamId, constraints};
use mt_fhir::json::{Doc, Limits};
use mt_fhirpath::{Context, Element, Expr};

use crate::official::NOW;

fn search_expressions() -> impl Iterator<Item = &'static str> {
    let params = (0..ParamId::COUNT).filter_map(|number| ParamId(number).def());
    params
        .flat_map(|param| {
            let components = param
                .components
                .iter()
                .map(|component| component.expression);
            std::iter::once(param.expression).chain(components)
        })
        .filter(|expression| !expression.is_empty())
}

#[test]
fn every_search_parameter_compiles() {
    let mut count = 0;
    for expression in search_expressions() {
        assert!(Expr::parse(expression).is_ok(), "{expression}");
        count += 1;
    }
    assert!(count > 1_000);
}

#[test]
fn every_invariant_compiles() {
    for constraint in constraints() {
        let parsed = Expr::parse(constraint.expression);
        assert!(parsed.is_ok(), "{}: {parsed:?}", constraint.key);
    }
}

#[test]
fn every_search_parameter_runs_on_a_patient_and_an_observation() {
    for text in [
        include_str!("../data/patient.json"),
        include_str!("../data/observation.json"),
    ] {
        let doc = Doc::parse(text, &Limits::default()).unwrap();
        let context = Context::new(doc.root(), NOW).for_search();
        let mut found = 0;
        for expression in search_expressions() {
            let expr = Expr::parse(expression).unwrap();
            let values = expr.evaluate(&context, Element::resource(doc.root()));
            found += values
                .unwrap_or_else(|error| panic!("{expression}: {error}"))
                .len();
        }
        assert!(found > 20, "{found}");
    }
}
