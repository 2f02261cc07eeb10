//! FHIR XML: what is read can be written, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_fhir::json::Limits;
use mt_fhir::xml;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { max_bytes: 1 << 20, ..Limits::default() };
    let Ok(doc) = xml::parse(data, &limits) else { return };
    let written = xml::write(doc.root()).expect("what was read can be written");
    let again = xml::parse(&written, &Limits::default()).expect("what was written can be read");
    assert!(doc == again);
});
