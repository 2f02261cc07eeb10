//! Any bytes: validate, acknowledge and print; only errors, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_x12::ack::Stamp;
use mt_x12::{Options, acknowledge, pretty, validate};

fuzz_target!(|data: &[u8]| {
    if let Ok(report) = validate(data, Options::default()) {
        let stamp =
            Stamp { date: "20260601".to_owned(), time: "1200".to_owned(), control_number: 1 };
        if let Ok(answers) = acknowledge(&report, &stamp) {
            for answer in answers {
                let again = validate(answer.as_bytes(), Options::default());
                assert!(again.is_ok_and(|report| report.interchanges.len() == 1));
            }
        }
    }
    let _ = pretty(data).count();
});
