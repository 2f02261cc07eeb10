//! Wire formats at a desk: what the commands say to odd input, and their exit codes.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::running::PROGRAM;

const HL7: &str = include_str!("../../../base/hl7v2/tests/data/oru-r01.hl7");
const BATCH: &str = include_str!("../../../base/hl7v2/tests/data/batch.hl7");
const X12: &str = include_str!("../../../base/x12/tests/data/270.edi");
const SCRIPT: &str = include_str!("../../../base/script/tests/data/newrx.xml");

/// Runs a command with `input` on standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments ends without reading.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn says(arguments: &[&str], input: &[u8], code: i32, expected: &[&str]) {
    let output = run(arguments, input);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    for text in expected {
        assert!(said.contains(text), "{arguments:?}: {text} not in: {said}");
    }
}

#[test]
fn hl7_messages_are_printed_and_answered_however_they_come() {
    says(&["hl7", "parse", "-"], HL7.as_bytes(), 0, &["OBX"]);
    says(
        &["hl7", "parse", "-"],
        BATCH.as_bytes(),
        0,
        &["B1M1", "B1M2"],
    );
    let framed = format!("\x0b{HL7}\x1c\r\x0b{HL7}\x1c\r");
    says(&["hl7", "ack", "-"], framed.as_bytes(), 0, &["MSA|AA|"]);
    let cut = format!("\x0b{HL7}");
    says(
        &["hl7", "parse", "-"],
        cut.as_bytes(),
        1,
        &["the last frame has no end"],
    );
    let miscounted = BATCH.replace("BTS|2", "BTS|3");
    says(
        &["hl7", "parse", "-"],
        miscounted.as_bytes(),
        1,
        &["BTS-1 announces 3 messages"],
    );
    let wide: Vec<u8> = HL7.encode_utf16().flat_map(u16::to_le_bytes).collect();
    says(&["hl7", "parse", "-"], &wide, 0, &["OBX"]);
}

#[test]
fn what_is_no_hl7_message_is_never_accepted() {
    says(
        &["hl7", "parse", "-"],
        b"",
        3,
        &["standard input holds no message"],
    );
    says(
        &["hl7", "parse", "-"],
        b"\x7fELF\0\x01",
        1,
        &["byte 0: a message"],
    );
    says(
        &["hl7", "ack", "-"],
        b"\x7fELF",
        3,
        &["standard input: byte 0"],
    );
    let broken = "MSH|^~\\&|A|B|C|D|||ADT^A01|77|P|2.5\rPID^1\r";
    says(
        &["hl7", "ack", "-", "--code", "AA"],
        broken.as_bytes(),
        1,
        &["MSA|AR|77"],
    );
    says(&["hl7", "parse", "/"], b"", 3, &["/ is a folder"]);
    says(
        &["hl7", "parse", "/nowhere"],
        b"",
        3,
        &["/nowhere cannot be read"],
    );
    let nobody = ["hl7", "send", "127.0.0.1:1", "-", "--attempts", "1"];
    says(
        &nobody,
        HL7.as_bytes(),
        1,
        &["1: not taken after 1 attempts"],
    );
}

#[test]
fn x12_files_are_judged_in_one_line_and_printed_as_far_as_they_go() {
    says(
        &["x12", "validate", "-"],
        X12.as_bytes(),
        0,
        &["valid: 1 interchanges, 1 groups, 1 tra"],
    );
    // The last digit of the NPI is its check digit.
    let broken = X12.replace("1234567893", "1234567890");
    says(
        &["x12", "validate", "-"],
        broken.as_bytes(),
        1,
        &["NM1", "1 refused"],
    );
    says(&["x12", "ack", "-"], X12.as_bytes(), 0, &["~AK9*A*1*1*1~"]);
    let latin: Vec<u8> = X12
        .replace("RICHARD", "REN\u{c9}")
        .chars()
        .map(|c| c as u8)
        .collect();
    says(&["x12", "pretty", "-"], &latin, 0, &["REN\u{c9}"]);
    for bytes in [&b""[..], b"\x7fELF\0\x01", b"ISA*00*"] {
        let code = if bytes.is_empty() { 3 } else { 1 };
        says(&["x12", "validate", "-"], bytes, code, &["standard input"]);
    }
    says(&["x12", "pretty", "/"], b"", 3, &["/ is a folder"]);
    says(&["x12", "pretty", "-"], b"", 3, &["is empty"]);
}

#[test]
fn script_messages_are_judged_whatever_they_are() {
    says(
        &["script", "validate", "-"],
        SCRIPT.as_bytes(),
        0,
        &["NewRx 2"],
    );
    for bytes in [&b""[..], b"\x7fELF\0\x01", b"<Message/>"] {
        says(
            &["script", "validate", "-"],
            bytes,
            1,
            &["not a SCRIPT message: refused"],
        );
    }
    says(
        &["script", "validate", "/nowhere"],
        b"",
        3,
        &["/nowhere cannot be read"],
    );
}
