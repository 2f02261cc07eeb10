//! The first nine bytes: what kind of bytes these are and how they are divided.

use crate::Position;
use crate::delimiters::{DelimiterFault, Delimiters};
use crate::error::{ParseError, ParseErrorReason};
use crate::notice::{Notice, NoticeKind, note};

/// Reads MSH-1 and MSH-2 of the header at `start`.
pub(super) fn header_delimiters(
    bytes: &[u8],
    start: usize,
    notices: &mut Vec<Notice>,
) -> Result<Delimiters, ParseError> {
    let header = &bytes[start..];
    let refuse = |reason: ParseErrorReason| reason.at(start, 1);
    match header {
        [] => return Err(ParseErrorReason::Empty.at(start, 0)),
        [0x0b, ..] => return Err(refuse(ParseErrorReason::Framed)),
        [b'F' | b'B' | b'f' | b'b', b'H' | b'h', b'S' | b's', ..] => {
            return Err(refuse(ParseErrorReason::Batch));
        }
        [b'M' | b'm', b'S' | b's', b'H' | b'h', ..] => {}
        _ => return Err(refuse(ParseErrorReason::NoHeader)),
    }
    let (&field, rest) = header[3..]
        .split_first()
        .ok_or_else(|| refuse(ParseErrorReason::HeaderTooShort))?;
    let end = rest
        .iter()
        .take(MAX_ENCODING)
        .position(|byte| *byte == field || matches!(byte, b'\r' | b'\n'));
    let encoding = &rest[..end.unwrap_or(rest.len().min(MAX_ENCODING))];
    if rest.get(encoding.len()) != Some(&field) && encoding.len() < 4 {
        return Err(refuse(ParseErrorReason::HeaderTooShort));
    }
    if let [c, r, e1, e2, s] = *encoding
        && e1 == e2
    {
        note(notices, NoticeKind::DoubledEscape, Position::default());
        return read(field, &[c, r, e1, s]).map_err(refuse);
    }
    read(field, encoding).map_err(refuse)
}

/// One more than MSH-2 may have, so that a longer one is seen without reading on.
const MAX_ENCODING: usize = 6;

fn read(field: u8, encoding: &[u8]) -> Result<Delimiters, ParseErrorReason> {
    Delimiters::new(field, encoding).map_err(|fault: DelimiterFault| fault.into())
}
