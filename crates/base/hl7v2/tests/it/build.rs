//! Building messages from nothing.

use mt_hl7v2::{Charset, Content, EditError, Header, Version};

fn header(version: &str, charset: Charset) -> Header<'static> {
    Header {
        sending_application: "LAB".into(),
        sending_facility: Content::components(["MAIN", "1.2.3", "ISO"]),
        receiving_application: "EHR".into(),
        receiving_facility: "CLINIC".into(),
        timestamp: "20260419101500+0200".parse().unwrap(),
        message_type: ["ORU", "R01", "ORU_R01"],
        control_id: "A|1",
        processing_id: "P".into(),
        version: version.parse().unwrap(),
        charset,
    }
}

#[test]
fn a_result_is_built_segment_by_segment() {
    let mut message = header("2.5.1", Charset::Utf8).build().unwrap();
    let name = Content::components(["Müller", "Anna"]);
    message
        .push_segment(
            "PID",
            [
                (1, "1".into()),
                (3, Content::components(["7", "", "", "MAIN"])),
                (5, name),
            ],
        )
        .unwrap();
    message
        .push_segment(
            "OBX",
            [
                (1, "1".into()),
                (2, "TX".into()),
                (5, Content::formatted("5 < 6 & 7\n^ok")),
            ],
        )
        .unwrap();
    let expected = "MSH|^~\\&|LAB|MAIN^1.2.3^ISO|EHR|CLINIC|20260419101500+0200||ORU^R01^ORU_R01|A\\F\\1|P|2.5.1||||||UNICODE UTF-8\r\
        PID|1||7^^^MAIN||Müller^Anna\r\
        OBX|1|TX|||5 < 6 \\T\\ 7\\.br\\\\S\\ok\r";
    assert_eq!(message.to_wire(), expected.as_bytes());
}

#[test]
fn before_version_2_3_1_the_type_has_no_structure() {
    for (version, expected) in [("2.3", "ORU^R01"), ("2.3.1", "ORU^R01^ORU_R01")] {
        let message = header(version, Charset::Ascii).build().unwrap();
        assert_eq!(message.get("MSH-9").unwrap().raw(), expected.as_bytes());
        assert!(message.get("MSH-18").unwrap().is_empty());
    }
}

#[test]
fn text_outside_the_character_set_is_refused() {
    let mut message = header("2.5", Charset::from_hl7("8859/1").unwrap())
        .build()
        .unwrap();
    assert!(message.push_segment("PID", [(5, "Łukasz".into())]).is_err());
    assert!(message.push_segment("PID", [(5, "Zoë".into())]).is_ok());
    let undivided = header("2.5", Charset::Utf16Be).build();
    assert_eq!(undivided.unwrap_err(), EditError::Charset);
    assert_eq!(header("2.5", Charset::Ascii).version, Version::V2_5);
}
