//! Any bytes are a message or are refused; an edit changes its place only.

#![no_main]

#[path = "../../crates/base/hl7v2/tests/it/laws.rs"]
#[allow(dead_code, reason = "each target checks some of the shared laws")]
mod laws;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    laws::any_bytes_are_read_or_refused(bytes);
    laws::an_edit_changes_its_place_only(bytes, "PID-5[2].1", "O'Brien & Söhne\r");
    laws::an_edit_changes_its_place_only(bytes, "MSH-10", "a|b");
});
