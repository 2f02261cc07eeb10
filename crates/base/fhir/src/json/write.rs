//! Printing the tree: minified, fields in their order, numbers with their digits.

use super::node::{Kind, Node};

impl Node<'_> {
    /// Appends the value as minified JSON.
    pub fn write_json(self, out: &mut Vec<u8>) {
        match self.kind() {
            Kind::Null => out.extend_from_slice(b"null"),
            Kind::Bool => {
                out.extend_from_slice(if self.as_bool() == Some(true) {
                    b"true"
                } else {
                    b"false"
                });
            }
            Kind::Number => {
                out.extend_from_slice(self.number_text().unwrap_or_default().as_bytes());
            }
            Kind::String => {
                let text = self.as_str().unwrap_or_default();
                if self.needs_escape() {
                    write_string(text, out);
                } else {
                    out.push(b'"');
                    out.extend_from_slice(text.as_bytes());
                    out.push(b'"');
                }
            }
            Kind::Array => self.write_children(out, b'[', b']'),
            Kind::Object => self.write_children(out, b'{', b'}'),
        }
    }

    /// Depth is bounded by the parser's limit, so recursion is too.
    fn write_children(self, out: &mut Vec<u8>, open: u8, close: u8) {
        out.push(open);
        for (index, child) in self.children().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if let Some(key) = child.key() {
                write_string(key, out);
                out.push(b':');
            }
            child.write_json(out);
        }
        out.push(close);
    }
}

/// Appends `text` as a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut run_start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x00..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[run_start..at]);
        if escape.is_empty() {
            let hex = |nibble: u8| b"0123456789abcdef"[nibble as usize];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
        } else {
            out.extend_from_slice(escape);
        }
        run_start = at + 1;
    }
    out.extend_from_slice(&bytes[run_start..]);
    out.push(b'"');
}

/// Whether `digits` is a JSON number (RFC 8259 §6) and can be written verbatim.
#[must_use]
pub fn write_number_safe(digits: &str) -> bool {
    super::parse::number_len(digits.as_bytes()) == Some(digits.len())
}
