//! A message laid out for a person: one line per value, each with its path.

use std::fmt::{self, Display, Formatter, Write};

use crate::message::{Level, Message, Part, Presence, Segment};
use crate::path::Path;

/// Prints a message as a list of paths and decoded values. It shows what the message says:
/// for a desk, not for a log.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'m>(&'m Message<'m>);

/// Longest value that is printed whole.
const MAX_VALUE: usize = 200;

impl<'m> Message<'m> {
    /// The message as a printable outline.
    #[must_use]
    pub const fn outline(&'m self) -> Outline<'m> {
        Outline(self)
    }
}

impl Display for Outline<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let message = self.0;
        let count = message.segments().len();
        writeln!(f, "{count} segments, {}", message.wire_charset())?;
        for notice in message.notices() {
            writeln!(f, "note: {notice}")?;
        }
        let mut seen = std::collections::HashMap::new();
        for segment in message.segments() {
            let occurrence = seen.entry(segment.name()).or_insert(0_u16);
            *occurrence = occurrence.saturating_add(1);
            write_segment(f, &segment, *occurrence)?;
        }
        Ok(())
    }
}

fn write_segment(f: &mut Formatter<'_>, segment: &Segment<'_>, occurrence: u16) -> fmt::Result {
    let path = Path::segment(segment.name()).occurrence(occurrence);
    writeln!(f, "{path}")?;
    for (number, field) in segment.fields() {
        let Ok(number) = u16::try_from(number) else {
            break;
        };
        write_part(f, path.field(number), field)?;
    }
    Ok(())
}

/// Writes a part, or its parts when it divides.
fn write_part(f: &mut Formatter<'_>, path: Path, part: Part<'_>) -> fmt::Result {
    if part.is_empty() {
        return Ok(());
    }
    let divides = part.parts().nth(1).is_some();
    if !divides && part.level() != Level::Subcomponent {
        return write_part(f, path, part.part(1));
    }
    if divides {
        for (number, inner) in (1..=u16::MAX).zip(part.parts()) {
            let path = match part.level() {
                Level::Field => path.repetition(number),
                Level::Repetition => path.component(number),
                _ => Path {
                    component: path.component.or(Some(1)),
                    ..path.subcomponent(number)
                },
            };
            write_part(f, path, inner)?;
        }
        return Ok(());
    }
    write!(f, "  {:<16} ", path.to_string())?;
    match part.presence() {
        Presence::Null => f.write_str("\"\" (delete)")?,
        _ => write_value(f, &part.formatted_text())?,
    }
    f.write_char('\n')
}

/// Control characters are shown as escapes: a message must not drive the reader's terminal.
fn write_value(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars().take(MAX_VALUE) {
        if c.is_control() {
            write!(f, "{}", c.escape_default())?;
        } else {
            f.write_char(c)?;
        }
    }
    let rest = text.chars().skip(MAX_VALUE).count();
    if rest > 0 {
        write!(f, " … {rest} more characters")?;
    }
    Ok(())
}
