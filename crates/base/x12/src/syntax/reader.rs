//! A streaming reader: segments one by one from any `Read`, in memory bounded by one segment.
//!
//! Files of gigabytes are normal at clearing houses; hostile files without a terminator are too.

use std::io::{self, Read};

use thiserror::Error;

use super::{Delimiters, HEADER_LENGTH, HeaderError, Segment};

/// Bounds on what one segment may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest segment in bytes, terminator included.
    pub segment_bytes: usize,
    /// Most elements in one segment.
    pub elements: usize,
}

impl Default for Limits {
    /// 16 KiB and 128 elements: several times what any health transaction needs.
    fn default() -> Self {
        Self {
            segment_bytes: 16 * 1024,
            elements: 128,
        }
    }
}

/// Why reading stopped.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The input failed.
    #[error("the input could not be read")]
    Io(#[from] io::Error),
    /// Something other than an ISA stands where an interchange should begin.
    #[error("no interchange begins at byte {offset}: an ISA segment was expected")]
    NoInterchange {
        /// Bytes before it.
        offset: u64,
    },
    /// An ISA does not yield delimiters.
    #[error("the interchange header at byte {offset} is not usable: {reason}")]
    Header {
        /// Bytes before the ISA.
        offset: u64,
        /// What is wrong with it.
        reason: HeaderError,
    },
    /// No terminator within the limit.
    #[error("the segment at byte {offset} is longer than {limit} bytes")]
    SegmentTooLong {
        /// Bytes before the segment.
        offset: u64,
        /// The limit in force.
        limit: usize,
    },
    /// More interchanges, groups and transaction sets than the limit.
    #[error("the file holds more than {limit} interchanges, groups and transaction sets")]
    TooManyEnvelopes {
        /// The limit in force.
        limit: usize,
    },
    /// More elements than the limit.
    #[error("the segment at byte {offset} has more than {limit} elements")]
    TooManyElements {
        /// Bytes before the segment.
        offset: u64,
        /// The limit in force.
        limit: usize,
    },
}

/// Reads segments from a stream. Every ISA sets the delimiters anew.
///
/// Text is UTF-8; a segment that is not valid UTF-8 is read as ISO 8859-1, the usual meaning of
/// the extended character set between partners that do not use UTF-8. Line breaks between
/// segments and a missing last terminator are tolerated.
pub struct SegmentReader<R> {
    input: R,
    limits: Limits,
    delimiters: Option<Delimiters>,
    /// Bytes read and not yet handed out are `window[from..]`.
    window: Vec<u8>,
    from: usize,
    /// Offset in the stream of `window[0]`.
    base: u64,
    start: u64,
    ended: bool,
    transcoded: String,
}

/// How much is read at a time.
const BLOCK: usize = 64 * 1024;

impl<R: Read> SegmentReader<R> {
    /// Reads from `input` with the default limits. The reader buffers by itself.
    pub fn new(input: R) -> Self {
        Self::with_limits(input, Limits::default())
    }

    /// Reads from `input` with `limits`.
    pub fn with_limits(input: R, limits: Limits) -> Self {
        Self {
            input,
            limits,
            delimiters: None,
            window: Vec::new(),
            from: 0,
            base: 0,
            start: 0,
            ended: false,
            transcoded: String::new(),
        }
    }

    /// The byte offset at which the last segment began.
    pub fn segment_offset(&self) -> u64 {
        self.start
    }

    /// The next segment, or `None` at the end of the input.
    pub fn next_segment(&mut self) -> Result<Option<Segment<'_>>, ReadError> {
        self.skip_blank()?;
        self.start = self.base + self.from as u64;
        self.want(4)?;
        if self.pending().is_empty() {
            return Ok(None);
        }
        let (delimiters, length) = if starts_interchange(self.pending()) {
            self.read_header()?
        } else {
            let known = self
                .delimiters
                .ok_or(ReadError::NoInterchange { offset: self.start })?;
            (known, self.find_terminator(known.segment)?)
        };
        let range = self.from..self.from + length;
        self.from = (range.end + 1).min(self.window.len());
        let mut bytes = &self.window[range.clone()];
        if range.end == self.window.len() {
            let kept = bytes.iter().rposition(|byte| !is_filler(*byte));
            bytes = &bytes[..kept.map_or(0, |last| last + 1)];
        }
        if memchr::memchr_iter(delimiters.element, bytes).count() > self.limits.elements {
            let limit = self.limits.elements;
            return Err(ReadError::TooManyElements {
                offset: self.start,
                limit,
            });
        }
        let text = decode(bytes, &mut self.transcoded);
        Ok(Some(Segment::new(text, delimiters)))
    }

    fn pending(&self) -> &[u8] {
        self.window.get(self.from..).unwrap_or_default()
    }

    /// Tries to have `length` bytes pending; fewer remain only at the end of the input.
    fn want(&mut self, length: usize) -> Result<(), ReadError> {
        while self.pending().len() < length && !self.ended {
            self.window.drain(..self.from);
            self.base += self.from as u64;
            self.from = 0;
            let kept = self.window.len();
            self.window.resize(kept + BLOCK, 0);
            let read = loop {
                match self.input.read(&mut self.window[kept..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            self.window.truncate(kept + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
        }
        Ok(())
    }

    /// Skips filler and, before the first interchange, a byte order mark.
    fn skip_blank(&mut self) -> Result<(), ReadError> {
        loop {
            self.want(1)?;
            let first = self.delimiters.is_none();
            let blank =
                |byte: &&u8| is_filler(**byte) || first && matches!(byte, 0xEF | 0xBB | 0xBF);
            let skipped = self.pending().iter().take_while(blank).count();
            self.from += skipped;
            if skipped == 0 || !self.pending().is_empty() {
                return Ok(());
            }
        }
    }

    fn read_header(&mut self) -> Result<(Delimiters, usize), ReadError> {
        self.want(HEADER_LENGTH)?;
        let delimiters =
            Delimiters::from_header(self.pending()).map_err(|reason| ReadError::Header {
                offset: self.start,
                reason,
            })?;
        self.delimiters = Some(delimiters);
        Ok((delimiters, HEADER_LENGTH - 1))
    }

    /// The length of the pending segment, without its terminator.
    fn find_terminator(&mut self, terminator: u8) -> Result<usize, ReadError> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memchr(terminator, &self.pending()[searched..]) {
                return self.within_limit(searched + at);
            }
            searched = self.within_limit(self.pending().len())?;
            self.want(searched + 1)?;
            if self.pending().len() == searched {
                return Ok(searched);
            }
        }
    }

    fn within_limit(&self, length: usize) -> Result<usize, ReadError> {
        let limit = self.limits.segment_bytes;
        if length < limit {
            return Ok(length);
        }
        Err(ReadError::SegmentTooLong {
            offset: self.start,
            limit,
        })
    }
}

/// What may stand between segments: line breaks, and the Ctrl-Z and NUL bytes that old systems
/// pad files with.
pub(super) fn is_filler(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0x1A | 0)
}

/// Whether an interchange header begins here: `ISA` and something that can separate elements, or
/// the end of the text, which cuts the header short.
pub(super) fn starts_interchange(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ISA")
        && bytes
            .get(3)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// The bytes as text: UTF-8, or else ISO 8859-1 written into `transcoded`.
fn decode<'a>(bytes: &'a [u8], transcoded: &'a mut String) -> &'a str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            transcoded.clear();
            transcoded.extend(bytes.iter().map(|&byte| char::from(byte)));
            transcoded
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260601*1200*^*00501*000000001*0*P*:~";

    /// Yields one byte per read, as a slow socket would.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn ids(input: impl Read) -> Result<Vec<String>, ReadError> {
        let mut reader = SegmentReader::new(input);
        let mut found = Vec::new();
        while let Some(segment) = reader.next_segment()? {
            found.push(segment.id().to_owned());
        }
        Ok(found)
    }

    #[test]
    fn segments_arrive_whole_however_the_bytes_are_split() {
        let text = format!("\u{feff}{HEADER}\r\nGS*HC~N3~\nIEA*1*000000001\r\n\u{1a}\0\0");
        assert_eq!(
            ids(text.as_bytes()).expect("read"),
            ["ISA", "GS", "N3", "IEA"]
        );
        assert_eq!(
            ids(Trickle(text.as_bytes())).expect("read"),
            ["ISA", "GS", "N3", "IEA"]
        );
    }

    #[test]
    fn each_interchange_brings_its_own_delimiters() {
        let other = HEADER.replace('*', "|").replace('~', "\n");
        let text = format!("{HEADER}GS*HC~IEA*1*1~{other}GS|HC\nIEA|1|1\n");
        assert_eq!(
            ids(text.as_bytes()).expect("read"),
            ["ISA", "GS", "IEA", "ISA", "GS", "IEA"]
        );
    }

    #[test]
    fn a_segment_without_end_is_refused_at_the_limit() {
        let text = format!("{HEADER}{}", "A".repeat(1 << 20));
        assert!(matches!(
            ids(text.as_bytes()),
            Err(ReadError::SegmentTooLong {
                offset: 106,
                limit: 16384
            })
        ));
    }

    #[test]
    fn a_segment_of_separators_only_is_refused_at_the_limit() {
        let text = format!("{HEADER}GS{}~", "*".repeat(200));
        assert!(matches!(
            ids(text.as_bytes()),
            Err(ReadError::TooManyElements {
                offset: 106,
                limit: 128
            })
        ));
    }

    #[test]
    fn a_file_that_does_not_begin_with_a_header_is_refused() {
        assert!(matches!(
            ids(&b"GS*HC~"[..]),
            Err(ReadError::NoInterchange { offset: 0 })
        ));
        assert!(matches!(
            ids(&b"ISA*00*"[..]),
            Err(ReadError::Header {
                reason: HeaderError::Short { found: 7 },
                ..
            })
        ));
        assert!(matches!(
            ids(format!("{HEADER}IEA*0*1~ISA").as_bytes()),
            Err(ReadError::Header {
                reason: HeaderError::Short { found: 3 },
                ..
            })
        ));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_read_as_latin_1() {
        let mut bytes = HEADER.as_bytes().to_vec();
        bytes.extend(b"N3*CAF\xC9~");
        let mut reader = SegmentReader::new(&bytes[..]);
        reader.next_segment().expect("read");
        let found = reader
            .next_segment()
            .expect("read")
            .expect("a segment")
            .get(1)
            .to_owned();
        assert_eq!(found, "CAFÉ");
    }
}
