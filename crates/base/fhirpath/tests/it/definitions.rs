//! Every expression of the official definitions compiles, and runs on real resources.

use mt_fhir::definitions::{ParamId, TypeId, constraints};
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

#[test]
fn the_names_in_search_parameters_exist() {
    for param in (0..ParamId::COUNT).filter_map(|number| ParamId(number).def()) {
        for base in param.base {
            let branches = param.expression.split(" | ");
            let own = branches.filter(|branch| {
                let path = branch.trim_start_matches('(');
                path.strip_prefix(base.name())
                    .is_some_and(|rest| rest.starts_with('.'))
            });
            for branch in own {
                let expr = Expr::parse(branch).unwrap();
                assert_eq!(expr.check(base.type_id()), Ok(()), "{branch}");
            }
        }
    }
}

#[test]
fn the_names_in_invariants_exist() {
    let mut faults = Vec::new();
    for type_id in TypeId::all() {
        let of_elements = type_id.def().elements.iter().flat_map(|element| {
            let of_types = element.types.iter().map(|choice| choice.type_id);
            let constraints = element.constraints.iter().copied();
            constraints.flat_map(move |c| of_types.clone().map(move |t| (c, t)))
        });
        let own = type_id
            .def()
            .constraints
            .iter()
            .map(|constraint| (*constraint, type_id));
        for (constraint, type_id) in own.chain(of_elements) {
            let expr = Expr::parse(constraint.expression).unwrap();
            if let Err(error) = expr.check(type_id) {
                faults.push(format!("{} on {}: {error}", constraint.key, type_id.name()));
            }
        }
    }
    // Two known errors of R4 itself.
    let known = [
        "cid-0 on ChargeItemDefinition: unknown element name at offset 0",
        "ras-1 on decimal: unknown element low at offset 1",
    ];
    assert_eq!(faults, known);
}
