//! The few types of Avro that payloads are made of, as bytes (Avro 1.11, "Binary Encoding").
//!
//! Every commit writes payloads and every consumer reads them, and a general writer looks the schema up and checks the
//! record against it each time. Which field is of which type is known here; a test compares the bytes with such a writer's.

use super::{FieldKind, Value};

/// Appends a value; nothing and `None` when the field is of another type.
pub(super) fn write(kind: FieldKind, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match (kind, value) {
        (FieldKind::Text, Value::Text(text)) => write_text(text, out),
        (FieldKind::Whole | FieldKind::Instant, Value::Whole(number)) => write_long(*number, out),
        (FieldKind::Flag, Value::Flag(flag)) => out.push(u8::from(*flag)),
        (FieldKind::Texts, Value::Texts(texts)) => {
            write_items(texts, |text, out| write_text(text, out), out);
        }
        (FieldKind::Wholes, Value::Wholes(numbers)) => {
            write_items(numbers, |number, out| write_long(*number, out), out);
        }
        _ => return None,
    }
    Some(())
}

/// Appends which branch of `["null", type]` follows.
pub(super) fn write_branch(is_present: bool, out: &mut Vec<u8>) {
    write_long(i64::from(is_present), out);
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// An array is one block of items and an empty one.
fn write_items<T>(items: &[T], write: impl Fn(&T, &mut Vec<u8>), out: &mut Vec<u8>) {
    if !items.is_empty() {
        write_count(items.len(), out);
        items.iter().for_each(|item| write(item, out));
    }
    write_long(0, out);
}

fn write_count(count: usize, out: &mut Vec<u8>) {
    write_long(i64::try_from(count).unwrap_or(i64::MAX), out);
}

/// Zigzag, seven bits in a byte, the lowest first.
fn write_long(number: i64, out: &mut Vec<u8>) {
    let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
    while rest > 0x7f {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// Takes a value off the front; `None` when the bytes are not of this type.
pub(super) fn read(kind: FieldKind, bytes: &mut &[u8]) -> Option<Value> {
    Some(match kind {
        FieldKind::Text => Value::Text(read_text(bytes)?),
        FieldKind::Whole | FieldKind::Instant => Value::Whole(read_long(bytes)?),
        FieldKind::Flag => match read_byte(bytes)? {
            0 => Value::Flag(false),
            1 => Value::Flag(true),
            _ => return None,
        },
        FieldKind::Texts => Value::Texts(read_items(bytes, read_text)?),
        FieldKind::Wholes => Value::Wholes(read_items(bytes, read_long)?),
    })
}

/// Takes the branch of `["null", type]` off the front: whether a value follows.
pub(super) fn read_branch(bytes: &mut &[u8]) -> Option<bool> {
    match read_long(bytes)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn read_text(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(read_long(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

fn read_items<T>(bytes: &mut &[u8], read: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    let mut items = Vec::new();
    loop {
        let count = read_long(bytes)?;
        if count == 0 {
            return Some(items);
        }
        if count < 0 {
            // Such a block says its length, too.
            read_long(bytes)?;
        }
        for _ in 0..count.unsigned_abs() {
            items.push(read(bytes)?);
        }
    }
}

fn read_long(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = read_byte(bytes)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    None
}

fn read_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}
