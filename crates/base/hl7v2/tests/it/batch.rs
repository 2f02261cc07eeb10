//! Batches and streams.

use mt_hl7v2::batch::{BatchFile, BatchNotice, ItemKind, SplitError, Splitter, split};

const BATCH: &[u8] = include_bytes!("../data/batch.hl7");

#[test]
fn a_batch_file_gives_its_messages_and_agrees_with_its_counts() {
    let file = BatchFile::read(BATCH).unwrap();
    assert_eq!(file.messages().count(), 2);
    assert_eq!(file.notices, []);
    assert!(file.header.is_some() && file.trailer.is_some());
    let second = file.messages().nth(1).unwrap();
    let offset = usize::try_from(second.offset).unwrap();
    assert_eq!(BATCH[offset..offset + second.bytes.len()], second.bytes);
}

#[test]
fn envelopes_that_do_not_agree_are_noted() {
    let notices = |text: &str| BatchFile::read(text.as_bytes()).unwrap().notices;
    let message = "MSH|^~\\&|A\rPID|1\r";
    for (text, expected) in [
        (
            format!("BHS|\r{message}BTS|2\r"),
            vec![BatchNotice::MessageCount {
                offset: 22,
                announced: 2,
                actual: 1,
            }],
        ),
        (format!("BHS|\r{message}BTS|\r"), vec![]),
        (
            format!("BHS|\r{message}BTS|two\r"),
            vec![BatchNotice::Count { offset: 22 }],
        ),
        (
            format!("BHS|\r{message}"),
            vec![BatchNotice::Unpaired { offset: 0 }],
        ),
        (
            format!("{message}BTS|1\r"),
            vec![BatchNotice::Unpaired { offset: 17 }],
        ),
        (
            format!("FHS|\r{message}FTS|3"),
            vec![BatchNotice::BatchCount {
                offset: 22,
                announced: 3,
                actual: 1,
            }],
        ),
        (
            format!("FHS|\r{message}"),
            vec![BatchNotice::Unpaired { offset: 0 }],
        ),
        (
            format!("FHS|\rFTS|0\r{message}"),
            vec![BatchNotice::Outside { offset: 11 }],
        ),
        (message.repeat(3), vec![]),
    ] {
        assert_eq!(notices(&text), expected, "{text:?}");
    }
}

#[test]
fn a_stream_is_cut_message_by_message_as_it_arrives() {
    let mut splitter = Splitter::default();
    splitter.push(b"MSH|^~\\&|A\r\nPID|1\r\nM");
    assert_eq!(splitter.next_item(), Ok(None));
    splitter.push(b"SH|^~\\&|B\n");
    let first = splitter.next_item().unwrap().unwrap();
    assert_eq!((first.kind, first.offset), (ItemKind::Message, 0));
    assert_eq!(first.bytes, b"MSH|^~\\&|A\r\nPID|1\r\n");
    assert_eq!(splitter.next_item(), Ok(None));
    let rest = splitter.finish().unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(
        (rest[0].offset, &rest[0].bytes[..]),
        (19, &b"MSH|^~\\&|B\n"[..])
    );
}

#[test]
fn what_is_no_stream_of_messages_is_refused() {
    assert_eq!(split(b"PID|1\r"), Err(SplitError::Stray { offset: 0 }));
    assert_eq!(
        split(b"BHS|\rPID|1\r"),
        Err(SplitError::Stray { offset: 5 })
    );
    assert_eq!(split(b"MSHX|1"), Err(SplitError::Stray { offset: 0 }));
    assert_eq!(split(b"\r\n\r\n"), Ok(vec![]));
    assert_eq!(split(b""), Ok(vec![]));
}

#[test]
fn a_message_over_the_limit_stops_the_stream_for_good() {
    let mut splitter = Splitter::new(64);
    splitter.push(b"MSH|^~\\&|A\rNTE|");
    assert_eq!(splitter.next_item(), Ok(None));
    splitter.push(&[b'x'; 64]);
    let error = SplitError::TooLarge {
        offset: 0,
        limit: 64,
    };
    assert_eq!(splitter.next_item(), Err(error));
    splitter.push(b"\rMSH|^~\\&|B\r");
    assert_eq!(splitter.next_item(), Err(error));
}
