//! Editing: byte-exact outside the place that is edited.

use mt_hl7v2::{Content, ContentError, EditError, Message};

const BASE: &str = "MSH|^~\\&|A|B\rPID|1||7^^^H&1.2~8||Doe^Jane\rZZ1|x|\r";

fn edited(path: &str, content: Content<'_>) -> Result<String, EditError> {
    let mut message = Message::parse(BASE.as_bytes()).unwrap();
    message.set(path, content)?;
    Ok(String::from_utf8(message.to_wire().into_owned()).unwrap())
}

#[test]
fn an_edit_replaces_its_place_and_adds_missing_separators() {
    for (path, content, from, to) in [
        ("PID-5.1", "Roe".into(), "Doe^Jane", "Roe^Jane"),
        ("PID-5", "Roe^J".into(), "Doe^Jane", "Roe\\S\\J"),
        (
            "PID-5",
            Content::components(["Roe", "J"]),
            "Doe^Jane",
            "Roe^J",
        ),
        ("PID-5.4", "Jr".into(), "Doe^Jane", "Doe^Jane^^Jr"),
        ("PID-5[3].2", "X".into(), "Doe^Jane", "Doe^Jane~~^X"),
        ("PID-3.4.2", "9".into(), "H&1.2", "H&9"),
        ("PID-3[2].4.3", "ISO".into(), "~8|", "~8^^^&&ISO|"),
        ("PID-3[1].1.2", "sub".into(), "7^^^H", "7&sub^^^H"),
        ("PID-8", "F".into(), "Doe^Jane", "Doe^Jane|||F"),
        ("PID-5.1", Content::Null, "Doe^Jane", "\"\"^Jane"),
        ("PID-5.1", Content::Empty, "Doe^Jane", "^Jane"),
        ("PID-5", Content::raw(&b"A^B~C"[..]), "Doe^Jane", "A^B~C"),
        ("PID-1", Content::formatted("a\nb"), "|1|", "|a\\.br\\b|"),
        ("ZZ1-2", "y".into(), "x|", "x|y"),
        ("ZZ1-4", "y".into(), "x|", "x|||y"),
        ("MSH-3", "App".into(), "|A|", "|App|"),
        ("MSH-10", "7".into(), "|A|B", "|A|B||||||7"),
    ] {
        let expected = BASE.replacen(from, to, 1);
        assert_eq!(edited(path, content).unwrap(), expected, "{path}");
    }
}

#[test]
fn what_cannot_be_written_is_refused_and_changes_nothing() {
    let number = EditError::Number;
    for (path, content, error) in [
        ("MSH-1", "|".into(), EditError::Delimiters),
        ("MSH-2", "^~\\&".into(), EditError::Delimiters),
        ("PID", "x".into(), EditError::NotAField),
        (
            "PID-5",
            "é".into(),
            EditError::Content(unencodable("ASCII")),
        ),
        (
            "PID-5",
            Content::raw(&b"a|b"[..]),
            EditError::Content(ContentError::Raw),
        ),
        (
            "PID-5.1",
            Content::raw(&b"a^b"[..]),
            EditError::Content(ContentError::Raw),
        ),
        ("MSH-18", "UNICODE UTF-16".into(), EditError::Charset),
    ] {
        assert_eq!(edited(path, content), Err(error), "{path}");
    }
    assert!(matches!(
        edited("OBX-5", "x".into()),
        Err(EditError::NoSegment { .. })
    ));
    assert!(matches!(edited("P-5", "x".into()), Err(EditError::Path(_))));
    let mut message = Message::parse(BASE.as_bytes()).unwrap();
    let zero = mt_hl7v2::Path {
        component: Some(0),
        ..("PID-5".parse().unwrap())
    };
    assert_eq!(message.set_at(&zero, &"x".into()), Err(number));
    assert_eq!(message.as_bytes(), BASE.as_bytes());
}

fn unencodable(charset: &'static str) -> ContentError {
    ContentError::Unencodable(mt_hl7v2::escape::Unencodable { charset })
}

#[test]
fn naming_a_character_set_allows_its_characters() {
    let mut message = Message::parse(BASE.as_bytes()).unwrap();
    message.set("MSH-18", "8859/1").unwrap();
    message.set("PID-5.1", "Müller").unwrap();
    assert!(message.as_bytes().windows(6).any(|w| w == b"M\xfcller"));
    assert_eq!(message.get("PID-5.1").unwrap().text(), "Müller");
}

#[test]
fn segments_are_added_and_removed_with_the_message_s_own_ends() {
    for end in ["\r", "\n", "\r\n"] {
        let text = ["MSH|^~\\&|A", "PID|1", "PV1|1"].join(end);
        let mut message = Message::parse(text.as_bytes()).unwrap();
        message
            .push_segment("NTE", [(1, "1".into()), (3, "a|b".into())])
            .unwrap();
        message
            .insert_segment(2, "EVN", [(2, "2026".into())])
            .unwrap();
        message.remove_segment(4).unwrap();
        message.push_segment("ZZZ", []).unwrap();
        let expected = [
            "MSH|^~\\&|A",
            "EVN||2026",
            "PID|1",
            "NTE|1||a\\F\\b",
            "ZZZ",
            "",
        ]
        .join(end);
        assert_eq!(message.as_bytes(), expected.as_bytes());
    }
}

#[test]
fn the_header_stays_the_only_one() {
    let mut message = Message::parse(BASE.as_bytes()).unwrap();
    assert_eq!(message.push_segment("MSH", []), Err(EditError::Header));
    assert_eq!(message.insert_segment(1, "EVN", []), Err(EditError::Header));
    assert_eq!(message.remove_segment(1), Err(EditError::Header));
    assert!(matches!(
        message.push_segment("PI", []),
        Err(EditError::Path(_))
    ));
    assert_eq!(
        message.push_segment("ZZZ", [(0, "x".into())]),
        Err(EditError::Number)
    );
    assert_eq!(message.as_bytes(), BASE.as_bytes());
}

#[test]
fn an_edit_beyond_the_size_limit_is_refused() {
    let options = mt_hl7v2::ParseOptions {
        max_bytes: 60,
        ..Default::default()
    };
    let mut message = Message::parse_with(BASE.as_bytes(), &options).unwrap();
    assert!(matches!(
        message.set("PID-9999", "x"),
        Err(EditError::Refused(_))
    ));
    assert!(matches!(
        message.push_segment("NTE", [(9000, "x".into())]),
        Err(EditError::Refused(_))
    ));
    assert_eq!(message.as_bytes(), BASE.as_bytes());
}

#[test]
fn an_edit_in_a_multi_byte_character_set_is_written_in_it() {
    let wire = b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5||||||BIG-5\rPID|||\xb3\x5c|x".to_vec();
    let mut message = Message::parse(&wire).unwrap();
    message.set("PID-4", "功").unwrap();
    let mut expected = wire.clone();
    expected.pop();
    expected.extend_from_slice(b"\xa5\x5c");
    assert_eq!(&*message.to_wire(), &expected[..]);
}
