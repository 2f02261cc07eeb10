//! What a verification found.

use std::fmt;

use mt_kernel::TenantId;

/// Findings that one report lists at most.
const MOST: usize = 1000;

/// The outcome of verifying one tenant's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose log.
    pub tenant: TenantId,
    /// Leaves verified.
    pub leaves: u64,
    /// Checkpoints verified.
    pub checkpoints: u64,
    /// Checkpoints kept outside the database that were compared.
    pub witnessed: u64,
    /// Rows that wait for integration.
    pub waiting: u64,
    /// Rows whose keys have been destroyed or are not at hand, so that nobody can read them; the log
    /// vouches for them all the same.
    pub unreadable: u64,
    /// Leaves whose rows are in the archive and were read there.
    pub archived: u64,
    /// Leaves whose rows are in the archive, which was not at hand; the tiles vouch for the copies.
    pub elsewhere: u64,
    /// What is wrong, at most 1,000 findings.
    pub findings: Vec<Finding>,
}

/// Something that is not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// A row was deleted.
    Missing {
        /// Its place in the log.
        leaf: u64,
        /// Its number.
        seq: i64,
    },
    /// A row is not what it was.
    Changed {
        /// Its place in the log.
        leaf: u64,
        /// Its number.
        seq: i64,
    },
    /// Some row among these leaves was changed, deleted or swapped.
    Batch {
        /// First leaf.
        first: u64,
        /// One behind the last leaf.
        size: u64,
    },
    /// A stored tile is missing or is not what the rows give.
    Tile {
        /// Its level.
        level: u64,
        /// Its position.
        n: u64,
    },
    /// A checkpoint does not carry the signature of the log's key, or contradicts its row.
    Signature {
        /// Its size.
        size: u64,
    },
    /// The checkpoints do not follow one another.
    Gap {
        /// Where the next one should begin.
        expected: u64,
        /// Where it begins.
        found: u64,
    },
    /// A row stands beside the log: it was inserted behind its back.
    Outside {
        /// Its number.
        seq: i64,
    },
    /// A row repeats another one.
    Duplicate {
        /// Its number.
        seq: i64,
    },
    /// The detail of a row was not sealed by this installation.
    Forged {
        /// Its number.
        seq: i64,
    },
    /// The log ends before a checkpoint kept outside: its tail was cut off, or the database was
    /// restored from an older backup.
    RolledBack {
        /// Its size.
        size: u64,
        /// The size that was seen.
        seen: u64,
    },
    /// The log is another one than at a checkpoint kept outside.
    Rewritten {
        /// The size that was seen.
        seen: u64,
    },
    /// Checkpoints are signed by another key than the one seen first.
    OtherKey,
    /// A checkpoint kept outside is not readable or not signed by the key seen first.
    BadWitness,
}

impl Report {
    pub(super) fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            leaves: 0,
            checkpoints: 0,
            witnessed: 0,
            waiting: 0,
            unreadable: 0,
            archived: 0,
            elsewhere: 0,
            findings: Vec::new(),
        }
    }

    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < MOST {
            self.findings.push(finding);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "tenant {}: {} leaves, {} checkpoints, {} witnessed, {} rows waiting, {} unreadable",
            self.tenant,
            self.leaves,
            self.checkpoints,
            self.witnessed,
            self.waiting,
            self.unreadable
        )?;
        if self.archived > 0 {
            writeln!(f, "  {} leaves were read in the archive", self.archived)?;
        }
        if self.elsewhere > 0 {
            let count = self.elsewhere;
            writeln!(
                f,
                "  {count} leaves are archived and were not read: name the archive"
            )?;
        }
        self.findings
            .iter()
            .try_for_each(|finding| writeln!(f, "  {finding}"))?;
        if self.is_sound() {
            writeln!(f, "  sound")
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { leaf, seq } => write!(f, "row {seq} (leaf {leaf}) was deleted"),
            Self::Changed { leaf, seq } => write!(f, "row {seq} (leaf {leaf}) was changed"),
            Self::Batch { first, size } => {
                write!(
                    f,
                    "rows among leaves {first} to {} were changed",
                    size.saturating_sub(1)
                )
            }
            Self::Tile { level, n } => write!(f, "tile {n} of level {level} is not what rows give"),
            Self::Signature { size } => write!(f, "the checkpoint of size {size} is not genuine"),
            Self::Gap { expected, found } => {
                write!(
                    f,
                    "a checkpoint begins at leaf {found} instead of {expected}"
                )
            }
            Self::Outside { seq } => write!(f, "row {seq} was inserted beside the log"),
            Self::Duplicate { seq } => write!(f, "row {seq} repeats another row"),
            Self::Forged { seq } => write!(f, "row {seq} was not sealed by this installation"),
            Self::RolledBack { size, seen } => {
                write!(
                    f,
                    "the log has {size} leaves and was seen with {seen}: cut, or restored from an older backup"
                )
            }
            Self::Rewritten { seen } => {
                write!(f, "the log is not the one that was seen with {seen} leaves")
            }
            Self::OtherKey => f.write_str("checkpoints are signed by another key than before"),
            Self::BadWitness => f.write_str("a checkpoint of the witness is damaged"),
        }
    }
}
