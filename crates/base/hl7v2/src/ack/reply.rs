//! The bytes of an acknowledgement.

use super::{AckCode, ErrorCode, Severity};
use crate::datatype::Timestamp;
use crate::message::{Message, Segment};
use crate::path::Path;
use crate::{Delimiters, Version};

/// One thing that is wrong with a message, for an ERR segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub code: ErrorCode,
    /// How bad.
    pub severity: Severity,
    /// Where, when it has a place.
    pub location: Option<Path>,
    /// For people. Fixed text, so that it cannot hold what the message said.
    pub text: Option<&'static str>,
}

impl Problem {
    /// An error without a place.
    #[must_use]
    pub const fn new(code: ErrorCode) -> Self {
        Self {
            code,
            severity: Severity::Error,
            location: None,
            text: None,
        }
    }

    /// The same problem at `location`.
    #[must_use]
    pub const fn at(self, location: Path) -> Self {
        Self {
            location: Some(location),
            ..self
        }
    }

    /// The same problem explained by `text`.
    #[must_use]
    pub const fn because(self, text: &'static str) -> Self {
        Self {
            text: Some(text),
            ..self
        }
    }
}

/// An acknowledgement to be written.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'r> {
    /// MSA-1.
    pub code: AckCode,
    /// The acknowledgement's own MSH-10.
    pub control_id: &'r str,
    /// MSH-7; give an offset.
    pub timestamp: Timestamp,
    /// What to report in ERR segments.
    pub problems: &'r [Problem],
}

/// Most problems one acknowledgement reports.
const MAX_PROBLEMS: usize = 50;

/// The header alone of bytes that may not be a readable message, so that what it asks for can be
/// known and answered.
#[must_use]
pub fn header_of(bytes: &[u8]) -> Option<Message<'_>> {
    let head = &bytes[..bytes.len().min(MAX_HEADER)];
    let end = head.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    Message::parse(&head[..end.unwrap_or(head.len())]).ok()
}

/// How much of an unreadable message is searched for its header.
const MAX_HEADER: usize = 4096;

impl Reply<'_> {
    /// The acknowledgement of `message`, in its delimiters, character set and version: sender
    /// and receiver swapped, MSH-11 and MSH-12 as asked, MSH-10 in MSA-2.
    #[must_use]
    pub fn to(&self, message: &Message<'_>) -> Vec<u8> {
        let header = message.header();
        let mut reply = Writer {
            delimiters: *message.delimiters(),
            out: Vec::with_capacity(256),
        };
        let version = message.version().unwrap_or(Version::V2_5_1);
        self.header(&mut reply, &header, version);
        self.body(&mut reply, header.field(10).raw(), version);
        if message.wire_charset().divides_safely() {
            return reply.out;
        }
        let text = String::from_utf8_lossy(&reply.out);
        let wire = message.wire_charset().encode(&text);
        wire.map_or_else(|| text.as_bytes().to_vec(), std::borrow::Cow::into_owned)
    }

    /// The acknowledgement of bytes that are not a readable message. What can be read of the
    /// header is answered to; else the answer is addressed to nobody and names no message.
    #[must_use]
    pub fn to_unreadable(&self, bytes: &[u8]) -> Vec<u8> {
        let fallback = Message::parse(b"MSH|^~\\&|||||||||P|2.5.1");
        let header = header_of(bytes).map_or(fallback, Ok);
        header.map_or_else(|_| Vec::new(), |header| self.to(&header))
    }

    fn header(&self, reply: &mut Writer, asked: &Segment<'_>, version: Version) {
        let event = asked.field(9).component(2).raw();
        let or = |value: &[u8], default: &str| match value {
            [] => default.as_bytes().to_vec(),
            value => value.to_vec(),
        };
        let message_type = match (event, version) {
            ([], _) => b"ACK".to_vec(),
            (event, version) if version < Version::V2_3_1 => reply.components(&[b"ACK", event]),
            (event, _) => reply.components(&[b"ACK", event, b"ACK"]),
        };
        let encoding = reply.delimiters.encoding_characters();
        reply.segment(
            b"MSH",
            &[
                &encoding,
                asked.field(5).raw(),
                asked.field(6).raw(),
                asked.field(3).raw(),
                asked.field(4).raw(),
                self.timestamp.to_string().as_bytes(),
                b"",
                &message_type,
                &reply.escaped(self.control_id),
                &or(asked.field(11).raw(), "P"),
                &or(asked.field(12).raw(), &version.to_string()),
                b"",
                b"",
                b"",
                b"",
                b"",
                asked.field(18).raw(),
            ],
        );
    }

    fn body(&self, reply: &mut Writer, acknowledged: &[u8], version: Version) {
        let code = self.code.as_str().as_bytes();
        let problems = &self.problems[..self.problems.len().min(MAX_PROBLEMS)];
        if version < Version::V2_5 {
            let text = problems.first().map_or("", Problem::words);
            let text = reply.escaped(text);
            reply.segment(b"MSA", &[code, acknowledged, &text]);
        } else {
            reply.segment(b"MSA", &[code, acknowledged]);
        }
        for problem in problems {
            problem.write(reply, version);
        }
    }
}

impl Problem {
    fn words(&self) -> &'static str {
        self.text.unwrap_or(self.code.text())
    }

    fn write(&self, reply: &mut Writer, version: Version) {
        let number = self.code.number().to_string();
        let name = reply.escaped(self.code.text());
        let place = self.location.map(place).unwrap_or_default();
        let mut parts: Vec<&[u8]> = place.iter().map(String::as_bytes).collect();
        if version < Version::V2_5 {
            parts.resize(3, b"");
            let sub = reply.delimiters.subcomponent;
            let code = [number.as_bytes(), &name, b"HL70357"].join(&sub);
            parts.push(&code);
            let location = reply.components(&parts);
            reply.segment(b"ERR", &[&location]);
            return;
        }
        let location = reply.components(&parts);
        let code = reply.components(&[number.as_bytes(), &name, b"HL70357"]);
        let text = reply.escaped(self.text.unwrap_or_default());
        let severity = self.severity.as_str().as_bytes();
        reply.segment(
            b"ERR",
            &[b"", &location, &code, severity, b"", b"", b"", &text],
        );
    }
}

/// The components of an ERL, as far as the path goes.
fn place(path: Path) -> Vec<String> {
    let mut parts = vec![path.segment.to_string(), path.occurrence.to_string()];
    let numbers = [
        path.field,
        path.repetition.or(path.component.and(Some(1))),
        path.component,
        path.subcomponent,
    ];
    parts.extend(
        numbers
            .iter()
            .map_while(|number| *number)
            .map(|n| n.to_string()),
    );
    parts
}

/// Joins raw values with the delimiters of the message that is answered.
struct Writer {
    delimiters: Delimiters,
    out: Vec<u8>,
}

impl Writer {
    fn segment(&mut self, name: &[u8], fields: &[&[u8]]) {
        let written = fields.iter().rposition(|field| !field.is_empty());
        self.out.extend_from_slice(name);
        for field in &fields[..written.map_or(0, |last| last + 1)] {
            self.out.push(self.delimiters.field);
            self.out.extend_from_slice(field);
        }
        self.out.push(b'\r');
    }

    fn components(&self, parts: &[&[u8]]) -> Vec<u8> {
        parts.join(&self.delimiters.component)
    }

    /// Own text, of which only ASCII without controls is written.
    fn escaped(&self, text: &str) -> Vec<u8> {
        let plain = |c: &char| c.is_ascii() && !c.is_ascii_control();
        let text: String = text.chars().filter(plain).collect();
        let syntax = crate::Syntax {
            delimiters: self.delimiters,
            charset: crate::Charset::Ascii,
            wire: crate::Charset::Ascii,
        };
        crate::escape::encode(&text, &syntax).unwrap_or_default()
    }
}
