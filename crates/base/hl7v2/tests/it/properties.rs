//! Laws over generated messages.

use mt_hl7v2::mllp::{self, Event, FrameDecoder, FrameProfile};
use mt_hl7v2::{Charset, Content, Header, Message, Version};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::laws;

/// Fields of repetitions of components of subcomponents.
type Tree = Vec<Vec<Vec<Vec<String>>>>;

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9 .'-]{0,8}",
        2 => r#"[|^~\\&#"\r\n\t]{0,4}"#,
        1 => "\\PC{0,6}",
    ]
}

fn segment() -> impl Strategy<Value = (String, Tree)> {
    let tree = vec(vec(vec(vec(leaf(), 1..3), 1..4), 1..3), 1..8);
    (
        "[A-Z][A-Z0-9]{2}".prop_filter("MSH comes first", |n| n != "MSH"),
        tree,
    )
}

fn header() -> Header<'static> {
    Header {
        sending_application: "LAB".into(),
        sending_facility: Content::components(["MAIN", "1.2.3", "ISO"]),
        receiving_application: "EHR".into(),
        receiving_facility: Content::Empty,
        timestamp: "20260419101500+0000".parse().unwrap(),
        message_type: ["ORU", "R01", "ORU_R01"],
        control_id: "M1",
        processing_id: "P".into(),
        version: Version::V2_5_1,
        charset: Charset::Utf8,
    }
}

fn content(field: &[Vec<Vec<String>>]) -> Content<'_> {
    Content::repetitions(field.iter().map(|repetition| {
        Content::components(repetition.iter().map(|component| {
            Content::subcomponents(component.iter().map(|leaf| Content::from(leaf.as_str())))
        }))
    }))
}

fn read_back(message: &Message<'_>) -> Vec<(String, Tree)> {
    let texts = |part: mt_hl7v2::Part<'_>| part.parts().map(|p| p.text().into_owned()).collect();
    message
        .segments()
        .skip(1)
        .map(|segment| {
            let fields = segment.fields().map(|(_, field)| {
                let repetitions = field.parts();
                repetitions
                    .map(|r| r.parts().map(texts).collect())
                    .collect()
            });
            (segment.name().to_string(), fields.collect())
        })
        .collect()
}

proptest! {
    #[test]
    fn what_is_built_is_parsed_back(segments in vec(segment(), 0..6)) {
        let mut built = header().build().unwrap();
        for (name, tree) in &segments {
            let fields = (1..).zip(tree.iter().map(|field| content(field)));
            built.push_segment(name, fields).unwrap();
        }
        let bytes = built.to_wire().into_owned();
        let parsed = Message::parse(&bytes).unwrap();
        prop_assert_eq!(read_back(&parsed), segments);
        prop_assert_eq!(parsed.notices(), &[]);
        laws::any_bytes_are_read_or_refused(&bytes);
    }

    #[test]
    fn an_edit_is_read_back_and_touches_nothing_else(
        segments in vec(segment(), 1..4),
        which in 0_usize..4,
        (field, repetition, component, subcomponent) in (1_u16..12, 1_u16..4, 1_u16..5, 1_u16..4),
        depth in 0_u8..4,
        text in leaf(),
    ) {
        let mut built = header().build().unwrap();
        for (name, tree) in &segments {
            let fields = (1..).zip(tree.iter().map(|field| content(field)));
            built.push_segment(name, fields).unwrap();
        }
        let name = &segments[which % segments.len()].0;
        let mut path = format!("{name}-{field}");
        if depth > 0 { path += &format!("[{repetition}]"); }
        if depth > 1 { path += &format!(".{component}"); }
        if depth > 2 { path += &format!(".{subcomponent}"); }
        let before = built.clone();
        built.set(&path, text.as_str()).unwrap();
        prop_assert_eq!(built.get(&path).unwrap().text(), text.as_str());
        // Putting the old bytes back restores the message, but for separators that were added.
        let old = before.get(&path).unwrap().raw().to_vec();
        built.set(&path, Content::raw(old)).unwrap();
        let parsed: mt_hl7v2::Path = path.parse().unwrap();
        let touched = before.segment_at(&parsed).unwrap().ordinal();
        for (old, new) in before.segments().zip(built.segments()) {
            if old.ordinal() == touched {
                prop_assert!(without_separators(new.raw()).starts_with(&without_separators(old.raw())));
            } else {
                prop_assert_eq!(old.raw(), new.raw());
            }
        }
    }

    #[test]
    fn frames_survive_any_split(
        messages in vec(vec(any::<u8>().prop_filter("frame bytes", |b| ![0x0b, 0x1c].contains(b)), 1..60), 1..6),
        junk in "[a-z]{0,5}",
        cuts in vec(1_usize..20, 1..40),
    ) {
        let mut stream = Vec::new();
        for message in &messages {
            stream.extend_from_slice(junk.as_bytes());
            stream.extend(mllp::frame(message));
        }
        let mut decoder = FrameDecoder::new(FrameProfile::default());
        let mut found = Vec::new();
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (mut chunk, later) = rest.split_at((*cut).min(rest.len()));
            rest = later;
            while let Some(event) = decoder.advance(&mut chunk) {
                found.push(event);
            }
        }
        let expected: Vec<Event> = messages.iter().cloned().map(Event::Message).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(decoder.junk_bytes(), (junk.len() * messages.len()) as u64);
        prop_assert!(!decoder.in_frame());
    }

    #[test]
    fn any_bytes_keep_the_laws(bytes in vec(any::<u8>(), 0..300), step in 1_usize..7) {
        let mut framed = b"MSH|^~\\&|".to_vec();
        framed.extend_from_slice(&bytes);
        for bytes in [&bytes, &framed] {
            laws::any_bytes_are_read_or_refused(bytes);
            laws::a_stream_is_cut_the_same_however_it_arrives(bytes, step);
            let profile = FrameProfile { max_bytes: 32, release2: true };
            laws::frames_are_the_same_however_they_arrive(bytes, step, profile);
        }
    }
}

fn without_separators(raw: &[u8]) -> Vec<u8> {
    raw.iter()
        .copied()
        .filter(|byte| !b"|^~&".contains(byte))
        .collect()
}
