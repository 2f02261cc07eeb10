//! The outcome of a validation, nested as the envelopes are: what acknowledgements are made from.

use super::{Issue, Severity};

/// The outcome for a whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One entry per ISA.
    pub interchanges: Vec<InterchangeReport>,
}

/// The outcome for one ISA … IEA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InterchangeReport {
    /// ISA05 and ISA06, the identifier without its padding.
    pub sender: (String, String),
    /// ISA07 and ISA08, the identifier without its padding.
    pub receiver: (String, String),
    /// ISA09 and ISA10 as sent.
    pub timestamp: (String, String),
    /// ISA12.
    pub version: String,
    /// ISA13.
    pub control_number: String,
    /// ISA14: the sender asks for a TA1.
    pub acknowledgment_requested: bool,
    /// ISA15: test data.
    pub test: bool,
    /// The functional groups.
    pub groups: Vec<GroupReport>,
    /// Faults of this envelope itself.
    pub issues: Vec<Issue>,
    /// TA1 segments in this interchange, which acknowledge earlier ones.
    pub acknowledgments: u64,
}

/// The outcome for one GS … GE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupReport {
    /// GS01.
    pub functional_code: String,
    /// GS02.
    pub sender: String,
    /// GS03.
    pub receiver: String,
    /// GS06.
    pub control_number: String,
    /// GS08.
    pub version: String,
    /// GE01 as sent: how many sets the sender says there are.
    pub declared_sets: Option<u64>,
    /// The transaction sets.
    pub sets: Vec<SetReport>,
    /// Faults of this envelope itself.
    pub issues: Vec<Issue>,
}

/// The outcome for one ST … SE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetReport {
    /// ST01.
    pub id: String,
    /// ST02.
    pub control_number: String,
    /// ST03, or else GS08.
    pub version: String,
    /// The everyday name of the guide used, e.g. `837P`; `None` when there is none for it, so that
    /// only the envelope was checked.
    pub guide: Option<&'static str>,
    /// Segments, ST and SE included.
    pub segments: u64,
    /// What was found, up to the limit of [`Options`](super::Options).
    pub issues: Vec<Issue>,
    /// Issues beyond the limit.
    pub dropped: u64,
    /// How many errors were found, those beyond the limit included.
    pub errors: u64,
}

impl Report {
    /// Every issue of every envelope and set, in order of envelopes.
    pub fn issues(&self) -> impl Iterator<Item = &Issue> {
        self.interchanges.iter().flat_map(|interchange| {
            let groups = interchange.groups.iter().flat_map(|group| {
                group
                    .issues
                    .iter()
                    .chain(group.sets.iter().flat_map(|set| &set.issues))
            });
            interchange.issues.iter().chain(groups)
        })
    }

    /// All transaction sets.
    pub fn sets(&self) -> impl Iterator<Item = &SetReport> {
        self.interchanges
            .iter()
            .flat_map(|found| &found.groups)
            .flat_map(|group| &group.sets)
    }

    /// Whether nothing worse than a warning was found.
    pub fn is_valid(&self) -> bool {
        self.sets().all(SetReport::is_valid)
            && self
                .issues()
                .all(|issue| issue.severity == Severity::Warning)
    }
}

impl InterchangeReport {
    /// Whether the envelope itself is sound.
    pub fn is_valid(&self) -> bool {
        no_errors(&self.issues)
    }
}

impl GroupReport {
    /// Whether the envelope itself is sound.
    pub fn is_valid(&self) -> bool {
        no_errors(&self.issues)
    }

    /// How many of its sets are valid.
    pub fn accepted_sets(&self) -> usize {
        self.sets.iter().filter(|set| set.is_valid()).count()
    }
}

impl SetReport {
    /// Whether the set has no error. A set without a guide is valid as far as it was checked.
    pub fn is_valid(&self) -> bool {
        self.errors == 0
    }
}

fn no_errors(issues: &[Issue]) -> bool {
    issues
        .iter()
        .all(|issue| issue.severity == Severity::Warning)
}
