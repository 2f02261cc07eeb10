//! FHIR JSON: what is read can be written and reads the same again; XML is written or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_fhir::json::{Doc, Limits};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { max_bytes: 1 << 20, ..Limits::default() };
    let Ok(doc) = Doc::parse(data, &limits) else { return };
    let written = doc.to_json();
    let again = Doc::parse(written.clone(), &limits).expect("what was written can be read");
    assert!(doc == again);
    assert_eq!(again.to_json(), written);
    if let Ok(text) = mt_fhir::xml::write(doc.root()) {
        let _ = mt_fhir::xml::parse(&text, &limits);
    }
});
