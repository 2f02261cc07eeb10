//! Cutting a stream does not depend on how it arrives; envelopes are read or refused.

#![no_main]

#[path = "../../crates/base/hl7v2/tests/it/laws.rs"]
#[allow(dead_code, reason = "each target checks some of the shared laws")]
mod laws;

use libfuzzer_sys::fuzz_target;
use mt_hl7v2::batch::BatchFile;

fuzz_target!(|input: &[u8]| {
    let Some((step, bytes)) = input.split_first() else {
        return;
    };
    laws::a_stream_is_cut_the_same_however_it_arrives(bytes, usize::from(*step));
    let _ = BatchFile::read(bytes);
});
