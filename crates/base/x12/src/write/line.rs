//! One segment being put together.

use super::WriteError;
use crate::syntax::Delimiters;

/// A segment under construction: elements in order, rendered without trailing empty ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    id: &'static str,
    elements: Vec<Vec<Vec<String>>>,
}

/// Begins a segment.
pub fn line(id: &'static str) -> Line {
    Line {
        id,
        elements: Vec::new(),
    }
}

impl Line {
    /// Adds a simple element; empty text leaves it out.
    #[must_use]
    pub fn e(mut self, text: impl Into<String>) -> Self {
        self.elements.push(vec![vec![text.into()]]);
        self
    }

    /// Adds `count` empty elements.
    #[must_use]
    pub fn skip(mut self, count: usize) -> Self {
        self.elements.extend(std::iter::repeat_n(Vec::new(), count));
        self
    }

    /// Adds a composite.
    #[must_use]
    pub fn c<T: Into<String>>(mut self, components: impl IntoIterator<Item = T>) -> Self {
        self.elements
            .push(vec![components.into_iter().map(Into::into).collect()]);
        self
    }

    /// Adds a simple element that repeats.
    #[must_use]
    pub fn repeat<T: Into<String>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.elements
            .push(values.into_iter().map(|value| vec![value.into()]).collect());
        self
    }

    /// Appends the segment with its terminator.
    pub(super) fn render(&self, with: Delimiters, out: &mut String) -> Result<(), WriteError> {
        let start = out.len();
        out.push_str(self.id);
        let mut end = out.len();
        for (index, element) in self.elements.iter().enumerate() {
            out.push(char::from(with.element));
            let before = out.len();
            self.element(element, index + 1, with, out)?;
            if out.len() > before {
                end = out.len();
            }
        }
        out.truncate(end);
        if end == start + self.id.len() {
            return Err(WriteError::Empty { segment: self.id });
        }
        out.push(char::from(with.segment));
        Ok(())
    }

    fn element(
        &self,
        repetitions: &[Vec<String>],
        number: usize,
        with: Delimiters,
        out: &mut String,
    ) -> Result<(), WriteError> {
        let refused = WriteError::Delimiter {
            segment: self.id,
            element: number,
        };
        for (index, components) in repetitions.iter().enumerate() {
            if index > 0 {
                out.push(char::from(with.repetition.ok_or_else(|| refused.clone())?));
            }
            let used = components
                .iter()
                .rposition(|text| !text.is_empty())
                .map_or(0, |at| at + 1);
            for (at, text) in components[..used].iter().enumerate() {
                if at > 0 {
                    out.push(char::from(with.component));
                }
                if text
                    .bytes()
                    .any(|b| b < b' ' || b == 0x7f || with.contains(b))
                {
                    return Err(refused);
                }
                out.push_str(text);
            }
        }
        Ok(())
    }
}
