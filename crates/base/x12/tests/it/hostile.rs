//! Hostile input is refused, never a panic, and in bounded memory.

use std::io::Read;

use mt_x12::ack::Stamp;
use mt_x12::model::{
    ClaimAcknowledgment, EligibilityResponse, Remittance, ReviewResponse, StatusResponse,
};
use mt_x12::{Interchange, Limits, Options, ReadError, acknowledge, pretty, validate};

use crate::documents;

/// A small generator with a fixed seed, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

/// Everything that reads, on one input.
fn exercise(bytes: &[u8]) {
    let options = Options {
        issues_per_set: 20,
        ..Options::default()
    };
    if let Ok(report) = validate(bytes, options) {
        for set in report.sets() {
            assert!(set.issues.len() <= 20);
        }
        let stamp = Stamp {
            date: "20260601".to_owned(),
            time: "1200".to_owned(),
            control_number: 1,
        };
        let _ = acknowledge(&report, &stamp);
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = pretty(bytes).count();
    let Ok(parsed) = Interchange::parse_all(&text) else {
        return;
    };
    for set in parsed.iter().flat_map(Interchange::sets) {
        let _ = EligibilityResponse::read(set);
        let _ = StatusResponse::read(set);
        let _ = ClaimAcknowledgment::read(set);
        let _ = ReviewResponse::read(set);
        let _ = Remittance::read(set);
        let _ = mt_x12::ack::ImplementationAcknowledgment::read(set);
    }
}

#[test]
fn no_mutation_of_a_document_makes_anything_panic() {
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    const SPICE: &[u8] = b"*:~^\n\r\0\xff\xc3 ISASTSEGSGEHLEBCLMNM1-.0919";
    for (_, text) in documents::all() {
        exercise(text.as_bytes());
        for _ in 0..120 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..=dice.roll(6) {
                let at = dice.roll(bytes.len());
                match dice.roll(5) {
                    0 => bytes[at] = SPICE[dice.roll(SPICE.len())],
                    1 => bytes.truncate(at.max(1)),
                    2 => {
                        let end = (at + dice.roll(80)).min(bytes.len());
                        bytes.drain(at..end);
                    }
                    3 => {
                        let end = (at + dice.roll(200)).min(bytes.len());
                        let copy = bytes[at..end].to_vec();
                        bytes.splice(at..at, copy);
                    }
                    _ => bytes.insert(at, SPICE[dice.roll(SPICE.len())]),
                }
                if bytes.is_empty() {
                    bytes.push(b'I');
                }
            }
            exercise(&bytes);
        }
    }
}

#[test]
fn huge_amounts_are_refused_and_never_overflow_a_sum() {
    let huge = "79228162514264337593543950335";
    for (name, text) in documents::all() {
        let segments = text.split_terminator('~').map(|segment| {
            let (id, _) = segment.split_once('*').expect("an element");
            if ![
                "CLM", "SV1", "SV2", "CLP", "SVC", "CAS", "PLB", "BPR", "AMT",
            ]
            .contains(&id)
            {
                return format!("{segment}~");
            }
            let parts = segment
                .split('*')
                .skip(1)
                .map(|part| match part.parse::<f64>() {
                    Ok(_) => huge,
                    Err(_) => part,
                });
            format!("{id}*{}~", parts.collect::<Vec<_>>().join("*"))
        });
        let broken: String = segments.collect();
        exercise(broken.as_bytes());
        if broken != text {
            let report = validate(broken.as_bytes(), Options::default()).expect("readable");
            assert!(
                report.issues().any(|issue| issue.rule == "length"),
                "{name}"
            );
        }
    }
    let mut claim = documents::professional();
    for line in &mut claim.patients[0].claims[0].lines {
        line.charge = rust_decimal::Decimal::MAX;
    }
    let text = documents::write(&claim).expect("written");
    let report = validate(text.as_bytes(), Options::default()).expect("readable");
    assert!(!report.is_valid());
}

/// Repeats a text for a long time without holding it.
struct Endless<'a> {
    head: &'a [u8],
    body: &'a [u8],
    at: usize,
    left: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if !self.head.is_empty() {
            return self.head.read(into);
        }
        let count = into.len().min(self.left).min(self.body.len() - self.at);
        into[..count].copy_from_slice(&self.body[self.at..self.at + count]);
        self.at = (self.at + count) % self.body.len();
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn an_endless_claim_file_is_read_with_a_bounded_report() {
    let text = documents::write(&documents::professional()).expect("written");
    let claims = text.find("HL*2").expect("a subscriber");
    let end = text.find("~SE*").expect("a trailer") + 1;
    let (head, body) = (&text.as_bytes()[..claims], &text.as_bytes()[claims..end]);
    let input = Endless {
        head,
        body,
        at: 0,
        left: 8_000_000,
    };
    let report = validate(input, Options::default()).expect("readable");
    let set = &report.interchanges[0].groups[0].sets[0];
    assert_eq!(set.issues.len(), Options::default().issues_per_set);
    assert!(
        set.dropped > 1000,
        "every HL after the first is misnumbered"
    );
}

#[test]
fn a_segment_without_end_is_refused_before_it_fills_memory() {
    let text = documents::write(&documents::professional()).expect("written");
    let input = Endless {
        head: &text.as_bytes()[..106],
        body: b"A",
        at: 0,
        left: usize::MAX,
    };
    let limits = Limits {
        segment_bytes: 4096,
        ..Limits::default()
    };
    let outcome = validate(
        input,
        Options {
            limits,
            ..Options::default()
        },
    );
    assert!(matches!(
        outcome,
        Err(ReadError::SegmentTooLong { limit: 4096, .. })
    ));
}

#[test]
fn a_flood_of_envelopes_is_refused_at_its_limit() {
    let text = documents::write(&documents::professional()).expect("written");
    let input = Endless {
        head: &text.as_bytes()[..106],
        body: b"ST*1~",
        at: 0,
        left: usize::MAX,
    };
    let options = Options {
        envelopes: 1000,
        issues: 50,
        ..Options::default()
    };
    let outcome = validate(input, options);
    assert!(matches!(
        outcome,
        Err(ReadError::TooManyEnvelopes { limit: 1000 })
    ));
}

#[test]
fn an_error_beyond_the_limit_of_issues_still_refuses_the_set() {
    let text = documents::write(&documents::professional()).expect("written");
    let broken = text.replace("*OH*", "*ZZ*");
    let options = Options {
        issues: 0,
        ..Options::default()
    };
    let report = validate(broken.as_bytes(), options).expect("readable");
    let set = report.sets().next().expect("a set");
    assert_eq!(
        (set.issues.len(), set.is_valid(), report.is_valid()),
        (0, false, false)
    );
}

#[test]
fn control_characters_never_reach_a_terminal() {
    let text = documents::write(&documents::inquiry()).expect("written");
    let hostile = text.replace("JANE", "J\u{1b}[31mANE");
    for line in pretty(hostile.as_bytes()) {
        assert!(!line.expect("readable").contains('\u{1b}'));
    }
}
