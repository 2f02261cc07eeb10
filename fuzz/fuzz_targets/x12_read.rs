//! Any text: split, arrange by loops, read as every typed document, and write back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_x12::ack::ImplementationAcknowledgment;
use mt_x12::model::{
    ClaimAcknowledgment, EligibilityResponse, Remittance, ReviewResponse, StatusResponse,
};
use mt_x12::Interchange;

fuzz_target!(|text: &str| {
    let Ok(parsed) = Interchange::parse_all(text) else { return };
    for set in parsed.iter().flat_map(Interchange::sets) {
        let _ = EligibilityResponse::read(set);
        let _ = StatusResponse::read(set);
        let _ = ClaimAcknowledgment::read(set);
        let _ = ReviewResponse::read(set);
        let _ = Remittance::read(set).map(|advice| advice.balances());
        let _ = ImplementationAcknowledgment::read(set);
    }
    let written: String = parsed.iter().map(ToString::to_string).collect();
    let again = Interchange::parse_all(&written).map(|again| again.len());
    assert_eq!(again.ok(), Some(parsed.len()));
});
