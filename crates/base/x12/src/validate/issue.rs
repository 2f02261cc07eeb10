//! What is wrong and where: issues with everything that a 999 or a person needs.

use std::fmt;

/// How much an issue matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth telling; the transaction set stays acceptable.
    Warning,
    /// The transaction set, group or interchange is refused.
    Error,
}

/// Something that the standard, the guide or a rule between fields forbids.
///
/// The text never repeats data of the file, so that it may be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Error or warning.
    pub severity: Severity,
    /// Where.
    pub location: Location,
    /// The code for the acknowledgement.
    pub fault: Fault,
    /// The name of the rule, stable over releases, e.g. `npi-check-digit`.
    pub rule: &'static str,
    /// One sentence for a person.
    pub message: String,
}

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// ISA13.
    pub interchange: String,
    /// GS06, empty outside a group.
    pub group: String,
    /// ST02, empty outside a transaction set.
    pub set: String,
    /// The position of the segment in its transaction set, the ST being 1; 0 outside.
    pub position: u64,
    /// The segment identifier.
    pub segment: String,
    /// The loop that the segment stands in.
    pub loop_id: &'static str,
    /// The element, counted from 1; 0 for the segment as a whole.
    pub element: usize,
    /// The component, counted from 1; 0 for the element as a whole.
    pub component: usize,
    /// The data element number of the standard, when the element is known.
    pub data_element: &'static str,
}

/// The class of an issue, with its code for TA1, AK9, IK5, IK3 or IK4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The interchange envelope: a TA1 note code.
    Interchange(&'static str),
    /// The functional group: an AK905 code.
    Group(&'static str),
    /// The transaction set envelope: an IK502 code.
    Set(&'static str),
    /// A segment: an IK304 code.
    Segment(SegmentFault),
    /// An element: an IK403 code.
    Element(ElementFault),
}

/// Segment faults (IK304).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentFault {
    /// The identifier is not one of the transaction set.
    Unrecognized,
    /// The segment is known but does not belong here.
    Unexpected,
    /// A required segment is missing.
    Missing,
    /// A loop occurs too often.
    LoopTooOften,
    /// The segment occurs too often.
    TooOften,
    /// The segment stands in the wrong order.
    OutOfOrder,
    /// A segment or loop that other content makes necessary is missing.
    DependentMissing,
}

/// Element faults (IK403).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementFault {
    /// A required element is missing.
    Missing,
    /// An element that others make necessary is missing.
    ConditionalMissing,
    /// More elements than the segment has.
    TooMany,
    /// Too short.
    TooShort,
    /// Too long.
    TooLong,
    /// A character that the type does not allow.
    InvalidCharacter,
    /// Not one of the codes, or a value that breaks a rule.
    InvalidValue,
    /// Not a date.
    InvalidDate,
    /// Not a time.
    InvalidTime,
    /// Elements that exclude each other.
    Exclusion,
    /// Too many repetitions.
    TooManyRepetitions,
    /// Too many components.
    TooManyComponents,
    /// The guide does not use this element.
    NotUsed,
    /// Does not have the form, or the value, that the guide demands.
    Pattern,
}

impl Fault {
    /// The code that an acknowledgement carries.
    pub fn code(self) -> &'static str {
        match self {
            Self::Interchange(code) | Self::Group(code) | Self::Set(code) => code,
            Self::Segment(fault) => fault.code(),
            Self::Element(fault) => fault.code(),
        }
    }
}

impl SegmentFault {
    /// The IK304 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unrecognized => "1",
            Self::Unexpected => "2",
            Self::Missing => "3",
            Self::LoopTooOften => "4",
            Self::TooOften => "5",
            Self::OutOfOrder => "7",
            Self::DependentMissing => "I6",
        }
    }
}

impl ElementFault {
    /// The IK403 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "1",
            Self::ConditionalMissing => "2",
            Self::TooMany => "3",
            Self::TooShort => "4",
            Self::TooLong => "5",
            Self::InvalidCharacter => "6",
            Self::InvalidValue => "7",
            Self::InvalidDate => "8",
            Self::InvalidTime => "9",
            Self::Exclusion => "10",
            Self::TooManyRepetitions => "12",
            Self::TooManyComponents => "13",
            Self::NotUsed => "I10",
            Self::Pattern => "I12",
        }
    }
}

impl Location {
    /// `NM109`, `CLM05-3`, or `NM1` for the whole segment.
    pub fn reference(&self) -> String {
        match (self.element, self.component) {
            (0, _) => self.segment.clone(),
            (element, 0) => format!("{}{element:02}", self.segment),
            (element, component) => format!("{}{element:02}-{component}", self.segment),
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = &self.location;
        for (name, number) in [
            ("interchange", &at.interchange),
            ("group", &at.group),
            ("set", &at.set),
        ] {
            if !number.is_empty() {
                write!(f, "{name} {number}, ")?;
            }
        }
        if at.position > 0 {
            write!(f, "segment {}, ", at.position)?;
        }
        if !at.loop_id.is_empty() {
            write!(f, "loop {}, ", at.loop_id)?;
        }
        let kind = if self.severity == Severity::Error {
            ""
        } else {
            " (warning)"
        };
        write!(
            f,
            "{}: {}{kind} [{}, {}]",
            at.reference(),
            self.message,
            self.rule,
            self.fault.code()
        )
    }
}
