//! SCRIPT messages: what is read is written byte for byte, and its typed content changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_script::{Document, validate};

fuzz_target!(|data: &[u8]| {
    let report = validate(data);
    assert!(report.issues.len() <= 200);
    let Ok(mut document) = Document::parse(data) else { return };
    assert_eq!(document.write().as_bytes(), data);
    let message = document.message();
    assert!(document.update(&message));
    assert_eq!(document.write().as_bytes(), data);
});
