//! Relations between the elements of one segment that the base standard fixes ("syntax notes").

use crate::validate::{ElementFault, Mark, Sink};

/// How the listed elements depend on each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    relation: Relation,
    elements: Vec<usize>,
    /// One bit for each of the elements.
    mask: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// All or none (P).
    Paired,
    /// At least one (R).
    Required,
    /// At most one (E).
    Exclusive,
    /// If the first, then all others (C).
    Conditional,
    /// If the first, then at least one other (L).
    List,
}

/// The relations of a segment.
pub(super) fn of_segment(id: &str) -> Vec<Condition> {
    CONDITIONS
        .lines()
        .find_map(|line| line.strip_prefix(id)?.strip_prefix(' '))
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter_map(Condition::parse)
        .collect()
}

impl Condition {
    /// Reads `P0809`.
    fn parse(text: &str) -> Option<Self> {
        let (letter, numbers) = text.split_at_checked(1)?;
        let relation = match letter {
            "P" => Relation::Paired,
            "R" => Relation::Required,
            "E" => Relation::Exclusive,
            "C" => Relation::Conditional,
            "L" => Relation::List,
            _ => return None,
        };
        let elements: Vec<usize> = numbers
            .as_bytes()
            .chunks(2)
            .filter_map(|two| std::str::from_utf8(two).ok()?.parse().ok())
            .collect();
        let mask = elements.iter().fold(0, |mask, element| mask | 1 << element);
        Some(Self {
            relation,
            elements,
            mask,
        })
    }

    /// Reports the element that breaks the relation; bit n of `sent` is set when element n is
    /// present.
    pub(crate) fn check(&self, sent: u64, mark: Mark, sink: &mut Sink) {
        let count = (sent & self.mask).count_ones() as usize;
        if count == self.elements.len() && self.relation != Relation::Exclusive {
            return;
        }
        let present = |number: &&usize| sent >> **number & 1 == 1;
        let Some((first, others)) = self.elements.split_first() else {
            return;
        };
        let missing = || {
            self.elements
                .iter()
                .find(|number| !present(number))
                .copied()
        };
        let first_present = present(&first);
        let (broken, at, fault, message) = match self.relation {
            Relation::Paired => (
                count > 0 && count < self.elements.len(),
                missing(),
                ElementFault::ConditionalMissing,
                "it goes together with another element that is present",
            ),
            Relation::Required => (
                count == 0,
                Some(*first),
                ElementFault::ConditionalMissing,
                "one of several elements is required and none is present",
            ),
            Relation::Exclusive => (
                count > 1,
                others.iter().find(present).copied(),
                ElementFault::Exclusion,
                "it excludes another element that is present",
            ),
            Relation::Conditional => (
                first_present && count < self.elements.len(),
                missing(),
                ElementFault::ConditionalMissing,
                "another element that is present makes it necessary",
            ),
            Relation::List => (
                first_present && count == 1,
                others.first().copied(),
                ElementFault::ConditionalMissing,
                "another element that is present makes it or its neighbours necessary",
            ),
        };
        if broken {
            sink.element(
                mark.element(at.unwrap_or(*first)),
                fault,
                "condition",
                message,
            );
        }
    }
}

const CONDITIONS: &str = "
NM1 P0809 C1110
N1 R0203 P0304
N4 E0207 C0605 C0704
PER P0304 P0506 P0708
REF R0203
DMG P0102
PAT P0506 P0708
PWK P0506
CR1 P0102 P0506
CR2 P0506
CAS L050607 C0605 C0705 L080910 C0908 C1008 L111213 C1211 C1311 L141516 C1514 C1614 L171819 C1817 C1917
SV1 P0304
SV2 R0102 P0405
LIN P0405
HCP R0113 P0910 P1112
BPR P0607 C0809 P1213 C1415
QTY R0204
HSD P0102
EQ R0102
EB P0910
III P0102
PRV P0203
DTM R020305 C0403 P0506
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Delimiters, Segment};

    fn faults(text: &str) -> Vec<(String, &'static str)> {
        let segment = Segment::new(text, Delimiters::USUAL);
        let mut sink = Sink {
            limit: 9,
            ..Sink::default()
        };
        let sent = segment
            .elements()
            .zip(1..)
            .filter(|(element, _)| !element.is_empty());
        let sent = sent.fold(0, |sent, (_, number)| sent | 1 << number);
        for condition in of_segment(segment.id()) {
            condition.check(sent, Mark::new(1, segment.id(), ""), &mut sink);
        }
        sink.issues
            .iter()
            .map(|issue| (issue.location.reference(), issue.fault.code()))
            .collect()
    }

    #[test]
    fn each_relation_names_the_element_that_breaks_it() {
        for (text, expected) in [
            ("NM1*85*2*A*****XX", ("NM109", "2")),
            ("PER*IC*A*TE*1**2", ("PER05", "2")),
            ("EQ", ("EQ01", "2")),
            ("N4*A*OH*44113****X", ("N407", "10")),
            ("CAS*CO*45*1**50", ("CAS06", "2")),
            ("CAS*CO*45*1***7", ("CAS05", "2")),
        ] {
            assert!(
                faults(text).contains(&(expected.0.to_owned(), expected.1)),
                "{text}"
            );
        }
        assert!(faults("CAS*CO*45*1**50*2").is_empty());
    }
}
