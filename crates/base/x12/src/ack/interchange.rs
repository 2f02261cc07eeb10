//! The interchange acknowledgement, TA1.

use crate::syntax::Segment;
use crate::validate::{Fault, InterchangeReport, Severity};
use crate::write::{Line, line};

/// What became of an interchange (TA104).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterchangeDisposition {
    /// `A`: accepted.
    Accepted,
    /// `E`: accepted with errors in the envelope.
    AcceptedWithErrors,
    /// `R`: rejected as a whole.
    Rejected,
}

/// A TA1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterchangeAcknowledgment {
    /// ISA13 of the interchange acknowledged.
    pub control_number: String,
    /// Its ISA09, YYMMDD.
    pub date: String,
    /// Its ISA10, HHMM.
    pub time: String,
    /// What became of it.
    pub disposition: InterchangeDisposition,
    /// The note code: `000` for no error, else e.g. `001` for control numbers that differ.
    pub note: String,
}

impl InterchangeAcknowledgment {
    /// The answer to a validated interchange. The first envelope error decides the note.
    pub fn of(report: &InterchangeReport) -> Self {
        let fault = report
            .issues
            .iter()
            .find(|issue| issue.severity == Severity::Error);
        let note = match fault.map(|issue| issue.fault) {
            Some(Fault::Interchange(note)) => note,
            Some(_) => "024",
            None => "000",
        };
        Self {
            control_number: report.control_number.clone(),
            date: report.timestamp.0.clone(),
            time: report.timestamp.1.clone(),
            disposition: match note {
                "000" => InterchangeDisposition::Accepted,
                _ => InterchangeDisposition::Rejected,
            },
            note: note.to_owned(),
        }
    }

    /// The answer to an interchange that was received before under the same control number.
    pub fn duplicate(report: &InterchangeReport) -> Self {
        let note = "025".to_owned();
        Self {
            disposition: InterchangeDisposition::Rejected,
            note,
            ..Self::of(report)
        }
    }

    /// Reads a TA1 segment; `None` when it is not one.
    pub fn read(segment: &Segment<'_>) -> Option<Self> {
        let disposition = match (segment.id(), segment.get(4)) {
            ("TA1", "A") => InterchangeDisposition::Accepted,
            ("TA1", "E") => InterchangeDisposition::AcceptedWithErrors,
            ("TA1", "R") => InterchangeDisposition::Rejected,
            _ => return None,
        };
        Some(Self {
            control_number: segment.get(1).to_owned(),
            date: segment.get(2).to_owned(),
            time: segment.get(3).to_owned(),
            disposition,
            note: segment.get(5).to_owned(),
        })
    }

    /// The segment.
    pub fn line(&self) -> Line {
        let code = match self.disposition {
            InterchangeDisposition::Accepted => "A",
            InterchangeDisposition::AcceptedWithErrors => "E",
            InterchangeDisposition::Rejected => "R",
        };
        let Self {
            control_number,
            date,
            time,
            note,
            ..
        } = self;
        line("TA1")
            .e(control_number)
            .e(date)
            .e(time)
            .e(code)
            .e(note)
    }
}
