//! Values to be written into a message.

use std::borrow::Cow;

use crate::delimiters::Syntax;
use crate::escape::{self, Unencodable};
use crate::message::Level;

/// What to write at a place in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content<'c> {
    /// Nothing: no statement about the value.
    #[default]
    Empty,
    /// `""`: the receiver shall delete the value.
    Null,
    /// Text; delimiters and control characters in it are escaped.
    Text(Cow<'c, str>),
    /// Formatted text (FT, TX); its line ends become `\.br\`.
    Formatted(Cow<'c, str>),
    /// Bytes that are already escaped, and may hold separators below their level.
    Raw(Cow<'c, [u8]>),
    /// Subcomponents of one component.
    Subcomponents(Vec<Content<'c>>),
    /// Components of one repetition.
    Components(Vec<Content<'c>>),
    /// Repetitions of one field.
    Repetitions(Vec<Content<'c>>),
}

/// Why content cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// A character outside the message's character set.
    #[error(transparent)]
    Unencodable(#[from] Unencodable),
    /// Components inside subcomponents, repetitions inside components and the like.
    #[error("the parts of a value are nested in the wrong order")]
    Nesting,
    /// Raw bytes with a separator of their own level or above, a control character, or bytes
    /// outside the character set.
    #[error("raw bytes hold a character that may not stand at this level")]
    Raw,
}

impl<'c> Content<'c> {
    /// Components of one repetition.
    #[must_use]
    pub fn components<T: Into<Self>>(parts: impl IntoIterator<Item = T>) -> Self {
        Self::Components(parts.into_iter().map(Into::into).collect())
    }

    /// Subcomponents of one component.
    #[must_use]
    pub fn subcomponents<T: Into<Self>>(parts: impl IntoIterator<Item = T>) -> Self {
        Self::Subcomponents(parts.into_iter().map(Into::into).collect())
    }

    /// Repetitions of one field.
    #[must_use]
    pub fn repetitions<T: Into<Self>>(parts: impl IntoIterator<Item = T>) -> Self {
        Self::Repetitions(parts.into_iter().map(Into::into).collect())
    }

    /// Formatted text.
    #[must_use]
    pub fn formatted(text: impl Into<Cow<'c, str>>) -> Self {
        Self::Formatted(text.into())
    }

    /// Bytes that are already escaped.
    #[must_use]
    pub fn raw(bytes: impl Into<Cow<'c, [u8]>>) -> Self {
        Self::Raw(bytes.into())
    }

    /// Appends the content to `out` as it stands at `level`.
    pub(crate) fn write(
        &self,
        level: Level,
        syntax: &Syntax,
        out: &mut Vec<u8>,
    ) -> Result<(), ContentError> {
        match self {
            Self::Empty => {}
            Self::Null => out.extend_from_slice(b"\"\""),
            Self::Text(text) => out.extend(escape::encode(text, syntax)?),
            Self::Formatted(text) => out.extend(escape::encode_formatted(text, syntax)?),
            Self::Raw(bytes) => {
                check_raw(bytes, level, syntax)?;
                out.extend_from_slice(bytes);
            }
            Self::Subcomponents(parts) => join(parts, level, Level::Component, syntax, out)?,
            Self::Components(parts) => join(parts, level, Level::Repetition, syntax, out)?,
            Self::Repetitions(parts) => join(parts, level, Level::Field, syntax, out)?,
        }
        Ok(())
    }
}

impl<'c> From<&'c str> for Content<'c> {
    fn from(text: &'c str) -> Self {
        Self::from(Cow::Borrowed(text))
    }
}

impl From<String> for Content<'_> {
    fn from(text: String) -> Self {
        Self::from(Cow::<str>::Owned(text))
    }
}

impl<'c> From<Cow<'c, str>> for Content<'c> {
    fn from(text: Cow<'c, str>) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text)
        }
    }
}

/// Writes `parts` joined by the separator of `whole`, where `level` is where they may stand.
fn join(
    parts: &[Content<'_>],
    level: Level,
    whole: Level,
    syntax: &Syntax,
    out: &mut Vec<u8>,
) -> Result<(), ContentError> {
    let separator = whole.separator(syntax).filter(|_| whole >= level);
    let separator = separator.ok_or(ContentError::Nesting)?;
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push(separator);
        }
        part.write(whole.inner(), syntax, out)?;
    }
    Ok(())
}

fn check_raw(bytes: &[u8], level: Level, syntax: &Syntax) -> Result<(), ContentError> {
    let delimiters = &syntax.delimiters;
    let above = [
        (true, delimiters.field),
        (level > Level::Field, delimiters.repetition),
        (level > Level::Repetition, delimiters.component),
        (level > Level::Component, delimiters.subcomponent),
    ];
    let forbidden = |byte: &u8| {
        byte.is_ascii_control() || above.iter().any(|(held, other)| *held && other == byte)
    };
    if bytes.iter().any(forbidden) || syntax.charset.decode(bytes).is_none() {
        return Err(ContentError::Raw);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charset;
    use crate::delimiters::Delimiters;

    const SYNTAX: Syntax = Syntax {
        delimiters: Delimiters::DEFAULT,
        charset: Charset::Utf8,
        wire: Charset::Utf8,
    };

    fn written(content: &Content<'_>, level: Level) -> Result<String, ContentError> {
        let mut out = Vec::new();
        content.write(level, &SYNTAX, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn nested_parts_are_joined_by_their_separators() {
        let family = Content::subcomponents(["van Beethoven", "van"]);
        let name = Content::components([family, "Ludwig".into(), Content::Null]);
        let names = Content::repetitions([name, "L & B".into()]);
        let text = written(&names, Level::Field).unwrap();
        assert_eq!(text, r#"van Beethoven&van^Ludwig^""~L \T\ B"#);
    }

    #[test]
    fn parts_in_the_wrong_order_are_refused() {
        let inside_out = Content::subcomponents([Content::components(["a", "b"])]);
        assert_eq!(
            written(&inside_out, Level::Field),
            Err(ContentError::Nesting)
        );
        let too_deep = Content::repetitions(["a", "b"]);
        assert_eq!(
            written(&too_deep, Level::Component),
            Err(ContentError::Nesting)
        );
    }

    #[test]
    fn raw_bytes_may_not_break_out_of_their_level() {
        for (raw, level, accepted) in [
            (&b"a~b^c&d"[..], Level::Field, true),
            (b"a|b", Level::Field, false),
            (b"a~b", Level::Repetition, false),
            (b"a^b", Level::Repetition, true),
            (b"a^b", Level::Component, false),
            (b"a&b", Level::Component, true),
            (b"a&b", Level::Subcomponent, false),
            (b"a\\F\\b", Level::Subcomponent, true),
            (b"a\rOBX|", Level::Field, false),
            (b"a\x1c", Level::Field, false),
            (b"\xff", Level::Field, false),
        ] {
            let result = written(&Content::raw(raw), level);
            assert_eq!(result.is_ok(), accepted, "{raw:?} {level:?}");
        }
    }
}
