//! The parser: one pass, an explicit stack, limits checked as it goes.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::node::{Kind, NodeData, NodeId};
use super::{Doc, JsonError, JsonErrorKind};
use crate::names::Name;

/// Bounds on what a document may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text.
    pub max_bytes: usize,
    /// Levels of arrays and objects.
    pub max_depth: usize,
    /// Values of any kind.
    pub max_values: usize,
    /// Bytes of one string before unescaping.
    pub max_string: usize,
}

impl Default for Limits {
    /// One resource or transaction as a client may send it: 64 MiB, 64 levels, 4 M values,
    /// strings of 32 MiB (`base64Binary` attachments).
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_depth: 64,
            max_values: 4_000_000,
            max_string: 32 << 20,
        }
    }
}

/// Objects with fewer fields than this find duplicates by comparing pairs, which is fastest.
const PAIRWISE_FIELDS: u32 = 32;

pub(super) fn parse(bytes: Vec<u8>, limits: &Limits) -> Result<Doc, JsonError> {
    if bytes.len() > limits.max_bytes || bytes.len() >= u32::MAX as usize / 2 {
        return Err(JsonError::new(JsonErrorKind::TooLarge, &[], 0));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        JsonError::new(JsonErrorKind::NotUtf8, error.as_bytes(), at)
    })?;
    let source_len = text.len();
    // Resources average some 28 bytes a node; a good guess saves most of the growing.
    let nodes = Vec::with_capacity((source_len / 24 + 8).min(limits.max_values));
    let doc = Doc {
        text,
        nodes,
        root: NodeId(0),
    };
    let mut parser = Parser {
        doc,
        source_len,
        at: 0,
        limits,
        hasher: RandomState::new(),
        large_keys: HashSet::new(),
    };
    match parser.document() {
        Ok(()) => Ok(parser.doc),
        Err(kind) => {
            let source = &parser.doc.text.as_bytes()[..source_len];
            Err(JsonError::new(kind, source, parser.at))
        }
    }
}

struct Parser<'l> {
    doc: Doc,
    /// Length of the source; unescaped strings are appended behind it.
    source_len: usize,
    at: usize,
    limits: &'l Limits,
    hasher: RandomState,
    large_keys: HashSet<(u32, u64)>,
}

/// Key of the field whose value comes next.
#[derive(Clone, Copy)]
struct PendingKey {
    start: u32,
    len: u32,
    name: Name,
    shadow: bool,
}

type Step<T> = Result<T, JsonErrorKind>;

impl Parser<'_> {
    fn document(&mut self) -> Step<()> {
        // A byte-order mark is not JSON, but files have it and it carries no meaning.
        if self.doc.text.as_bytes().starts_with(b"\xEF\xBB\xBF") {
            self.at = 3;
        }
        let mut open: Vec<NodeId> = Vec::with_capacity(16);
        self.skip_space();
        let root = self.value(None)?;
        self.doc.root = root;
        self.descend(root, &mut open)?;
        while let Some(&parent) = open.last() {
            self.step(parent, &mut open)?;
        }
        self.skip_space();
        if self.at < self.source_len {
            Err(JsonErrorKind::TrailingText)
        } else {
            Ok(())
        }
    }

    /// One field or item of `parent`, or its end.
    fn step(&mut self, parent: NodeId, open: &mut Vec<NodeId>) -> Step<()> {
        let is_object = self.doc.data(parent).kind == Kind::Object;
        let close = if is_object { b'}' } else { b']' };
        self.skip_space();
        if self.peek()? == close {
            self.at += 1;
            open.pop();
            return Ok(());
        }
        if self.doc.data(parent).len > 0 {
            self.expect(b',')?;
            self.skip_space();
        }
        let key = if is_object {
            Some(self.key(parent)?)
        } else {
            None
        };
        let child = self.value(key)?;
        self.doc.link_last(parent, child);
        self.descend(child, open)
    }

    fn descend(&self, id: NodeId, open: &mut Vec<NodeId>) -> Step<()> {
        if matches!(self.doc.data(id).kind, Kind::Array | Kind::Object) {
            if open.len() >= self.limits.max_depth {
                return Err(JsonErrorKind::TooDeep);
            }
            open.push(id);
        }
        Ok(())
    }

    fn key(&mut self, parent: NodeId) -> Step<PendingKey> {
        if self.peek()? != b'"' {
            return Err(JsonErrorKind::UnexpectedCharacter);
        }
        let start_of_key = self.at;
        let (start, len, _) = self.string()?;
        let text = self.doc.span(start, len);
        let (bare, shadow) = match text.strip_prefix('_') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let key = PendingKey {
            start,
            len,
            name: Name::intern(bare),
            shadow,
        };
        if self.is_duplicate(parent, key) {
            self.at = start_of_key;
            return Err(JsonErrorKind::DuplicateKey);
        }
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(key)
    }

    fn is_duplicate(&mut self, parent: NodeId, key: PendingKey) -> bool {
        if self.doc.data(parent).len >= PAIRWISE_FIELDS {
            return self.is_duplicate_in_large(parent, key);
        }
        let text = self.doc.span(key.start, key.len);
        self.doc.node(parent).children().any(|child| {
            if child.name() == Name::UNKNOWN && key.name == Name::UNKNOWN {
                child.key() == Some(text)
            } else {
                child.name() == key.name && child.is_shadow() == key.shadow
            }
        })
    }

    /// Objects this large do not occur in FHIR; for a hostile one the keys go through a set of
    /// randomly keyed hashes, so that its cost stays linear.
    fn is_duplicate_in_large(&mut self, parent: NodeId, key: PendingKey) -> bool {
        if self.doc.data(parent).len == PAIRWISE_FIELDS {
            for child in self.doc.node(parent).children() {
                let hash = self.hasher.hash_one(child.key().unwrap_or_default());
                self.large_keys.insert((parent.0, hash));
            }
        }
        let hash = self.hasher.hash_one(self.doc.span(key.start, key.len));
        !self.large_keys.insert((parent.0, hash))
    }

    fn value(&mut self, key: Option<PendingKey>) -> Step<NodeId> {
        let mut data = match self.peek()? {
            b'"' => {
                let (start, len, needs_escape) = self.string()?;
                NodeData {
                    start,
                    len,
                    needs_escape,
                    ..NodeData::new(Kind::String)
                }
            }
            b'{' => {
                self.at += 1;
                NodeData::new(Kind::Object)
            }
            b'[' => {
                self.at += 1;
                NodeData::new(Kind::Array)
            }
            b't' => self.literal(
                "true",
                NodeData {
                    truth: true,
                    ..NodeData::new(Kind::Bool)
                },
            )?,
            b'f' => self.literal("false", NodeData::new(Kind::Bool))?,
            b'n' => self.literal("null", NodeData::new(Kind::Null))?,
            b'-' | b'0'..=b'9' => {
                let (start, len) = self.number()?;
                NodeData {
                    start,
                    len,
                    ..NodeData::new(Kind::Number)
                }
            }
            _ => return Err(JsonErrorKind::UnexpectedCharacter),
        };
        if let Some(key) = key {
            data.key_start = key.start;
            data.key_len = key.len;
            data.name = key.name;
            data.shadow = key.shadow;
        }
        if self.doc.nodes.len() >= self.limits.max_values {
            return Err(JsonErrorKind::TooManyValues);
        }
        Ok(self.doc.push_node(data))
    }

    fn literal(&mut self, word: &str, data: NodeData) -> Step<NodeData> {
        let end = self.at + word.len();
        if end <= self.source_len && &self.doc.text.as_bytes()[self.at..end] == word.as_bytes() {
            self.at = end;
            Ok(data)
        } else {
            Err(JsonErrorKind::UnexpectedCharacter)
        }
    }

    fn number(&mut self) -> Step<(u32, u32)> {
        let start = self.at;
        let rest = &self.doc.text.as_bytes()[start..self.source_len];
        let len = number_len(rest).ok_or(JsonErrorKind::BadNumber)?;
        self.at += len;
        Ok((start as u32, len as u32))
    }

    /// A string at `self.at`: its span, and whether printing it needs escapes.
    fn string(&mut self) -> Step<(u32, u32, bool)> {
        let start = self.at + 1;
        let bytes = &self.doc.text.as_bytes()[..self.source_len];
        let Some(plain) = plain_run(&bytes[start..]) else {
            self.at = self.source_len;
            return Err(JsonErrorKind::UnexpectedEnd);
        };
        let at = start + plain;
        if plain > self.limits.max_string {
            return Err(JsonErrorKind::StringTooLong);
        }
        match bytes[at] {
            b'"' => {
                self.at = at + 1;
                Ok((start as u32, plain as u32, false))
            }
            b'\\' => self.escaped_string(start, at),
            _ => {
                self.at = at;
                Err(JsonErrorKind::ControlCharacter)
            }
        }
    }

    /// The slow form: unescapes behind the source.
    fn escaped_string(&mut self, start: usize, first_escape: usize) -> Step<(u32, u32, bool)> {
        let mut value = String::with_capacity(first_escape - start + 32);
        let mut run_start = start;
        let mut at = first_escape;
        loop {
            value.push_str(&self.doc.text[run_start..at]);
            if value.len() > self.limits.max_string {
                return Err(JsonErrorKind::StringTooLong);
            }
            match self.doc.text.as_bytes()[at] {
                b'"' => break,
                b'\\' => {
                    let (character, next) = self.escape(at)?;
                    value.push(character);
                    run_start = next;
                }
                _ => {
                    self.at = at;
                    return Err(JsonErrorKind::ControlCharacter);
                }
            }
            let rest = &self.doc.text.as_bytes()[run_start..self.source_len];
            let Some(plain) = plain_run(rest) else {
                self.at = self.source_len;
                return Err(JsonErrorKind::UnexpectedEnd);
            };
            at = run_start + plain;
        }
        self.at = at + 1;
        let needs_escape = needs_escape(&value);
        let (start, len) = self.doc.append_text(&value);
        Ok((start, len, needs_escape))
    }

    /// The escape at `at` (a backslash): the character and the offset behind it.
    fn escape(&mut self, at: usize) -> Step<(char, usize)> {
        let bytes = &self.doc.text.as_bytes()[..self.source_len];
        let simple = match bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let found = unicode_escape(bytes, at);
                if found.is_none() {
                    self.at = at;
                }
                return found.ok_or(JsonErrorKind::BadEscape);
            }
            _ => {
                self.at = at;
                return Err(JsonErrorKind::BadEscape);
            }
        };
        Ok((simple, at + 2))
    }

    fn skip_space(&mut self) {
        let bytes = &self.doc.text.as_bytes()[..self.source_len];
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Step<u8> {
        if self.at < self.source_len {
            Ok(self.doc.text.as_bytes()[self.at])
        } else {
            Err(JsonErrorKind::UnexpectedEnd)
        }
    }

    fn expect(&mut self, byte: u8) -> Step<()> {
        if self.peek()? == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(JsonErrorKind::UnexpectedCharacter)
        }
    }
}

/// Length of the run before the first quote, backslash or control character; `None` at the end.
fn plain_run(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&b| PLAIN_ENDS[b as usize])
}

/// Whether a string needs escapes in JSON output.
pub(super) fn needs_escape(value: &str) -> bool {
    plain_run(value.as_bytes()).is_some()
}

/// Length of the JSON number at the start of `bytes` (RFC 8259 §6).
pub(super) fn number_len(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes[at] == b'0') {
        return None;
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    Some(at)
}

static PLAIN_ENDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// `\uXXXX`, or a surrogate pair of two of them.
fn unicode_escape(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = bytes.get(at + 2..at + 6)?;
        if bytes.get(at..at + 2)? != b"\\u" || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(at)?;
    if (0xD800..0xDC00).contains(&first) {
        let second = unit(at + 6).filter(|low| (0xDC00..0xE000).contains(low))?;
        let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return Some((char::from_u32(scalar)?, at + 12));
    }
    Some((char::from_u32(first)?, at + 6))
}
