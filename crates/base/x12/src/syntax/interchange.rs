//! An interchange held in memory, split into groups and transaction sets without copying.

use std::fmt::{self, Write as _};

use super::reader::{is_filler, starts_interchange};
use super::{Delimiters, HEADER_LENGTH, HeaderError, ReadError, Segment};

/// Iterates over the segments of a text that is already in memory.
///
/// Stops with an error at the first thing that is not a segment; see [`ReadError`].
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    text: &'a str,
    at: usize,
    delimiters: Option<Delimiters>,
}

/// One ISA … IEA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interchange<'a> {
    /// The ISA segment.
    pub header: Segment<'a>,
    /// Interchange acknowledgements (TA1) and other segments outside every group.
    pub loose: Vec<Segment<'a>>,
    /// The functional groups.
    pub groups: Vec<Group<'a>>,
    /// The IEA segment, absent when the file is cut short.
    pub trailer: Option<Segment<'a>>,
}

/// One GS … GE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The GS segment.
    pub header: Segment<'a>,
    /// The transaction sets.
    pub sets: Vec<TransactionSet<'a>>,
    /// The GE segment, absent when the file is cut short.
    pub trailer: Option<Segment<'a>>,
}

/// One ST … SE, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionSet<'a> {
    /// All segments in order.
    pub segments: Vec<Segment<'a>>,
    /// The guide named by ST03, or else by GS08.
    pub guide: &'a str,
}

impl<'a> Segments<'a> {
    /// Reads from `text`, which must begin with an ISA.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            delimiters: None,
        }
    }

    fn read(&mut self) -> Result<Option<Segment<'a>>, ReadError> {
        let text = self.text;
        let rest = text.get(self.at..).unwrap_or_default();
        let rest = rest.trim_start_matches(|c| filler(c) || c == '\u{feff}');
        self.at = text.len() - rest.len();
        if rest.is_empty() {
            return Ok(None);
        }
        let offset = self.at as u64;
        if starts_interchange(rest.as_bytes()) {
            let delimiters = Delimiters::from_header(rest.as_bytes())
                .map_err(|reason| ReadError::Header { offset, reason })?;
            self.delimiters = Some(delimiters);
            let header = rest.get(..HEADER_LENGTH - 1).ok_or(ReadError::Header {
                offset,
                reason: HeaderError::Unusable,
            })?;
            self.at += HEADER_LENGTH;
            return Ok(Some(Segment::new(header, delimiters)));
        }
        let delimiters = self.delimiters.ok_or(ReadError::NoInterchange { offset })?;
        let length = memchr::memchr(delimiters.segment, rest.as_bytes()).unwrap_or(rest.len());
        self.at = (self.at + length + 1).min(text.len());
        let found = if length == rest.len() {
            rest.trim_end_matches(filler)
        } else {
            &rest[..length]
        };
        Ok(Some(Segment::new(found, delimiters)))
    }
}

fn filler(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_filler)
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.read().transpose();
        if matches!(found, Some(Err(_))) {
            self.at = self.text.len();
        }
        found
    }
}

impl<'a> Interchange<'a> {
    /// Splits `text` into its interchanges. Tolerant: only unreadable syntax is an error, and
    /// envelope faults are left to [`validate`](crate::validate).
    pub fn parse_all(text: &'a str) -> Result<Vec<Self>, ReadError> {
        let mut found: Vec<Self> = Vec::new();
        let mut inside = false;
        for segment in Segments::new(text) {
            let segment = segment?;
            match (segment.id(), found.last_mut()) {
                ("ISA", _) | (_, None) => {
                    inside = false;
                    found.push(Self {
                        header: segment,
                        loose: Vec::new(),
                        groups: Vec::new(),
                        trailer: None,
                    });
                }
                (id, Some(interchange)) => inside = interchange.add(segment, id, inside),
            }
        }
        Ok(found)
    }

    /// All transaction sets of all groups.
    pub fn sets(&self) -> impl Iterator<Item = &TransactionSet<'a>> {
        self.groups.iter().flat_map(|group| &group.sets)
    }

    /// Every segment, envelopes included; those outside every group directly follow the header.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> {
        let groups = self.groups.iter().flat_map(|group| {
            let sets = group.sets.iter().flat_map(|set| set.segments.iter());
            std::iter::once(&group.header)
                .chain(sets)
                .chain(&group.trailer)
        });
        std::iter::once(&self.header)
            .chain(&self.loose)
            .chain(groups)
            .chain(&self.trailer)
            .copied()
    }

    /// Adds one segment; the answer is whether a transaction set is now open.
    fn add(&mut self, segment: Segment<'a>, id: &str, inside: bool) -> bool {
        let group = self
            .groups
            .last_mut()
            .filter(|group| group.trailer.is_none());
        match (id, group) {
            ("GS", _) => {
                let (sets, trailer) = (Vec::new(), None);
                self.groups.push(Group {
                    header: segment,
                    sets,
                    trailer,
                });
                false
            }
            ("IEA", _) => {
                self.trailer = Some(segment);
                false
            }
            ("GE", Some(group)) => {
                group.trailer = Some(segment);
                false
            }
            ("ST", Some(group)) => {
                let named = segment.get(3);
                let guide = if named.is_empty() {
                    group.header.get(8)
                } else {
                    named
                };
                group.sets.push(TransactionSet {
                    segments: vec![segment],
                    guide,
                });
                true
            }
            (_, Some(Group { sets, .. })) if inside => {
                if let Some(set) = sets.last_mut() {
                    set.segments.push(segment);
                }
                id != "SE"
            }
            _ => {
                self.loose.push(segment);
                inside
            }
        }
    }
}

/// Writes the interchange back with its own delimiters, without line breaks.
impl fmt::Display for Interchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terminator = char::from(self.header.delimiters().segment);
        self.segments().try_for_each(|segment| {
            f.write_str(segment.text())?;
            f.write_char(terminator)
        })
    }
}

impl<'a> TransactionSet<'a> {
    /// The transaction set identifier, ST01, e.g. `837`.
    pub fn id(&self) -> &'a str {
        self.segments
            .first()
            .map(|header| header.get(1))
            .unwrap_or_default()
    }

    /// The control number, ST02.
    pub fn control_number(&self) -> &'a str {
        self.segments
            .first()
            .map(|header| header.get(2))
            .unwrap_or_default()
    }

    /// The first segment called `id`.
    pub fn first(&self, id: &str) -> Option<Segment<'a>> {
        self.segments
            .iter()
            .find(|segment| segment.id() == id)
            .copied()
    }
}
