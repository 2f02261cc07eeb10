//! Reading: delimiters, levels, presence, notices and refusals.

use mt_hl7v2::{
    Charset, Message, NoticeKind, ParseErrorReason as Reason, ParseOptions, Presence, SegmentName,
};

const ORU: &[u8] = include_bytes!("../data/oru-r01.hl7");
const ADT: &[u8] = include_bytes!("../data/adt-a01.hl7");

fn text(message: &Message<'_>, path: &str) -> String {
    message.get(path).unwrap().text().into_owned()
}

#[test]
fn a_value_is_found_by_its_path_at_every_level() {
    let message = Message::parse(ADT).unwrap();
    for (path, value) in [
        ("MSH-1", "|"),
        ("MSH-2", "^~\\&"),
        ("MSH-3", "REG"),
        ("MSH-9.3", "ADT_A01"),
        ("PID-3[2].1", "123-45-6789"),
        ("PID-3.4.2", "1.2.3.4"),
        ("PID-3[1].4.3", "ISO"),
        ("PID-5[1].1", "Müller"),
        ("PID-5[2].1", "Mueller"),
        ("PV1-7.9.1", "NPI"),
        ("AL1-5[2]", "Wheezing & cough"),
        ("ZPI-2", "as \\Z01\\ sent"),
        ("PID-99", ""),
        ("PID-5[3].1", ""),
        ("PID-8.2", ""),
        ("PID[2]-1", ""),
        ("QQQ-1", ""),
        ("ZPI", "ZPI|local|as \\Z01\\ sent|"),
    ] {
        assert_eq!(text(&message, path), value, "{path}");
    }
}

#[test]
fn a_simple_value_is_its_own_first_part() {
    let message = Message::parse(ADT).unwrap();
    let sex = message.get("PID-8").unwrap();
    assert_eq!(sex.component(1).text(), "F");
    assert_eq!(sex.component(1).subcomponent(1).text(), "F");
    assert_eq!(sex.component(1).component(1).text(), "F");
    assert_eq!(sex.leaf().leaf().text(), "F");
    assert!(sex.component(2).is_empty());
    assert!(sex.leaf().repetition(2).is_empty());
}

#[test]
fn null_is_not_empty() {
    let message = Message::parse(ADT).unwrap();
    assert_eq!(message.get("PV1-16").unwrap().presence(), Presence::Null);
    assert_eq!(message.get("PV1-15").unwrap().presence(), Presence::Empty);
    assert_eq!(message.get("PV1-2").unwrap().presence(), Presence::Value);
    assert_eq!(message.get("PV1-16").unwrap().some_text(), None);
    let oru = Message::parse(ORU).unwrap();
    assert!(oru.get("OBX[6]-5").unwrap().is_null());
}

#[test]
fn other_delimiters_are_taken_from_the_header() {
    let message = Message::parse(b"MSH$%*!@$A$B\rPID$1$$X%Y@Z*!S!").unwrap();
    assert_eq!(text(&message, "PID-3[1].2.2"), "Z");
    assert_eq!(text(&message, "PID-3[2]"), "%");
    assert_eq!(text(&message, "MSH-2"), "%*!@");
}

#[test]
fn the_truncation_character_and_its_escape_are_read() {
    let message = Message::parse(b"MSH|^~\\&#|A\rOBX|1|ST|x||long#|a\\P\\b").unwrap();
    assert_eq!(text(&message, "OBX-5"), "long#");
    assert_eq!(text(&message, "OBX-6"), "a#b");
    assert_eq!(message.delimiters().truncation, Some(b'#'));
}

#[test]
fn segments_keep_their_order_and_unknown_ones_their_bytes() {
    let message = Message::parse(ADT).unwrap();
    let names: Vec<String> = message.segments().map(|s| s.name().to_string()).collect();
    assert_eq!(names, ["MSH", "EVN", "PID", "PV1", "AL1", "ZPI"]);
    let local = message.segments().last().unwrap();
    assert!(local.name().is_local());
    assert_eq!(local.raw(), b"ZPI|local|as \\Z01\\ sent|");
    assert_eq!(local.field_count(), 3);
    let name = SegmentName::new(b"OBX").unwrap();
    assert_eq!(Message::parse(ORU).unwrap().segments_named(name).count(), 6);
}

#[test]
fn tolerated_deviations_are_noted() {
    let notices = |bytes: &[u8]| -> Vec<NoticeKind> {
        let message = Message::parse(bytes).unwrap();
        message.notices().iter().map(|notice| notice.kind).collect()
    };
    assert_eq!(notices(b"MSH|^~\\&|A\rPID|1\r"), []);
    assert_eq!(
        notices(b"MSH|^~\\&|A\r\nPID|1\r\n\r\n"),
        [NoticeKind::LineFeed]
    );
    assert_eq!(
        notices(b"\xef\xbb\xbfMSH|^~\\&|A"),
        [NoticeKind::ByteOrderMark]
    );
    assert_eq!(
        notices(b"\r\n MSH|^~\\&|A\rpid|1\rpv1|"),
        [NoticeKind::LowerCaseName]
    );
    assert_eq!(
        notices(b"MSH|^~\\\\&|A\rPID|a&b"),
        [NoticeKind::DoubledEscape]
    );
    assert_eq!(notices(b"msh|^~\\&|A\rpid|1"), [NoticeKind::LowerCaseName]);
    // Ctrl-Z and NUL, as old systems end their files.
    assert_eq!(notices(b"MSH|^~\\&|A\rPID|1\r\x1a\0\0"), []);
    assert_eq!(notices(b"MSH|^~\\&|\xe9"), [NoticeKind::AssumedWindows1252]);
}

#[test]
fn what_is_no_message_is_refused_with_its_place() {
    for (bytes, reason, offset, segment) in [
        (&b""[..], Reason::Empty, 0, 0),
        (b"\r\n  \n", Reason::Empty, 5, 0),
        (b"PID|1", Reason::NoHeader, 0, 1),
        (b"{\"a\":1}", Reason::NoHeader, 0, 1),
        (b"\x0bMSH|^~\\&|\x1c\r", Reason::NoHeader, 1, 1),
        (b"FHS|^~\\&|", Reason::Batch, 0, 1),
        (b"BHS|^~\\&|", Reason::Batch, 0, 1),
        (b"MSH", Reason::HeaderTooShort, 0, 1),
        (b"MSH|^~", Reason::HeaderTooShort, 0, 1),
        (b"MSH|^~\\&|A\rPID^1", Reason::SegmentName, 11, 2),
        (b"MSH|^~\\&|A\rPI|1", Reason::SegmentName, 11, 2),
        (
            b"MSH|^~\\&|A\r\rEVN|\rcontinued text",
            Reason::SegmentName,
            17,
            3,
        ),
        (b"MSH|^~\\&|A\rMSH|^~\\&|B", Reason::SecondHeader, 11, 2),
        (b"MSH|^~\\&|A\rmsh|^~\\&|B", Reason::SecondHeader, 11, 2),
        (b"MSH|^~\\&|A\r\x1aPID|1", Reason::SegmentName, 11, 2),
    ] {
        let error = Message::parse(bytes).unwrap_err();
        if reason == Reason::NoHeader && bytes[0] == 0x0b {
            assert_eq!(error.reason, Reason::Framed);
            continue;
        }
        let found = (error.reason, error.position.offset, error.position.segment);
        assert_eq!(found, (reason, offset, segment), "{bytes:?}");
    }
    let error = Message::parse(b"MSH|^~\\&|A\rPI|1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a segment starts with a name of three letters or digits and a field separator \
         (byte 11, segment 2)"
    );
}

#[test]
fn on_the_wire_only_a_carriage_return_ends_a_segment() {
    let options = ParseOptions::wire();
    let text = b"MSH|^~\\&|A\rOBX|1|TX|||line one\nline two\r";
    let message = Message::parse_with(text, &options).unwrap();
    assert_eq!(message.get("OBX-5").unwrap().text(), "line one\nline two");
    let error = Message::parse_with(b"MSH|^~\\&|A\r\nPID|1\r\n", &options).unwrap_err();
    assert_eq!(error.reason, Reason::LineFeed);
}

#[test]
fn text_is_read_in_the_announced_character_set() {
    for (name, bytes, text) in [
        ("8859/1", &b"M\xfcller"[..], "Müller"),
        ("8859/2", b"\xa3ukasz", "Łukasz"),
        ("8859/7", b"\xc3\xe9\xfe\xf1\xe3\xef\xf2", "Γιώργος"),
        ("UNICODE UTF-8", "Zoë".as_bytes(), "Zoë"),
        // The second byte of the first character is a backslash, of the second a vertical bar.
        ("BIG-5", b"\xb3\x5c\xa5\x7c", "許四"),
        ("GB 18030-2000", b"\x81\x7c\xc0\xee", "亅李"),
        ("KS X 1001", b"\xb1\xe8\xc3\xb6\xbc\xf6", "김철수"),
        ("~ISO IR87", b"\x1b$B;3ED\x1b(B", "山田"),
        ("", b"M\xfcller", "Müller"),
    ] {
        let mut message =
            format!("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5||||||{name}\rPID|||").into_bytes();
        message.extend_from_slice(bytes);
        message.extend_from_slice(b"|after");
        let parsed = Message::parse(&message).unwrap();
        assert_eq!(parsed.get("PID-3").unwrap().text(), text, "{name}");
        assert_eq!(parsed.get("PID-4").unwrap().text(), "after", "{name}");
        assert_eq!(&*parsed.to_wire(), &message[..], "{name}");
    }
}

#[test]
fn utf_16_and_utf_32_are_recognised_and_written_back() {
    let text = "\u{feff}MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5||||||UNICODE UTF-16\rPID|||李明";
    for charset in [
        Charset::Utf16Le,
        Charset::Utf16Be,
        Charset::Utf32Le,
        Charset::Utf32Be,
    ] {
        let wire = charset.encode(text).unwrap();
        let message = Message::parse(&wire).unwrap();
        assert_eq!(message.wire_charset(), charset);
        assert_eq!(message.get("PID-3").unwrap().text(), "李明");
        assert_eq!(&*message.to_wire(), &*wire);
    }
}

#[test]
fn a_multi_byte_header_is_divided_as_characters_not_bytes() {
    // The facility's character ends in the byte of a vertical bar.
    let bytes = b"MSH|^~\\&|A|\xee\x7c|C|D|2026||ADT^A01|1|P|2.8||||||GB 18030-2000\rPID|1";
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.control_id(), "1");
    assert_eq!(message.get("MSH-4").unwrap().text().chars().count(), 1);
    assert_eq!(&*message.to_wire(), &bytes[..]);
}

#[test]
fn a_header_that_does_not_bear_out_its_character_set_is_not_read_in_it() {
    // Read as GB 18030, the bar after MSH-10 is part of a character and MSH-18 is another field.
    let shifted = b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|\xee|P|2.8||||||GB 18030-2000\rPID|1";
    let narrow = b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|7|P|2.8||||||UNICODE UTF-16\rPID|1";
    for (bytes, used) in [(&shifted[..], "windows-1252"), (narrow, "ASCII")] {
        let message = Message::parse(bytes).unwrap();
        assert_eq!(message.wire_charset().name(), used);
        let kind = message.notices()[0].kind;
        assert!(matches!(kind, NoticeKind::CharsetMismatch { .. }), "{kind}");
    }
}

#[test]
fn a_parsed_message_never_prints_its_values() {
    let message = Message::parse(ADT).unwrap();
    let shown = format!("{:?} {:?}", message.get("PID-5").unwrap(), message.header());
    assert!(!shown.contains("ller") && !shown.contains("REG"), "{shown}");
}

#[test]
fn the_outline_shows_paths_and_values_and_no_control_characters() {
    let bytes = b"MSH|^~\\&|A\rPID|1||7^^^H&1.2~8|\"\"|a\\X1B\\[2J\\X0A\\b";
    let outline = Message::parse(bytes).unwrap().outline().to_string();
    insta::assert_snapshot!("outline", outline);
}
