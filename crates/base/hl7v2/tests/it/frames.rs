//! MLLP frames.

use mt_hl7v2::mllp::{Commit, Event, FrameDecoder, FrameFault, FrameProfile, commit_frame, frame};

fn decode(profile: FrameProfile, bytes: &[u8]) -> (Vec<Event>, u64, bool) {
    let mut decoder = FrameDecoder::new(profile);
    let mut rest = bytes;
    let events = std::iter::from_fn(|| decoder.advance(&mut rest)).collect();
    (events, decoder.junk_bytes(), decoder.in_frame())
}

fn message(bytes: &[u8]) -> Event {
    Event::Message(bytes.to_vec())
}

fn interrupted(head: &[u8]) -> Event {
    let fault = FrameFault::Interrupted;
    Event::Broken {
        fault,
        head: head.to_vec(),
    }
}

#[test]
fn frames_are_found_in_what_arrives() {
    let profile = FrameProfile::default();
    for (bytes, events, junk, open) in [
        (&b"\x0bA\x1c\x0d"[..], vec![message(b"A")], 0, false),
        (
            b"\x0bA\x1c\x0d\x0bB\x1c\x0d",
            vec![message(b"A"), message(b"B")],
            0,
            false,
        ),
        (
            b"GET / HTTP\r\n\x0bA\x1c\x0d\r\n",
            vec![message(b"A")],
            10,
            false,
        ),
        (b"\x0b\x1c\x0d", vec![message(b"")], 0, false),
        (b"\x0bA\x1c", vec![], 0, true),
        (
            b"\x0bA\rB\x1cC\x1c\x0d",
            vec![message(b"A\rB\x1cC")],
            0,
            false,
        ),
        (b"\x0bA\x1c\x1c\x0d", vec![message(b"A\x1c")], 0, false),
        (
            b"\x0bA\x0bB\x1c\x0d",
            vec![interrupted(b"A"), message(b"B")],
            0,
            false,
        ),
        (
            b"\x0bA\x1c\x0bB\x1c\x0d",
            vec![interrupted(b"A\x1c"), message(b"B")],
            0,
            false,
        ),
        (b"\x0b\x06\x1c\x0d", vec![message(b"\x06")], 0, false),
        (b"junk", vec![], 4, false),
    ] {
        assert_eq!(decode(profile, bytes), (events, junk, open), "{bytes:?}");
    }
}

#[test]
fn a_frame_over_the_limit_is_skipped_and_the_next_one_found() {
    let profile = FrameProfile {
        max_bytes: 4,
        release2: false,
    };
    let fault = FrameFault::TooLarge { limit: 4 };
    let broken = Event::Broken {
        fault,
        head: b"ABCD".to_vec(),
    };
    for bytes in [
        &b"\x0bABCDE\x1c\x0d\x0bOK\x1c\x0d"[..],
        b"\x0bABCDEFGH\x1cI\x1c\x1c\x0d\r\n\x0bOK\x1c\x0d",
        b"\x0bABCDEFGH\x0bOK\x1c\x0d",
    ] {
        let (events, ..) = decode(profile, bytes);
        assert_eq!(events, [broken.clone(), message(b"OK")], "{bytes:?}");
    }
    assert_eq!(decode(profile, b"\x0bABCD\x1c\x0d").0, [message(b"ABCD")]);
}

#[test]
fn commit_blocks_are_read_in_release_2_only() {
    let profile = FrameProfile {
        release2: true,
        ..FrameProfile::default()
    };
    let mut bytes = commit_frame(Commit::Acknowledged).to_vec();
    bytes.extend(commit_frame(Commit::Refused));
    bytes.extend(frame(b"\x06\x06"));
    let expected = [
        Event::Commit(Commit::Acknowledged),
        Event::Commit(Commit::Refused),
        message(b"\x06\x06"),
    ];
    assert_eq!(decode(profile, &bytes).0, expected);
}
