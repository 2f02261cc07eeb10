//! Validation: segments go in one by one, a report comes out that acknowledgements are made from.
//!
//! Three layers: the envelopes (this module), the guide's tables ([`set`](self::set) and
//! `elements`), and the rules between fields that no table can express (`rules`).

mod dates;
mod elements;
mod envelope;
mod hierarchy;
mod issue;
mod qualified;
mod report;
mod rules;
mod set;
mod sink;

use std::collections::HashSet;
use std::io::Read;

pub(crate) use dates::{is_date, is_time};
pub use issue::{ElementFault, Fault, Issue, Location, SegmentFault, Severity};
pub use report::{GroupReport, InterchangeReport, Report, SetReport};
pub(crate) use sink::{Mark, Sink};

use crate::syntax::{Limits, ReadError, Segment, SegmentReader};
use set::SetValidator;

/// What a validation does with what it finds.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bounds on segments.
    pub limits: Limits,
    /// Most issues kept for one transaction set; the rest is counted.
    pub issues_per_set: usize,
    /// Most issues kept for all transaction sets together; the rest is counted.
    pub issues: usize,
    /// Most envelopes (interchanges, groups and sets) in one file.
    pub envelopes: usize,
    /// Rules that only warn, by their names, e.g. `npi-check-digit` for test partners that make up
    /// identifiers.
    pub relaxed: &'static [&'static str],
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            issues_per_set: 200,
            issues: 100_000,
            envelopes: 1_000_000,
            relaxed: &[],
        }
    }
}

/// Validates everything in `input`, reading it as a stream.
///
/// Memory holds one segment, the open loops, and one short record per transaction set.
///
/// # Errors
/// Only what makes the file unreadable as X12; everything else is an [`Issue`] of the report.
pub fn validate(input: impl Read, options: Options) -> Result<Report, ReadError> {
    let mut reader = SegmentReader::with_limits(input, options.limits);
    let mut validator = Validator::new(options);
    while let Some(segment) = reader.next_segment()? {
        validator.push(&segment);
        if validator.envelopes > options.envelopes {
            return Err(ReadError::TooManyEnvelopes {
                limit: options.envelopes,
            });
        }
    }
    Ok(validator.finish())
}

/// Validates segments as they come, for callers that read by themselves.
#[derive(Debug)]
pub struct Validator {
    options: Options,
    report: Report,
    sink: Sink,
    /// The set being read, between ST and SE.
    set: Option<SetValidator>,
    in_interchange: bool,
    in_group: bool,
    groups_seen: HashSet<String>,
    sets_seen: HashSet<String>,
    issues_left: usize,
    /// Interchanges, groups and sets begun so far.
    envelopes: usize,
}

impl Validator {
    /// Starts before the first segment of a file.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            report: Report::default(),
            sink: Sink {
                limit: options.issues_per_set.min(options.issues),
                relaxed: options.relaxed,
                ..Sink::default()
            },
            set: None,
            in_interchange: false,
            in_group: false,
            groups_seen: HashSet::new(),
            sets_seen: HashSet::new(),
            issues_left: options.issues,
            envelopes: 0,
        }
    }

    /// Takes the next segment.
    pub fn push(&mut self, segment: &Segment<'_>) {
        match segment.id() {
            "ISA" => self.begin_interchange(segment),
            "IEA" => self.end_interchange(Some(segment)),
            "GS" => self.begin_group(segment),
            "GE" => self.end_group(Some(segment)),
            "ST" => self.begin_set(segment),
            "SE" => self.end_set(Some(segment)),
            id => match &mut self.set {
                Some(set) => set.segment(segment, &mut self.sink),
                None => self.loose(id),
            },
        }
    }

    /// Ends the file: envelopes still open lack their trailers.
    pub fn finish(mut self) -> Report {
        if self.in_interchange {
            self.end_interchange(None);
        }
        self.report
    }
}
