//! What holds for any bytes whatever. The fuzz targets check the same functions.

use mt_hl7v2::ack::{AckMode, ErrorCode, Outcome, Problem, Reply};
use mt_hl7v2::batch::{Item, SplitError, Splitter};
use mt_hl7v2::conformance::{Profile, check};
use mt_hl7v2::mllp::{Event, FrameDecoder, FrameProfile};
use mt_hl7v2::{Content, Level, Message, ParseOptions, Part};

/// Any bytes are a message or are refused; a message keeps every byte and every view of it ends.
pub(crate) fn any_bytes_are_read_or_refused(bytes: &[u8]) {
    for options in [ParseOptions::default(), ParseOptions::wire()] {
        let Ok(message) = Message::parse_with(bytes, &options) else {
            continue;
        };
        if message.wire_charset().divides_safely() {
            assert_eq!(message.as_bytes(), bytes);
            assert_eq!(&*message.to_wire(), bytes);
        }
        segments_divide_and_rejoin(&message);
        views_end(&message);
        answers_name_the_message(&message, &options);
    }
}

fn segments_divide_and_rejoin(message: &Message<'_>) {
    let delimiters = *message.delimiters();
    for segment in message.segments() {
        let mut rejoined = segment.raw()[..3].to_vec();
        for (number, field) in segment.fields() {
            if segment.ordinal() == 1 && number <= 2 {
                rejoined.extend_from_slice(field.raw());
                continue;
            }
            rejoined.push(delimiters.field);
            rejoin(field, &delimiters, &mut rejoined);
        }
        assert_eq!(rejoined, segment.raw());
    }
}

fn rejoin(part: Part<'_>, delimiters: &mt_hl7v2::Delimiters, out: &mut Vec<u8>) {
    // A short escape may stand for at most eighty spaces; nothing else grows faster.
    let bound = part.raw().len() * 80 + 16;
    assert!(part.text().len() <= bound && part.formatted_text().len() <= bound);
    let separator = match part.level() {
        Level::Field => delimiters.repetition,
        Level::Repetition => delimiters.component,
        Level::Component => delimiters.subcomponent,
        Level::Subcomponent => return out.extend_from_slice(part.raw()),
    };
    for (index, inner) in part.parts().enumerate() {
        if index > 0 {
            out.push(separator);
        }
        rejoin(inner, delimiters, out);
    }
}

fn views_end(message: &Message<'_>) {
    let shown = format!("{:?}", message.view());
    assert!(!shown.is_empty());
    let outline = message.outline().to_string();
    assert!(outline.len() <= message.as_bytes().len() * 100 + 4096);
    let findings = check(message, &Profile::standard(&message.message_type().0));
    assert!(findings.len() <= 1000);
}

fn answers_name_the_message(message: &Message<'_>, options: &ParseOptions) {
    let reply = Reply {
        code: AckMode::of(message)
            .immediate(Outcome::Error)
            .unwrap_or(mt_hl7v2::ack::AckCode::ApplicationError),
        control_id: "ANSWER1",
        timestamp: "20260101120000+0000".parse().unwrap(),
        problems: &[Problem::new(ErrorCode::Internal)],
    };
    let bytes = reply.to(message);
    let answer = Message::parse_with(&bytes, options).expect("an answer is a message");
    let acknowledged = answer.get("MSA-2").unwrap();
    let header = message.header();
    assert_eq!(acknowledged.raw(), header.field(10).raw());
}

/// What is written is read back, and nothing else changes.
pub(crate) fn an_edit_changes_its_place_only(bytes: &[u8], path: &str, text: &str) {
    let Ok(mut message) = Message::parse(bytes) else {
        return;
    };
    let before: Vec<Vec<u8>> = message.segments().map(|s| s.raw().to_vec()).collect();
    let Ok(parsed) = path.parse::<mt_hl7v2::Path>() else {
        return;
    };
    let Some(ordinal) = message.segment_at(&parsed).map(|s| s.ordinal()) else {
        return;
    };
    let Ok(()) = message.set_at(&parsed, &Content::from(text)) else {
        let after: Vec<Vec<u8>> = message.segments().map(|s| s.raw().to_vec()).collect();
        assert_eq!(before, after);
        return;
    };
    assert_eq!(message.at(&parsed).text(), text);
    for (number, segment) in message.segments().enumerate() {
        if number + 1 != ordinal {
            assert_eq!(segment.raw(), before[number]);
        }
    }
}

/// Cutting a stream does not depend on how it arrives.
pub(crate) fn a_stream_is_cut_the_same_however_it_arrives(bytes: &[u8], step: usize) {
    let whole = cut(bytes, bytes.len().max(1));
    let pieces = cut(bytes, step.max(1));
    assert_eq!(whole, pieces);
    if let (items, None) = whole {
        let joined: Vec<u8> = items.into_iter().flat_map(|item| item.bytes).collect();
        let nothing = joined.is_empty() && !bytes.iter().any(u8::is_ascii_alphanumeric);
        assert!(joined == bytes || nothing);
    }
}

fn cut(bytes: &[u8], step: usize) -> (Vec<Item>, Option<SplitError>) {
    let mut splitter = Splitter::new(1 << 20);
    let mut items = Vec::new();
    for chunk in bytes.chunks(step) {
        splitter.push(chunk);
        loop {
            match splitter.next_item() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error)),
            }
        }
    }
    match splitter.finish() {
        Ok(rest) => {
            items.extend(rest);
            (items, None)
        }
        Err(error) => (items, Some(error)),
    }
}

/// Finding frames does not depend on how the bytes arrive, and memory stays bounded.
pub(crate) fn frames_are_the_same_however_they_arrive(
    bytes: &[u8],
    step: usize,
    profile: FrameProfile,
) {
    let whole = decode(bytes, bytes.len().max(1), profile);
    let pieces = decode(bytes, step.max(1), profile);
    assert_eq!(whole, pieces);
    for event in &whole.0 {
        match event {
            Event::Message(content) => assert!(content.len() <= profile.max_bytes),
            Event::Broken { head, .. } => assert!(head.len() <= mt_hl7v2::mllp::HEAD_BYTES),
            Event::Commit(_) => assert!(profile.release2),
        }
    }
}

fn decode(bytes: &[u8], step: usize, profile: FrameProfile) -> (Vec<Event>, u64, bool) {
    let mut decoder = FrameDecoder::new(profile);
    let mut events = Vec::new();
    for mut chunk in bytes.chunks(step) {
        while let Some(event) = decoder.advance(&mut chunk) {
            events.push(event);
        }
    }
    (events, decoder.junk_bytes(), decoder.in_frame())
}
