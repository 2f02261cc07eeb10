//! Finding frames does not depend on how the bytes arrive, and memory stays bounded.

#![no_main]

#[path = "../../crates/base/hl7v2/tests/it/laws.rs"]
#[allow(dead_code, reason = "each target checks some of the shared laws")]
mod laws;

use libfuzzer_sys::fuzz_target;
use mt_hl7v2::mllp::FrameProfile;

fuzz_target!(|input: &[u8]| {
    let [step, limit, release2, bytes @ ..] = input else {
        return;
    };
    let profile = FrameProfile {
        max_bytes: usize::from(*limit) * 16,
        release2: release2 % 2 == 1,
    };
    laws::frames_are_the_same_however_they_arrive(bytes, usize::from(*step), profile);
});
