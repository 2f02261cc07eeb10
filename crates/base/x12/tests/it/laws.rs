//! Laws that hold for any data.

use mt_x12::write::{InterchangeHeader, InterchangeWriter, line};
use mt_x12::{Delimiters, Document, Interchange, Options, build, validate};
use proptest::prelude::*;

use crate::documents;

/// Text that holds no usual delimiter.
fn clean() -> impl Strategy<Value = String> {
    "[A-Za-z0-9 .,'/()+-]{0,20}"
}

fn header(number: u32) -> InterchangeHeader {
    InterchangeHeader {
        control_number: number,
        ..documents::header()
    }
}

proptest! {
    #[test]
    fn whatever_the_writer_accepts_parses_back_byte_for_byte(
        segments in prop::collection::vec(prop::collection::vec(
            prop::collection::vec(clean(), 1..4), 1..8), 1..20),
        number in 1_u32..999_999_999,
        choice in 0_usize..3,
    ) {
        let delimiters = [
            Delimiters::USUAL,
            Delimiters { element: b'|', repetition: Some(b'!'), component: b'>', segment: b'\n' },
            Delimiters { element: 0x1d, repetition: Some(0x1f), component: 0x1e, segment: 0x1c },
        ][choice];
        let mut writer = InterchangeWriter::new(&header(number), delimiters).expect("a header");
        writer.group(&mt_x12::write::GroupHeader {
            functional_code: "HS".to_owned(),
            sender: "A".to_owned(),
            receiver: "B".to_owned(),
            date: "20260601".to_owned(),
            time: "1200".to_owned(),
            control_number: number,
            version: "005010X279A1".to_owned(),
        }).expect("a group");
        let written = writer.set("270", |set| {
            for elements in &segments {
                let filled = elements.iter().fold(line("ZZZ").e("X"), |line, parts| line.c(parts));
                set.put(filled);
            }
        });
        prop_assert_eq!(written, Ok(()));
        let text = writer.finish().expect("an end");
        let parsed = Interchange::parse_all(&text).expect("readable");
        let again: String = parsed.iter().map(ToString::to_string).collect();
        prop_assert_eq!(&again, &text);
        let set = parsed[0].sets().next().expect("a set");
        prop_assert_eq!(set.segments.len(), segments.len() + 2);
        for (sent, found) in segments.iter().zip(&set.segments[1..]) {
            for (index, parts) in sent.iter().enumerate() {
                for (at, part) in parts.iter().enumerate() {
                    prop_assert_eq!(found.component(index + 2, at + 1), part);
                }
            }
        }
    }

    #[test]
    fn an_amount_survives_the_way_there_and_back_exactly(cents in -1_000_000_000_i64..1_000_000_000) {
        let mut remittance = documents::remittance();
        let amount = rust_decimal::Decimal::new(cents, 2);
        remittance.provider_adjustments[0].amount = amount;
        remittance.payment.amount = remittance.expected_payment();
        let text = build(&[remittance.clone()], &header(1)).expect("written");
        let parsed = Interchange::parse_all(&text).expect("readable");
        let set = parsed[0].sets().next().expect("a set");
        prop_assert_eq!(mt_x12::model::Remittance::read(set), Some(remittance));
        let report = validate(text.as_bytes(), Options::default()).expect("readable");
        prop_assert!(report.issues().all(|issue| issue.rule != "payment-balance"));
    }

    #[test]
    fn the_check_digit_catches_every_wrong_digit_of_an_npi(place in 1_usize..10, digit in 0_u8..10) {
        let mut npi = documents::NPI.to_owned().into_bytes();
        prop_assume!(npi[place] != b'0' + digit);
        npi[place] = b'0' + digit;
        let npi = String::from_utf8(npi).expect("digits");
        let text = documents::write(&documents::inquiry()).expect("written");
        let report =
            validate(text.replace(documents::NPI, &npi).as_bytes(), Options::default());
        let report = report.expect("readable");
        prop_assert!(report.issues().any(|issue| issue.rule == "npi-check-digit"));
    }

    #[test]
    fn any_bytes_at_all_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = validate(&bytes[..], Options::default());
        let head = documents::write(&documents::inquiry()).expect("written");
        let mut framed = head.into_bytes();
        framed.truncate(106);
        framed.extend(bytes);
        let _ = validate(&framed[..], Options::default());
    }
}

#[test]
fn the_version_in_the_group_is_the_one_of_the_document() {
    let text = documents::write(&documents::remittance()).expect("written");
    assert!(text.contains(&format!("*X*{}~", mt_x12::model::Remittance::VERSION)));
}
