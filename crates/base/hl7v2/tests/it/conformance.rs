//! Optional conformance checks.

use mt_hl7v2::Message;
use mt_hl7v2::ack::{ErrorCode, Severity};
use mt_hl7v2::conformance::{Profile, check};

fn findings(profile: &Profile, text: &str) -> Vec<String> {
    let message = Message::parse(text.as_bytes()).unwrap();
    check(&message, profile)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_standard_profile_reports_each_broken_rule_with_its_place() {
    let message = "MSH|^~\\&|A|B|C|D|yesterday||ORU^R01|1|Q|3.0\rPID|x||\"\"||Doe||20260230|Z\r\
        OBR|1|||\rOBX|1|NM|A||7,5||||||F\rOBX|2|DT|B||2026~Monday||||||?\rOBX|3|ST|||\r";
    assert_eq!(
        findings(&Profile::standard("ORU"), message),
        [
            "MSH-7[1]: the value is not a valid Dtm",
            "MSH-11[1]: the code is not in the value set",
            "MSH-12[1]: the version is not supported",
            "PID-1[1]: the value is not a valid Si",
            "PID-3: the field requires 1 values and has 0",
            "PID-7[1]: the value is not a valid Dtm",
            "PID-8[1]: the code is not in the value set",
            "OBR-4: the field requires 1 values and has 0",
            "OBX-5[1]: the value is not a valid Nm",
            "OBX[2]-5[2]: the value is not a valid Dt",
            "OBX[2]-11[1]: the code is not in the value set",
            "OBX[3]-3: the field requires 1 values and has 0",
            "OBX[3]-11: the field requires 1 values and has 0",
        ]
    );
}

#[test]
fn required_segments_follow_the_message_type() {
    let missing = |code: &str| findings(&Profile::standard(code), "MSH|^~\\&|||||2026||X|1|P|2.5");
    assert_eq!(
        missing("ADT"),
        [
            "EVN: the segment is required 1 times and occurs 0 times",
            "PID: the segment is required 1 times and occurs 0 times",
        ]
    );
    assert_eq!(
        missing("SIU"),
        ["SCH: the segment is required 1 times and occurs 0 times"]
    );
    assert_eq!(missing("XYZ"), [""; 0]);
}

#[test]
fn a_profile_is_read_from_json_and_limits_segments_fields_and_lengths() {
    let profile: Profile = serde_json::from_str(
        r#"{"name": "site", "segments": [
            {"segment": "ZFA", "usage": "X"},
            {"segment": "NK1", "cardinality": {"min": 1, "max": 1}},
            {"segment": "PID", "usage": "R", "fields": [
                {"field": 2, "usage": "X"},
                {"field": 3, "usage": "R", "cardinality": {"min": 2, "max": 3}},
                {"field": 5, "maxLength": 5},
                {"field": 7, "dataType": "DT"},
                {"field": 8, "valueSet": ["F", "M"], "binding": "extensible"}]}]}"#,
    )
    .unwrap();
    let bad = "MSH|^~\\&|A\rPID||old|1||Hölderlin||1970-03-20|U\rNK1|1\rNK1|2\rZFA|1";
    assert_eq!(
        findings(&profile, bad),
        [
            "ZFA: the segment may occur 0 times and occurs 1 times",
            "NK1: the segment may occur 1 times and occurs 2 times",
            "PID-2: the field may have 0 values and has 1",
            "PID-3: the field requires 2 values and has 1",
            "PID-5[1]: the value is longer than 5 characters",
            "PID-7[1]: the value is not a valid Dt",
            "PID-8[1]: the code is not in the value set",
        ]
    );
    assert_eq!(
        findings(&profile, "MSH|^~\\&|A\rPID|||1~2||Hölde||19700320|F"),
        [""; 0]
    );
    assert!(serde_json::from_str::<Profile>(r#"{"segments": [], "typo": 1}"#).is_err());
}

#[test]
fn a_finding_becomes_a_problem_for_the_answer() {
    let message =
        Message::parse(b"MSH|^~\\&|||||2026||ADT^A01|1|P|2.5\rEVN||2026\rPID|||1||Doe|||Z")
            .unwrap();
    let found = check(&message, &Profile::standard("ADT"));
    assert_eq!(found.len(), 1);
    let problem = found[0].problem();
    assert_eq!(problem.code, ErrorCode::TableValue);
    assert_eq!(problem.severity, Severity::Warning);
    assert_eq!(problem.location.unwrap().to_string(), "PID-8[1]");
}
