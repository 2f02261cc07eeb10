//! Hostile input: mutations of real messages, and inputs made to hurt.

use mt_hl7v2::mllp::{Event, FrameDecoder, FrameFault, FrameProfile};
use mt_hl7v2::{Message, ParseErrorReason, ParseOptions};

use crate::laws;

/// A small deterministic generator (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() % limit.max(1)
    }
}

const SEEDS: &[&[u8]] = &[
    include_bytes!("../data/adt-a01.hl7"),
    include_bytes!("../data/oru-r01.hl7"),
    include_bytes!("../data/batch.hl7"),
    b"\x0bMSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\rPID|1\x1c\x0d\x0b\x06\x1c\x0d",
    b"M\0S\0H\0|\0^\0~\0\\\0&\0|\0A\0",
    b"\xff\xfe\0\0M\0\0\0S\0\0\0",
    b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5||||||~ISO IR87\rPID|||\x1b$B;3ED\x1b(B",
    b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.8||||||GB 18030-2000\rPID|||\xc0\xee\x81\x30\x81\x30",
    b"MSH|^~\\&#|A\rOBX|1|FT|\\.sp99\\\\X0D\\\\M2442\\;3\\C2842\\\\H\\x\\N\\\\Z\\|\"\"",
];

const TOKENS: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b"|",
    b"^",
    b"~",
    b"\\",
    b"&",
    b"\"\"",
    b"\x0b",
    b"\x1c",
    b"\x0d",
    b"\x1b$B",
    b"MSH|^~\\&|",
    b"\rMSH|",
    b"\rBTS|",
    b"\\X",
    b"\\.sp80\\",
    b"\xff",
    b"\xc3",
    b"\0",
    b"",
    b"UNICODE UTF-16",
    b"8859/5",
    b"AL",
    b"2.3",
];

fn mutated(random: &mut Random) -> Vec<u8> {
    let mut bytes = SEEDS[random.below(SEEDS.len())].to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let until = (at + random.below(12)).min(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => {
                bytes.drain(at..until);
            }
            2 => {
                let copy = bytes[at..until].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                let token = TOKENS[random.below(TOKENS.len())];
                bytes.splice(at..until, token.iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(random.below(256)).unwrap_or(0);
                }
            }
        }
    }
    bytes
}

#[test]
fn mutated_messages_never_panic_and_keep_the_laws() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let paths = [
        "PID-5",
        "PID-5[2].1",
        "OBX[2]-5.3.2",
        "MSH-18",
        "MSH-10",
        "ZZZ-1",
    ];
    let texts = [
        "",
        "O'Brien & Söhne",
        "\"\"",
        "a|b^c~d\\e&f\r\n",
        "UNICODE UTF-8",
    ];
    for _ in 0..30_000 {
        let bytes = mutated(&mut random);
        let step = 1 + random.below(9);
        laws::any_bytes_are_read_or_refused(&bytes);
        let (path, text) = (paths[random.below(6)], texts[random.below(5)]);
        laws::an_edit_changes_its_place_only(&bytes, path, text);
        laws::a_stream_is_cut_the_same_however_it_arrives(&bytes, step);
        let profile = FrameProfile {
            max_bytes: 64 + random.below(512),
            release2: random.below(2) == 0,
        };
        laws::frames_are_the_same_however_they_arrive(&bytes, step, profile);
    }
}

#[test]
fn a_frame_of_100_mib_is_given_up_without_being_kept() {
    let mut decoder = FrameDecoder::new(FrameProfile::default());
    let block = vec![b'A'; 1 << 20];
    let mut events = Vec::new();
    let mut feed = |mut bytes: &[u8]| {
        while let Some(event) = decoder.advance(&mut bytes) {
            events.push(event);
        }
    };
    feed(b"\x0bMSH|^~\\&|LAB|");
    for _ in 0..100 {
        feed(&block);
    }
    feed(b"\x1c\x0d\x0bMSH|next\x1c\x0d");
    let [Event::Broken { fault, head }, Event::Message(next)] = &events[..] else {
        panic!("{} events", events.len());
    };
    let limit = FrameProfile::default().max_bytes;
    assert_eq!(*fault, FrameFault::TooLarge { limit });
    assert!(head.starts_with(b"MSH|^~\\&|LAB|AAA") && head.len() == 4096);
    assert_eq!(next, b"MSH|next");
}

#[test]
fn inputs_over_a_limit_are_refused_by_name() {
    let small = ParseOptions {
        max_bytes: 100,
        max_segments: 3,
        ..ParseOptions::default()
    };
    let reason = |bytes: &[u8]| Message::parse_with(bytes, &small).unwrap_err().reason;
    let long = format!("MSH|^~\\&|{}", "A".repeat(100));
    assert_eq!(
        reason(long.as_bytes()),
        ParseErrorReason::TooLarge { limit: 100 }
    );
    let many = b"MSH|^~\\&|\rNTE|\rNTE|\rNTE|\r";
    assert_eq!(reason(many), ParseErrorReason::TooManySegments { limit: 3 });
}

#[test]
fn a_megabyte_of_separators_is_read_in_proportion() {
    for byte in [b'|', b'~', b'^', b'&', b'\\', b'\r', b'"'] {
        let mut bytes = b"MSH|^~\\&|\rZZZ|".to_vec();
        bytes.resize(1 << 20, byte);
        let message = Message::parse(&bytes).unwrap();
        let last = message.segments().last().unwrap();
        assert!(last.field_count() <= 1 << 20);
        assert!(last.field(1).parts().count() > 0);
        assert!(
            message
                .at(&"ZZZ-9999[9999].9999.9999".parse().unwrap())
                .is_empty()
        );
    }
}
