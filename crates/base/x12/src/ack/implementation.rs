//! The implementation acknowledgement, 999 005010X231A1.

use crate::syntax::{Segment, TransactionSet};
use crate::validate::{Fault, GroupReport, Issue, SetReport, Severity};
use crate::write::{SetWriter, line};

/// What became of a group or transaction set (IK501, AK901).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// `A`.
    Accepted,
    /// `E`: accepted, errors are noted.
    AcceptedWithErrors,
    /// `P`: some of the sets are accepted (groups only).
    Partial,
    /// `R`.
    Rejected,
    /// `M`, `W` or `X`: rejected for reasons of security.
    Insecure,
}

/// A 999: the answer to one functional group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImplementationAcknowledgment {
    /// AK101: GS01 of the group.
    pub functional_code: String,
    /// AK102: GS06 of the group.
    pub group_control_number: String,
    /// AK103: GS08 of the group.
    pub version: String,
    /// One answer per transaction set.
    pub sets: Vec<SetAcknowledgment>,
    /// AK901.
    pub disposition: Disposition,
    /// AK902: sets that the group said it holds.
    pub declared_sets: u64,
    /// AK903: sets received.
    pub received_sets: u64,
    /// AK904: sets accepted.
    pub accepted_sets: u64,
    /// AK905 to AK909: faults of the group envelope.
    pub codes: Vec<String>,
}

/// The answer to one transaction set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAcknowledgment {
    /// AK201: ST01 of the set.
    pub id: String,
    /// AK202: ST02 of the set.
    pub control_number: String,
    /// AK203: ST03 of the set.
    pub version: String,
    /// Faults in segments.
    pub segments: Vec<SegmentNote>,
    /// IK501.
    pub disposition: Disposition,
    /// IK502 to IK506: faults of the set as a whole.
    pub codes: Vec<String>,
}

/// A faulty segment (IK3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentNote {
    /// IK301: the segment identifier.
    pub id: String,
    /// IK302: its position in the set, the ST being 1.
    pub position: u64,
    /// IK303: the first four characters of the loop.
    pub loop_id: String,
    /// IK304.
    pub code: String,
    /// Its faulty elements.
    pub elements: Vec<ElementNote>,
}

/// A faulty element (IK4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementNote {
    /// IK401-1: the element, counted from 1.
    pub element: usize,
    /// IK401-2: the component, or 0.
    pub component: usize,
    /// IK402: the data element number, when known.
    pub data_element: String,
    /// IK403.
    pub code: String,
}

impl Disposition {
    fn code(self) -> &'static str {
        match self {
            Self::Accepted => "A",
            Self::AcceptedWithErrors => "E",
            Self::Partial => "P",
            Self::Rejected => "R",
            Self::Insecure => "X",
        }
    }

    fn read(code: &str) -> Option<Self> {
        match code {
            "A" => Some(Self::Accepted),
            "E" => Some(Self::AcceptedWithErrors),
            "P" => Some(Self::Partial),
            "R" => Some(Self::Rejected),
            "M" | "W" | "X" => Some(Self::Insecure),
            _ => None,
        }
    }
}

impl ImplementationAcknowledgment {
    /// The answer to a validated group. A set without a guide is rejected with code `I6`.
    pub fn of(group: &GroupReport) -> Self {
        let sets: Vec<_> = group.sets.iter().map(SetAcknowledgment::of).collect();
        let accepted = sets
            .iter()
            .filter(|set| group.is_valid() && set.disposition != Disposition::Rejected)
            .count();
        let errors = sets
            .iter()
            .any(|set| set.disposition == Disposition::AcceptedWithErrors);
        let disposition = match (accepted, sets.len()) {
            (0, _) => Disposition::Rejected,
            (some, all) if some < all => Disposition::Partial,
            _ if errors => Disposition::AcceptedWithErrors,
            _ => Disposition::Accepted,
        };
        let mut codes = Vec::new();
        for issue in group
            .issues
            .iter()
            .filter(|issue| issue.severity == Severity::Error)
        {
            let code = issue.fault.code().to_owned();
            if !codes.contains(&code) && codes.len() < 5 {
                codes.push(code);
            }
        }
        Self {
            functional_code: group.functional_code.clone(),
            group_control_number: group.control_number.clone(),
            version: group.version.clone(),
            declared_sets: group.declared_sets.unwrap_or(sets.len() as u64),
            received_sets: sets.len() as u64,
            accepted_sets: accepted as u64,
            disposition,
            codes,
            sets,
        }
    }

    /// Reads a 999; `None` when the set is not one.
    pub fn read(set: &TransactionSet<'_>) -> Option<Self> {
        let (ak1, ak9) = (set.first("AK1")?, set.first("AK9")?);
        let count = |element| ak9.get(element).parse().unwrap_or(0);
        let mut sets: Vec<SetAcknowledgment> = Vec::new();
        for segment in &set.segments {
            match (segment.id(), sets.last_mut()) {
                ("AK2", _) => sets.push(SetAcknowledgment::begin(segment)),
                ("IK3" | "IK4" | "IK5", Some(open)) => open.add(segment),
                _ => {}
            }
        }
        Some(Self {
            functional_code: ak1.get(1).to_owned(),
            group_control_number: ak1.get(2).to_owned(),
            version: ak1.get(3).to_owned(),
            sets,
            disposition: Disposition::read(ak9.get(1))?,
            declared_sets: count(2),
            received_sets: count(3),
            accepted_sets: count(4),
            codes: codes(&ak9, 5),
        })
    }

    /// Writes the body of the 999.
    pub fn write(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("AK1")
                .e(&self.functional_code)
                .e(&self.group_control_number)
                .e(&self.version),
        );
        for set in &self.sets {
            set.write(out);
        }
        let counts = [self.declared_sets, self.received_sets, self.accepted_sets];
        let mut ak9 = line("AK9").e(self.disposition.code());
        for count in counts {
            ak9 = ak9.e(count.to_string());
        }
        for code in self.codes.iter().take(5) {
            ak9 = ak9.e(code);
        }
        out.put(ak9);
    }
}

impl SetAcknowledgment {
    fn of(report: &SetReport) -> Self {
        let mut answer = Self {
            id: report.id.clone(),
            control_number: report.control_number.clone(),
            version: report.version.clone(),
            segments: Vec::new(),
            disposition: Disposition::Accepted,
            codes: Vec::new(),
        };
        let code = |answer: &mut Self, code: &str| {
            if answer.codes.len() < 5 && !answer.codes.iter().any(|known| known == code) {
                answer.codes.push(code.to_owned());
            }
        };
        for issue in &report.issues {
            match issue.fault {
                Fault::Segment(_) | Fault::Element(_) => {
                    answer.note(issue);
                    code(&mut answer, "5");
                }
                fault => code(&mut answer, fault.code()),
            }
        }
        if report.errors > 0 && answer.codes.is_empty() {
            code(&mut answer, "5");
        }
        if report.guide.is_none() {
            code(&mut answer, "I6");
        }
        answer.disposition = match (
            report.guide.is_some() && report.is_valid(),
            &report.issues[..],
        ) {
            (false, _) => Disposition::Rejected,
            (true, []) => Disposition::Accepted,
            (true, _) => Disposition::AcceptedWithErrors,
        };
        answer
    }

    fn note(&mut self, issue: &Issue) {
        let at = &issue.location;
        let element = matches!(issue.fault, Fault::Element(_));
        let same = |note: &&mut SegmentNote| {
            element && note.position == at.position && note.id == at.segment && note.code == "8"
        };
        let note = match self.segments.iter_mut().find(same) {
            Some(_) if !element => None,
            Some(found) => Some(found),
            None => {
                self.segments.push(SegmentNote {
                    id: at.segment.clone(),
                    position: at.position,
                    loop_id: loop_name(at.loop_id).to_owned(),
                    code: if element { "8" } else { issue.fault.code() }.to_owned(),
                    elements: Vec::new(),
                });
                self.segments.last_mut()
            }
        };
        if let Some(note) = note.filter(|_| element) {
            note.elements.push(ElementNote {
                element: at.element,
                component: at.component,
                data_element: at.data_element.to_owned(),
                code: issue.fault.code().to_owned(),
            });
        }
    }

    fn begin(ak2: &Segment<'_>) -> Self {
        Self {
            id: ak2.get(1).to_owned(),
            control_number: ak2.get(2).to_owned(),
            version: ak2.get(3).to_owned(),
            segments: Vec::new(),
            disposition: Disposition::Rejected,
            codes: Vec::new(),
        }
    }

    fn add(&mut self, segment: &Segment<'_>) {
        match segment.id() {
            "IK3" => self.segments.push(SegmentNote {
                id: segment.get(1).to_owned(),
                position: segment.get(2).parse().unwrap_or(0),
                loop_id: segment.get(3).to_owned(),
                code: segment.get(4).to_owned(),
                elements: Vec::new(),
            }),
            "IK4" => {
                if let Some(note) = self.segments.last_mut() {
                    note.elements.push(ElementNote {
                        element: segment.component(1, 1).parse().unwrap_or(0),
                        component: segment.component(1, 2).parse().unwrap_or(0),
                        data_element: segment.get(2).to_owned(),
                        code: segment.get(3).to_owned(),
                    });
                }
            }
            _ => {
                self.disposition =
                    Disposition::read(segment.get(1)).unwrap_or(Disposition::Rejected);
                self.codes = codes(segment, 2);
            }
        }
    }

    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("AK2")
                .e(&self.id)
                .e(&self.control_number)
                .e(&self.version),
        );
        for note in &self.segments {
            let position = note.position.to_string();
            out.put(
                line("IK3")
                    .e(&note.id)
                    .e(position)
                    .e(&note.loop_id)
                    .e(&note.code),
            );
            for element in &note.elements {
                let component = match element.component {
                    0 => String::new(),
                    number => number.to_string(),
                };
                out.put(
                    line("IK4")
                        .c([element.element.to_string(), component])
                        .e(&element.data_element)
                        .e(&element.code),
                );
            }
        }
        let mut ik5 = line("IK5").e(self.disposition.code());
        for code in self.codes.iter().take(5) {
            ik5 = ik5.e(code);
        }
        out.put(ik5);
    }
}

fn codes(segment: &Segment<'_>, from: usize) -> Vec<String> {
    segment
        .elements()
        .skip(from - 1)
        .map(|element| element.text().to_owned())
        .filter(|code| !code.is_empty())
        .collect()
}

/// IK303 holds at most four characters, so `2010AA` is reported as `2010`; segments outside loops
/// have none.
fn loop_name(id: &str) -> &str {
    if id == "set" {
        ""
    } else {
        id.get(..4).unwrap_or(id)
    }
}
