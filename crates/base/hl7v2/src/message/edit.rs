//! Building and editing: what is not touched stays byte for byte.

use std::borrow::Cow;
use std::ops::Range;

use super::{Level, Message, ParseOptions, Segment};
use crate::charset::{self, Charset};
use crate::content::{Content, ContentError};
use crate::delimiters::{Delimiters, Syntax};
use crate::error::ParseError;
use crate::path::{MAX_INDEX, Path, PathError, SegmentName};

/// Why an edit is refused; the message is then unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The path is not one.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The content cannot stand where it should.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// There is no such segment.
    #[error("the message has no segment {segment}[{occurrence}]")]
    NoSegment {
        /// Name looked for.
        segment: SegmentName,
        /// Which one of that name.
        occurrence: u16,
    },
    /// The path names a whole segment.
    #[error("the path names a segment, not a field")]
    NotAField,
    /// A number in the path is zero or too large.
    #[error("a number in the path is outside 1 to {MAX_INDEX}")]
    Number,
    /// MSH-1 and MSH-2 divide the whole message and cannot be changed.
    #[error("the delimiters of a message cannot be edited")]
    Delimiters,
    /// MSH-18 would name a set in which the bytes present mean something else.
    #[error("the character set of a message cannot be changed to one that divides differently")]
    Charset,
    /// The header segment cannot be removed, moved or added again.
    #[error("a message has exactly one MSH segment, at its start")]
    Header,
    /// The result would not be a message any more.
    #[error("the edited message is refused: {0}")]
    Refused(#[from] ParseError),
}

impl Message<'_> {
    /// Writes `content` at `path`, adding the separators that are missing before it.
    ///
    /// Text written at field level is one text: separators in it are escaped. Use
    /// [`Content::components`] and its siblings for a value with parts.
    ///
    /// # Errors
    /// [`EditError`]; the message is then unchanged.
    pub fn set<'c>(
        &mut self,
        path: &str,
        content: impl Into<Content<'c>>,
    ) -> Result<(), EditError> {
        self.set_at(&path.parse()?, &content.into())
    }

    /// Writes `content` at a parsed path; see [`Self::set`].
    ///
    /// # Errors
    /// [`EditError`]; the message is then unchanged.
    pub fn set_at(&mut self, path: &Path, content: &Content<'_>) -> Result<(), EditError> {
        let segment = self.segment_at(path).ok_or(EditError::NoSegment {
            segment: path.segment,
            occurrence: path.occurrence,
        })?;
        let place = Place::find(self.as_bytes(), &segment, path, &self.syntax)?;
        let mut new = place.missing;
        content.write(place.level, &self.syntax, &mut new)?;
        self.splice(place.range, &new)
    }

    /// Adds a segment at the end with the given numbered fields.
    ///
    /// # Errors
    /// [`EditError`]; the message is then unchanged.
    pub fn push_segment<'c>(
        &mut self,
        name: &str,
        fields: impl IntoIterator<Item = (u16, Content<'c>)>,
    ) -> Result<(), EditError> {
        let end = self.terminator();
        let mut new = Vec::new();
        if !self.bytes.ends_with(b"\r") && !self.bytes.ends_with(b"\n") {
            new.extend_from_slice(end);
        }
        new.extend(segment_bytes(name, fields, &self.syntax)?);
        new.extend_from_slice(end);
        self.append(&new)
    }

    /// Inserts a segment so that it becomes the one at `ordinal` (2 or more).
    ///
    /// # Errors
    /// [`EditError`]; the message is then unchanged.
    pub fn insert_segment<'c>(
        &mut self,
        ordinal: usize,
        name: &str,
        fields: impl IntoIterator<Item = (u16, Content<'c>)>,
    ) -> Result<(), EditError> {
        if ordinal < 2 {
            return Err(EditError::Header);
        }
        let Some(next) = self.segments().nth(ordinal - 1) else {
            return self.push_segment(name, fields);
        };
        let at = next.range().start;
        let mut new = segment_bytes(name, fields, &self.syntax)?;
        new.extend_from_slice(self.terminator());
        self.splice(at..at, &new)
    }

    /// Removes the segment at `ordinal` (2 or more) together with its end.
    ///
    /// # Errors
    /// [`EditError`]; the message is then unchanged.
    pub fn remove_segment(&mut self, ordinal: usize) -> Result<(), EditError> {
        if ordinal < 2 {
            return Err(EditError::Header);
        }
        let Some(segment) = self.segments().nth(ordinal - 1) else {
            return Ok(());
        };
        let range = segment.range();
        let next = self.segments().nth(ordinal).map(|next| next.range().start);
        self.splice(range.start..next.unwrap_or(self.bytes.len()), &[])
    }

    /// Starts a message from the fields of its header, numbered from 3.
    pub(crate) fn from_header<'c>(
        charset: Charset,
        fields: impl IntoIterator<Item = (u16, Content<'c>)>,
    ) -> Result<Message<'static>, EditError> {
        let delimiters = Delimiters::DEFAULT;
        let syntax = Syntax {
            delimiters,
            charset,
            wire: charset,
        };
        let mut bytes = b"MSH|^~\\&".to_vec();
        write_fields(&mut bytes, 2, fields, &syntax)?;
        bytes.push(b'\r');
        let options = ParseOptions::wire();
        let message = Message::index(Cow::Owned(bytes), charset, charset, options, Vec::new())?;
        Ok(message)
    }

    /// How this message ends its segments: as its header does.
    fn terminator(&self) -> &'static [u8] {
        let after = &self.bytes[self.header().range().end..];
        if after.starts_with(b"\r\n") {
            b"\r\n"
        } else if after.starts_with(b"\n") {
            b"\n"
        } else {
            b"\r"
        }
    }

    /// Replaces bytes and reads the result again; nothing changes when that fails.
    fn splice(&mut self, range: Range<usize>, new: &[u8]) -> Result<(), EditError> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + new.len());
        bytes.extend_from_slice(&self.bytes[..range.start]);
        bytes.extend_from_slice(new);
        bytes.extend_from_slice(&self.bytes[range.end..]);
        let (mut charset, mut wire) = (self.syntax.charset, self.syntax.wire);
        let header = self.header().range();
        if range.start <= header.end && charset == wire {
            charset = self.charset_with(&bytes[header.start..])?;
            wire = charset;
        }
        let bytes = Cow::Owned(bytes);
        let notices = self.notices.clone();
        *self = Message::index(bytes, charset, wire, self.options, notices)?;
        Ok(())
    }

    /// The character set after an edit of the header, which may have changed MSH-18.
    fn charset_with(&self, bytes: &[u8]) -> Result<Charset, EditError> {
        let announced = charset::default_set(bytes);
        let before = charset::default_set(self.header().raw());
        let decided = charset::decide(bytes, self.options.charset).charset;
        let undivided = announced.is_some_and(|set| !set.divides_safely());
        if (undivided && announced != before) || !decided.divides_safely() {
            return Err(EditError::Charset);
        }
        Ok(decided)
    }

    /// Adds whole segments at the end without reading the rest again.
    fn append(&mut self, new: &[u8]) -> Result<(), EditError> {
        self.options.check_size(self.bytes.len() + new.len())?;
        let start = self.bytes.len();
        let field = self.syntax.delimiters.field;
        self.bytes.to_mut().extend_from_slice(new);
        let scanned = self
            .index
            .scan(&self.bytes, start, field, &self.options, &mut self.notices);
        if scanned.is_err() {
            self.bytes.to_mut().truncate(start);
        }
        Ok(scanned?)
    }
}

/// Where content goes: the bytes it replaces and the separators that must precede it.
struct Place {
    range: Range<usize>,
    missing: Vec<u8>,
    level: Level,
}

impl Place {
    fn find(
        bytes: &[u8],
        segment: &Segment<'_>,
        path: &Path,
        syntax: &Syntax,
    ) -> Result<Self, EditError> {
        let field = path.field.ok_or(EditError::NotAField)?;
        let numbers = [path.repetition, path.component, path.subcomponent];
        let valid = |number: &u16| (1..=MAX_INDEX).contains(number);
        if !numbers.iter().flatten().chain([&field]).all(valid) {
            return Err(EditError::Number);
        }
        if segment.ordinal() == 1 && field <= 2 {
            return Err(EditError::Delimiters);
        }
        let mut place = Self::field(segment, usize::from(field), syntax);
        let deepest = numbers.iter().rposition(Option::is_some);
        for number in numbers.iter().take(deepest.map_or(0, |last| last + 1)) {
            place.descend(bytes, usize::from(number.unwrap_or(1)), syntax);
        }
        Ok(place)
    }

    fn field(segment: &Segment<'_>, field: usize, syntax: &Syntax) -> Self {
        let (range, lacking) = match segment.field_range(field) {
            Some(range) => (range, 0),
            None => {
                let end = segment.range().end;
                (end..end, field - segment.field_count())
            }
        };
        Self {
            range,
            missing: vec![syntax.delimiters.field; lacking],
            level: Level::Field,
        }
    }

    /// Narrows the place to part `number` of the next level.
    fn descend(&mut self, bytes: &[u8], number: usize, syntax: &Syntax) {
        let Some(separator) = self.level.separator(syntax) else {
            return;
        };
        let mut start = self.range.start;
        let mut present = 0;
        for part in bytes[self.range.clone()].split(|byte| *byte == separator) {
            present += 1;
            let end = start + part.len();
            if present == number {
                self.range = start..end;
                break;
            }
            start = end + 1;
        }
        if present < number {
            self.range.start = self.range.end;
            let lacking = number - present;
            self.missing.extend(std::iter::repeat_n(separator, lacking));
        }
        self.level = self.level.inner();
    }
}

fn segment_bytes<'c>(
    name: &str,
    fields: impl IntoIterator<Item = (u16, Content<'c>)>,
    syntax: &Syntax,
) -> Result<Vec<u8>, EditError> {
    let name = SegmentName::new(name.as_bytes()).ok_or(PathError::Segment)?;
    if name.as_str() == "MSH" {
        return Err(EditError::Header);
    }
    let mut bytes = name.as_str().as_bytes().to_vec();
    write_fields(&mut bytes, 0, fields, syntax)?;
    Ok(bytes)
}

/// Appends numbered fields after field `written`; of two with one number the last counts.
fn write_fields<'c>(
    bytes: &mut Vec<u8>,
    written: u16,
    fields: impl IntoIterator<Item = (u16, Content<'c>)>,
    syntax: &Syntax,
) -> Result<(), EditError> {
    let fields: std::collections::BTreeMap<u16, Content<'c>> = fields.into_iter().collect();
    let mut written = written;
    for (number, content) in fields {
        if number <= written || number > MAX_INDEX {
            return Err(EditError::Number);
        }
        let separators = usize::from(number - written);
        bytes.extend(std::iter::repeat_n(syntax.delimiters.field, separators));
        content.write(Level::Field, syntax, bytes)?;
        written = number;
    }
    Ok(())
}
