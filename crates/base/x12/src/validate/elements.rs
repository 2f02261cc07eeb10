//! Checks one segment against its definition: usage, types, lengths, codes.

use super::ElementFault;
use super::dates;
use super::qualified::Qualifiers;
use super::sink::{Mark, Sink};
use crate::guide::{Codes, DataElement, DataType, ElementDef, SegmentDef, Usage};
use crate::syntax::{Element, Segment};

/// Checks every element of `segment`, which stands at `mark`.
pub(super) fn check(def: &SegmentDef, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    let mut checker = Checker {
        mark,
        sink,
        qualifiers: Qualifiers::default(),
    };
    let mut sent = segment.elements();
    // Bit n tells that element n was sent; no segment of the standard has 64 elements.
    let mut present = 0_u64;
    for (index, element) in def.elements.iter().enumerate() {
        match sent.next() {
            Some(found) if !found.is_empty() => {
                present |= 1_u64.checked_shl(index as u32 + 1).unwrap_or(0);
                checker.element(index + 1, element, found);
            }
            _ => checker.absent(index + 1, 0, element),
        }
    }
    for (index, extra) in sent.enumerate().filter(|(_, extra)| !extra.is_empty()) {
        let number = def.elements.len() + index + 1;
        present |= 1_u64.checked_shl(number as u32).unwrap_or(0);
        if number > def.width {
            checker.too_many(number);
        } else {
            checker.not_used(number, 0, extra.text());
        }
    }
    for condition in &def.conditions {
        condition.check(present, mark, checker.sink);
    }
}

struct Checker<'s, 'a> {
    mark: Mark,
    sink: &'s mut Sink,
    qualifiers: Qualifiers<'a>,
}

impl<'a> Checker<'_, 'a> {
    fn element(&mut self, number: usize, def: &ElementDef, found: Element<'a>) {
        if def.usage == Usage::NotUsed {
            return self.not_used(number, 0, found.text());
        }
        if def.repeats == 1 && def.parts.is_empty() && !found.repeats() {
            return self.simple(number, 0, def, found.text());
        }
        let mut repetitions = found.repetitions();
        for one in repetitions.by_ref().take(def.repeats) {
            if def.parts.is_empty() {
                self.simple(number, 0, def, one.text());
            } else {
                self.composite(number, def, one);
            }
        }
        if repetitions.next().is_some() {
            let message = format!("it repeats more than {} times", def.repeats);
            let mark = self.mark.element(number);
            self.sink.element(
                mark,
                ElementFault::TooManyRepetitions,
                "repetitions",
                message,
            );
        }
    }

    fn composite(&mut self, number: usize, def: &ElementDef, found: Element<'a>) {
        let mut sent = found.components();
        for (index, part) in def.parts.iter().enumerate() {
            match sent.next() {
                Some("") | None => self.absent(number, index + 1, part),
                Some(value) if part.usage == Usage::NotUsed => {
                    self.not_used(number, index + 1, value);
                }
                Some(value) => self.simple(number, index + 1, part, value),
            }
        }
        self.qualifiers.end_composite();
        if sent.any(|extra| !extra.is_empty()) {
            let mark = self.mark.element(number);
            let message = "it has more components than the composite";
            self.sink
                .element(mark, ElementFault::TooManyComponents, "components", message);
        }
    }

    fn simple(&mut self, number: usize, component: usize, def: &ElementDef, value: &'a str) {
        let Some(data) = &def.data else { return };
        let mark = self.mark.component(number, component).data(data.number);
        if let Some((fault, rule, message)) = type_fault(data, value) {
            self.sink.element(mark, fault, rule, message);
        } else if !def.codes.allow(value) {
            self.sink.element(
                mark,
                ElementFault::InvalidValue,
                "code",
                code_message(&def.codes),
            );
        }
        self.qualifiers.take(data, value, mark, self.sink);
    }

    fn absent(&mut self, number: usize, component: usize, def: &ElementDef) {
        if def.usage == Usage::Required {
            let data = def.data.map_or("", |data| data.number);
            let mark = self.mark.component(number, component).data(data);
            self.sink.element(
                mark,
                ElementFault::Missing,
                "required",
                "it is required and missing",
            );
        }
    }

    fn not_used(&mut self, number: usize, component: usize, value: &str) {
        if !value.is_empty() {
            let mark = self.mark.component(number, component);
            let message = "the guide does not use it";
            self.sink
                .element(mark, ElementFault::NotUsed, "not-used", message);
        }
    }

    fn too_many(&mut self, number: usize) {
        let mark = self.mark.element(number);
        self.sink.element(
            mark,
            ElementFault::TooMany,
            "elements",
            "the segment has no such element",
        );
    }
}

fn code_message(codes: &Codes) -> String {
    match codes {
        Codes::List(codes) if codes.len() <= 8 => {
            format!("the code is not one of {}", codes.join(", "))
        }
        Codes::Rule(name, _) => format!("the code is not in the code set `{name}`"),
        _ => "the code is not one that the guide lists".to_owned(),
    }
}

/// What is wrong with a value of a data type, if anything.
fn type_fault(
    data: &DataElement,
    value: &str,
) -> Option<(ElementFault, &'static str, &'static str)> {
    let length = match data.kind {
        DataType::An | DataType::Id => {
            let (mut control, mut ink) = (false, false);
            for byte in value.bytes() {
                control |= byte < b' ' || byte == 0x7f;
                ink |= byte != b' ';
            }
            if control {
                return Some((
                    ElementFault::InvalidCharacter,
                    "character",
                    "it holds a control character",
                ));
            }
            if !ink {
                return Some((
                    ElementFault::InvalidCharacter,
                    "blank",
                    "it holds only spaces",
                ));
            }
            if value.is_ascii() {
                value.len()
            } else {
                value.chars().count()
            }
        }
        DataType::N | DataType::R => match count_digits(value, data.kind == DataType::R) {
            Some(digits) => digits,
            None => {
                return Some((
                    ElementFault::InvalidCharacter,
                    "number",
                    "it is not a number",
                ));
            }
        },
        DataType::Dt => {
            return (!dates::is_date(value)).then_some((
                ElementFault::InvalidDate,
                "date",
                "it is not a date",
            ));
        }
        DataType::Tm => {
            return (!dates::is_time(value)).then_some((
                ElementFault::InvalidTime,
                "time",
                "it is not a time",
            ));
        }
    };
    if length < data.min {
        Some((ElementFault::TooShort, "length", "it is too short"))
    } else if length > data.max {
        Some((ElementFault::TooLong, "length", "it is too long"))
    } else {
        None
    }
}

/// The digits of a number, sign and point not counted; `None` when it is not one.
fn count_digits(value: &str, decimals: bool) -> Option<usize> {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let mut points = 0;
    let mut digits = 0;
    for byte in unsigned.bytes() {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' if decimals => points += 1,
            _ => return None,
        }
    }
    (points <= 1 && digits > 0).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_digits_and_refuse_anything_else() {
        assert_eq!(count_digits("-12.50", true), Some(4));
        assert_eq!(count_digits(".5", true), Some(1));
        for bad in ["", "-", ".", "1.2.3", "1,5", "1e5", "+1", "1.5x"] {
            assert_eq!(count_digits(bad, true), None, "{bad}");
        }
        assert_eq!(count_digits("1.5", false), None);
    }
}
