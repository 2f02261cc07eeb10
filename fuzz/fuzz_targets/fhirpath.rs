//! FHIRPath: any expression is refused or evaluated within its limits.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mt_fhir::ResourceType;
use mt_fhir::json::{Doc, Limits};
use mt_fhirpath::{Context, Element, Expr};
use mt_kernel::Instant;

static PATIENT: LazyLock<Doc> = LazyLock::new(|| {
    let text = include_str!("../../crates/base/fhirpath/tests/data/patient.json");
    Doc::parse(text, &Limits::default()).expect("the sample is JSON")
});

fuzz_target!(|text: &str| {
    let Ok(expr) = Expr::parse(text) else { return };
    let _ = expr.check(ResourceType::PATIENT.type_id());
    let mut context = Context::new(PATIENT.root(), Instant(1_714_979_289_123_000));
    context.limits.work = 50_000;
    let _ = expr.evaluate(&context, Element::resource(PATIENT.root()));
});
