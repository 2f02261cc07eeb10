//! Conditions on what changes: time window, state, authorship.

/// A condition that a change must keep to. Reads are not touched by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Only within so many hours after the last change.
    WithinHours(u32),
    /// Only while the status is one of these (an absent status never matches; a new record passes).
    While(&'static [&'static str]),
    /// Only to give the status one of these values.
    As(&'static [&'static str]),
    /// Only changes to these top-level fields of an existing record.
    OnlyFields(&'static [&'static str]),
    /// Only while the record is not signed: its document status is not one of [`SIGNED`].
    Unsigned,
    /// Only to amend or withdraw a signed record: the new status says so.
    Amending,
    /// Only a record that names the actor as its author or performer.
    OwnWork,
    /// What these top-level reference fields say may only be the actor, unless it is unchanged.
    InOwnName(&'static [&'static str]),
}

/// Status values of a record that somebody has signed or released.
pub const SIGNED: &[&str] = &["final", "amended", "corrected", "appended"];

/// Status values by which a signed record is amended or withdrawn.
pub const AMENDED: &[&str] = &[
    "amended",
    "corrected",
    "appended",
    "cancelled",
    "entered-in-error",
];

/// Fields that say whose work a record is.
pub const AUTHORSHIP: &[&str] = &[
    "author",
    "performer",
    "recorder",
    "requester",
    "asserter",
    "sender",
    "authenticator",
    "resultsInterpreter",
    "informationSource",
];

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WithinHours(hours) => write!(f, "within {hours} h"),
            Self::While(states) => write!(f, "while {}", states.join(" or ")),
            Self::As(states) => write!(f, "as {}", states.join(" or ")),
            Self::OnlyFields(fields) => write!(f, "fields {}", fields.join(", ")),
            Self::Unsigned => f.write_str("while not signed"),
            Self::Amending => f.write_str("to amend or withdraw what is signed"),
            Self::OwnWork => f.write_str("own work"),
            Self::InOwnName(fields) => write!(f, "{} in own name", fields.join(", ")),
        }
    }
}
