//! A segment and its elements as borrowed slices: nothing is copied, nothing is allocated.

use super::Delimiters;

/// One segment without its terminator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    text: &'a str,
    delimiters: Delimiters,
}

/// One element of a segment: possibly repeated, possibly composite, empty when absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    text: &'a str,
    delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// Wraps the text of one segment, without its terminator.
    pub fn new(text: &'a str, delimiters: Delimiters) -> Self {
        Self { text, delimiters }
    }

    /// The text as received, without the terminator.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The delimiters in force.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// The segment identifier, e.g. `NM1`.
    pub fn id(&self) -> &'a str {
        split(self.text, self.delimiters.element)
            .next()
            .unwrap_or_default()
    }

    /// The elements after the identifier, in order: the first is element 1.
    pub fn elements(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let delimiters = self.delimiters;
        split(self.text, delimiters.element)
            .skip(1)
            .map(move |text| Element { text, delimiters })
    }

    /// Element `number`, counted from 1 as the standard does; empty when absent.
    pub fn element(&self, number: usize) -> Element<'a> {
        let text = split(self.text, self.delimiters.element)
            .nth(number)
            .unwrap_or_default();
        Element {
            text,
            delimiters: self.delimiters,
        }
    }

    /// The whole text of element `number`; empty when absent.
    pub fn get(&self, number: usize) -> &'a str {
        self.element(number).text
    }

    /// Component `component` of the first repetition of element `number`; empty when absent.
    pub fn component(&self, number: usize, component: usize) -> &'a str {
        self.element(number).component(component)
    }
}

impl<'a> Element<'a> {
    /// The text as received, with any repetitions and components.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether there is more than one repetition.
    pub fn repeats(&self) -> bool {
        self.delimiters
            .repetition
            .is_some_and(|byte| self.text.as_bytes().contains(&byte))
    }

    /// The repetitions; at least one, which may be empty.
    pub fn repetitions(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let delimiters = self.delimiters;
        let mut whole = delimiters.repetition.is_none().then_some(self.text);
        let mut parts = delimiters.repetition.map(|byte| split(self.text, byte));
        std::iter::from_fn(move || match &mut parts {
            Some(parts) => parts.next(),
            None => whole.take(),
        })
        .map(move |text| Element { text, delimiters })
    }

    /// The components of this element (of its first repetition when it repeats).
    pub fn components(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        split(self.first(), self.delimiters.component)
    }

    /// Component `number`, counted from 1; empty when absent.
    pub fn component(&self, number: usize) -> &'a str {
        if number == 0 {
            return "";
        }
        self.components().nth(number - 1).unwrap_or_default()
    }

    fn first(&self) -> &'a str {
        match self.delimiters.repetition {
            Some(byte) => split(self.text, byte).next().unwrap_or_default(),
            None => self.text,
        }
    }
}

/// Splits at an ASCII delimiter. Short slices dominate, where a plain loop beats a vector search.
fn split(text: &str, delimiter: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        match current.bytes().position(|byte| byte == delimiter) {
            Some(at) => {
                rest = current.get(at + 1..);
                current.get(..at)
            }
            None => rest.take(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str) -> Segment<'_> {
        Segment::new(text, Delimiters::USUAL)
    }

    #[test]
    fn elements_are_counted_from_one_and_absent_ones_are_empty() {
        let found = segment("NM1*85*2*CLINIC");
        assert_eq!(
            (found.id(), found.get(1), found.get(3), found.get(9)),
            ("NM1", "85", "CLINIC", "")
        );
        assert_eq!(found.elements().count(), 3);
    }

    #[test]
    fn repetitions_and_components_nest() {
        let found = segment("EB*1**30^35*HC:99213:25^HC:99214");
        let types: Vec<_> = found
            .element(3)
            .repetitions()
            .map(|one| one.text())
            .collect();
        assert_eq!(types, ["30", "35"]);
        assert_eq!(found.component(4, 2), "99213");
        assert_eq!(found.component(4, 0), "");
    }

    #[test]
    fn a_segment_that_is_only_an_identifier_has_no_elements() {
        assert_eq!(segment("SE").elements().count(), 0);
        assert_eq!(segment("").id(), "");
    }
}
