//! JSON Patch and FHIRPath Patch: any patch is applied whole or not at all.
//!
//! The input is a document and a patch, separated by a zero byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_fhir::json::{Doc, Limits};
use mt_fhirpath::patch;
use mt_kernel::Instant;

fuzz_target!(|data: &[u8]| {
    let Some(at) = data.iter().position(|byte| *byte == 0) else { return };
    let parse = |bytes: &[u8]| Doc::parse(bytes, &Limits::default());
    let (Ok(mut doc), Ok(change)) = (parse(&data[..at]), parse(&data[at + 1..])) else { return };
    let before = doc.to_json();
    let outcomes = [
        patch::apply_json(&mut doc, change.root()),
        patch::apply_fhirpath(&mut doc, change.root(), Instant(0)),
    ];
    if outcomes.iter().all(Result::is_err) {
        assert_eq!(doc.to_json(), before);
    } else {
        assert!(parse(&doc.to_json()).is_ok());
    }
});
