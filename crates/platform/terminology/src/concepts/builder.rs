//! Fills the tables of [`Concepts`].

use std::collections::HashMap;

use super::{ABSTRACT, Attribute, AttributeKey, Concepts, INACTIVE, Rows, Span, compare};

/// Values up to this length are held once when they recur (`true`, dates, block names).
const SHARED_VALUE: usize = 40;

/// A concept to be added.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewConcept<'a> {
    /// Code.
    pub code: &'a str,
    /// Preferred name.
    pub display: Option<&'a str>,
    /// It only groups others.
    pub is_abstract: bool,
    /// It is no longer in use.
    pub is_inactive: bool,
}

/// A property or designation to be added to the last concept.
#[derive(Clone, Debug)]
pub struct NewAttribute<'a> {
    /// What it is.
    pub key: AttributeKey,
    /// Its value as text.
    pub value: &'a str,
}

/// Collects concepts, then links them.
#[derive(Debug, Default)]
pub struct ConceptsBuilder {
    out: Concepts,
    keys: HashMap<AttributeKey, u16>,
    values: HashMap<String, Span>,
    attribute_rows: Vec<(u32, Attribute)>,
    /// (child, parent)
    links: Vec<(u32, u32)>,
    /// (child, code of the parent), for parents that may come later.
    named_links: Vec<(u32, String)>,
}

impl ConceptsBuilder {
    /// An empty code system.
    #[must_use]
    pub fn new(case_sensitive: bool) -> Self {
        let mut builder = Self::default();
        builder.out.case_sensitive = case_sensitive;
        builder
    }

    /// How many concepts were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.codes.len()
    }

    /// Whether none was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.codes.is_empty()
    }

    /// Adds a concept and gives its number. A code that comes twice is found at its first place.
    pub fn concept(&mut self, new: NewConcept<'_>) -> u32 {
        let number = u32::try_from(self.out.codes.len()).unwrap_or(u32::MAX);
        let code = self.text(new.code);
        let display = new
            .display
            .map_or(Span::default(), |display| self.text(display));
        self.out.codes.push(code);
        self.out.displays.push(display);
        let mut flags = 0;
        flags |= if new.is_abstract { ABSTRACT } else { 0 };
        flags |= if new.is_inactive { INACTIVE } else { 0 };
        self.out.flags.push(flags);
        number
    }

    /// Gives a concept another preferred name.
    pub fn set_display(&mut self, concept: u32, display: &str) {
        let display = self.text(display);
        if let Some(old) = self.out.displays.get_mut(concept as usize) {
            *old = display;
        }
    }

    /// Adds a property or designation to the concept with this number.
    pub fn attribute(&mut self, concept: u32, new: &NewAttribute<'_>) {
        if let Some(key) = self.key(&new.key) {
            let value = self.shared_text(new.value);
            self.attribute_rows
                .push((concept, Attribute { key, value }));
        }
    }

    /// Number of a key; none beyond 65,535 keys, which no system has.
    pub(super) fn key(&mut self, key: &AttributeKey) -> Option<u16> {
        if let Some(number) = self.keys.get(key) {
            return Some(*number);
        }
        let number = u16::try_from(self.keys.len()).ok()?;
        self.keys.insert(key.clone(), number);
        self.out.keys.push(key.clone());
        Some(number)
    }

    /// Puts `child` under `parent`.
    pub fn link(&mut self, child: u32, parent: u32) {
        self.links.push((child, parent));
    }

    /// Puts `child` under the concept with a code, which may be added later.
    pub fn link_to_code(&mut self, child: u32, parent: &str) {
        self.named_links.push((child, parent.to_owned()));
    }

    /// Puts the concept with the code `child`, which may be added later, under `parent`.
    pub fn link_from_code(&mut self, child: &str, parent: u32) {
        // Resolved like the others, with the ends marked by the sign bit.
        self.named_links.push((parent | REVERSED, child.to_owned()));
    }

    /// Sorts, links and closes the tables.
    #[must_use]
    pub fn build(mut self) -> Concepts {
        let count = self.out.codes.len();
        self.sort_codes();
        for (number, code) in std::mem::take(&mut self.named_links) {
            let Some(found) = self.out.find(&code) else {
                continue;
            };
            let own = number & !REVERSED;
            let link = if number & REVERSED == 0 {
                (own, found.0)
            } else {
                (found.0, own)
            };
            self.links.push(link);
        }
        let size = u32::try_from(count).unwrap_or(u32::MAX);
        self.links
            .retain(|(child, parent)| child != parent && *child < size && *parent < size);
        self.links.sort_unstable();
        self.links.dedup();
        self.out.parents = rows(count, self.links.iter().copied());
        let mut reversed: Vec<_> = self
            .links
            .iter()
            .map(|(child, parent)| (*parent, *child))
            .collect();
        reversed.sort_unstable();
        self.out.children = rows(count, reversed.into_iter());
        self.attribute_rows.sort_by_key(|(concept, _)| *concept);
        self.out.attributes = rows(count, self.attribute_rows.into_iter());
        self.out.text.shrink_to_fit();
        self.out.codes.shrink_to_fit();
        self.out.displays.shrink_to_fit();
        self.out
    }

    fn sort_codes(&mut self) {
        let mut order: Vec<u32> =
            (0..u32::try_from(self.out.codes.len()).unwrap_or(u32::MAX)).collect();
        let out = &self.out;
        let code = |index: u32| out.slice(out.codes[index as usize]);
        order.sort_by(|a, b| compare(code(*a), code(*b), out.case_sensitive));
        order.dedup_by(|later, first| {
            compare(code(*later), code(*first), out.case_sensitive).is_eq()
        });
        self.out.by_code = order;
    }

    fn text(&mut self, text: &str) -> Span {
        let start = u32::try_from(self.out.text.len());
        let len = u32::try_from(text.len());
        match (start, len) {
            (Ok(start), Ok(len)) if start.checked_add(len).is_some() => {
                self.out.text.push_str(text);
                Span { start, len }
            }
            // Beyond 4 GiB of text there is no such code system; nothing is stored.
            _ => Span::default(),
        }
    }

    fn shared_text(&mut self, text: &str) -> Span {
        if text.len() > SHARED_VALUE {
            return self.text(text);
        }
        if let Some(span) = self.values.get(text) {
            return *span;
        }
        let span = self.text(text);
        self.values.insert(text.to_owned(), span);
        span
    }
}

/// Marks a named link whose known end is the parent.
const REVERSED: u32 = 1 << 31;

/// Rows from pairs sorted by row.
fn rows<T>(count: usize, pairs: impl ExactSizeIterator<Item = (u32, T)>) -> Rows<T> {
    let mut starts = vec![0_u32; count + 1];
    let mut items = Vec::with_capacity(pairs.len());
    for (row, item) in pairs {
        if let Some(start) = starts.get_mut(row as usize + 1) {
            *start += 1;
            items.push(item);
        }
    }
    let mut total = 0;
    for start in &mut starts {
        total += *start;
        *start = total;
    }
    Rows { starts, items }
}
